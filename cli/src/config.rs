//! The settings file and where things are kept. The file holds sender tokens, so only its owner can read it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};
use share_format::link::RelayUrl;

use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    secret::Secret,
    system,
    transfer::staging::Staging,
    ui::shown,
};

/// The folders of this program, as the system wants them. Without a home there are none, and whoever needs one fails.
pub struct Dirs(Option<ProjectDirs>);

impl Dirs {
    /// The folders of the user who runs this.
    pub fn of_user() -> Self {
        Self(ProjectDirs::from("", "", "share"))
    }

    /// Where the ledger lies.
    pub fn ledger(&self) -> Result<PathBuf> {
        Ok(self.all()?.data_local_dir().join("ledger"))
    }

    /// Where journals of unfinished uploads lie.
    pub fn uploads(&self) -> Result<PathBuf> {
        Ok(self.all()?.data_local_dir().join("uploads"))
    }

    /// Where tickets of unfinished downloads lie.
    pub fn tickets(&self) -> Result<PathBuf> {
        Ok(self.all()?.data_local_dir().join("tickets"))
    }

    /// Where `--here` keeps ciphertext while it serves it.
    pub fn here(&self) -> Result<PathBuf> {
        Ok(self.all()?.cache_dir().join("here"))
    }

    fn settings(&self) -> Result<PathBuf> {
        Ok(self.all()?.config_dir().join("config.json"))
    }

    fn all(&self) -> Result<&ProjectDirs> {
        let none = || Error::new(Kind::LocalFile, "no_home", fl!("config-no-home")).hint(fl!("config-no-home-hint"));
        self.0.as_ref().ok_or_else(none)
    }
}

/// The settings.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Config {
    /// The relay that `share send` uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relay: Option<String>,
    /// Sender tokens by relay, 64 hexadecimal digits each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tokens: BTreeMap<String, Secret>,
}

impl Config {
    /// Reads the settings; without a file they are empty.
    pub fn load(dirs: &Dirs) -> Result<Self> {
        let path = dirs.settings()?;
        let bytes = match fs::read(&path) {
            Ok(bytes) => zeroize::Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::at_home(fl!("config-unreadable", path = shown(&path)), error)),
        };
        serde_json::from_slice(&bytes)
            .map_err(|_| Error::new(Kind::LocalFile, "config_damaged", fl!("config-damaged", path = shown(&path))))
    }

    /// Writes the settings, whole or not at all.
    pub fn save(&self, dirs: &Dirs) -> Result<()> {
        let json = zeroize::Zeroizing::new(serde_json::to_vec_pretty(self).expect("settings always become JSON"));
        let path = dirs.settings()?;
        write_private(&path, &json)
            .map_err(|error| Error::at_home(fl!("config-unwritable", path = shown(&path)), error))
    }

    /// The relay that `share send` uses, if one is set.
    pub fn relay(&self) -> Option<&str> {
        self.relay.as_deref()
    }

    /// Sets the relay.
    pub fn set_relay(&mut self, relay: &RelayUrl) {
        self.relay = Some(relay.as_str().to_owned());
    }

    /// The sender token for a relay, if there is one.
    pub fn token(&self, relay: &RelayUrl) -> Option<Secret> {
        self.tokens.get(relay.as_str()).cloned()
    }

    /// The relays that have a token.
    pub fn relays_with_token(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }

    /// Remembers a sender token.
    pub fn set_token(&mut self, relay: &RelayUrl, token: &Secret) {
        self.tokens.insert(relay.as_str().to_owned(), token.clone());
    }
}

/// Writes a file that only this user can read, whole or not at all, even through power loss.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    system::create_private_dir(parent)?;
    let staging = Staging::create(parent)?;
    let written = staging.files().join("written");
    let mut file = system::create_private(&written)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&written, path)?;
    system::sync_dir(parent)
}
