//! Where things are kept, as the system wants it.

use std::path::PathBuf;

use directories::ProjectDirs;

use super::StateError;
use crate::system;

/// The folders of the user who runs this. Without a home there are none, and whoever needs one fails with
/// [`StateError::NoHome`].
pub struct Dirs {
    user: Option<ProjectDirs>,
    /// Where the state lies instead of in the home.
    state: Option<PathBuf>,
}

impl Dirs {
    /// The folders of the user who runs this.
    pub fn of_user() -> Self {
        Self { user: ProjectDirs::from("", "", "share"), state: None }
    }

    /// The same with all state, that is everything but settings, tokens and caches, in this folder.
    pub fn with_state_in(self, folder: PathBuf) -> Self {
        Self { state: Some(folder), ..self }
    }

    /// Whether state can be written: a service may have no home, or one that is read-only.
    pub fn is_state_writable(&self) -> bool {
        self.state()
            .is_ok_and(|folder| system::create_private_dir(&folder).is_ok() && tempfile::tempfile_in(&folder).is_ok())
    }

    /// Where the shares that were sent are listed.
    pub fn ledger(&self) -> Result<PathBuf, StateError> {
        Ok(self.state()?.join("ledger"))
    }

    /// Where journals of unfinished uploads lie.
    pub fn uploads(&self) -> Result<PathBuf, StateError> {
        Ok(self.state()?.join("uploads"))
    }

    /// Where tickets of unfinished downloads lie.
    pub fn tickets(&self) -> Result<PathBuf, StateError> {
        Ok(self.state()?.join("tickets"))
    }

    /// The file with the secret of batches.
    pub fn batch_secret(&self) -> Result<PathBuf, StateError> {
        Ok(self.state()?.join("batch-secret.json"))
    }

    /// Where the relay inside `share` keeps ciphertext while it serves it.
    pub fn embedded_relay(&self) -> Result<PathBuf, StateError> {
        Ok(self.user()?.cache_dir().join("here"))
    }

    /// The settings file.
    pub fn settings(&self) -> Result<PathBuf, StateError> {
        Ok(self.user()?.config_dir().join("config.json"))
    }

    /// The file of sender tokens.
    pub fn secrets(&self) -> Result<PathBuf, StateError> {
        Ok(self.user()?.config_dir().join("secrets.json"))
    }

    fn state(&self) -> Result<PathBuf, StateError> {
        match &self.state {
            Some(folder) => Ok(folder.clone()),
            None => Ok(self.user()?.data_local_dir().to_owned()),
        }
    }

    fn user(&self) -> Result<&ProjectDirs, StateError> {
        self.user.as_ref().ok_or(StateError::NoHome)
    }
}
