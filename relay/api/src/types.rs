//! The JSON bodies of the protocol. Times are seconds since 1970-01-01T00:00:00Z by the relay's clock;
//! sizes are bytes of ciphertext.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Bytes32, limits};

/// Answer of `GET /v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayInfo {
    /// The protocol's version, [`crate::VERSION`].
    pub version: u32,
    /// Name and version of the relay's software.
    pub software: String,
    /// The relay's clock.
    pub now: u64,
    /// Whether creating a share needs a sender token.
    pub token_required: bool,
    /// What this relay accepts.
    pub limits: RelayLimits,
    /// SHA-256 of each file of the browser page, by file name.
    pub page: BTreeMap<String, Bytes32>,
}

/// What a relay accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayLimits {
    /// Largest content: preamble and payload together.
    pub content_bytes: u64,
    /// Largest part.
    pub part_bytes: u64,
    /// Longest life of a share, in seconds.
    pub expiry_seconds: u64,
    /// Bytes of content that the relay has room for now, preamble and payload together. Absent where it does not know, or
    /// whoever asks may not send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_bytes: Option<u64>,
}

/// Body of `PUT /v1/shares/{id}`. The client makes every secret itself and sends hashes, so repeating the
/// request after a lost answer changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateShare {
    /// SHA-256 of the manage key's 32 bytes (not of their hexadecimal digits; so with every hash here).
    pub manage_key_hash: Bytes32,
    /// SHA-256 of the proof; absent for a share to public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_hash: Option<Bytes32>,
    /// Bytes of the preamble, that is, of the age header and the content's nonce: where the payload begins in the content.
    pub header_bytes: u64,
    /// Bytes of the payload (all parts); absent while unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_bytes: Option<u64>,
    /// Bytes of every part but the last; a multiple of [`limits::SEALED_CHUNK_BYTES`].
    pub part_bytes: u64,
    /// Seconds from creation to expiry.
    pub expires_in: u64,
    /// How many downloads are allowed, at least 1; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloads: Option<u32>,
}

impl CreateShare {
    /// Whether words are needed to open the share.
    pub fn kind(&self) -> Kind {
        if self.proof_hash.is_some() { Kind::Words } else { Kind::Keys }
    }
}

/// Answer of `PUT /v1/shares/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// When the share was created.
    pub created_at: u64,
    /// When it expires.
    pub expires_at: u64,
}

/// Answer of `GET /v1/shares/{id}/parts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsHeld {
    /// The parts that survive power loss, as half-open ranges `[from, to)`, in order, not touching. A relay may
    /// leave out ranges beyond the first 10,000; sending such a part again does no harm.
    pub held: Vec<(u64, u64)>,
}

/// Body of `POST /v1/shares/{id}/seal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealShare {
    /// Bytes of the payload (all parts).
    pub payload_bytes: u64,
}

/// What is needed to open a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The words, and a proof of them.
    Words,
    /// A private key; the id alone gives out the ciphertext.
    Keys,
}

/// Where a share is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Parts are still to come.
    Uploading,
    /// Complete.
    Ready,
    /// The last allowed download was received; the content is gone.
    Collected,
    /// The sender took it back; the content is gone.
    Revoked,
    /// Its time is over; the content is gone.
    Expired,
}

/// Answer of `GET /v1/shares/{id}` while the share lives. Once gone, the answer is a [`crate::Problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareStatus {
    /// [`State::Uploading`] or [`State::Ready`].
    pub state: State,
    /// What is needed to open it.
    pub kind: Kind,
    /// The relay's clock.
    pub now: u64,
    /// When it was created.
    pub created_at: u64,
    /// When it expires.
    pub expires_at: u64,
    /// Bytes of the preamble.
    pub header_bytes: u64,
    /// Bytes of the payload; absent while unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_bytes: Option<u64>,
    /// Bytes of every part but the last.
    pub part_bytes: u64,
    /// Bytes of payload held so far.
    pub stored_bytes: u64,
    /// Wrong proofs that may still be made before a lock.
    pub tries_left: u32,
    /// Until when a lock lasts, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<u64>,
    /// Allowed downloads that nobody has taken; absent for no limit. At 0 a ticket may still be had for a place that
    /// somebody else has taken and left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloads_left: Option<u32>,
    /// Until when a download that was given to a browser can be made again, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_until: Option<u64>,
}

/// Body of `POST /v1/shares/{id}/open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenShare {
    /// The proof; absent for a share to public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Bytes32>,
}

/// Body of `POST /v1/shares/{id}/tickets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeTicket {
    /// The proof; absent for a share to public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Bytes32>,
    /// SHA-256 of the ticket, which the client made.
    pub ticket_hash: Bytes32,
}

/// Answer of `POST /v1/shares/{id}/tickets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// When the ticket ends.
    pub expires_at: u64,
}

/// Body of `POST /v1/shares/{id}/receipt`: decrypted, verified and saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// SHA-256 over the tags of all chunks of the content.
    pub fingerprint: Bytes32,
    /// When, by the recipient's clock.
    pub time: u64,
    /// How, as far as the recipient's program knows.
    pub saved: Saved,
    /// HMAC-SHA-256 over ticket hash, fingerprint, time and `saved` (`docs/format.md`). The relay cannot check it; the
    /// sender can.
    pub mac: Bytes32,
}

/// How content was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Saved {
    /// It lies on disk under its name.
    Disk,
    /// It was given to a browser as a download. A page is not told what becomes of one, so for a while it can be
    /// downloaded again.
    Browser,
    /// The recipient says that a download given to a browser is there.
    Confirmed,
}

/// Answer to a receipt for a download that was given to a browser. Other receipts are answered 204.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeatable {
    /// Until when it can be downloaded again.
    pub again_until: u64,
}

/// Answer of `GET /v1/shares/{id}/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Where the share is in its life, gone ones included.
    pub state: State,
    /// When the relay deletes the content if nothing else happens; absent once it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_until: Option<u64>,
    /// At most [`limits::MAX_EVENTS`], oldest first. When there are more, the oldest is dropped that is not a receipt.
    pub events: Vec<Event>,
}

/// Something that happened to a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the relay's clock.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The kinds of [`Event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The share was created.
    Created,
    /// The upload is complete.
    Ready,
    /// A wrong proof was given.
    WrongProof,
    /// Too many wrong proofs.
    Locked {
        /// Until when.
        until: u64,
    },
    /// The sender ended a lock.
    Unlocked,
    /// A ticket was taken.
    Ticket {
        /// SHA-256 of the ticket.
        ticket_hash: Bytes32,
        /// SHA-256 of the ticket whose place it took, and which it ended, if that was not a free one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Bytes32>,
    },
    /// A ticket ended before the whole content was served; its place is free again.
    TicketReturned {
        /// SHA-256 of the ticket.
        ticket_hash: Bytes32,
    },
    /// A recipient says it has the content.
    Receipt {
        /// SHA-256 of the ticket.
        ticket_hash: Bytes32,
        /// As the recipient sent it.
        #[serde(flatten)]
        receipt: Receipt,
    },
    /// What the relay has stored of it was found damaged: nobody can fetch it any more.
    Damaged,
    /// The last allowed download was received.
    Collected,
    /// The sender took the share back.
    Revoked,
    /// The share's time is over.
    Expired,
}

impl RelayLimits {
    /// The protocol's own bounds, which no relay may exceed.
    pub const PROTOCOL: Self = Self {
        content_bytes: limits::MAX_HEADER_BYTES + limits::MAX_PARTS * limits::MAX_PART_BYTES,
        part_bytes: limits::MAX_PART_BYTES,
        expiry_seconds: 366 * 24 * 3600,
        room_bytes: None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object() {
        let event = Event {
            at: 5,
            kind: EventKind::Receipt {
                ticket_hash: Bytes32([1; 32]),
                receipt: Receipt {
                    fingerprint: Bytes32([2; 32]),
                    time: 4,
                    saved: Saved::Browser,
                    mac: Bytes32([3; 32]),
                },
            },
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!((&json["event"], &json["saved"]), (&"receipt".into(), &"browser".into()));
        assert_eq!(json["mac"], "03".repeat(32));
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }

    #[test]
    fn a_request_with_an_unknown_field_is_refused() {
        assert!(serde_json::from_str::<SealShare>(r#"{"payload_bytes":1,"x":2}"#).is_err());
        assert!(serde_json::from_str::<SealShare>(r#"{"payload_bytes":-1}"#).is_err());
    }
}
