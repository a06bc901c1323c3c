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
    /// It expired, or its upload was never finished.
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

/// Why the rules refuse a call. All of it is sent to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A code without details.
    Plain(Code),
    /// The share has ended.
    Gone {
        /// How the share ended.
        ending: Ending,
        /// Unix time in seconds at which it ended.
        at: u64,
    },
    /// The proof is wrong.
    WrongProof {
        /// Wrong proofs that may still be made; 0 locks the share.
        tries_left: u32,
        /// Unix time in seconds until which the share is locked, if this was the last try.
        locked_until: Option<u64>,
    },
    /// The share is locked.
    Locked {
        /// Unix time in seconds at which the lock ends.
        until: u64,
    },
    /// Too little has been uploaded so far.
    NotReady {
        /// Bytes of payload held.
        stored: u64,
        /// Total bytes of payload, if known.
        total: Option<u64>,
    },
    /// A body, the content or a part of it would be larger than allowed.
    TooLarge {
        /// The largest size allowed, in bytes.
        limit: u64,
    },
    /// The share would expire later than allowed.
    ExpiryTooLong {
        /// The longest time to expiry allowed, in seconds.
        limit: u64,
    },
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Plain(code)
    }
}
