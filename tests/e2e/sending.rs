//! What holds when a send does not simply run to its end, and what it tells programs.

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    os::unix::ffi::OsStrExt,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    failures::{NOWHERE, send_something},
    fault_proxy::FaultProxy,
    test_env::{Sent, TestEnv, files_below},
    uploads::{journals, until_header_is_kept},
};

/// Well below the time that unfinished work gets at the end.
const AT_ONCE: Duration = Duration::from_secs(4);

#[test]
fn a_sealed_share_stays_though_nobody_reads_that_it_is_ready() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/seal ");
    let (file, words) = (env.file("case.bin", "x"), env.path("words"));
    // Its reader is gone before the first line is passed on, and the last line is held until then.
    let script = "\"$@\" | { read -r line; exec <&-; echo \"$line\"; }; exit ${PIPESTATUS[0]}";
    let send = env.share(["send", "--json", "--relay", &proxy.url, "--passphrase-file"]).arg(&words).arg(file);
    let mut sending = send.under(["bash", "-c", script, "bash"]).start();
    let sent = Sent { link: sending.link(), words }.through(&relay.url);
    proxy.wait_until_stopped();
    proxy.open();
    let outcome = sending.finish().exits(141);
    assert!(!outcome.stderr().contains("share: "), "{outcome:?}");
    assert_eq!(env.events(&sent), ["created", "ready"]);
    env.get(&sent, "in").succeeds();
}

#[test]
fn stopped_while_standard_input_stays_open() {
    let (env, relay) = TestEnv::with_relay();
    let send = env.share(["send", "-", "--name", "log", "--relay", &relay.url, "--passphrase-file", "words"]);
    let mut sending = send.start();
    let stdin = sending.stdin.take();
    let ledger = env.path("home/.local/share/share/ledger");
    until_header_is_kept(&env);
    let begun = Instant::now();
    sending.signal("INT");
    let outcome = sending.finish().exits(130);
    assert!(begun.elapsed() < AT_ONCE, "{outcome:?}");
    outcome.says("The upload is kept").says("pipe the same bytes");
    assert!(env.path("words").exists() && !files_below(&ledger).is_empty());
    drop(stdin);
}

#[test]
fn stopped_while_the_message_is_read_from_a_pipe() {
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let pipe = env.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let sending = env.share(["send", "case.bin", "--json", "--relay", NOWHERE, "--message", "@pipe"]).start();
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
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let message = env.file("message", "x".repeat(1 << 20));
    let zero = format!("@{}", message.display());
    let send = env.share(["send", "case.bin", "--json", "--relay", NOWHERE, "--message", &zero]);
    send.output().fails(2, "usage");
}

#[test]
fn bytes_are_those_of_the_files_throughout() {
    let (env, relay) = TestEnv::with_relay();
    env.file("folder/one", "1234");
    env.file("folder/two", "567890");
    let words = env.path("words");
    let send = env.share(["send", "folder", "--json", "--relay", &relay.url, "--passphrase-file"]).arg(&words);
    let told = send.succeeds().json();
    let sent = Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words };
    let received = env.get(&sent, "in").arg("--json").succeeds().json();
    let bytes = [&told[0]["bytes"], &told[1]["bytes"], &received[0]["bytes"], &env.ledger_entry(&sent)["bytes"]];
    assert_eq!(bytes, [&json!(10); 4]);
}

#[test]
fn who_opens_it_is_told_how_the_sender_calls_themselves() {
    const SHOWN: &str = "From: Wijkteam Noord (as the sender calls themselves)";
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--from", " Wijkteam Noord "]);
    let listed = env.get(&sent, "in").arg("--list").succeeds();
    assert_eq!(listed.stdout().lines().next(), Some(SHOWN), "{listed:?}");
    let listed = env.get(&sent, "in").args(["--list", "--json"]).succeeds().json();
    assert_eq!((&listed[0]["event"], &listed[0]["sender"]), (&json!("listed"), &json!("Wijkteam Noord")));
    env.get(&sent, "in").succeeds().says(SHOWN);
    env.get(&sent, "in").args(["--lang", "nl"]).succeeds().says("Van: Wijkteam Noord (zo noemt de afzender zich)");
    let received = env.get(&sent, "in").arg("--json").succeeds().json();
    assert_eq!((&received[0]["event"], &received[0]["sender"]), (&json!("received"), &json!("Wijkteam Noord")));

    let unnamed = send_something(&env, &relay.url, &[]);
    assert!(!env.get(&unnamed, "in").arg("--list").succeeds().stdout().contains("From:"));
    let listed = env.get(&unnamed, "in").args(["--list", "--json"]).succeeds().json();
    assert!(listed[0].get("sender").is_none(), "{listed:?}");
}

#[test]
fn the_environment_names_the_sender_unless_an_option_does() {
    let (env, relay) = TestEnv::with_relay();
    env.file("case.bin", "x");
    let send = |options: &[&str], named: &OsStr| {
        let run = env.share(["send", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file", "w"]);
        run.args(options).env("SHARE_FROM", named).output()
    };
    let sender = |options: &[&str], named: &str| {
        let link = send(options, named.as_ref()).exits(0).link();
        let sent = Sent { link, words: env.path("w") };
        let listed = env.get(&sent, "in").args(["--list", "--json"]).succeeds().json().remove(0);
        std::fs::remove_file(sent.words).unwrap();
        listed.get("sender").cloned()
    };
    assert_eq!(sender(&[], "Wijkteam Noord"), Some(json!("Wijkteam Noord")));
    assert_eq!(sender(&["--from", "Wijkteam Zuid"], "Wijkteam Noord"), Some(json!("Wijkteam Zuid")));
    assert_eq!(sender(&[], ""), None);
    // In another encoding than this system's.
    send(&[], OsStr::from_bytes(b"Zorg \xc9\xe9n")).fails(2, "usage");
}

#[test]
fn a_sender_whose_name_not_everybody_can_show_sends_nothing() {
    let env = TestEnv::new();
    let file = env.file("case.bin", "x");
    let long = "x".repeat(101);
    for (name, says) in [
        ("", "must have 1 to 100 characters"),
        (" ", "must have 1 to 100 characters"),
        (&long, "must have 1 to 100 characters"),
        ("Wijk\nteam", "cannot be shown everywhere: U+000A"),
        ("\u{1b}]0;Wijkteam\u{7}", "cannot be shown everywhere: U+001B"),
        ("Wijkteam \u{202e}drooN", "cannot be shown everywhere: U+202E"),
        ("Wijk\u{200b}team", "cannot be shown everywhere: U+200B"),
        ("Wijkteam \u{378}", "cannot be shown everywhere: U+0378"),
    ] {
        let send = env.share(["send", "--json", "--relay", NOWHERE, "--passphrase-file", "w", "--from", name]);
        let outcome = send.arg(&file).output();
        let error = outcome.fails(2, "usage");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        assert!(!env.path("w").exists() && journals(&env).is_empty(), "{name:?}");
    }
}

#[test]
fn the_environment_names_a_relay_unless_it_is_empty() {
    let (env, relay) = TestEnv::with_relay();
    env.share(["config", "set", "relay", &relay.url]).succeeds();
    env.file("case.bin", "x");
    let send = |options: &[&str], named: &str| {
        let run = env.share(["send", "case.bin", "--json", "--patience", "0s", "--passphrase-file", "w"]);
        let outcome = run.args(options).env("SHARE_RELAY", named).output();
        // Fails only where there is none, or its folder is gone.
        let _ = std::fs::remove_file(env.path("w"));
        outcome
    };
    send(&[], NOWHERE).fails(3, "unreachable");
    send(&[], "").exits(0);
    send(&["--relay", &relay.url], NOWHERE).exits(0);
    let sent = send_something(&env, &relay.url, &[]);
    assert!(sent.link.starts_with(&relay.url));
}
