//! The settings: what is no secret.

use serde::{Deserialize, Serialize};
use share_format::link::RelayUrl;

use super::{Dirs, Item, StateError, private_file};

/// The settings.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The relay that `share send` uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relay: Option<String>,
}

impl Settings {
    /// Reads the settings; without a file, or a home, they are empty.
    pub fn load(dirs: &Dirs) -> Result<Self, StateError> {
        match dirs.settings() {
            Ok(path) => private_file::load(Item::Settings, path),
            Err(_) => Ok(Self::default()),
        }
    }

    /// Writes the settings, whole or not at all.
    pub fn save(&self, dirs: &Dirs) -> Result<(), StateError> {
        private_file::save(Item::Settings, dirs.settings()?, self)
    }

    /// The relay that `share send` uses, if one is set.
    pub fn relay(&self) -> Option<&str> {
        self.relay.as_deref()
    }

    /// Sets the relay.
    pub fn set_relay(&mut self, relay: &RelayUrl) {
        self.relay = Some(relay.as_str().to_owned());
    }
}
