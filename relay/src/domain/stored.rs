//! The stored form of a share: one flat JSON object. A relay reads what earlier ones wrote, so no name here may change.

use serde::{Deserialize, Deserializer, Serialize};
use share_relay_api::{Bytes32, CreateShare};

use super::{
    delivery::{attempts::ProofAttempts, ticket::ActiveTicket},
    object::Blob,
};

/// See [`super::Share`], [`super::object::Object`] and [`super::delivery::state::Delivery`].
#[derive(Serialize, Deserialize)]
pub struct StoredShare {
    pub request: CreateShare,
    pub created_at: u64,
    pub expires_at: u64,
    pub touched_at: u64,
    #[serde(default, deserialize_with = "held")]
    pub header: Option<Blob>,
    #[serde(default, deserialize_with = "held")]
    pub manifest: Option<Blob>,
    pub payload_bytes: Option<u64>,
    pub ready: bool,
    pub guesses: ProofAttempts,
    pub running: Vec<ActiveTicket>,
    pub received: u32,
    pub unconfirmed: u32,
    pub late: Vec<Bytes32>,
    pub replaced: Vec<Bytes32>,
}

/// What is there durably. Earlier relays noted what was only about to be stored, with `"held": false`.
fn held<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Blob>, D::Error> {
    #[derive(Deserialize)]
    struct Noted {
        hash: Bytes32,
        bytes: u64,
        held: Option<bool>,
    }
    let noted = Option::<Noted>::deserialize(deserializer)?.filter(|noted| noted.held != Some(false));
    Ok(noted.map(|Noted { hash, bytes, .. }| Blob { hash, bytes }))
}
