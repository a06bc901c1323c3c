//! A file that every run replaces, whole or not at all. What somebody else has put there stays.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use share_client::{files::shown, state::private_file};
use share_format::quote::quoted;

use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
};

/// Bytes that are read of a file. A report may be longer, of which only the beginning matters.
const MOST_READ: u64 = 64 * 1024;

/// A file that only this program writes.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    /// How everything that this program writes there begins.
    beginning: &'static str,
}

impl OutputFile {
    /// # Errors
    /// The folder is not there, or something else has the name.
    pub fn new(path: &Path, beginning: &'static str) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() || path.file_name().is_none() {
            return Err(Error::usage(fl!("batch-output-no-folder", path = quoted(&shown(path)))));
        }
        let file = Self { path: path.to_owned(), beginning };
        file.read()?;
        Ok(file)
    }

    /// The beginning of what an earlier run has written, or nothing.
    ///
    /// # Errors
    /// It cannot be read, or it is not this program's.
    pub fn read(&self) -> Result<String> {
        let read = || -> io::Result<Option<String>> {
            // Reading a pipe might never end.
            if !fs::symlink_metadata(&self.path)?.is_file() {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            fs::File::open(&self.path)?.take(MOST_READ).read_to_end(&mut bytes)?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        };
        match read() {
            Ok(Some(text)) if text.is_empty() || text.starts_with(self.beginning) => Ok(text),
            Ok(_) => {
                Err(Error::new(Kind::LocalFile, "output_exists", fl!("batch-output-foreign", path = self.shown()))
                    .hint(fl!("output-exists-hint")))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Error::local(fl!("batch-output-unreadable", path = self.shown()), error)),
        }
    }

    /// Puts this text in the place of what is there; others may read it if it is public.
    pub fn replace(&self, text: &str, public: bool) -> Result<()> {
        self.read()?;
        let replaced = match public {
            true => private_file::replace_public(&self.path, text.as_bytes()),
            false => private_file::replace(&self.path, text.as_bytes()),
        };
        replaced.map_err(|error| Error::local(fl!("batch-output-unwritable", path = self.shown()), error))
    }

    fn shown(&self) -> String {
        quoted(&shown(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_has_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = OutputFile::new(&path, "ours").unwrap();
        assert_eq!(file.read().unwrap(), "");
        for there in ["", "ours, and whatever follows"] {
            fs::write(&path, there).unwrap();
            assert_eq!(file.read().unwrap(), there);
            file.replace("ours and new", true).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "ours and new");
        }
        for there in ["theirs", "our", "\u{feff}ours"] {
            fs::write(&path, there).unwrap();
            let refused = OutputFile::new(&path, "ours").unwrap_err();
            assert_eq!(refused.code(), "output_exists");
            assert!(file.replace("ours", false).is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), there);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(OutputFile::new(&path, "ours").unwrap_err().code(), "output_exists");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["none/file", "..", "none/.."] {
            let refused = OutputFile::new(&folder.path().join(path), "ours").unwrap_err();
            assert_eq!((refused.code(), refused.exit()), ("usage", 2), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_a_pipe_and_a_link_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("target", &link).unwrap();
        for path in [Path::new("/dev/null"), &link] {
            assert_eq!(OutputFile::new(path, "").unwrap_err().code(), "output_exists", "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = OutputFile::new(&folder.path().join("file"), "ours").unwrap();
        let mode = || fs::metadata(&file.path).unwrap().permissions().mode() & 0o777;
        file.replace("ours", false).unwrap();
        assert_eq!(mode(), 0o600);
        file.replace("ours", true).unwrap();
        // The umask of whoever runs the tests may take rights away.
        assert_eq!(mode() & !0o644, 0);
    }
}
