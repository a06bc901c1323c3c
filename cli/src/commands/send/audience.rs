//! Who can open a share: whoever is told the words, or holds a private key.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use share_format::{
    envelope::{self, FileKey, PendingHeader, Recipient},
    words::{Passphrase, WordList},
};
use zeroize::Zeroizing;

use super::super::no_randomness;
use crate::{
    args,
    error::{Error, Result},
    i18n::{self, Language, fl},
    system,
    threads::detached,
    transfer::journal::Record,
    ui::shown,
};

/// Who is to open the share.
pub enum Audience {
    /// Whoever is told this many words, of this list or that of the language in use.
    Words(u8, Option<WordList>),
    /// Whoever holds one of the private keys.
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
        match (keys.is_empty(), &args.passphrase_file) {
            (true, _) => Ok(Self::Words(args.words, args.word_list.map(list))),
            (false, None) => Ok(Self::Keys(keys)),
            (false, Some(_)) => Err(Error::usage(fl!("send-keys-need-no-words"))),
        }
    }

    /// Number and list of the words, as they were asked for; nothing for keys.
    pub fn words(&self) -> Option<(u8, Option<WordList>)> {
        match self {
            Self::Words(count, list) => Some((*count, *list)),
            Self::Keys(_) => None,
        }
    }

    /// The public keys; none for words.
    pub fn keys(&self) -> &[Recipient] {
        match self {
            Self::Words(..) => &[],
            Self::Keys(keys) => keys,
        }
    }

    /// New words for them, if they are to be told some.
    pub fn new_words(&self) -> Result<Option<Zeroizing<String>>> {
        let Self::Words(count, list) = self else { return Ok(None) };
        let list = list.unwrap_or_else(|| self::list(i18n::current()));
        let words = Passphrase::generate(list, (*count).into()).map_err(no_randomness)?;
        Ok(Some(Zeroizing::new(words.as_str().to_owned())))
    }

    /// Begins a header for them. For words scrypt goes to work at once.
    pub fn header(&self, words: Option<&str>) -> Result<PendingHeader> {
        Ok(match self {
            Self::Keys(keys) => PendingHeader::for_keys(keys)?,
            Self::Words(..) => {
                PendingHeader::for_words(FileKey::random().map_err(no_randomness)?, words.unwrap_or_default())?
            }
        })
    }
}

/// The list of words in a language.
fn list(language: Language) -> WordList {
    match language {
        Language::En => WordList::En,
        Language::Nl => WordList::Nl,
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
    pub fn create(path: Option<&Path>, words: Option<&str>) -> Result<Self> {
        let (Some(path), Some(words)) = (path, words) else { return Ok(Self(None)) };
        let mut file = system::create_private(path).map_err(|error| Error::writing(path, error))?;
        let guard = Self(Some(path.to_owned()));
        let written = writeln!(file, "{words}").and_then(|()| file.sync_all());
        written.map_err(|error| Error::writing(path, error))?;
        Ok(guard)
    }

    /// The same for words that were given before: a file that holds them already will do.
    pub fn again(path: Option<&Path>, words: Option<&str>) -> Result<Self> {
        let read = path.map(|path| fs::read_to_string(path).map(Zeroizing::new));
        match (read, words) {
            (Some(Ok(there)), Some(words)) if there.trim() == words => Ok(Self(None)),
            _ => Self::create(path, words),
        }
    }

    /// Takes charge of the file that an unfinished upload wrote, if it still holds just its words.
    pub fn of(record: &Record) -> Self {
        let (Some(path), Some(words)) = (&record.words_file, &record.words) else { return Self(None) };
        let there = fs::read_to_string(path).map(Zeroizing::new);
        Self(there.is_ok_and(|there| there.trim() == words.as_str()).then(|| path.into()))
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
