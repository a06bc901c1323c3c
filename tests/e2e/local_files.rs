//! Problems with files and folders on this computer, and what has the name already.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use crate::{
    failures::{fails, send_something},
    raw,
    round_trips::noise,
    world::{SMALL_DISK, Sent, World, can_mount, files_below},
};

fn downloads_left(relay: &str, sent: &Sent) -> u64 {
    raw::public_status(relay, sent)["downloads_left"].as_u64().unwrap()
}

#[test]
fn disk_full_while_saving() {
    if !can_mount() {
        return;
    }
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(4 << 20))]);
    fs::create_dir(world.path("in")).unwrap();
    let script = "mount -t tmpfs -o size=1m none in && { \"$@\"; code=$?; ls -A in >left; exit $code; }";
    let get = || world.get(&sent, "in").under(["unshare"].iter().chain(&SMALL_DISK).chain(&["sh", "-c", script, "sh"]));
    fails(get, 10, "disk_full", "The disk is full: ", "Make room, or choose a place on another disk.");
    assert_eq!(fs::read_to_string(world.path("left")).unwrap(), "");
}

#[test]
fn standard_output_full() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let mut run = world.share(["get", &sent.link, "--yes", "--output", "-", "--passphrase-file"]).arg(&sent.words);
    run.command.stdout(File::options().write(true).open("/dev/full").unwrap());
    let status = run.command.status().unwrap();
    assert_eq!(status.code(), Some(10));
    assert_eq!(world.events(&sent), ["created", "ready", "ticket"], "no receipt for what was not delivered");
}

#[test]
fn no_permission_to_save() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "2"]);
    let closed = world.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    for output in [closed.clone(), closed.join("new")] {
        let get = || {
            let run = world.share_without_rights(["get", &sent.link, "--yes", "--passphrase-file"]).arg(&sent.words);
            run.arg("--output").arg(&output)
        };
        fails(get, 10, "no_permission", "You are not allowed to write ", "Choose a place where you may write.");
    }
    let ciphertext = || {
        let run = world.share_without_rights(["get", &sent.link, "--passphrase-file"]).arg(&sent.words);
        run.arg("--ciphertext").arg(closed.join("saved.age"))
    };
    fails(ciphertext, 10, "no_permission", "You are not allowed to write ", "Choose a place where you may write.");
    assert_eq!(files_below(&closed), [] as [PathBuf; 0]);
    assert_eq!(downloads_left(&relay.url, &sent), 2, "a folder that cannot be written to costs no download");
}

#[test]
fn no_permission_to_read() {
    let world = World::new();
    let relay = world.relay();
    let file = world.file("secret.txt", "x");
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    let send = || world.share_without_rights(["send", "secret.txt", "--relay", &relay.url, "--passphrase-file", "w"]);
    fails(send, 10, "local_file", "secret.txt could not be read", "");
    let sent = send_something(&world, &relay.url, &[]);
    let get = || world.share_without_rights(["get", &sent.link, "--passphrase-file", "secret.txt"]);
    fails(get, 10, "local_file", "The words in secret.txt cannot be read", "");
    assert!(!world.path("w").exists());
}

#[test]
fn nothing_there_to_send() {
    let world = World::new();
    let relay = world.relay();
    let send = |path: &str| world.share(["send", path, "--relay", &relay.url]);
    fails(|| send("absent"), 10, "local_file", "absent does not exist", "");
    std::os::unix::fs::symlink("absent", world.path("link")).unwrap();
    fails(|| send("link"), 10, "local_file", "link does not exist", "");
    fails(|| send("/dev/null"), 10, "local_file", "/dev/null is not an ordinary file or folder", "");
}

#[test]
fn a_ledger_that_cannot_be_written_sends_nothing() {
    let world = World::new();
    let relay = world.relay();
    world.file("case.bin", "x");
    let home = world.path("home");
    fs::set_permissions(&home, Permissions::from_mode(0o555)).unwrap();
    let send = ["send", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let outcome = world.share_without_rights(send).output();
    let error = outcome.fails(10, "local_file");
    assert!(error["message"].as_str().unwrap().starts_with("The record of what was sent, in "), "{error}");
    assert_eq!(outcome.json().len(), 1, "no link is told that nobody could manage: {outcome:?}");
    outcome.says("The share was taken back");
    assert!(!world.path("w").exists());
    fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_name_that_is_taken() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let mine = world.file("in/case.bin", "mine");
    let outcome = world.get(&sent, "in").succeeds();
    let other = world.path("in/case (2).bin");
    assert_eq!(fs::read(&mine).unwrap(), b"mine");
    assert_eq!(fs::read(&other).unwrap(), noise(100_000));
    assert_eq!(outcome.stdout(), format!("{}\n", other.display()));
    outcome.says(&format!("warning: {} exists already; saved as {}", mine.display(), other.display()));
    let json = world.get(&sent, "in").arg("--json").succeeds();
    assert_eq!(json.json()[0]["files"][0], world.path("in/case (3).bin").to_str().unwrap());

    world.get(&sent, "in").arg("--force").succeeds();
    assert_eq!(fs::read(&mine).unwrap(), noise(100_000));
    assert_eq!(files_below(&world.path("in")).len(), 3);
}

#[test]
fn force_never_replaces_a_folder_by_a_file() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let theirs = world.file("in/case.bin/kept.txt", "kept");
    let get = || world.get(&sent, "in").arg("--force");
    fails(get, 10, "local_file", "case.bin is in the way", "");
    assert_eq!(fs::read(&theirs).unwrap(), b"kept");
    assert_eq!(files_below(&world.path("in")).len(), 2);
}

#[test]
fn a_file_where_the_folder_should_be() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "2"]);
    let file = world.file("in", "mine");
    let get = || world.get(&sent, "in");
    fails(get, 10, "output_exists", "in exists already", "Choose another name, or move what is there.");
    assert_eq!(fs::read(file).unwrap(), b"mine");
    assert_eq!(downloads_left(&relay.url, &sent), 2);
}

#[test]
fn ciphertext_never_overwrites_unasked() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "2"]);
    let saved = world.file("saved.age", "mine");
    let get = || world.share(["get", &sent.link, "--ciphertext", "saved.age", "--passphrase-file"]).arg(&sent.words);
    let hint = "Choose another name, or move what is there.";
    fails(get, 10, "output_exists", "saved.age exists already", hint);
    assert_eq!(fs::read(&saved).unwrap(), b"mine");
    assert_eq!(downloads_left(&relay.url, &sent), 2);
    get().arg("--force").succeeds();
    assert_eq!(fs::read(&saved).unwrap(), fs::read(relay.share(&sent).join("content.age")).unwrap());
}

#[test]
fn a_words_file_that_exists() {
    let world = World::new();
    let relay = world.relay();
    world.file("case.bin", "x");
    let words = world.file("words", "mine");
    let send = || world.share(["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "words"]);
    fails(send, 10, "output_exists", "words exists already", "Choose another name, or move what is there.");
    assert_eq!(fs::read(words).unwrap(), b"mine");
    assert!(world.share(["list"]).succeeds().stdout().is_empty());
}
