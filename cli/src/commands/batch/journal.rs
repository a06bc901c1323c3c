//! What earlier runs have noted of the rows of a table, and what this one adds.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

use share_client::batch::log::{Line, Log};

use super::stop::Stop;
use crate::{
    error::{Error, Result},
    i18n::fl,
};

/// The results of a batch, held by this process.
pub struct Journal<T> {
    log: Mutex<Log<T>>,
    /// What earlier runs have noted, by key.
    known: HashMap<String, T>,
}

impl<T: Line> Journal<T> {
    /// Opens the results, or begins them.
    pub fn open(path: &Path) -> Result<Self> {
        let (log, lines) = Log::<T>::open(path, false).map_err(share_client::Error::Table)?;
        Ok(Self { log: Mutex::new(log), known: lines.into_iter().map(|line| (line.key().to_owned(), line)).collect() })
    }

    /// What an earlier run has noted of the row of this key.
    pub fn known(&self, key: &str) -> Option<&T> {
        self.known.get(key)
    }

    /// All that earlier runs have noted.
    pub fn all_known(&self) -> impl Iterator<Item = &T> {
        self.known.values()
    }

    /// Adds a line. Where that fails, no other row may begin.
    pub fn note(&self, line: &T, stop: &Stop) -> Result<()> {
        let appended = self.log.lock().unwrap_or_else(PoisonError::into_inner).append(line);
        appended.map_err(|error| {
            stop.begin_no_more();
            Error::local(fl!("batch-results-unwritable"), error)
        })
    }

    /// Leaves one line for each key.
    pub fn compact(&self) -> Result<()> {
        let compacted = self.log.lock().unwrap_or_else(PoisonError::into_inner).compact(|line| line.key().to_owned());
        Ok(compacted.map_err(share_client::Error::Table)?)
    }
}
