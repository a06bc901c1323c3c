//! The rows of a table of jobs: what each asks to have sent, and by which key it is known.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use glob::{MatchOptions, Pattern};
use share_client::{
    batch::table::{Columns, Fields, Row, Table},
    secret::{Secret, sha256},
    send::{Access, Content, IfUnfinished, Lifetime, NamePolicy, NotWhole, SendRequest},
    state::Dirs,
};
use share_format::{
    RelayUrl, envelope, manifest,
    names::printable,
    quote::{quoted, shortened},
    words::WordList,
};

use super::address;
use crate::{
    commands::{chosen_relay, token::token, variable},
    error::{Error, Kind, Result},
    i18n::{self, Language, fl},
    time,
};

/// The columns of a table of jobs, in the order in which they are written. `error` says why a row is among those that are
/// not done, and means nothing when it is read.
pub const COLUMN_ORDER: [&str; 10] =
    ["paths", "key", "name", "to", "recipient", "message", "expires", "downloads", "case", "error"];
pub const COLUMNS: Columns = Columns {
    values: &["key", "name", "to", "message", "expires", "downloads", "case", "error"],
    lists: &["paths", "recipient"],
    required: "paths",
    ignore_others: false,
};

/// The row does not fit the columns, so it has no key.
pub const MALFORMED: &str = "malformed_row";
/// The key is that of another row.
pub const KEY_TWICE: &str = "key_twice";

/// How long a share lives if its row does not say.
const DEFAULT_EXPIRES: &str = "7d";
/// Characters of a key, and of a name, an address or a case.
const MOST_CHARACTERS: usize = 200;
/// Digits of a key that is made of a row.
const HASH_DIGITS: usize = 20;

/// A table of jobs.
pub struct Jobs {
    table: Table,
    /// The line on which each key stands first.
    lines: HashMap<String, u64>,
    /// What paths are relative to.
    folder: PathBuf,
    /// Rows that there are.
    pub count: u64,
}

/// A row that can be sent.
#[derive(Clone, Default)]
pub struct Job {
    pub key: String,
    pub name: String,
    pub to: String,
    pub case: String,
    pub paths: Vec<String>,
    pub recipients: Vec<String>,
    pub message: Option<String>,
    pub expires: Option<String>,
    pub downloads: Option<u32>,
}

/// What is the same for all rows.
#[derive(Clone)]
pub struct Terms {
    pub relay: RelayUrl,
    pub token: Option<Secret>,
    pub sender: Option<String>,
    pub word_list: WordList,
    pub list_named: bool,
    pub rename: bool,
    pub patience: std::time::Duration,
}

impl Terms {
    /// The relay, name and language of the words that were named, or else those of this computer and its user.
    pub async fn new(
        dirs: &Dirs,
        relay: Option<String>,
        from: Option<String>,
        word_list: Option<Language>,
        patience: &str,
    ) -> Result<Self> {
        let no_relay = || Error::usage(fl!("batch-no-relay")).hint(fl!("batch-no-relay-hint"));
        let relay = chosen_relay(dirs, relay)?.ok_or_else(no_relay)?;
        let sender = from.or_else(|| variable("SHARE_FROM"));
        Ok(Self {
            token: token(dirs, &relay).await?,
            relay,
            sender: sender.map(|name| manifest::clean_sender(&name)).transpose()?,
            word_list: word_list.unwrap_or_else(i18n::current).word_list(),
            list_named: word_list.is_some(),
            rename: false,
            patience: time::duration(patience)?,
        })
    }
}

impl Jobs {
    /// Reads a table.
    pub fn read(path: &Path) -> Result<Self> {
        let table = Table::read(path, &COLUMNS).map_err(share_client::Error::Table)?;
        let (mut lines, mut count) = (HashMap::new(), 0);
        for row in table.rows() {
            count += 1;
            if let Ok(fields) = &row.fields {
                lines.entry(key_of(fields)).or_insert(row.line);
            }
        }
        // Results and failed rows may lie in other folders, so paths are made absolute.
        let whole = std::path::absolute(path).map_err(|error| Error::local(fl!("no-working-folder"), error))?;
        let folder = whole.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { table, lines, folder, count })
    }

    /// The rows, from the first to the last.
    pub fn rows(&self) -> impl Iterator<Item = Row> + Send {
        self.table.rows()
    }

    /// What a row asks for; and its key in any case, or its line where it has none.
    pub fn job(&self, row: &Row) -> (String, Result<Job>) {
        let Ok(fields) = &row.fields else {
            let malformed = Error::new(Kind::Usage, MALFORMED, fl!("batch-row-malformed"));
            return (fl!("batch-line", line = row.line), Err(malformed));
        };
        let key = key_of(fields);
        match self.lines.get(&key) {
            Some(&first) if first != row.line => {
                let twice = Error::new(Kind::Usage, KEY_TWICE, fl!("batch-row-twice", line = first))
                    .hint(fl!("batch-row-twice-hint"));
                (key, Err(twice))
            }
            // What is shown of a key that cannot be one is short.
            _ => (shortened(&printable(&key), MOST_CHARACTERS), job(fields, key)),
        }
    }

    /// The row as it goes to the file of rows that are not done: with its key, and paths that are right from everywhere.
    pub fn left_over(&self, row: Row, error: &str) -> std::result::Result<Fields, String> {
        let mut fields = row.fields?;
        fields.insert("key".to_owned(), vec![key_of(&fields)]);
        fields.insert("error".to_owned(), vec![error.to_owned()]);
        for path in fields.get_mut("paths").into_iter().flatten() {
            let (whole, folder) = (self.folder.join(&*path), self.folder.to_string_lossy());
            *path = match fs::symlink_metadata(&whole).is_err() && is_pattern(path) && Path::new(path).is_relative() {
                true => format!("{}/{path}", Pattern::escape(&folder)),
                // A name with characters of a pattern is that name.
                false if Path::new(path).is_relative() => Pattern::escape(&whole.to_string_lossy()),
                false => continue,
            };
        }
        Ok(fields)
    }
}

/// The key of a row: that of its column, or else a hash of its paths, of who is to receive them, and of the case.
fn key_of(fields: &Fields) -> String {
    let key = fields.get("key").and_then(|values| values.first()).map(|key| key.trim());
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        return key.to_owned();
    }
    let mut text = Vec::new();
    for name in ["paths", "recipient", "to", "case"] {
        let values = fields.get(name).map(Vec::as_slice).unwrap_or_default();
        text.extend_from_slice(&(values.len() as u64).to_be_bytes());
        for value in values {
            text.extend_from_slice(&(value.len() as u64).to_be_bytes());
            text.extend_from_slice(value.as_bytes());
        }
    }
    let mut key = sha256(&text).to_string();
    key.truncate(HASH_DIGITS);
    key
}

fn job(fields: &Fields, key: String) -> Result<Job> {
    let value = |name: &str| fields.get(name).and_then(|values| values.first()).map(|value| value.trim().to_owned());
    let list = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let plain = |name: &'static str, text: String| match is_plain(&text) {
        true => Ok(text),
        false => Err(Error::usage(fl!("batch-row-not-plain", column = name))),
    };
    let downloads = value("downloads").map(|text| match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(Error::usage(fl!("batch-row-downloads", text = quoted(&text)))),
    });
    let to = plain("to", value("to").unwrap_or_default())?;
    if !to.is_empty() && address::parse(&to).is_none() {
        return Err(Error::usage(fl!("batch-row-address", text = quoted(&to))));
    }
    Ok(Job {
        key: plain("key", key)?,
        name: plain("name", value("name").unwrap_or_default())?,
        to,
        case: plain("case", value("case").unwrap_or_default())?,
        paths: list("paths"),
        recipients: list("recipient"),
        message: value("message"),
        expires: value("expires"),
        downloads: downloads.transpose()?,
    })
}

/// Whether a path may stand for others.
fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether a text can stand in a line of results.
pub fn is_plain(text: &str) -> bool {
    text.chars().count() <= MOST_CHARACTERS && printable(text) == text
}

impl Job {
    /// Whether it is for somebody who is told words.
    pub fn has_words(&self) -> bool {
        self.recipients.is_empty()
    }

    /// What is to be sent: files and folders are looked for now.
    pub fn request(&self, jobs: &Jobs, terms: &Terms) -> Result<SendRequest> {
        self.request_for(self.found(&jobs.folder)?, terms)
    }

    /// The same for these files and folders.
    pub fn request_for(&self, paths: Vec<PathBuf>, terms: &Terms) -> Result<SendRequest> {
        let expires = self.expires.clone().unwrap_or_else(|| DEFAULT_EXPIRES.to_owned());
        let keys = self.recipients.iter().map(|text| {
            envelope::parse_recipient(text).map_err(|error| Error::usage(fl!("send-bad-recipient")).because(error))
        });
        let access = match self.has_words() {
            true => Access::Words { count: 6, list: terms.word_list, list_named: terms.list_named },
            false => Access::Keys(keys.collect::<Result<_>>()?),
        };
        Ok(SendRequest {
            content: Content::Paths { paths, follow: false },
            message: self.message.as_deref().map(manifest::clean_message).transpose()?,
            sender: terms.sender.clone(),
            access,
            words_file: None,
            relay: terms.relay.clone(),
            token: terms.token.clone(),
            lifetime: self.lifetime()?,
            lifetime_text: expires,
            downloads: self.downloads,
            patience: terms.patience,
            unfinished: IfUnfinished::GoOn,
            names: if terms.rename { NamePolicy::Change } else { NamePolicy::Ask },
            not_whole: NotWhole::Ask,
            identity: None,
            served_from_here: false,
        })
    }

    /// How long the share is to live.
    pub fn lifetime(&self) -> Result<Lifetime> {
        time::lifetime(self.expires.as_deref().unwrap_or(DEFAULT_EXPIRES))
    }

    /// The files and folders that its paths lead to: those of that very name, or that a pattern fits.
    fn found(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for text in &self.paths {
            let path = folder.join(text);
            if fs::symlink_metadata(&path).is_ok() || !is_pattern(text) {
                found.push(path);
                continue;
            }
            let is_absolute = Path::new(text).is_absolute();
            let base = if is_absolute { String::new() } else { Pattern::escape(&folder.to_string_lossy()) + "/" };
            let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
            let bad = |_| Error::usage(fl!("batch-row-pattern", text = quoted(text)));
            let before = found.len();
            for path in glob::glob_with(&(base + text), options).map_err(bad)? {
                found.push(path.map_err(|error| {
                    let path = share_client::files::shown(error.path());
                    Error::local(fl!("batch-row-unreadable", path = path), error.into())
                })?);
            }
            if found.len() == before {
                return Err(Error::new(Kind::LocalFile, "not_found", fl!("batch-row-no-match", text = quoted(text))));
            }
        }
        Ok(found)
    }
}
