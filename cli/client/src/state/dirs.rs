//! Where things are kept, as the system wants it.

use std::path::PathBuf;

use directories::ProjectDirs;

use super::StateError;

/// The folders of the user who runs this. Without a home there are none, and whoever needs one fails with
/// [`StateError::NoHome`].
pub struct Dirs(Option<ProjectDirs>);

impl Dirs {
    /// The folders of the user who runs this.
    pub fn of_user() -> Self {
        Self(ProjectDirs::from("", "", "share"))
    }

    /// Where the shares that were sent are listed.
    pub fn ledger(&self) -> Result<PathBuf, StateError> {
        Ok(self.all()?.data_local_dir().join("ledger"))
    }

    /// Where journals of unfinished uploads lie.
    pub fn uploads(&self) -> Result<PathBuf, StateError> {
        Ok(self.all()?.data_local_dir().join("uploads"))
    }

    /// Where tickets of unfinished downloads lie.
    pub fn tickets(&self) -> Result<PathBuf, StateError> {
        Ok(self.all()?.data_local_dir().join("tickets"))
    }

    /// Where the relay inside `share` keeps ciphertext while it serves it.
    pub fn embedded_relay(&self) -> Result<PathBuf, StateError> {
        Ok(self.all()?.cache_dir().join("here"))
    }

    /// The settings file.
    pub fn settings(&self) -> Result<PathBuf, StateError> {
        Ok(self.all()?.config_dir().join("config.json"))
    }

    /// The file of sender tokens.
    pub fn secrets(&self) -> Result<PathBuf, StateError> {
        Ok(self.all()?.config_dir().join("secrets.json"))
    }

    fn all(&self) -> Result<&ProjectDirs, StateError> {
        self.0.as_ref().ok_or(StateError::NoHome)
    }
}
