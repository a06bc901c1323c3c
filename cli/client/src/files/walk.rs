//! Finds the files and folders to send, in the order of the format. All of them are looked at, whatever is wrong with some:
//! what needs another name, and what cannot be sent, is told together.

use std::{
    borrow::Cow,
    ffi::OsString,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use share_format::{
    FormatError,
    entry::{Entry, seconds},
    manifest::MAX_ENTRIES,
    names,
};

use super::{
    error::{FilesError, shown},
    renaming::{self, Change, Renamed, Why},
};
use crate::system;

/// What will be sent, and what will not.
#[derive(Debug)]
pub struct Walked {
    /// Files and folders in the order of the format.
    pub sources: Vec<Source>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// What gets another name.
    pub renamed: Vec<Renamed>,
    /// What cannot be sent.
    pub refused: Vec<Refused>,
}

/// A file or folder that cannot be sent.
#[derive(Debug)]
pub struct Refused {
    /// Where it is.
    pub source: PathBuf,
    /// Why.
    pub error: FilesError,
}

/// A file or folder on this computer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// What the recipient will see; the offset is not set yet.
    pub entry: Entry,
    /// Where it is.
    #[serde(with = "path_text")]
    pub path: PathBuf,
    /// When it changed last, as exactly as the system knows.
    #[serde(with = "nanoseconds")]
    pub modified: SystemTime,
}

/// Something that cannot travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path in the share, printable.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// A symbolic link, and links are not followed.
    Link,
    /// A symbolic link to nothing, or to itself.
    Broken,
    /// A symbolic link to a folder it is in.
    Loop,
    /// A device, pipe or socket.
    Special,
    /// The folder of a download that is not finished.
    Unfinished,
    /// It was removed while its folder was looked through.
    Vanished,
    /// It could not be read, or was changed while it was sent.
    NotWhole,
}

/// Finds all there is under `paths`. Symbolic links are followed if named in `paths`, and below if `follow`.
pub fn walk(paths: &[PathBuf], follow: bool) -> Result<Walked, FilesError> {
    let walked = Walked { sources: Vec::new(), skipped: Vec::new(), renamed: Vec::new(), refused: Vec::new() };
    let mut walk = Walk { follow, above: Vec::new(), walked };
    let mut roots = Vec::with_capacity(paths.len());
    for path in paths {
        match root(path) {
            Ok(root) => roots.push(root),
            Err(error) => walk.walked.refused.push(Refused { source: path.clone(), error }),
        }
    }
    walk.visit_all(roots, None)?;
    walk.walked.renamed.sort_by(|a, b| a.name.cmp(&b.name));
    match walk.walked.sources.is_empty() && walk.walked.refused.is_empty() {
        true => Err(FilesError::NothingToSend),
        false => Ok(walk.walked),
    }
}

/// An argument. It travels under its own name, and for `.` and `..` under that of the folder they mean.
fn root(path: &Path) -> Result<Found, FilesError> {
    let metadata = fs::metadata(path).map_err(FilesError::read(path))?;
    let what = if metadata.is_dir() { What::Folder } else { What::File };
    let real = match path.file_name() {
        Some(_) => path.to_owned(),
        None => fs::canonicalize(path).map_err(FilesError::read(path))?,
    };
    let name = real.file_name().ok_or_else(|| FilesError::Nameless(shown(path)))?;
    Ok(Found { name: name.to_owned(), source: path.to_owned(), what })
}

struct Walk {
    follow: bool,
    /// The real paths of the folders around the present one, if links are followed.
    above: Vec<PathBuf>,
    walked: Walked,
}

/// Something in a folder, not looked into yet.
struct Found {
    name: OsString,
    source: PathBuf,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    File,
    Folder,
    Skip(SkipReason),
}

impl Walk {
    /// All that is in one folder, or all the arguments.
    fn visit_all(&mut self, found: Vec<Found>, parent: Option<&str>) -> Result<(), FilesError> {
        let inside = |name: &str| parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}/{name}"));
        let mut kept = Vec::with_capacity(found.len());
        for found in found {
            match found.what {
                What::Skip(reason) => self.skip(&inside(&found.name.to_string_lossy()), reason),
                _ => kept.push(found),
            }
        }
        let wanted: Vec<_> = kept.iter().map(|found| (found.name.clone(), found.what == What::Folder)).collect();
        let mut named = Vec::with_capacity(kept.len());
        for (found, given) in kept.iter().zip(renaming::give(&wanted)) {
            let path = inside(&given.name);
            if let Some(change) = given.why {
                let why = match change {
                    Change::NotUnicode => Why::NotUnicode,
                    Change::Forbidden(error) => Why::Forbidden(error),
                    Change::Same(other) => Why::Same(shown(&kept[other].source)),
                };
                self.walked.renamed.push(Renamed { path: shown(&found.source), name: path.clone(), why });
            }
            named.push((path, &found.source, found.what));
        }
        named.sort_by(|a, b| a.0.cmp(&b.0));
        for (path, source, what) in named {
            match self.visit(source, &path, what) {
                Ok(()) => {}
                Err(FilesError::TooMany) => return Err(FilesError::TooMany),
                Err(FilesError::NotFound(_)) if parent.is_some() => self.skip(&path, SkipReason::Vanished),
                Err(error) => self.walked.refused.push(Refused { source: source.clone(), error }),
            }
        }
        Ok(())
    }

    fn skip(&mut self, path: &str, reason: SkipReason) {
        self.walked.skipped.push(Skipped { path: names::printable(path), reason });
    }

    fn visit(&mut self, source: &Path, path: &str, what: What) -> Result<(), FilesError> {
        // Of a name that was given, only the whole path can be too long or too deep.
        names::check_sent(path).map_err(|error| FormatError::ForbiddenName(shown(source), error))?;
        if what == What::File {
            return self.file(source, path);
        }
        if !self.follow {
            return self.folder(source, path);
        }
        let real = fs::canonicalize(source).map_err(FilesError::read(source))?;
        if self.above.contains(&real) {
            self.skip(path, SkipReason::Loop);
            return Ok(());
        }
        self.above.push(real);
        let visited = self.folder(source, path);
        self.above.pop();
        visited
    }

    fn folder(&mut self, source: &Path, path: &str) -> Result<(), FilesError> {
        let metadata = fs::metadata(source).map_err(FilesError::read(source))?;
        let children = fs::read_dir(source).map_err(FilesError::read(source))?;
        self.add(source, path, &metadata)?;
        let mut found = Vec::new();
        for child in children {
            let child = child.map_err(FilesError::read(source))?;
            match self.find(&child) {
                Ok(child) => found.push(child),
                Err(FilesError::NotFound(_)) => {}
                Err(error) => self.walked.refused.push(Refused { source: child.path(), error }),
            }
        }
        self.visit_all(found, Some(path))
    }

    fn find(&self, child: &fs::DirEntry) -> Result<Found, FilesError> {
        let source = child.path();
        let mut file_type = child.file_type().map_err(FilesError::read(&source))?;
        let mut broken = SkipReason::Link;
        if file_type.is_symlink() && self.follow {
            match fs::metadata(&source) {
                Ok(metadata) => file_type = metadata.file_type(),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(FilesError::read(&source)(error));
                }
                Err(_) => broken = SkipReason::Broken,
            }
        }
        let what = match file_type {
            _ if child.file_name().to_str().is_some_and(names::is_staging) => What::Skip(SkipReason::Unfinished),
            kind if kind.is_dir() => What::Folder,
            kind if kind.is_file() => What::File,
            kind if kind.is_symlink() => What::Skip(broken),
            _ => What::Skip(SkipReason::Special),
        };
        Ok(Found { name: child.file_name(), source, what })
    }

    /// Opens the file once, so that one that cannot be read is known before anything is sent.
    fn file(&mut self, source: &Path, path: &str) -> Result<(), FilesError> {
        let special = || FilesError::Special(shown(source));
        // Opening a pipe would wait for its other end.
        if !fs::metadata(source).map_err(FilesError::read(source))?.is_file() {
            return Err(special());
        }
        let mut file = File::open(source).map_err(FilesError::read(source))?;
        let metadata = file.metadata().map_err(FilesError::read(source))?;
        let unmeasured = metadata.len() == 0 && file.read(&mut [0]).map_err(FilesError::read(source))? > 0;
        if !metadata.is_file() || unmeasured {
            return Err(special());
        }
        self.add(source, path, &metadata)
    }

    fn add(&mut self, source: &Path, path: &str, metadata: &Metadata) -> Result<(), FilesError> {
        if self.walked.sources.len() as u64 == MAX_ENTRIES {
            return Err(FilesError::TooMany);
        }
        let modified = metadata.modified().map_err(FilesError::read(source))?;
        let folder = metadata.is_dir();
        let entry = Entry {
            path: path.to_owned(),
            folder,
            size: if folder { 0 } else { metadata.len() },
            mtime: seconds(modified),
            executable: !folder && system::is_executable(metadata),
            private: system::is_private(metadata),
            offset: 0,
        };
        self.walked.sources.push(Source { entry, path: source.to_owned(), modified });
        Ok(())
    }
}

/// A path as text, where it is Unicode.
mod path_text {
    use serde::{Deserializer, Serializer};

    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form<'a> {
        Text(Cow<'a, str>),
        Raw(OsString),
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = || Form::Raw(path.as_os_str().to_owned());
        path.to_str().map_or_else(raw, |text| Form::Text(text.into())).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_owned().into(),
            Form::Raw(raw) => raw.into(),
        })
    }
}

/// Nanoseconds since 1970, as far as 64 bits reach: three centuries either way.
mod nanoseconds {
    use serde::{Deserializer, Serializer};

    use super::*;

    pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        let nanoseconds = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds),
        };
        nanoseconds.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let nanoseconds = i64::deserialize(deserializer)?;
        let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
        Ok(if nanoseconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_come_back_as_they_were() {
        let entry = Entry {
            path: "d/a".into(),
            folder: false,
            size: 7,
            mtime: 1,
            executable: true,
            private: false,
            offset: 512,
        };
        let mut paths = vec![PathBuf::from("/d/\u{e9}")];
        #[cfg(unix)]
        paths.push(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(b"/d/caf\xe9".to_vec()).into());
        for path in paths {
            for modified in [UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789), UNIX_EPOCH - Duration::new(5, 1)] {
                let source = Source { entry: entry.clone(), path: path.clone(), modified };
                let json = serde_json::to_vec(&source).unwrap();
                assert_eq!(serde_json::from_slice::<Source>(&json).unwrap(), source);
            }
        }
    }
}
