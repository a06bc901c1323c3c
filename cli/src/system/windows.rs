//! Windows.

use std::{
    io::{self, IsTerminal},
    os::windows::process::CommandExt,
    process::Command,
};

use dialoguer::console::Term;
use tokio::signal::windows::{CtrlC, ctrl_c};

/// The terminal this program was started at, if input and errors are of it.
pub fn terminal() -> io::Result<Term> {
    match io::stdin().is_terminal() && io::stderr().is_terminal() {
        true => Ok(Term::stderr()),
        false => Err(io::ErrorKind::Unsupported.into()),
    }
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

/// Has a program that is started hear nothing of Ctrl-C at this program's terminal.
pub fn in_own_group(command: &mut Command) {
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}
