//! What holds when a send does not simply run to its end, and what it tells programs.

use std::{
    fs::{File, OpenOptions},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    failures::{NOWHERE, send_something},
    proxy::Proxy,
    upload_resume::until_header_is_kept,
    world::{Sent, World, files_below},
};

/// Well below the time that unfinished work gets at the end.
const AT_ONCE: Duration = Duration::from_secs(4);

#[test]
fn a_sealed_share_stays_though_nobody_reads_that_it_is_ready() {
    let world = World::new();
    let relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/seal ");
    let (file, words) = (world.file("case.bin", "x"), world.path("words"));
    // Its reader is gone before the first line is passed on, and the last line is held until then.
    let script = "\"$@\" | { read -r line; exec <&-; echo \"$line\"; }; exit ${PIPESTATUS[0]}";
    let send = world.share(["send", "--json", "--relay", &gate.url, "--passphrase-file"]).arg(&words).arg(file);
    let mut sending = send.under(["bash", "-c", script, "bash"]).start();
    let sent = Sent { link: sending.event()["link"].as_str().unwrap().to_owned(), words }.through(&relay.url);
    gate.wait_until_stopped();
    gate.open();
    let outcome = sending.finish().exits(141);
    assert!(!outcome.stderr().contains("share: "), "{outcome:?}");
    assert_eq!(world.events(&sent), ["created", "ready"]);
    world.get(&sent, "in").succeeds();
}

#[test]
fn stopped_while_standard_input_stays_open() {
    let world = World::new();
    let relay = world.relay();
    let send = world.share(["send", "-", "--name", "log", "--relay", &relay.url, "--passphrase-file", "words"]);
    let mut sending = send.start();
    let stdin = sending.stdin.take();
    let ledger = world.path("home/.local/share/share/ledger");
    until_header_is_kept(&world);
    let begun = Instant::now();
    sending.signal("INT");
    let outcome = sending.finish().exits(130);
    assert!(begun.elapsed() < AT_ONCE, "{outcome:?}");
    outcome.says("The upload is kept").says("pipe the same bytes");
    assert!(world.path("words").exists() && !files_below(&ledger).is_empty());
    drop(stdin);
}

#[test]
fn stopped_while_the_message_is_read_from_a_pipe() {
    let world = World::new();
    world.file("case.bin", "x");
    let pipe = world.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let sending = world.share(["send", "case.bin", "--json", "--relay", NOWHERE, "--message", "@pipe"]).start();
    // Opens when the program reads.
    let writer: File = OpenOptions::new().write(true).open(&pipe).unwrap();
    let begun = Instant::now();
    sending.signal("INT");
    let outcome = sending.finish();
    outcome.fails(130, "interrupted");
    assert!(begun.elapsed() < AT_ONCE, "{outcome:?}");
    drop(writer);
}

#[test]
fn an_endless_message_is_too_long() {
    let world = World::new();
    world.file("case.bin", "x");
    let message = world.file("message", "x".repeat(1 << 20));
    let zero = format!("@{}", message.display());
    let send = world.share(["send", "case.bin", "--json", "--relay", NOWHERE, "--message", &zero]);
    send.output().fails(2, "usage");
}

#[test]
fn bytes_are_those_of_the_files_throughout() {
    let world = World::new();
    let relay = world.relay();
    world.file("folder/one", "1234");
    world.file("folder/two", "567890");
    let words = world.path("words");
    let send = world.share(["send", "folder", "--json", "--relay", &relay.url, "--passphrase-file"]).arg(&words);
    let told = send.succeeds().json();
    let sent = Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words };
    let received = world.get(&sent, "in").arg("--json").succeeds().json();
    let bytes = [&told[0]["bytes"], &told[1]["bytes"], &received[0]["bytes"], &world.ledger_entry(&sent)["bytes"]];
    assert_eq!(bytes, [&json!(10); 4]);
}

#[test]
fn the_environment_names_a_relay_unless_it_is_empty() {
    let world = World::new();
    let relay = world.relay();
    world.share(["config", "set", "relay", &relay.url]).succeeds();
    world.file("case.bin", "x");
    let send = |options: &[&str], named: &str| {
        let run = world.share(["send", "case.bin", "--json", "--patience", "0s", "--passphrase-file", "w"]);
        let outcome = run.args(options).env("SHARE_RELAY", named).output();
        // Fails only where there is none, or its folder is gone.
        let _ = std::fs::remove_file(world.path("w"));
        outcome
    };
    send(&[], NOWHERE).fails(3, "unreachable");
    send(&[], "").exits(0);
    send(&["--relay", &relay.url], NOWHERE).exits(0);
    let sent = send_something(&world, &relay.url, &[]);
    assert!(sent.link.starts_with(&relay.url));
}
