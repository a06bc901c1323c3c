//! `share-batch.toml`: for whom what arrives in a watched folder is, and on which terms.

use std::{
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use share_client::{
    clock,
    files::shown,
    secret::sha256,
    send::{Lifetime, SendRequest},
};
use share_format::{envelope, manifest, text};

use super::arrivals::RULES;
use crate::{
    commands::batch::{
        rows::{Job, Terms},
        words::{Words, WordsPlan},
    },
    error::{Error, Kind, Result},
    i18n::fl,
    messages::with_causes_and_hint,
};

/// The longest file of rules that is read.
const MAX_BYTES: usize = 64 * 1024;

/// The rules for what is taken from now on.
pub struct Rules {
    /// What is the same for all that is sent.
    pub job: Job,
    terms: Terms,
    /// Where the words go, if they are not for public keys.
    pub words: Option<Arc<Words>>,
    words_path: Option<PathBuf>,
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesText {
    recipient: Option<Recipients>,
    words: Option<PathBuf>,
    expires: Option<String>,
    downloads: Option<NonZeroU32>,
    message: Option<String>,
    from: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a public key in quotation marks, or a list of them")]
enum Recipients {
    One(String),
    Several(Vec<String>),
}

impl Rules {
    /// What the file asks for. `terms` holds what it does not say; words that go where they went `before` go on there.
    pub fn parse(text: &str, folder: &Path, terms: &Terms, before: Option<&Self>) -> Result<Self> {
        let parsed: RulesText = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = error.message().replace('\n', " ");
            Error::usage(fl!("batch-watch-rules-line", path = RULES, line = line, what = what))
        })?;
        Self::of(parsed, folder, terms, before)
            .map_err(|error| error.reworded(|what| fl!("batch-watch-rules", path = RULES, what = what)))
    }

    fn of(text: RulesText, folder: &Path, terms: &Terms, before: Option<&Self>) -> Result<Self> {
        let recipients = match text.recipient {
            None => Vec::new(),
            Some(Recipients::One(key)) => vec![key],
            Some(Recipients::Several(keys)) => keys,
        };
        if recipients.is_empty() == text.words.is_none() {
            return Err(Error::usage(fl!("batch-watch-rules-whom")).hint(fl!("batch-watch-rules-hint")));
        }
        for key in &recipients {
            let parsed = envelope::parse_recipient(key);
            parsed.map_err(|error| Error::usage(fl!("send-bad-recipient")).because(error))?;
        }
        let mut terms = terms.clone();
        if let Some(name) = &text.from {
            terms.sender = Some(manifest::clean_sender(name)?);
        }
        text.message.as_deref().map(manifest::clean_message).transpose()?;
        let job = Job {
            recipients,
            message: text.message,
            expires: text.expires,
            downloads: text.downloads.map(NonZeroU32::get),
            ..Job::default()
        };
        let now = clock::now();
        if let (Lifetime::Until(end), Some(text)) = (job.lifetime()?, &job.expires)
            && end <= now
        {
            return Err(share_client::Error::LifetimeOver { text: text.clone(), now }.into());
        }
        let words_path = text.words.map(|path| words_path(&path, folder)).transpose()?;
        let words = match (&words_path, before) {
            (None, _) => None,
            (Some(path), Some(before)) if before.words_path.as_ref() == Some(path) => before.words.clone(),
            (Some(path), _) => {
                let watched = sha256(folder.as_os_str().as_encoded_bytes()).to_string();
                Some(Arc::new(Words::open(WordsPlan::in_table(path.clone()), watched)?))
            }
        };
        Ok(Self { job, terms, words, words_path })
    }

    /// What is asked of the relay for this file or folder.
    pub fn request(&self, path: PathBuf) -> Result<SendRequest> {
        self.job.request_for(vec![path], &self.terms)
    }
}

/// Where words go: beside the watched folder, or anywhere but in it.
fn words_path(path: &Path, folder: &Path) -> Result<PathBuf> {
    let path = folder.parent().unwrap_or(folder).join(path);
    let (Some(name), Some(above)) = (path.file_name(), path.parent()) else {
        return Err(Error::usage(fl!("batch-watch-words-inside")));
    };
    let above = fs::canonicalize(above)
        .map_err(|error| Error::local(fl!("batch-watch-words-nowhere", path = shown(&path)), error))?;
    match above.starts_with(folder) {
        true => Err(Error::usage(fl!("batch-watch-words-inside"))),
        false => Ok(above.join(name)),
    }
}

/// The file of rules, looked at again and again.
pub struct RulesFile {
    folder: PathBuf,
    terms: Terms,
    /// The last text that was of use, and what it asks for.
    last: Option<(String, Arc<Rules>)>,
    /// What is wrong now, as it was told.
    told: Option<String>,
}

impl RulesFile {
    /// In this folder. `terms` holds what it does not say.
    pub fn new(folder: PathBuf, terms: Terms) -> Self {
        Self { folder, terms, last: None, told: None }
    }

    /// The rules, as the file says them now; none while it is of no use.
    ///
    /// # Errors
    /// What is wrong with it, once.
    pub fn look(&mut self) -> Result<Option<Arc<Rules>>> {
        match self.read() {
            Ok(rules) => {
                self.told = None;
                Ok(Some(rules))
            }
            Err(error) => {
                let told = self.told.replace(with_causes_and_hint(&error));
                if told == self.told { Ok(None) } else { Err(error) }
            }
        }
    }

    fn read(&mut self) -> Result<Arc<Rules>> {
        let path = self.folder.join(RULES);
        let is_file = fs::metadata(&path).and_then(|metadata| match metadata.is_file() {
            true => Ok(()),
            false => Err(io::ErrorKind::InvalidInput.into()),
        });
        let text = is_file.and_then(|()| text::read(&path, MAX_BYTES)).map_err(|error| {
            let unreadable = fl!("batch-watch-rules-unreadable", path = shown(&path));
            Error::new(Kind::Usage, "usage", unreadable).because(error).hint(fl!("batch-watch-rules-hint"))
        })?;
        if let Some((last, rules)) = &self.last
            && *last == *text
        {
            return Ok(Arc::clone(rules));
        }
        let before = self.last.as_ref().map(|(_, rules)| &**rules);
        let rules = Arc::new(Rules::parse(&text, &self.folder, &self.terms, before)?);
        self.last = Some((text.to_string(), Arc::clone(&rules)));
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use share_format::{RelayUrl, words::WordList};

    use super::*;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn terms() -> Terms {
        Terms {
            relay: RelayUrl::parse("https://relay.example").unwrap(),
            token: None,
            sender: None,
            word_list: WordList::En,
            list_named: false,
            rename: false,
            patience: Duration::from_secs(1),
        }
    }

    fn parsed(text: &str) -> Result<Rules> {
        crate::i18n::choose(Some(crate::i18n::Language::En));
        let folder = tempfile::tempdir().unwrap();
        let watched = fs::canonicalize(folder.path()).unwrap().join("out");
        fs::create_dir(&watched).unwrap();
        Rules::parse(&text.replace("KEY", KEY), &watched, &terms(), None)
    }

    #[test]
    fn rules_say_for_whom_and_on_which_terms() {
        let rules = parsed("recipient = 'KEY'\nexpires = '2d'\ndownloads = 3\nmessage = 'Hello'\nfrom = 'Team'\n");
        let rules = rules.unwrap();
        assert_eq!((rules.job.recipients.len(), rules.job.downloads), (1, Some(3)));
        let request = rules.request("/file".into()).unwrap();
        assert_eq!((request.message.as_deref(), request.sender.as_deref()), (Some("Hello"), Some("Team")));
        assert_eq!(parsed("recipient = ['KEY', 'KEY']").unwrap().job.recipients.len(), 2);
        let words = parsed("words = 'words.csv'").unwrap();
        assert!(words.words.is_some() && words.job.has_words());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (wrong, told) in [
            ("", "for whom"),
            ("recipient = []", "for whom"),
            ("recipient = 'KEY'\nwords = 'w.csv'", "for whom"),
            ("recipient = 'KEY'\n\nexpire = '2d'", "Line 3 of share-batch.toml: unknown field `expire`"),
            ("recipient = 'KEY'\nrecipient = 'KEY'", "Line 2"),
            ("recipient = 7", "a list of them"),
            ("recipient = 'KEY'\ndownloads = 0", "Line 2"),
            ("recipient = 'age1nothing'", "share-batch.toml: "),
            ("recipient = 'KEY'\nexpires = 'soon'", "soon is not a time"),
            ("recipient = 'KEY'\nexpires = '1-1-2020'", "1-1-2020"),
            ("words = 'out/words.csv'", "watched folder"),
            ("words = 'out/../out/words.csv'", "watched folder"),
            ("words = 'gone/words.csv'", "gone/words.csv"),
            ("recipient = 'KEY", "Line 1"),
        ] {
            let error = parsed(wrong).err().unwrap_or_else(|| panic!("{wrong:?} was taken"));
            let text = with_causes_and_hint(&error);
            assert!(text.contains(told), "{wrong:?}: {text}");
        }
    }

    #[test]
    fn a_file_that_is_broken_is_told_once_and_taken_again_once_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(RULES);
        let mut file = RulesFile::new(folder.path().to_owned(), terms());
        assert!(file.look().is_err());
        assert!(file.look().unwrap().is_none());
        fs::write(&path, format!("recipient = '{KEY}'")).unwrap();
        assert!(file.look().unwrap().is_some());
        fs::write(&path, "recipient = ").unwrap();
        assert!(file.look().is_err());
        assert!(file.look().unwrap().is_none());
        fs::write(&path, format!("recipient = '{KEY}'")).unwrap();
        assert!(file.look().unwrap().is_some());
    }
}
