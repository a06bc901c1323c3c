//! The time noted last, by which the next start sees that its clock is far off: a line of decimal seconds since 1970.

use std::{fs, io, path::Path};

use crate::storage::disk::Disk;

/// The file in the relay's directory.
pub const NAME: &str = "clock";

/// Notes a time in this file, by way of a temporary one that nobody else writes.
pub fn write(disk: &Disk, file: &Path, temporary: &Path, now: u64) -> io::Result<()> {
    disk.replace(file, temporary, format!("{now}\n").as_bytes())
}

/// The time noted in this file, if there is one.
pub fn read(file: &Path) -> io::Result<Option<u64>> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => text?.trim_end().parse().map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
    }
}
