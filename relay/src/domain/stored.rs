//! The stored form of a share: one flat JSON object. A relay reads what earlier ones wrote, so no name here may change.

use serde::{Deserialize, Serialize};
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
    pub header: Option<Blob>,
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
