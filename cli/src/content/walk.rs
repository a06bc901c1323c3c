//! Finds the files and folders to send, in the order of the format, and refuses at the sender's side whatever the
//! recipient would refuse.

use std::{
    fmt,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    error::{ContentError, shown},
    manifest::{Entry, MAX_ENTRIES, seconds},
    names,
};
use crate::{i18n::fl, system};

/// What will be sent, and what will not.
#[derive(Debug)]
pub struct Walked {
    /// Files and folders in the order of the format; never empty.
    pub sources: Vec<Source>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// A file or folder on this computer.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the recipient will see; the offset is not set yet.
    pub entry: Entry,
    /// Where it is.
    pub path: PathBuf,
    /// When it changed last, as exactly as the system knows.
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
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Link => fl!("skip-link"),
            Self::Broken => fl!("skip-broken"),
            Self::Loop => fl!("skip-loop"),
            Self::Special => fl!("skip-special"),
            Self::Unfinished => fl!("skip-unfinished"),
        })
    }
}

/// Finds all there is under `paths`. Symbolic links are followed if named in `paths`, and below if `follow`.
pub fn walk(paths: &[PathBuf], follow: bool) -> Result<Walked, ContentError> {
    let mut roots = Vec::with_capacity(paths.len());
    for path in paths {
        let metadata = fs::metadata(path).map_err(ContentError::read(path))?;
        let what = if metadata.is_dir() { What::Folder } else { What::File };
        roots.push(Found { name: root_name(path)?, source: path.clone(), what });
    }
    let mut walk = Walk { follow, above: Vec::new(), sources: Vec::new(), skipped: Vec::new() };
    walk.visit_all(roots, None)?;
    if walk.sources.is_empty() {
        return Err(ContentError::NothingToSend);
    }
    Ok(Walked { sources: walk.sources, skipped: walk.skipped })
}

/// The name under which an argument travels: its own, and for `.` and `..` that of the folder they mean.
fn root_name(path: &Path) -> Result<String, ContentError> {
    let real = match path.file_name() {
        Some(_) => path.to_owned(),
        None => fs::canonicalize(path).map_err(ContentError::read(path))?,
    };
    let name = real.file_name().ok_or_else(|| ContentError::Nameless(shown(path)))?;
    let name = name.to_str().ok_or_else(|| ContentError::NotUnicode(shown(path)))?;
    Ok(names::composed(name))
}

struct Walk {
    follow: bool,
    /// The real paths of the folders around the present one, if links are followed.
    above: Vec<PathBuf>,
    sources: Vec<Source>,
    skipped: Vec<Skipped>,
}

/// Something in a folder, not looked into yet.
struct Found {
    name: String,
    source: PathBuf,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    File,
    Folder,
    Skip(SkipReason),
}

impl Walk {
    /// All that is in one folder, or all the arguments.
    fn visit_all(&mut self, found: Vec<Found>, parent: Option<&str>) -> Result<(), ContentError> {
        let mut kept = Vec::with_capacity(found.len());
        for Found { name, source, what } in found {
            let path = parent.map_or_else(|| name.clone(), |parent| format!("{parent}/{name}"));
            match what {
                What::Skip(reason) => self.skipped.push(Skipped { path: names::printable(&path), reason }),
                _ => kept.push((names::collision_key(&name), path, source, what)),
            }
        }
        kept.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some([one, other]) = kept.array_windows().find(|[one, other]| one.0 == other.0) {
            return Err(ContentError::SameName(shown(&one.2), shown(&other.2)));
        }
        kept.sort_by(|a, b| a.1.cmp(&b.1));
        for (_, path, source, what) in kept {
            names::check_sent(&path).map_err(|error| ContentError::ForbiddenName(shown(&source), error))?;
            match what {
                What::Folder => self.folder(source, path)?,
                _ => self.file(source, path)?,
            }
        }
        Ok(())
    }

    fn folder(&mut self, source: PathBuf, path: String) -> Result<(), ContentError> {
        if self.follow {
            let real = fs::canonicalize(&source).map_err(ContentError::read(&source))?;
            if self.above.contains(&real) {
                self.skipped.push(Skipped { path: names::printable(&path), reason: SkipReason::Loop });
                return Ok(());
            }
            self.above.push(real);
        }
        let metadata = fs::metadata(&source).map_err(ContentError::read(&source))?;
        self.add(&source, &path, &metadata)?;
        let mut found = Vec::new();
        for child in fs::read_dir(&source).map_err(ContentError::read(&source))? {
            found.push(self.find(&child.map_err(ContentError::read(&source))?)?);
        }
        self.visit_all(found, Some(&path))?;
        self.above.pop();
        Ok(())
    }

    fn find(&self, child: &fs::DirEntry) -> Result<Found, ContentError> {
        let source = child.path();
        let mut file_type = child.file_type().map_err(ContentError::read(&source))?;
        let mut broken = SkipReason::Link;
        if file_type.is_symlink() && self.follow {
            match fs::metadata(&source) {
                Ok(metadata) => file_type = metadata.file_type(),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(ContentError::read(&source)(error));
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
        match child.file_name().to_str() {
            Some(name) => Ok(Found { name: names::composed(name), source, what }),
            None => Err(ContentError::NotUnicode(shown(&source))),
        }
    }

    /// Opens the file once, so that one that cannot be read is known before anything is sent.
    fn file(&mut self, source: PathBuf, path: String) -> Result<(), ContentError> {
        let special = || ContentError::Special(shown(&source));
        // Opening a pipe would wait for its other end.
        if !fs::metadata(&source).map_err(ContentError::read(&source))?.is_file() {
            return Err(special());
        }
        let mut file = File::open(&source).map_err(ContentError::read(&source))?;
        let metadata = file.metadata().map_err(ContentError::read(&source))?;
        let unmeasured = metadata.len() == 0 && file.read(&mut [0]).map_err(ContentError::read(&source))? > 0;
        if !metadata.is_file() || unmeasured {
            return Err(special());
        }
        self.add(&source, &path, &metadata)
    }

    fn add(&mut self, source: &Path, path: &str, metadata: &Metadata) -> Result<(), ContentError> {
        if self.sources.len() as u64 == MAX_ENTRIES {
            return Err(ContentError::TooMany);
        }
        let modified = metadata.modified().map_err(ContentError::read(source))?;
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
        self.sources.push(Source { entry, path: source.to_owned(), modified });
        Ok(())
    }
}
