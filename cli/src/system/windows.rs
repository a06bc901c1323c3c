//! Windows. Files and folders made here inherit the rights of the user's profile, which others cannot read.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::windows::fs::FileExt,
    path::Path,
};

use tokio::signal::windows::{CtrlC, ctrl_c};

/// Creates a new file with the rights of its folder. Fails if something has the name already.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Creates a folder and its parents with the rights of the one they are in.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Windows knows no executable bit.
pub fn is_executable(_metadata: &Metadata) -> bool {
    false
}

/// Windows knows no executable bit.
pub fn set_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Fills `buffer` from `offset` on. `UnexpectedEof` if the file is shorter.
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// NTFS journals names by itself.
pub fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Hears when the user presses Ctrl-C.
pub struct StopSignal(CtrlC);

/// Listens from now on. Ctrl-C no longer ends the program by itself.
pub fn stop_signal() -> io::Result<StopSignal> {
    ctrl_c().map(StopSignal)
}

impl StopSignal {
    /// Resolves when asked to stop.
    pub async fn recv(&mut self) {
        self.0.recv().await;
    }
}
