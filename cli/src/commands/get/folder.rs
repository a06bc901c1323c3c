//! The folder that is saved in: made, found writable and large enough before a download is spent, and gone again if
//! nothing came.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    system,
    transfer::staging::Staging,
    ui::{printable, size},
};

/// A folder to save in.
pub struct Folder {
    // Dropped first: it lies in the folder.
    staging: Staging,
    output: Output,
}

/// The path of a folder, and those above it that had to be made; they go again if nothing was saved in them.
struct Output {
    path: PathBuf,
    made: Vec<PathBuf>,
}

impl Output {
    fn create(path: &Path) -> io::Result<Self> {
        let absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let made = path.ancestors().take_while(absent).map(Path::to_owned).collect();
        let output = Self { path: path.to_owned(), made };
        fs::create_dir_all(path)?;
        Ok(output)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Fails, as it should, where something is in it.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }
}

impl Folder {
    /// Makes it and finds it writable, and large enough where it is known how much will come.
    pub fn create(path: &Path, needed: Option<u64>) -> Result<Self> {
        let made = Output::create(path).and_then(|output| Ok(Self { staging: Staging::create(path)?, output }));
        let folder = made.map_err(|error| Error::writing(path, error))?;
        // Where the system does not tell, the writing will.
        let free = system::free_space(path).ok().flatten();
        match (needed, free) {
            (Some(needed), Some(free)) if free < needed => Err(no_room(path, needed, free)),
            _ => Ok(folder),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.output.path
    }

    /// Where what arrives is put until it is verified.
    pub fn staged(&self) -> PathBuf {
        self.staging.files()
    }

    /// Refuses to go on in a staging folder that somebody has put in the place of ours.
    pub fn check(&self) -> Result<()> {
        match self.staging.is_intact() {
            Ok(true) => Ok(()),
            Ok(false) => Err(swapped(&self.output.path)),
            Err(error) => Err(swapped(&self.output.path).because(error)),
        }
    }
}

fn no_room(path: &Path, needed: u64, free: u64) -> Error {
    let path = printable(&path.display().to_string());
    let message = fl!("get-no-room", path = path, needed = size(needed), free = size(free));
    Error::new(Kind::LocalFile, "disk_full", message).hint(fl!("disk-full-hint"))
}

fn swapped(path: &Path) -> Error {
    let path = printable(&path.display().to_string());
    Error::new(Kind::LocalFile, "staging_swapped", fl!("get-staging-swapped", path = path))
        .hint(fl!("get-staging-swapped-hint"))
}
