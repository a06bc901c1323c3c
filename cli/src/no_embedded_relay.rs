//! Stands in for the relay inside this process where it is not built in.

use share_client::{secret::Secret, state::Dirs};
use share_format::link::RelayUrl;

use crate::{
    error::{Error, Result},
    i18n::fl,
};

/// There is none.
pub enum EmbeddedRelay {}

impl EmbeddedRelay {
    /// Fails, and says what to do instead.
    pub async fn start(_dirs: &Dirs) -> Result<Self> {
        Err(Error::usage(fl!("here-not-built-in")).hint(fl!("here-not-built-in-hint")))
    }

    /// Never called.
    pub fn relay(&self) -> &RelayUrl {
        match *self {}
    }

    /// Never called.
    pub fn token(&self) -> &Secret {
        match *self {}
    }

    /// Never called.
    pub fn is_loopback(&self) -> bool {
        match *self {}
    }

    /// Never called.
    pub async fn end(self) {
        match self {}
    }
}
