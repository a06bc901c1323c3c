//! What is renamed into a folder, as the system tells it. Systems other than Linux tell nothing here, and neither do network
//! drives of what another computer does.

use std::{ffi::OsString, io, path::Path};

/// Hears of renames into one folder.
pub struct Renames(#[cfg(target_os = "linux")] rustix::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Renames {
    /// Listens from now on.
    pub fn into_folder(folder: &Path) -> io::Result<Self> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let inotify = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        add_watch(&inotify, folder, WatchFlags::MOVED_TO | WatchFlags::ONLYDIR)?;
        Ok(Self(inotify))
    }

    /// The names that were given since it was asked last. Of very many, some may be missing.
    pub fn take(&mut self) -> Vec<OsString> {
        use std::{ffi::OsStr, mem::MaybeUninit, os::unix::ffi::OsStrExt};
        let mut buffer = [const { MaybeUninit::uninit() }; 4096];
        let mut events = rustix::fs::inotify::Reader::new(&self.0, &mut buffer);
        let mut names = Vec::new();
        // The error at the end is that there is nothing more.
        while let Ok(event) = events.next() {
            names.extend(event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned()));
        }
        names
    }
}

#[cfg(not(target_os = "linux"))]
impl Renames {
    /// Listens from now on.
    pub fn into_folder(_folder: &Path) -> io::Result<Self> {
        Ok(Self())
    }

    /// The names that were given since it was asked last.
    pub fn take(&mut self) -> Vec<OsString> {
        Vec::new()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn names_that_are_given_by_renaming_are_told_once() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut renames = Renames::into_folder(folder.path()).unwrap();
        fs::write(folder.path().join("a.part"), "x").unwrap();
        assert!(renames.take().is_empty());
        fs::rename(folder.path().join("a.part"), folder.path().join("a")).unwrap();
        fs::create_dir(other.path().join("b")).unwrap();
        fs::rename(other.path().join("b"), folder.path().join("b")).unwrap();
        fs::rename(folder.path().join("a"), other.path().join("a")).unwrap();
        assert_eq!(renames.take(), ["a", "b"]);
        assert!(renames.take().is_empty());
    }
}
