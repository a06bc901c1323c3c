//! Who can open a share: whoever is told the words, or holds a private key.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use share_relay_api::Kind as ShareKind;

use super::super::no_randomness;
use crate::{
    args,
    envelope::{
        self, PendingHeader, Recipient,
        words::{Passphrase, WordList},
    },
    error::{Error, Result},
    i18n::{self, Language, fl},
    system,
    threads::detached,
    ui::shown,
};

/// Who can open the share.
pub enum Audience {
    Words(Passphrase),
    Keys(Vec<Recipient>),
}

impl Audience {
    pub async fn choose(args: &args::Send) -> Result<Self> {
        let mut keys = Vec::new();
        for text in &args.recipient {
            let key = envelope::parse_recipient(text);
            keys.push(key.map_err(|error| Error::usage(fl!("send-bad-recipient")).because(error))?);
        }
        for path in &args.recipients_file {
            let path = path.clone();
            keys.extend(detached(move || recipients(&path)).await?);
        }
        if keys.is_empty() {
            let list = args.word_list.unwrap_or(match i18n::current() {
                Language::En => WordList::En,
                Language::Nl => WordList::Nl,
            });
            return Ok(Self::Words(Passphrase::generate(list, args.words.into()).map_err(no_randomness)?));
        }
        if args.passphrase_file.is_some() {
            return Err(Error::usage(fl!("send-keys-need-no-words")));
        }
        Ok(Self::Keys(keys))
    }

    pub fn kind(&self) -> ShareKind {
        match self {
            Self::Words(_) => ShareKind::Words,
            Self::Keys(_) => ShareKind::Keys,
        }
    }

    pub fn header(&self) -> Result<PendingHeader> {
        Ok(match self {
            Self::Words(words) => PendingHeader::for_words(words.as_str())?,
            Self::Keys(keys) => PendingHeader::for_keys(keys)?,
        })
    }
}

fn recipients(path: &Path) -> Result<Vec<Recipient>> {
    let file = shown(path);
    envelope::read_recipients(path).map_err(|error| Error::key(fl!("send-bad-recipients-file", path = file), error))
}

/// The file that `--passphrase-file` names. Removed again when its words open nothing.
pub struct WordsFile(Option<PathBuf>);

impl WordsFile {
    /// Writes the words, if there are any to write, to a new file that only this user can read.
    pub fn create(args: &args::Send, audience: &Audience) -> Result<Self> {
        let (Some(path), Audience::Words(words)) = (&args.passphrase_file, audience) else { return Ok(Self(None)) };
        let mut file = system::create_private(path).map_err(|error| Error::writing(path, error))?;
        let guard = Self(Some(path.clone()));
        let written = writeln!(file, "{}", words.as_str()).and_then(|()| file.sync_all());
        written.map_err(|error| Error::writing(path, error))?;
        Ok(guard)
    }

    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for WordsFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Words that open nothing do no harm if they stay.
            let _ = fs::remove_file(path);
        }
    }
}
