//! What an operator decides, checked: who may send, how much, for how long.

use std::{fmt, net::SocketAddr, sync::Arc};

use share_relay_api::RelayLimits;

use crate::{
    admission::tokens::TokenFile,
    clock::{Clock, SystemClock},
    limits::Limits,
    operator::Operator,
};

/// How a relay behaves.
#[derive(Clone)]
pub struct Config {
    /// Who may create shares.
    pub senders: Senders,
    /// What is accepted; never more than [`RelayLimits::PROTOCOL`].
    pub accepts: RelayLimits,
    /// Bounds against slow, greedy or hostile clients.
    pub limits: Limits,
    /// Whose page it is.
    pub operator: Operator,
    /// How long a download that was given to a browser can be made again, in seconds.
    pub grace: u64,
    /// The clock of the rules.
    pub clock: Arc<dyn Clock>,
}

/// Who may create shares.
#[derive(Debug, Clone)]
pub enum Senders {
    /// Anyone who can reach the relay.
    Anyone,
    /// Anyone until the first token is made; from then on holders of a listed one, even when none is left.
    TokensIfAny(TokenFile),
    /// Holders of a listed token; nobody while the list is empty.
    Tokens(TokenFile),
}

/// The relay can be reached from other computers and nobody has said who may send.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} can be reached from other computers: add a sender token first (share-relay token add NAME), or give --open to let anyone send"
)]
pub struct NoTokens(SocketAddr);

/// Largest content unless the operator says otherwise: 100 GiB.
pub const DEFAULT_MAX_SIZE: u64 = 100 << 30;

/// Longest life of a share unless the operator says otherwise: 30 days.
pub const DEFAULT_MAX_EXPIRY: u64 = 30 * 24 * 3600;

/// How long a download that was given to a browser can be made again unless the operator says otherwise: an hour.
pub const DEFAULT_GRACE: u64 = 3600;

impl Config {
    /// These senders, default limits, the system's clock.
    pub fn new(senders: Senders) -> Self {
        Self {
            senders,
            accepts: RelayLimits {
                content_bytes: DEFAULT_MAX_SIZE,
                expiry_seconds: DEFAULT_MAX_EXPIRY,
                ..RelayLimits::PROTOCOL
            },
            limits: Limits::default(),
            operator: Operator::default(),
            grace: DEFAULT_GRACE,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { senders, accepts, limits, operator, grace, clock: _ } = self;
        f.debug_struct("Config")
            .field("senders", senders)
            .field("accepts", accepts)
            .field("limits", limits)
            .field("operator", operator)
            .field("grace", grace)
            .finish_non_exhaustive()
    }
}

impl Senders {
    /// Who may send, in a word for the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::TokensIfAny(_) => "token holders, or anyone until there is a token",
            Self::Tokens(_) => "token holders",
        }
    }

    /// Who may send through a relay at `address`, given its token list, whether there is one, and whether the operator said `--open`.
    pub fn at(address: SocketAddr, tokens: TokenFile, has_list: bool, open: bool) -> Result<Self, NoTokens> {
        if open || address.ip().to_canonical().is_loopback() {
            Ok(Self::TokensIfAny(tokens))
        } else if has_list {
            Ok(Self::Tokens(tokens))
        } else {
            Err(NoTokens(address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{disk::Disk, folder::Folder};

    fn senders(address: &str, has_list: bool, open: bool) -> Result<Senders, NoTokens> {
        let dir = tempfile::tempdir().unwrap();
        Folder::init(&Disk::default(), dir.path()).unwrap();
        Senders::at(address.parse().unwrap(), TokenFile::in_dir(dir.path()).unwrap(), has_list, open)
    }

    #[test]
    fn beyond_loopback_somebody_must_say_who_may_send() {
        for address in ["0.0.0.0:1", "[::]:1", "192.168.1.2:1", "[::ffff:10.0.0.1]:1"] {
            assert!(senders(address, false, false).is_err(), "{address}");
            assert!(matches!(senders(address, true, false), Ok(Senders::Tokens(_))), "{address}");
            assert!(matches!(senders(address, false, true), Ok(Senders::TokensIfAny(_))), "{address}");
        }
        for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(matches!(senders(address, false, false), Ok(Senders::TokensIfAny(_))), "{address}");
        }
    }
}
