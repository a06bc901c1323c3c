//! A file or folder of a share, as both the manifest and the tar describe it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Bytes of content: whole numbers up to this are exact in every JSON reader.
pub const MAX_LENGTH: u64 = (1 << 53) - 1;
/// Seconds since 1970 that a tar header can hold (the year 2242).
pub const MAX_MTIME: u64 = 0o77_777_777_777;

/// One file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Relative, `/`-separated; as [`crate::names::check`] wants it.
    pub path: String,
    /// Whether it is a folder: size 0, never executable.
    #[serde(default, skip_serializing_if = "is_false")]
    pub folder: bool,
    /// Bytes.
    pub size: u64,
    /// Last change, in whole seconds since 1970, from 0 to [`MAX_MTIME`].
    pub mtime: u64,
    /// Whether its owner may execute it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub executable: bool,
    /// Whether its group and others had no rights to it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub private: bool,
    /// Where its bytes begin in the content.
    pub offset: u64,
}

impl Entry {
    /// Whether it is of the one form that an entry of its kind has.
    pub(crate) fn is_sound(&self) -> bool {
        self.mtime <= MAX_MTIME && !(self.folder && (self.size > 0 || self.executable))
    }
}

/// Whole seconds since 1970, brought within 0 and [`MAX_MTIME`].
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().min(MAX_MTIME))
}

fn is_false(flag: &bool) -> bool {
    !flag
}
