//! What a program asks to have sent: what, for whom, where to, and on which terms.

use std::{
    ffi::OsString,
    path::{PathBuf, absolute},
    time::Duration,
};

use share_format::{
    RelayUrl,
    envelope::Recipient,
    words::{Passphrase, WordList},
};
use share_relay_api::ShareId;

use crate::{
    error::Result,
    files::FilesError,
    secret::{Secret, sha256},
    state::upload_journal::ResumeKey,
};

/// A wish to send something.
pub struct SendRequest {
    /// What is sent.
    pub content: Content,
    /// What the recipient reads first, as `share_format::manifest::clean_message` gives it.
    pub message: Option<String>,
    /// The name by which the sender wants to be known, as `share_format::manifest::clean_sender` gives it.
    pub sender: Option<String>,
    /// Who can open it.
    pub access: Access,
    /// The file that the words are written to, in place of telling them.
    pub words_file: Option<PathBuf>,
    /// Where to.
    pub relay: RelayUrl,
    /// The sender token for that relay, if there is one.
    pub token: Option<Secret>,
    /// How long the share lives.
    pub lifetime: Lifetime,
    /// The same as the user wrote it.
    pub lifetime_text: String,
    /// How often it may be fetched.
    pub downloads: Option<u32>,
    /// How long to keep trying without any progress.
    pub patience: Duration,
    /// What to do if the same was begun before and not finished.
    pub unfinished: IfUnfinished,
    /// What to do about names that not every computer can use.
    pub names: NamePolicy,
    /// What to do about files in a folder that cannot be sent whole.
    pub not_whole: NotWhole,
    /// The id and manage key of the share, where they are not to be random.
    pub identity: Option<ShareIdentity>,
    /// The relay ends with this process: [`send_one`](super::send_one) waits until all has been fetched, and what is cut
    /// off cannot be gone on with.
    pub served_from_here: bool,
}

/// By what a relay knows a share, and knows its sender.
#[derive(Clone)]
pub struct ShareIdentity {
    /// The id.
    pub id: ShareId,
    /// The manage key.
    pub manage: Secret,
}

/// What is sent.
pub enum Content {
    /// Files and folders.
    Paths {
        /// As they were named.
        paths: Vec<PathBuf>,
        /// Whether symbolic links below them are followed.
        follow: bool,
    },
    /// Standard input, as a file of this name.
    StandardInput {
        /// The name.
        name: String,
    },
}

/// Who can open a share.
pub enum Access {
    /// Whoever is told the words, which are made for it.
    Words {
        /// How many.
        count: u8,
        /// Of which list.
        list: WordList,
        /// Whether the user named the list; else it is that of the language in use.
        list_named: bool,
    },
    /// Whoever holds one of the private keys.
    Keys(Vec<Recipient>),
}

/// How long a share lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// For so many seconds.
    For(u64),
    /// Until then, in seconds since 1970.
    Until(u64),
}

/// What to do if the same was begun before and not finished.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum IfUnfinished {
    /// Ask; where nobody can answer, leave that, and begin another share.
    Ask,
    /// Go on with it.
    GoOn,
    /// Take it back, and begin anew.
    BeginAnew,
}

/// What to do about names that not every computer can use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NamePolicy {
    /// Ask whether to change them; refuse where nobody can answer.
    Ask,
    /// Change them.
    Change,
    /// Refuse.
    Exact,
}

/// What to do about files in a folder that cannot be sent whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NotWhole {
    /// Ask whether to leave them out; refuse where nobody can answer.
    Ask,
    /// Leave them out.
    LeaveOut,
}

impl SendRequest {
    /// By what the same request is known again, after an upload was cut off.
    ///
    /// # Errors
    /// [`FilesError::NotFound`] and the like, if the working folder is gone.
    pub fn resume_key(&self) -> Result<ResumeKey> {
        let (paths, follow, name) = match &self.content {
            Content::Paths { paths, follow } => {
                let whole = |path: &PathBuf| absolute(path).map_err(FilesError::read(path));
                let paths = paths.iter().map(|path| whole(path).map(PathBuf::into_os_string));
                (paths.collect::<Result<Vec<OsString>, _>>()?, *follow, None)
            }
            Content::StandardInput { name } => (Vec::new(), false, Some(name.clone())),
        };
        Ok(ResumeKey {
            paths,
            follow,
            name,
            sender: self.sender.clone(),
            message: self.message.as_ref().map(|text| sha256(text.as_bytes())),
            relay: self.relay.as_str().to_owned(),
            expires: self.lifetime_text.clone(),
            downloads: self.downloads,
            words: match &self.access {
                Access::Words { count, list, list_named } => Some((*count, list_named.then_some(*list))),
                Access::Keys(_) => None,
            },
            recipients: match &self.access {
                Access::Words { .. } => Vec::new(),
                Access::Keys(keys) => keys.iter().map(|key| key.as_str().to_owned()).collect(),
            },
        })
    }
}

impl Access {
    /// New words, if somebody is to be told some.
    pub(super) fn new_words(&self) -> Result<Option<Passphrase>> {
        match self {
            Self::Words { count, list, .. } => Ok(Some(Passphrase::generate(*list, (*count).into())?)),
            Self::Keys(_) => Ok(None),
        }
    }
}
