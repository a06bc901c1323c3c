//! A relay whose disk is full keeps what it has, serves it and lets it go; what is new waits for room.

use std::{fs, io::Write, path::PathBuf};

use crate::support::{
    machine::can_mount,
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
    until,
};

const BYTES: usize = 9 << 20;

/// The relay's folder, on the disk that only the relay sees.
fn data(relay: &Relay) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{}", relay.child.id(), relay.data.display()))
}

#[test]
fn what_is_held_is_served_and_what_is_new_waits_for_room() {
    if !can_mount() {
        return;
    }
    let env = TestEnv::new();
    let relay = env.relay_on_small_disk("24m");
    let bytes = noise(BYTES);
    let file = env.file("case.bin", &bytes);
    let [held, other] = [(); 2].map(|()| env.send(&relay.url, [&file]));

    let words = env.path("words");
    env.share(["send", "--json", "--relay", &relay.url]).arg(&file).output().fails(9, "storage_full");
    // Of what comes from standard input, nobody knows beforehand that there is no room for it.
    let send = ["send", "-", "--name", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file"];
    let mut sending = env.share(send).arg(&words).start();
    let waiting = Sent { link: sending.link(), words };
    sending.stdin.take().unwrap().write_all(&bytes).unwrap();
    let log = || fs::read_to_string(env.path("relay.log")).unwrap();
    until("a part is refused", || log().contains("storage_full"));

    env.get(&held, "held").succeeds();
    assert!(fs::read(env.path("held/case.bin")).unwrap() == bytes);
    assert_eq!(env.events(&held), ["created", "ready", "ticket", "receipt"]);
    assert_eq!(env.events(&waiting), ["created"]);

    env.share(["revoke", &other.link]).succeeds();
    sending.finish().exits(0);
    env.get(&waiting, "waited").succeeds();
    assert!(fs::read(env.path("waited/case.bin")).unwrap() == bytes);
    assert!(data(&relay).join("shares").join(other.id()).is_dir(), "its tombstone is there");
    assert!(files_below(&data(&relay).join("tmp")).is_empty());
}

#[test]
fn a_share_ends_on_a_full_disk_and_its_room_is_used_again() {
    if !can_mount() {
        return;
    }
    let env = TestEnv::new();
    let relay = env.relay_on_small_disk("13m");
    let bytes = noise(BYTES);
    let file = env.file("case.bin", &bytes);
    let sent = env.send(&relay.url, [file.to_str().unwrap(), "--once"]);
    let send = ["send", "-", "--name", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let refused = env.share(send).args(["--patience", "1s"]).output_with_input(&bytes);
    refused.fails(9, "storage_full");
    env.get(&sent, "in").succeeds();
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
    let resumed = env.share(send).arg("--resume").output_with_input(&bytes).exits(0).json();
    let kept = Sent { link: resumed[0]["link"].as_str().unwrap().to_owned(), words: env.path("w") };
    env.get(&kept, "again").succeeds();
}
