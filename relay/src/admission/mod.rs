//! Who may send: callers are admitted as a principal, by sender tokens today. Nothing here knows of shares, calls or HTTP.

pub mod tokens;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use share_relay_api::Bytes32;
use tokio::task::spawn_blocking;

use self::tokens::{Token, TokenError, TokenFile};

/// Who the relay believes a sender to be. A share's record stores it as the owner of the share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Principal {
    /// Anybody, if the relay requires no token.
    Anyone,
    /// Whoever holds the sender token of this name.
    Token(String),
}

/// Who may create shares.
#[derive(Debug, Clone)]
pub enum Senders {
    /// Anyone who can reach the relay.
    Anyone,
    /// Anyone until the first token is made; from then on only holders of a listed token, even if the list becomes
    /// empty.
    TokensIfAny(TokenFile),
    /// Holders of a listed token; nobody while the list is empty.
    Tokens(TokenFile),
}

/// The relay can be reached from other computers, and the operator has not said who may send.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} can be reached from other computers: add a sender token first (share-relay token add NAME), or give --open to let anyone send"
)]
pub struct NoTokens(SocketAddr);

impl Senders {
    /// Who may send through a relay at `address`, given its token list, whether there is one, and whether the operator said
    /// `--open`.
    pub fn at(address: SocketAddr, tokens: TokenFile, has_list: bool, open: bool) -> Result<Self, NoTokens> {
        if open || address.ip().to_canonical().is_loopback() {
            Ok(Self::TokensIfAny(tokens))
        } else if has_list {
            Ok(Self::Tokens(tokens))
        } else {
            Err(NoTokens(address))
        }
    }

    /// Who may send, for the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::TokensIfAny(_) => "token holders, or anyone until there is a token",
            Self::Tokens(_) => "token holders",
        }
    }

    /// The principal of a caller with this sender token; `None` if the caller may not send.
    pub async fn admit(&self, token: Option<&Bytes32>) -> Result<Option<Principal>, TokenError> {
        let Some(listed) = self.needed().await? else { return Ok(Some(Principal::Anyone)) };
        let token = token.and_then(|token| tokens::find(&listed, token));
        Ok(token.map(|token| Principal::Token(token.name.clone())))
    }

    /// The tokens of which a sender needs one; `None` if senders need no token.
    pub async fn needed(&self) -> Result<Option<Vec<Token>>, TokenError> {
        let (file, always) = match self {
            Self::Anyone => return Ok(None),
            Self::TokensIfAny(file) => (file.clone(), false),
            Self::Tokens(file) => (file.clone(), true),
        };
        let tokens = spawn_blocking(move || file.list()).await??;
        Ok(if always { Some(tokens.unwrap_or_default()) } else { tokens })
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
