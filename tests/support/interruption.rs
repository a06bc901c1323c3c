//! Programs that are interrupted or killed during a transfer.

use std::{
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Output},
};

use serde_json::Value;

use crate::support::{
    fault_proxy::{Direction, FaultProxy},
    program::Run,
    schemas,
};

/// Sends a signal: `INT`, `TERM`, `KILL`.
pub fn signal(process: &Child, name: &str) {
    // This fails if the process has just ended, which the caller detects.
    let command = format!("kill -{name} {} 2>/dev/null", process.id());
    Command::new("sh").args(["-c", &command]).status().unwrap();
}

/// Starts a program, sends it a signal once this many more bytes have passed the proxy in this direction, and returns
/// its output.
pub fn signal_after_bytes(mut run: Run, proxy: &FaultProxy, direction: Direction, after: u64, with: &str) -> Output {
    let wanted = proxy.passed(direction) + after;
    let mut child = run.spawn();
    proxy.wait_for(direction, wanted, || child.try_wait().unwrap().is_some());
    signal(&child, with);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    schemas::check_output(&run.command, &output).unwrap();
    output
}

/// Counts how rounds ended, to show what a test run has covered.
#[derive(Default)]
pub struct Tally {
    finished: u64,
    interrupted: u64,
    killed: u64,
}

impl Tally {
    pub fn add(&mut self, output: &Output) {
        match (output.status.code(), output.status.signal()) {
            (Some(0), _) => self.finished += 1,
            (Some(130), _) => self.interrupted += 1,
            (None, Some(_)) => self.killed += 1,
            _ => panic!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        }
    }

    pub fn show(&self, what: &str) {
        let Self { finished, interrupted, killed } = self;
        eprintln!("{what}: {finished} finished first, {interrupted} interrupted, {killed} ended by the signal");
    }
}

/// The link that a program has printed, if it got that far.
pub fn announced(output: &Output) -> Option<String> {
    let line = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    let created: Value = serde_json::from_str(&line).ok()?;
    Some(created["link"].as_str()?.to_owned())
}
