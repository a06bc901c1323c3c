//! Programs and permissions that tests need on the machine they run on.

use std::{fs, process::Command};

/// Fails the test if a program that it needs is not installed. Skipping it would hide that nothing was tested.
#[track_caller]
pub fn need(program: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(there, "{program} is not installed: run tests/run.sh, which sets up what the tests need");
}

/// Options of `unshare` for mounts that only the program sees and that end with it.
pub const PRIVATE_MOUNTS: [&str; 2] = ["--mount", "--map-root-user"];

/// Whether this machine lets tests mount file systems. If it does not, tests that need this are skipped.
pub fn can_mount() -> bool {
    let tried = Command::new("unshare").args(PRIVATE_MOUNTS).args(["sh", "-c", "mount -t tmpfs none /mnt"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: a full disk cannot be staged here; it takes root, or user namespaces");
    }
    can
}

/// Whether this machine lets one program trace another. If it does not, tests that need this are skipped.
pub fn can_trace() -> bool {
    let can = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success());
    if !can {
        eprintln!("SKIPPED: single steps of the disk cannot be failed here; it takes strace and the right to trace");
    }
    can
}

/// `VmHWM` of a process in KiB; 0 if it has just ended.
pub fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
