//! The list of sender tokens.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use share_relay_api::Bytes32;

use crate::{
    domain::digest,
    limits::MAX_TOKENS_FILE_BYTES,
    storage::{
        disk::{self, Disk},
        folder::{Folder, FolderError},
    },
};

/// The sender tokens of a relay, as the file `tokens.json` in its data directory. Read afresh each time, so that a
/// change counts at once.
#[derive(Debug, Clone)]
pub struct TokenFile {
    folder: Folder,
    disk: Disk,
}

/// One sender token, of which only the hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: Bytes32,
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
}

/// Why the list of tokens was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The name has other characters, or too many.
    #[error("a token's name has 1 to 64 letters, digits, or characters of . _ - @")]
    Name,
    /// The name is taken.
    #[error("there is a token of this name already")]
    Exists,
    /// There is no such name.
    #[error("there is no token of this name")]
    Unknown,
    /// The relay's folder is not there.
    #[error("the data folder is not there, or is another one than at the start")]
    Away,
    /// There was a list, and it is gone. That does not let anyone in.
    #[error("the sender tokens in {} are gone: put the file back, or make new tokens with share-relay token add", .0.display())]
    Gone(PathBuf),
    /// The file cannot be read or written.
    #[error("the sender tokens in {} cannot be read or written", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    /// The task that read it failed.
    #[error("a task of the relay failed")]
    Task(#[from] tokio::task::JoinError),
}

impl TokenFile {
    /// The list of the relay in this data directory.
    pub fn in_dir(dir: &Path) -> Result<Self, FolderError> {
        Ok(Self { folder: Folder::open(dir)?, disk: Disk::default() })
    }

    /// All tokens; `None` if there never was one. A file that cannot be read or understood, or that is gone, is an error,
    /// never an empty list.
    pub fn list(&self) -> Result<Option<Vec<Token>>, TokenError> {
        let list = self.read().map_err(self.failed())?;
        if !self.folder.is_there().map_err(self.failed())? {
            return Err(TokenError::Away);
        }
        // Whoever wrote the first list noted it in the lock, which nobody removes.
        if list.is_none() && self.had_list().map_err(self.failed())? {
            return Err(TokenError::Gone(self.path()));
        }
        Ok(list)
    }

    fn had_list(&self) -> io::Result<bool> {
        match fs::metadata(self.lock_path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            found => Ok(found?.len() > 0),
        }
    }

    fn read(&self) -> io::Result<Option<Vec<Token>>> {
        let file = match fs::File::open(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut text = Vec::new();
        file.take(MAX_TOKENS_FILE_BYTES).read_to_end(&mut text)?;
        Ok(Some(serde_json::from_slice(&text)?))
    }

    fn failed(&self) -> impl Fn(io::Error) -> TokenError {
        |error| TokenError::Io(self.path(), error)
    }

    /// Makes a token and keeps its hash. The token itself exists only in the answer.
    pub fn add(&self, name: &str, now: u64) -> Result<Bytes32, TokenError> {
        let fine = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
        if !(1..=64).contains(&name.len()) || !name.chars().all(fine) {
            return Err(TokenError::Name);
        }
        let mut token = Bytes32([0; 32]);
        getrandom::fill(&mut token.0)?;
        self.change(|tokens| {
            if tokens.iter().any(|token| token.name == name) {
                return Err(TokenError::Exists);
            }
            tokens.push(Token { name: name.to_owned(), hash: digest::of_secret(&token), created_at: now });
            Ok(())
        })?;
        Ok(token)
    }

    /// Takes a token off the list.
    pub fn remove(&self, name: &str) -> Result<(), TokenError> {
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|token| token.name != name);
            if tokens.len() == before { Err(TokenError::Unknown) } else { Ok(()) }
        })
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Token>) -> Result<(), TokenError>) -> Result<(), TokenError> {
        let lock = self.lock().map_err(self.failed())?;
        let mut tokens = match self.list() {
            Err(TokenError::Gone(_)) => Vec::new(),
            listed => listed?.unwrap_or_default(),
        };
        change(&mut tokens)?;
        self.write(&tokens).and_then(|()| note_list(&lock)).map_err(self.failed())
    }

    /// Keeps other programs from changing the list until dropped.
    fn lock(&self) -> io::Result<disk::File> {
        self.disk.wait_for_lock(&self.lock_path())
    }

    fn write(&self, tokens: &[Token]) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(tokens)?;
        let temporary = self.folder.path().join("tokens.json.new");
        self.disk.remove_file_if_there(&temporary)?;
        self.disk.replace(&self.path(), &temporary, &text)
    }

    fn lock_path(&self) -> PathBuf {
        self.folder.path().join("tokens.lock")
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.json")
    }
}

/// Notes in the lock, durably, that there is a list.
fn note_list(lock: &disk::File) -> io::Result<()> {
    lock.write_all_at(b"+", 0)?;
    lock.sync_all()
}

/// The entry of a token on the list. Every entry is compared, so the time does not tell which one fits.
pub fn find<'a>(tokens: &'a [Token], token: &Bytes32) -> Option<&'a Token> {
    let hash = digest::of_secret(token);
    tokens.iter().fold(None, |found, listed| if digest::equal(&listed.hash, &hash) { Some(listed) } else { found })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of a new relay.
    fn list_in(dir: &Path) -> TokenFile {
        TokenFile { folder: Folder::init(&Disk::default(), dir).unwrap(), disk: Disk::default() }
    }

    #[test]
    fn a_token_is_listed_until_it_is_removed_and_never_stored() {
        let dir = tempfile::tempdir().unwrap();
        let file = list_in(dir.path());
        assert_eq!(file.list().unwrap(), None);
        let (anna, bo) = (file.add("anna", 5).unwrap(), file.add("bo", 6).unwrap());
        assert!(matches!(file.add("anna", 7), Err(TokenError::Exists)));
        let tokens = file.list().unwrap().unwrap();
        let is_listed = |tokens: &[Token], token| find(tokens, token).is_some();
        assert_eq!(find(&tokens, &anna).map(|token| &*token.name), Some("anna"));
        assert!(is_listed(&tokens, &bo) && !is_listed(&tokens, &Bytes32([0; 32])));
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains(&anna.to_string()) && text.contains(&digest::of_secret(&anna).to_string()));
        file.remove("anna").unwrap();
        assert!(matches!(file.remove("anna"), Err(TokenError::Unknown)));
        let tokens = file.list().unwrap().unwrap();
        assert!(!is_listed(&tokens, &anna) && is_listed(&tokens, &bo));
        file.remove("bo").unwrap();
        assert_eq!(file.list().unwrap(), Some(vec![]), "empty, which is not the same as none");
    }

    #[test]
    fn what_changed_nothing_leaves_a_relay_without_a_list() {
        let dir = tempfile::tempdir().unwrap();
        Folder::init(&Disk::default(), dir.path()).unwrap();
        let file = TokenFile::in_dir(dir.path()).unwrap();
        assert!(matches!(file.remove("anna"), Err(TokenError::Unknown)));
        assert_eq!(file.list().unwrap(), None);
        file.add("anna", 0).unwrap();
        fs::remove_file(file.path()).unwrap();
        assert!(matches!(file.list(), Err(TokenError::Gone(_))));
    }

    #[test]
    fn a_name_that_could_fool_a_reader_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = list_in(dir.path());
        for name in ["", "a\nb", "a b", "\u{1b}[2J", "\u{202e}anna", "\u{430}nna", &"x".repeat(65)] {
            assert!(matches!(file.add(name, 0), Err(TokenError::Name)), "{name:?}");
        }
        file.add("Anna.de-Vries_2@example.nl", 0).unwrap();
    }

    #[test]
    fn a_damaged_list_is_an_error_and_not_empty() {
        let dir = tempfile::tempdir().unwrap();
        let file = list_in(dir.path());
        fs::write(file.path(), b"[{\"name\":").unwrap();
        let error = file.list().unwrap_err().to_string();
        assert!(error.contains(file.path().to_str().unwrap()), "{error}");
        assert!(file.add("anna", 0).is_err());
        assert_eq!(fs::read(file.path()).unwrap(), b"[{\"name\":");
    }

    #[test]
    fn a_list_that_is_gone_lets_nobody_in_until_there_is_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = list_in(dir.path());
        assert_eq!(file.list().unwrap(), None);
        file.add("anna", 0).unwrap();
        fs::remove_file(file.path()).unwrap();
        assert!(matches!(file.list(), Err(TokenError::Gone(_))));
        assert!(matches!(file.remove("anna"), Err(TokenError::Unknown)));
        let bo = file.add("bo", 0).unwrap();
        assert!(find(&file.list().unwrap().unwrap(), &bo).is_some());
        for path in [file.path(), file.lock_path()] {
            fs::remove_file(path).unwrap();
        }
        assert_eq!(file.list().unwrap(), None, "the operator opens it again");
        let away = dir.path().with_extension("away");
        fs::rename(dir.path(), &away).unwrap();
        assert!(matches!(file.list(), Err(TokenError::Away)));
        assert!(matches!(file.add("cy", 0), Err(TokenError::Io(..) | TokenError::Away)) && !dir.path().exists());
        fs::rename(&away, dir.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn power_loss_at_any_step_keeps_the_list_as_it_was_told() {
        use crate::storage::test_support::{PowerCut, Recorder, fast_dir, kept, seed};
        let (dir, recorder) = (fast_dir(), Recorder::default());
        let disk = Disk::recorded(&recorder);
        let file = TokenFile { folder: Folder::init(&disk, &dir.path().join("data")).unwrap(), disk };
        let mut told = vec![(recorder.made(), None)];
        for name in ["anna", "bo"] {
            file.add(name, 0).unwrap();
            told.push((recorder.made(), file.list().unwrap()));
        }
        file.remove("anna").unwrap();
        told.push((recorder.made(), file.list().unwrap()));
        let (seed, changes, mut cut) = (seed(), recorder.changes(), PowerCut::of(dir.path()));
        changes[..told[0].0].iter().for_each(|change| cut.apply(change));
        for made in told[0].0..=changes.len() {
            let next = told.partition_point(|(at, _)| *at <= made);
            for kept in kept(seed) {
                let left = fast_dir();
                cut.build(kept, left.path());
                let list = match TokenFile::in_dir(&left.path().join("data")).unwrap().list() {
                    // The first one was not made yet, only begun.
                    Err(TokenError::Gone(_)) if told[next - 1].1.is_none() => continue,
                    list => list.unwrap(),
                };
                let may_be = [&told[next - 1].1, &told[next.min(told.len() - 1)].1];
                assert!(may_be.contains(&&list), "after {made} changes, {kept:?} kept: {list:?}");
            }
            if let Some(change) = changes.get(made) {
                cut.apply(change);
            }
        }
    }
}
