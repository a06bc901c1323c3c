//! Why the rules refuse a call, and how a share ends.

use share_relay_api::{Code, State};

/// How a share ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// The last allowed download was received.
    Collected,
    /// The sender took it back.
    Revoked,
    /// Its time was over, or its upload was never finished.
    Expired,
}

impl From<Ending> for State {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Collected => Self::Collected,
            Ending::Revoked => Self::Revoked,
            Ending::Expired => Self::Expired,
        }
    }
}

impl From<Ending> for Code {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Collected => Self::Collected,
            Ending::Revoked => Self::Revoked,
            Ending::Expired => Self::Expired,
        }
    }
}

/// Why the rules refuse a call. All of it is told to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A code that needs no further word.
    Plain(Code),
    /// The share has ended.
    Gone {
        /// How.
        ending: Ending,
        /// When.
        at: u64,
    },
    /// The proof is wrong.
    WrongProof {
        /// Wrong proofs that may still be made; 0 locks the share.
        tries_left: u32,
        /// Until when the share is locked, if this was the last try.
        locked_until: Option<u64>,
    },
    /// The share is locked.
    Locked {
        /// Until when.
        until: u64,
    },
    /// The upload has not come far enough.
    NotReady {
        /// Bytes of payload held.
        stored: u64,
        /// Bytes of payload in all, where known.
        total: Option<u64>,
    },
    /// Larger than allowed.
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// For longer than allowed.
    ExpiryTooLong {
        /// How many seconds are allowed.
        limit: u64,
    },
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Plain(code)
    }
}
