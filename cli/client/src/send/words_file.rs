//! The file that words are written to. Removed again when its words open nothing.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use share_format::words::Passphrase;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    state::upload_journal::Record,
    system,
};

/// The file, which goes when this is dropped, unless it is to be kept.
pub(super) struct WordsFile(Option<PathBuf>);

impl WordsFile {
    /// Writes the words, if there are any to write, to a new file that only this user can read.
    pub(super) fn create(path: Option<&Path>, words: Option<&Passphrase>) -> Result<Self> {
        let (Some(path), Some(words)) = (path, words) else { return Ok(Self(None)) };
        let mut file = system::create_private(path).map_err(|error| Error::writing(path, error))?;
        let guard = Self(Some(path.to_owned()));
        let written = writeln!(file, "{}", words.as_str()).and_then(|()| file.sync_all());
        written.map_err(|error| Error::writing(path, error))?;
        Ok(guard)
    }

    /// The same for words that were given before: a file that holds them already will do.
    pub(super) fn again(path: Option<&Path>, words: Option<&Passphrase>) -> Result<Self> {
        match (path, words) {
            (Some(path), Some(words)) if holds(path, words).is_ok_and(|same| same) => Ok(Self(None)),
            _ => Self::create(path, words),
        }
    }

    /// Takes charge of the file that an unfinished upload wrote, if it still holds just its words.
    pub(super) fn of(record: &Record) -> Self {
        let (Some(path), Some(words)) = (&record.words_file, &record.words) else { return Self(None) };
        let path = Path::new(path);
        Self(holds(path, words).is_ok_and(|same| same).then(|| path.to_owned()))
    }

    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

fn holds(path: &Path, words: &Passphrase) -> io::Result<bool> {
    Ok(Zeroizing::new(fs::read_to_string(path)?).trim() == words.as_str())
}

impl Drop for WordsFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Words that open nothing do no harm if they stay.
            let _ = fs::remove_file(path);
        }
    }
}
