//! Where it is saved and what is kept on file systems that lack something: what can be done without it is done, and what
//! cannot is told before a download is taken.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use crate::{
    failures::fails,
    round_trips::noise,
    world::{Sent, World, files_below, until},
};

/// A mounted folder with limits; see `limited_fs.py`.
struct Limited {
    mount: PathBuf,
    program: Child,
}

impl Limited {
    fn new(world: &World, name: &str, limits: &[&str]) -> Self {
        let (mount, source) = (world.path(name), world.path(format!("{name}.source")));
        fs::create_dir_all(&mount).unwrap();
        fs::create_dir(&source).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/limited_fs.py");
        let mut command = Command::new(PYTHON);
        let program = command.arg(script).arg(source).arg(&mount).args(limits).spawn().unwrap();
        let outside = fs::metadata(world.path("")).unwrap().dev();
        until("it is mounted", || (fs::metadata(&mount).ok()?.dev() != outside).then_some(()));
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
fn folder_sent(world: &World, relay: &str) -> Sent {
    world.file("d/sub/public.txt", "public");
    let private = world.file("d/private.bin", noise(300_000));
    fs::set_permissions(private, fs::Permissions::from_mode(0o600)).unwrap();
    world.send(relay, [world.path("d")])
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
    let world = World::new();
    let relay = world.relay();
    let file = world.send(&relay.url, [world.file("case.bin", noise(300_000))]);
    let folder = folder_sent(&world, &relay.url);
    let limited = Limited::new(&world, "in", &["nolink", "nodirsync"]);
    for _ in 0..2 {
        world.get(&file, "in").succeeds();
        world.get(&folder, "in").succeeds();
    }
    world.get(&file, "in").arg("--force").succeeds();
    let run = world.share(["get", &file.link, "--passphrase-file"]).arg(&file.words);
    run.arg("--ciphertext").arg(world.path("in/case.age")).succeeds();
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
    let world = World::new();
    let relay = world.relay();
    let _home = Limited::new(&world, "home", &["nolink", "nodirsync", "norights", "name=143"]);
    let sent = folder_sent(&world, &relay.url);
    world.get(&sent, "in").succeeds();
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt"]);
    // An empty folder may stay where files that are open keep it from going.
    let left: Vec<_> = files_below(&world.path("home")).into_iter().filter(|path| path.is_file()).collect();
    assert_eq!(left, [world.path(format!("home/.local/share/share/ledger/{}.json", sent.id()))]);
}

#[test]
fn what_cannot_be_saved_there_costs_no_download() {
    if !can_limit() {
        return;
    }
    let world = World::new();
    let relay = world.relay();
    let long = format!("{}.txt", "n".repeat(150));
    world.file(format!("d/{long}"), noise(300_000));
    let sent = world.send(&relay.url, [world.path("d")]);
    let cases = [
        ("name=143", "name_not_possible", "cannot have its name in this place", "Choose a folder with a shorter path"),
        ("size=200000", "file_too_large", "is larger than a file can be", "Choose a folder on another disk"),
        ("quota=200000", "disk_full", "The disk is full", "Make room"),
    ];
    for (limit, code, says, hint) in cases {
        let name = limit.split('=').next().unwrap();
        let limited = Limited::new(&world, name, &[limit, "nolink", "nodirsync"]);
        fails(|| world.get(&sent, name), 10, code, says, hint);
        let ciphertext = || {
            let run = world.share(["get", &sent.link, "--passphrase-file"]).arg(&sent.words);
            run.arg("--ciphertext").arg(limited.mount.join(&long))
        };
        fails(ciphertext, 10, code, says, hint);
        assert_eq!(names(&limited.mount), [] as [&str; 0], "{limit}");
    }
    assert_eq!(world.events(&sent), ["created", "ready"]);
}

#[test]
fn who_saves_something_private_where_nothing_is_private_is_told() {
    if !can_limit() {
        return;
    }
    let world = World::new();
    let relay = world.relay();
    let sent = folder_sent(&world, &relay.url);
    let warning = "Private files come without their protection";
    let there = world.get(&sent, "here").succeeds();
    assert!(!there.stderr().contains(warning));
    assert_eq!(fs::metadata(world.path("here/d/private.bin")).unwrap().mode() & 0o777, 0o600);
    let _limited = Limited::new(&world, "in", &["norights"]);
    world.get(&sent, "in").succeeds().says(warning);
    assert!(fs::read(world.path("in/d/private.bin")).unwrap() == noise(300_000));
}
