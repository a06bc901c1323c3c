//! Linux and macOS.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Creates a new file only this user can read and write (0600). Fails if something has the name already.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Creates a directory, and its parents, that only this user can enter (0700). An existing one is left as it is.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether the file may be executed by its owner.
pub fn is_executable(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o100 != 0
}

/// Lets everyone who may read the file execute it too.
pub fn set_executable(file: &File) -> io::Result<()> {
    let mode = file.metadata()?.permissions().mode();
    file.set_permissions(fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

/// Fills `buffer` from `offset` on, without moving the file's cursor. `UnexpectedEof` if the file is shorter.
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(buffer, offset)
}

/// Makes the names in a directory survive power loss.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Hears when the user (Ctrl-C) or the system (SIGTERM) asks the program to stop.
pub struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

/// Listens from now on. Being asked to stop no longer ends the program by itself.
pub fn stop_signal() -> io::Result<StopSignal> {
    Ok(StopSignal { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
}

impl StopSignal {
    /// Resolves when asked to stop.
    pub async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
