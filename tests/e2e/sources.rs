//! What is sent as it is found: names that not every computer can use, files that cannot be read, and files that change,
//! grow or vanish while they are sent.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions, Permissions},
    io::Write,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::support::{
    PART,
    failures::{NOWHERE, fails},
    fault_proxy::FaultProxy,
    program::{Outcome, Run, Started},
    random::noise,
    terminal::{SHARE, Terminal},
    test_env::{Relay, Sent, TestEnv},
};

/// The event that tells the link.
fn created(outcome: &Outcome) -> Value {
    outcome.json().into_iter().rfind(|event| event["event"] == "created").unwrap()
}

fn send(env: &TestEnv, relay: &str, options: &[&str]) -> Run {
    env.share(["send", "d", "--json", "--relay", relay, "--passphrase-file", "words"]).args(options)
}

fn arrives(env: &TestEnv, relay: &Relay, outcome: &Outcome) {
    let link = created(outcome)["link"].as_str().unwrap().to_owned();
    env.get(&Sent { link, words: env.path("words") }.through(&relay.url), "in").succeeds();
}

fn shares(relay: &Relay) -> usize {
    fs::read_dir(relay.data.join("shares")).unwrap().count()
}

#[test]
fn names_that_not_every_computer_can_use_are_told_at_once_with_a_way_on() {
    let (env, relay) = TestEnv::with_relay();
    (10..32).for_each(|minute| drop(env.file(format!("d/12:{minute}"), "x")));
    env.file("d/z/index.html", "x");
    env.file("d/z/Index.html", "x");
    let says = "23 names cannot be used on every computer, so nothing was sent";
    let run = || env.share(["send", "d", "--relay", &relay.url, "--passphrase-file", "words"]);
    fails(run, 10, "name_not_possible", says, "add --rename");
    fails(|| run().arg("--exact-names"), 10, "name_not_possible", says, "Rename them yourself");
    let told = run().output().stderr();
    assert_eq!(told.matches(" → ").count(), 20, "{told}");
    assert!(told.contains("d/12:10 → d/12.10 (it holds the character :)") && told.contains("and 3 more"), "{told}");
    run().args(["--rename", "--exact-names"]).output().exits(2);
    assert_eq!((shares(&relay), env.path("words").exists()), (0, false));
}

#[test]
fn with_rename_all_arrives_under_names_that_are_told() {
    let (env, relay) = TestEnv::with_relay();
    env.file("d/Notulen 12:30.docx", "minutes");
    env.file("d/Index.html", "one");
    env.file("d/index.html", "other");
    env.file(Path::new("d").join(OsStr::from_bytes(b"caf\xe9")), "latin");
    let outcome = send(&env, &relay.url, &["--rename"]).succeeds();
    arrives(&env, &relay, &outcome);
    for (name, content) in
        [("Notulen 12.30.docx", "minutes"), ("Index.html", "one"), ("index (2).html", "other"), ("caf%E9", "latin")]
    {
        assert_eq!(fs::read_to_string(env.path("in/d").join(name)).unwrap(), content, "{name}");
    }
    let names = json!([
        { "path": "d/Notulen 12:30.docx", "name": "d/Notulen 12.30.docx" },
        { "path": "d/caf\u{fffd}", "name": "d/caf%E9" },
        { "path": "d/index.html", "name": "d/index (2).html" },
    ]);
    assert_eq!(created(&outcome)["renamed"], names);
    outcome.says("warning: d/index.html → d/index (2).html (for some computers it is the name of d/Index.html, too)");
}

#[test]
fn at_a_terminal_changed_names_are_offered() {
    for (answer, exit) in [("y\n", 0), ("n\n", 10)] {
        let (env, relay) = TestEnv::with_relay();
        env.file("12:30", "x");
        let mut terminal = Terminal::run(&env, &format!("exec {SHARE} send 12:30 --relay {}", relay.url));
        terminal.sees("12:30 → 12.30");
        terminal.answers("Send with these changed names?", answer);
        let (code, shown) = terminal.finish();
        assert_eq!((code, shares(&relay)), (exit, usize::from(exit == 0)), "{shown}");
    }
}

#[test]
fn files_that_cannot_be_read_are_told_at_once_and_left_out_on_request() {
    let (env, relay) = TestEnv::with_relay();
    env.file("d/good", "x");
    for name in ["closed", "secret", "shut/inside"] {
        env.file(format!("d/{name}"), "x");
    }
    for name in ["closed", "secret", "shut"] {
        fs::set_permissions(env.path("d").join(name), Permissions::from_mode(0o000)).unwrap();
    }
    let arguments = ["send", "d", "--relay", &relay.url, "--passphrase-file", "words"];
    let run = || env.share_without_rights(arguments);
    fails(run, 10, "local_file", "3 files or folders cannot be sent", "To send the rest");
    let told = run().output().stderr();
    for name in ["closed", "secret", "shut"] {
        assert!(told.contains(&format!("warning: d/{name} could not be read: Permission denied")), "{told}");
    }
    assert_eq!(shares(&relay), 0);
    let outcome = env.share_without_rights(arguments).args(["--json", "--skip-changed"]).succeeds();
    arrives(&env, &relay, &outcome);
    assert_eq!(created(&outcome)["left_out"], json!(["d/closed", "d/secret", "d/shut"]));
    let arrived: Vec<_> = fs::read_dir(env.path("in/d")).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(arrived, ["good"]);
    // What was named is never left out.
    let named =
        env.share_without_rights(["send", "d/good", "d/closed", "--json", "--skip-changed", "--relay", NOWHERE]);
    named.output().fails(10, "local_file");
}

/// A send that has not read the end of what it sends yet: more parts are before that than are read ahead.
fn started(env: &TestEnv, proxy: &FaultProxy, options: &[&str]) -> Started {
    env.file("d/big", noise(9 * PART));
    let mut sending = send(env, &proxy.url, options).start();
    sending.event();
    proxy.wait_until_stopped();
    sending
}

fn later(path: &Path) {
    File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
}

#[test]
fn of_a_log_that_grows_the_beginning_is_sent() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/0 ");
    let log = env.file("d/z.log", "a line\n".repeat(30_000));
    let sending = started(&env, &proxy, &[]);
    OpenOptions::new().append(true).open(&log).unwrap().write_all(b"one more line\n").unwrap();
    later(&log);
    proxy.open();
    let outcome =
        sending.finish().exits(0).says("z.log grew while it was sent; what it held at the beginning was sent");
    arrives(&env, &relay, &outcome);
    assert_eq!(fs::read_to_string(env.path("in/d/z.log")).unwrap(), "a line\n".repeat(30_000));
}

#[test]
fn what_was_touched_or_replaced_by_the_same_is_sent_whatever_becomes_of_its_neighbours() {
    let (env, relay) = TestEnv::with_relay();
    let first = FaultProxy::holding_request(&relay.url, "/parts/0 ");
    let last = FaultProxy::holding_request(&first.url, "/parts/9 ");
    let touched = env.file("d/touched", noise(200_000));
    let replaced = env.file("d/z", "the same");
    let temporary = env.file("d/z.tmp", "gone once it was read");
    env.file("d/big", noise(9 * PART));
    let mut sending = send(&env, &last.url, &[]).start();
    sending.event();
    first.wait_until_stopped();
    later(&touched);
    fs::rename(env.file("new", "the same"), &replaced).unwrap();
    later(&replaced);
    first.open();
    last.wait_until_stopped();
    fs::remove_file(temporary).unwrap();
    last.open();
    let outcome = sending.finish().exits(0);
    assert!(!outcome.stderr().contains("warning"), "{outcome:?}");
    arrives(&env, &relay, &outcome);
    assert_eq!(fs::read_to_string(env.path("in/d/z.tmp")).unwrap(), "gone once it was read");
}

/// Overwrites the file's beginning.
fn rewrite(path: &Path, bytes: &[u8]) {
    OpenOptions::new().write(true).open(path).unwrap().write_all(bytes).unwrap();
    later(path);
}

#[test]
fn what_changed_in_the_middle_is_named_and_what_was_uploaded_is_kept() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/0 ");
    let sending = started(&env, &proxy, &[]);
    // Read already, but for its end.
    let file = env.path("d/big");
    rewrite(&file, b"other bytes");
    proxy.open();
    let outcome = sending.finish();
    let error = outcome.fails(12, "file_changed");
    assert!(error["message"].as_str().unwrap().ends_with("d/big changed while it was being sent"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("share resume"), "{error}");
    let outcome = outcome.says("The upload is kept");
    assert!(env.path("words").exists());
    env.share(["resume", "--json"]).output().fails(12, "file_changed");
    rewrite(&file, &noise(9 * PART)[..11]);
    env.share(["resume"]).succeeds();
    arrives(&env, &relay, &outcome);
    assert!(fs::read(env.path("in/d/big")).unwrap() == noise(9 * PART));
}

#[test]
fn what_vanishes_is_named_together() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/0 ");
    let files = ["d/z1.tmp", "d/z2.tmp"].map(|name| env.file(name, "x"));
    let sending = started(&env, &proxy, &[]);
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    proxy.open();
    let outcome = sending.finish();
    let error = outcome.fails(12, "file_changed");
    assert!(error["hint"].as_str().unwrap().contains("--new --skip-changed"), "{error}");
    let outcome = outcome.says("z1.tmp cannot be sent whole").says("z2.tmp cannot be sent whole").says("is kept");
    let again = send(&env, &relay.url, &["--new", "--skip-changed"]);
    assert!(!outcome.stderr().contains("taken back"));
    fs::remove_file(env.path("words")).unwrap();
    arrives(&env, &relay, &again.succeeds());
}

#[test]
fn with_skip_changed_the_rest_is_sent_anew_and_the_first_link_taken_back() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/0 ");
    let temporary = env.file("d/z.tmp", "x");
    env.file("d/z", "stays");
    let sending = started(&env, &proxy, &["--skip-changed"]);
    fs::remove_file(temporary).unwrap();
    rewrite(&env.path("d/big"), b"other bytes");
    proxy.open();
    let outcome = sending.finish().exits(0).says("z.tmp cannot be sent whole").says("The share was taken back");
    let events = outcome.json();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["created", "created", "ready"]);
    arrives(&env, &relay, &outcome);
    assert_eq!(fs::read_to_string(env.path("in/d/z")).unwrap(), "stays");
    assert!(!env.path("in/d/z.tmp").exists());
    let first = events[0]["link"].as_str().unwrap();
    env.share(["get", first, "--yes"]).output().exits(5);
}

#[test]
fn at_a_terminal_the_rest_is_offered() {
    for (answer, exit) in [("y\n", 0), ("n\n", 12)] {
        let (env, relay) = TestEnv::with_relay();
        let proxy = FaultProxy::holding_request(&relay.url, "/parts/0 ");
        env.file("d/big", noise(9 * PART));
        let temporary = env.file("d/z.tmp", "x");
        let mut terminal = Terminal::run(&env, &format!("exec {SHARE} send d --relay {}", proxy.url));
        proxy.wait_until_stopped();
        fs::remove_file(temporary).unwrap();
        proxy.open();
        terminal.sees("z.tmp cannot be sent whole");
        terminal.answers("Send the rest again without it, with another link?", answer);
        let (code, shown) = terminal.finish();
        assert_eq!(code, exit, "{shown}");
        assert_eq!(shown.contains("Ready. It can be downloaded until"), exit == 0, "{shown}");
    }
}

#[test]
fn a_single_file_that_changes_is_kept_to_go_on_with() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/0 ");
    let file = env.file("case.bin", noise(9 * PART));
    let arguments =
        ["send", "case.bin", "--json", "--skip-changed", "--relay", &proxy.url, "--passphrase-file", "words"];
    let mut sending = env.share(arguments).start();
    sending.event();
    proxy.wait_until_stopped();
    rewrite(&file, b"other bytes");
    proxy.open();
    let outcome = sending.finish();
    let error = outcome.fails(12, "file_changed");
    assert!(error["hint"].as_str().unwrap().ends_with("repeat `share send` with --new."), "{error}");
    outcome.says("The upload is kept");
}
