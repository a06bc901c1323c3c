//! Linux and macOS.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::process::CommandExt,
    process::Command,
};

use dialoguer::console::Term;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The terminal this program was started at, whatever its input and output are.
pub fn terminal() -> io::Result<Term> {
    let (input, output) = (File::open("/dev/tty")?, OpenOptions::new().write(true).open("/dev/tty")?);
    Ok(Term::read_write_pair(input, output))
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

/// Has a program that is started hear nothing of Ctrl-C at this program's terminal.
pub fn in_own_group(command: &mut Command) {
    command.process_group(0);
}
