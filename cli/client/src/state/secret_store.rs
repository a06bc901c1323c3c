//! The secrets that a person keeps for long: sender tokens, by relay. They are kept in a private file, and nothing else
//! reads or writes it, so that the system's keyring can take its place.
//!
//! Secrets of single shares (manage keys, file keys, words, tickets) are not here: each is written in one piece with the
//! record that it belongs to, and goes with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use share_format::link::RelayUrl;

use super::{Dirs, Item, StateError, private_file};
use crate::secret::Secret;

/// The secrets as they are now.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SecretStore {
    /// 64 hexadecimal digits each.
    #[serde(default)]
    tokens: BTreeMap<String, Secret>,
}

impl SecretStore {
    /// Reads the secrets; without a file, or a home, there are none.
    pub fn load(dirs: &Dirs) -> Result<Self, StateError> {
        match dirs.secrets() {
            Ok(path) => private_file::load(Item::Secrets, path),
            Err(_) => Ok(Self::default()),
        }
    }

    /// Writes the secrets, whole or not at all.
    pub fn save(&self, dirs: &Dirs) -> Result<(), StateError> {
        private_file::save(Item::Secrets, dirs.secrets()?, self)
    }

    /// The sender token for a relay, if there is one.
    pub fn token(&self, relay: &RelayUrl) -> Option<Secret> {
        self.tokens.get(relay.as_str()).cloned()
    }

    /// The relays that have a token.
    pub fn relays(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }

    /// Remembers a sender token.
    pub fn set_token(&mut self, relay: &RelayUrl, token: &Secret) {
        self.tokens.insert(relay.as_str().to_owned(), token.clone());
    }
}
