//! Where it is saved and what is kept on file systems that lack something: what can be done without it is done, and what
//! cannot is told before a download is taken.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use crate::support::{
    failures::fails,
    random::noise,
    test_env::{Sent, TestEnv, files_below},
    until_some,
};

/// A mounted folder with limits; see `limited_fs.py`.
struct Limited {
    mount: PathBuf,
    program: Child,
}

impl Limited {
    fn new(env: &TestEnv, name: &str, limits: &[&str]) -> Self {
        let (mount, source) = (env.path(name), env.path(format!("{name}.source")));
        fs::create_dir_all(&mount).unwrap();
        fs::create_dir(&source).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/support/limited_fs.py");
        let mut command = Command::new(PYTHON);
        let program = command.arg(script).arg(source).arg(&mount).args(limits).spawn().unwrap();
        let outside = fs::metadata(env.path("")).unwrap().dev();
        until_some("it is mounted", || (fs::metadata(&mount).ok()?.dev() != outside).then_some(()));
        Self { mount, program }
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let unmounted = Command::new("fusermount").arg("-uz").arg(&self.mount).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            let _ = self.program.kill();
        }
        let _ = self.program.wait();
    }
}

/// The system's own, which has the system's packages.
const PYTHON: &str = "/usr/bin/python3";

/// Whether such file systems can be made here.
fn can_limit() -> bool {
    let has_library = Command::new(PYTHON).args(["-c", "import fusepy"]).status().is_ok_and(|status| status.success());
    let can = has_library && Path::new("/dev/fuse").exists();
    if !can {
        eprintln!("SKIPPED: file systems with limits cannot be made here; it takes python3-fusepy and /dev/fuse");
    }
    can
}

/// A share with a folder, of which a file is private.
fn folder_sent(env: &TestEnv, relay: &str) -> Sent {
    env.file("d/sub/public.txt", "public");
    let private = env.file("d/private.bin", noise(300_000));
    fs::set_permissions(private, fs::Permissions::from_mode(0o600)).unwrap();
    env.send(relay, [env.path("d")])
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn without_links_and_directory_syncs_all_is_saved_and_nothing_replaced() {
    if !can_limit() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let file = env.send(&relay.url, [env.file("case.bin", noise(300_000))]);
    let folder = folder_sent(&env, &relay.url);
    let limited = Limited::new(&env, "in", &["nolink", "nodirsync"]);
    for _ in 0..2 {
        env.get(&file, "in").succeeds();
        env.get(&folder, "in").succeeds();
    }
    env.get(&file, "in").arg("--force").succeeds();
    let run = env.share(["get", &file.link, "--passphrase-file"]).arg(&file.words);
    run.arg("--ciphertext").arg(env.path("in/case.age")).succeeds();
    // Nothing of a staging folder either: what was open when it was removed would show.
    assert_eq!(names(&limited.mount), ["case (2).bin", "case.age", "case.bin", "d", "d (2)"]);
    for copy in ["case.bin", "case (2).bin", "d/private.bin", "d (2)/private.bin"] {
        assert!(fs::read(limited.mount.join(copy)).unwrap() == noise(300_000), "{copy}");
    }
}

#[test]
fn a_sender_can_live_there_too() {
    if !can_limit() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let _home = Limited::new(&env, "home", &["nolink", "nodirsync", "norights", "name=143"]);
    let sent = folder_sent(&env, &relay.url);
    env.get(&sent, "in").succeeds();
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt"]);
    // An empty folder may stay where files that are open keep it from going.
    let left: Vec<_> = files_below(&env.path("home")).into_iter().filter(|path| path.is_file()).collect();
    assert_eq!(left, [env.path(format!("home/.local/share/share/ledger/{}.json", sent.id()))]);
}

#[test]
fn what_cannot_be_saved_there_costs_no_download() {
    if !can_limit() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let long = format!("{}.txt", "n".repeat(150));
    env.file(format!("d/{long}"), noise(300_000));
    let sent = env.send(&relay.url, [env.path("d")]);
    let cases = [
        ("name=143", "name_not_possible", "cannot have its name in this place", "Choose a folder with a shorter path"),
        ("size=200000", "file_too_large", "is larger than a file can be", "Choose a folder on another disk"),
        ("quota=200000", "disk_full", "The disk is full", "Make room"),
    ];
    for (limit, code, says, hint) in cases {
        let name = limit.split('=').next().unwrap();
        let limited = Limited::new(&env, name, &[limit, "nolink", "nodirsync"]);
        fails(|| env.get(&sent, name), 10, code, says, hint);
        let ciphertext = || {
            let run = env.share(["get", &sent.link, "--passphrase-file"]).arg(&sent.words);
            run.arg("--ciphertext").arg(limited.mount.join(&long))
        };
        fails(ciphertext, 10, code, says, hint);
        assert_eq!(names(&limited.mount), [] as [&str; 0], "{limit}");
    }
    assert_eq!(env.events(&sent), ["created", "ready"]);
}

#[test]
fn who_saves_something_private_where_nothing_is_private_is_told() {
    if !can_limit() {
        return;
    }
    let (env, relay) = TestEnv::with_relay();
    let sent = folder_sent(&env, &relay.url);
    let warning = "Private files come without their protection";
    let there = env.get(&sent, "here").succeeds();
    assert!(!there.stderr().contains(warning));
    assert_eq!(fs::metadata(env.path("here/d/private.bin")).unwrap().mode() & 0o777, 0o600);
    let _limited = Limited::new(&env, "in", &["norights"]);
    env.get(&sent, "in").succeeds().says(warning);
    assert!(fs::read(env.path("in/d/private.bin")).unwrap() == noise(300_000));
}
