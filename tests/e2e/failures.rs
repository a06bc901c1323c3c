//! Each failure has a sentence, a hint and an exit code of its own, in both languages, and leaves nothing behind.

use std::time::Duration;

use share_relay_api::{Bytes32, ShareId, paths};

use crate::{
    proxy::Proxy,
    raw,
    round_trips::noise,
    stock_tools::age_key,
    world::{Run, Sent, World, can_mount, files_below, until},
};

const PART: usize = 8 << 20;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Runs it in English and in Dutch, and asserts exit code, error object, sentence and hint. The Dutch words must be others.
#[track_caller]
pub fn fails(run: impl Fn() -> Run, exit: i32, code: &str, says: &str, hint: &str) {
    let english = run().args(["--json", "--lang", "en"]).output();
    let error = english.fails(exit, code);
    assert!(error["message"].as_str().unwrap().contains(says), "{says:?} is not in {error}");
    assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{hint:?} is not in {error}");
    assert_eq!(error.get("hint").is_none(), hint.is_empty(), "{error}");
    let dutch = run().args(["--json", "--lang", "nl"]).output().fails(exit, code);
    assert!(!dutch["message"].as_str().unwrap().contains(says), "{dutch}");
    assert!(hint.is_empty() || !dutch["hint"].as_str().unwrap().contains(hint), "{dutch}");
}

/// That fetching it fails like this, and leaves nothing.
#[track_caller]
pub fn get_fails(world: &World, sent: &Sent, exit: i32, code: &str, says: &str, hint: &str) {
    fails(|| world.get(sent, "in"), exit, code, says, hint);
    assert_eq!(files_below(&world.path("in")), [] as [std::path::PathBuf; 0]);
}

/// Something sent, and a relay that has it.
pub fn send_something(world: &World, relay: &str, options: &[&str]) -> Sent {
    let file = world.file("case.bin", noise(100_000));
    world.send(relay, [file.to_str().unwrap()].iter().chain(options))
}

/// Nobody listens on port 1 (tcpmux), and no system gives it to a program that asks for any port.
pub const NOWHERE: &str = "http://127.0.0.1:1";
const ASK_SENDER: &str = "Ask the sender to send it again.";

#[test]
fn relay_unreachable() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]).through(NOWHERE);
    let (says, hint) = ("The relay cannot be reached", "Check your network connection");
    fails(|| world.get(&sent, "in").args(["--patience", "0s"]), 3, "unreachable", says, hint);
    let send = ["send", "case.bin", "--relay", NOWHERE, "--patience", "0s", "--passphrase-file", "w"];
    fails(|| world.share(send), 3, "unreachable", says, hint);
    fails(|| world.share(["login", NOWHERE]), 3, "unreachable", says, hint);
    assert!(!world.path("w").exists() && !world.path("in").exists());
}

#[test]
fn relay_gone_while_sending() {
    let world = World::new();
    let mut relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/1 ");
    world.file("case.bin", noise(2 * PART));
    let send = ["send", "case.bin", "--json", "--relay", &gate.url, "--patience", "1s", "--passphrase-file", "w"];
    let mut sending = world.share(send).start();
    let link = sending.event()["link"].as_str().unwrap().to_owned();
    gate.wait_until_stopped();
    relay.kill();
    gate.relay_is_gone();
    let outcome = sending.finish();
    let error = outcome.fails(3, "unreachable");
    assert!(error["message"].as_str().unwrap().starts_with("The relay cannot be reached, or the connection broke"));
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("Check your network") && hint.ends_with(". Go on with: share resume"), "{hint}");
    let outcome =
        outcome.says(&format!("The upload is kept, to go on with later. To take it back: share revoke {link}"));
    assert!(outcome.json().iter().all(|event| event["event"] != "ready"));
    assert!(world.path("w").exists(), "the words will open it");
    // What was said to do next can be done.
    let sent = Sent { link, words: world.path("w") };
    assert!(world.ledger_entry(&sent)["manage_key"].is_string());
    world.share(["resume", "--json", "--patience", "0s"]).output().fails(3, "unreachable");
}

#[test]
fn relay_gone_while_getting() {
    let world = World::new();
    let mut relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(3 * PART))]);
    let gate = Proxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = world.get(&sent.through(&gate.url), "in").args(["--json", "--patience", "1s"]).start();
    gate.wait_until_stopped();
    relay.kill();
    gate.relay_is_gone();
    let error = getting.finish().fails(3, "unreachable");
    assert!(error["message"].as_str().unwrap().starts_with("The relay cannot be reached, or the connection broke"));
    assert!(!world.path("in/case.bin").exists());
}

#[test]
fn words_wrong_until_locked_until_unlocked() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let other = send_something(&world, &relay.url, &[]);
    let wrong = Sent { words: other.words, ..sent.clone() };

    let compare = "Compare each word";
    get_fails(&world, &wrong, 4, "wrong_proof", "These words do not open it: ", compare);
    for left in (1..=7).rev() {
        let error = world.get(&wrong, "in").arg("--json").output().fails(4, "wrong_proof");
        let tries = if left == 1 { "one try is left".into() } else { format!("{left} tries are left") };
        assert_eq!(error["message"].as_str().unwrap(), format!("These words do not open it: {tries}"));
    }
    let last = world.get(&wrong, "in").arg("--json").output().fails(6, "locked");
    assert!(last["message"].as_str().unwrap().contains("that was the last try: it is locked until "), "{last}");
    get_fails(&world, &sent, 6, "locked", "It is locked until ", "ask the sender to run: share unlock LINK");

    world.share(["unlock", &sent.link]).succeeds();
    world.get(&sent, "in").succeeds();
    let events = world.events(&sent);
    assert_eq!(events.iter().filter(|event| *event == "wrong_proof").count(), 10);
    assert_eq!(events[12..], ["locked", "unlocked", "ticket", "receipt"]);
}

#[test]
fn right_words_forget_the_wrong_ones() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let wrong = Sent { words: send_something(&world, &relay.url, &[]).words, ..sent.clone() };
    world.get(&wrong, "in").output().exits(4).says("9 tries are left");
    world.get(&sent, "in").arg("--list").succeeds();
    world.get(&wrong, "in").output().exits(4).says("9 tries are left");
}

#[test]
fn a_lock_ends_by_itself() {
    let world = World::new();
    let relay = world.clocked_relay();
    let sent = send_something(&world, &relay.url, &[]);
    for _ in 0..10 {
        raw::take_ticket(&relay.url, &sent, &Bytes32([7; 32]), &Bytes32([1; 32]));
    }
    world.get(&sent, "in").output().exits(6).says("It is locked until ");
    relay.pass(Duration::from_secs(3600));
    world.get(&sent, "in").succeeds();
}

#[test]
fn malformed_words_spend_no_try() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let tries = || raw::public_status(&relay.url, &sent)["tries_left"].as_u64().unwrap();
    let mistyped = mistyped(&sent.passphrase());
    let cases = [
        ("the words are: storm, milk and change", "You have filled in 3 words; usually there are 6"),
        ("qqqqqq qqqqqq qqqqqq qqqqqq qqqqqq qqqqqq", "Word 1 is not right"),
        (&mistyped, "one is not right, or the order is different"),
    ];
    for (words, says) in cases {
        let malformed = Sent { words: world.file("mistyped", words), ..sent.clone() };
        get_fails(&world, &malformed, 4, "words_malformed", says, "Compare each word");
        let told = world.get(&malformed, "in").output().exits(4).stderr();
        assert!(!told.contains("qqqqqq"), "{told}");
    }
    assert_eq!(tries(), 10);
}

/// The words with one of them put in place of another: six words of the list, whose checksum is wrong.
pub fn mistyped(words: &str) -> String {
    let words: Vec<&str> = words.split('-').collect();
    let pairs = (0..words.len()).flat_map(|to| (0..words.len()).map(move |from| (to, from)));
    let changed = pairs.map(|(to, from)| {
        let mut changed = words.clone();
        changed[to] = words[from];
        changed.join("-")
    });
    let refused = |words: &String| share_format::words::Passphrase::read(words).is_err();
    changed.into_iter().find(refused).expect("of 30 changes the checksum finds 28")
}

#[test]
fn expired() {
    let world = World::new();
    let relay = world.clocked_relay();
    let sent = send_something(&world, &relay.url, &["--expires", "2d"]);
    relay.pass(2 * DAY - Duration::from_secs(60));
    world.get(&sent, "in").arg("--list").succeeds();
    relay.pass(Duration::from_secs(60));
    get_fails(&world, &sent, 5, "expired", "It expired on ", ASK_SENDER);
    assert_eq!(world.status(&sent)["state"], "expired");
}

#[test]
fn revoked() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    world.share(["revoke", &sent.link]).succeeds();
    get_fails(&world, &sent, 5, "revoked", "The sender took it back on ", ASK_SENDER);
    assert!(!relay.share(&sent).join("content.age").exists());
}

#[test]
fn revoked_while_getting() {
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(3 * PART))]);
    let gate = Proxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = world.get(&sent.through(&gate.url), "in").arg("--json").start();
    gate.wait_until_stopped();
    world.share(["revoke", &sent.link]).succeeds();
    gate.open();
    getting.finish().fails(5, "revoked");
    assert!(files_below(&world.path("in")).is_empty());
}

#[test]
fn collected() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--once"]);
    world.get(&sent, "first").succeeds();
    get_fails(&world, &sent, 5, "collected", "It has already been downloaded, on ", ASK_SENDER);
    assert!(!relay.share(&sent).join("content.age").exists());
}

#[test]
fn all_downloads_taken() {
    let world = World::new();
    let relay = world.relay();
    // To a key: with words, a place that is left could be taken over.
    let key = age_key(&world, "key.txt");
    let send = world.share(["send", "--json", "--once", "--recipient", &key, "--relay", &relay.url]);
    let told = send.arg(world.file("case.bin", "x")).succeeds().json();
    let sent = Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words: world.path("none") };
    let ticket = serde_json::json!({ "ticket_hash": share::secret::sha256(&[1; 32]) });
    let taken = raw::call(&relay.url, "POST", &paths::tickets(&sent.share_id()), None, Some(ticket));
    assert_eq!(taken.status, 200);
    let get = || world.share(["get", &sent.link, "--yes", "--identity", "key.txt", "--output", "in"]);
    let hint = "If somebody is downloading it right now, try again when that has ended.";
    fails(get, 5, "downloads_taken", "All downloads the sender allowed are taken", hint);
}

#[test]
fn unknown() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let link = format!("{}/s/{}", relay.url, ShareId::from_random([9; 12]));
    let unknown = Sent { link: link.clone(), ..sent };
    get_fails(&world, &unknown, 5, "not_found", "The relay does not know this link", "Ask the sender for a new one.");
    let hint = "Only the computer that sent it";
    fails(|| world.share(["status", &link]), 10, "not_sent_from_here", "This was not sent from this computer", hint);
}

#[test]
fn a_stream_still_being_sent() {
    let world = World::new();
    let relay = world.relay();
    let words = world.path("words");
    let send = world.share(["send", "-", "--name", "log.txt", "--json", "--relay", &relay.url, "--passphrase-file"]);
    let mut sending = send.arg(&words).start();
    let sent = Sent { link: sending.event()["link"].as_str().unwrap().to_owned(), words };
    let says = "The sender has not finished uploading yet";
    get_fails(&world, &sent, 7, "not_ready", says, "Try again a little later.");
    assert_eq!(sending.finish().exits(0).json()[1]["event"], "ready");
    world.get(&sent, "in").succeeds();
}

#[test]
fn an_upload_that_stopped() {
    let world = World::new();
    let relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/2 ");
    world.file("case.bin", noise(3 * PART));
    let words = world.path("words");
    let send = world.share(["send", "case.bin", "--json", "--relay", &gate.url, "--passphrase-file"]);
    let mut sending = send.arg(&words).start();
    let sent = Sent { link: sending.event()["link"].as_str().unwrap().to_owned(), words }.through(&relay.url);
    gate.wait_until_stopped();
    until("two of three parts are stored", || {
        let status = raw::public_status(&relay.url, &sent);
        (status["stored_bytes"].as_u64()? * 3 > status["payload_bytes"].as_u64()?).then_some(())
    });
    sending.signal("KILL");
    assert_eq!(sending.finish().output.status.code(), None);
    let says = "The sender has not finished uploading yet (66 %)";
    let get = || world.get(&sent, "in").args(["--patience", "1s"]);
    fails(get, 7, "not_ready", says, "Try again a little later.");
}

#[test]
fn a_token_is_needed() {
    let world = World::new();
    let relay = world.relay();
    world.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds();
    world.file("case.bin", "x");
    let send = ["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "w"];
    let (asks, hint) = ("The relay asks for a sender token", "Ask whoever runs the relay for a token");
    fails(|| world.share(send), 9, "token_required", asks, hint);
    let wrong = world.file("token", "5".repeat(64));
    let login = || world.share(["login", &relay.url, "--token-file"]).arg(&wrong);
    let says = "The relay does not know this sender token";
    fails(login, 9, "token_required", says, hint);
    fails(|| world.share(send), 9, "token_required", asks, hint);
    // One that is taken back after it was remembered.
    let list = || world.share_relay(["token", "add", "bo", "--data"]).arg(world.path("relay"));
    let token = world.file("token", list().succeeds().stdout());
    world.share(["login", &relay.url, "--token-file"]).arg(token).succeeds();
    world.share_relay(["token", "remove", "bo", "--data"]).arg(world.path("relay")).succeeds();
    fails(|| world.share(send), 9, "token_required", says, hint);
    assert!(!world.path("w").exists());
}

#[test]
fn too_large() {
    let world = World::new();
    let relay = world.relay_with(["--listen", "127.0.0.1:0", "--max-size", "1MiB"]);
    world.file("case.bin", noise(1 << 20));
    let send = ["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "w"];
    let (says, hint) = ("does not accept so much at once (limit: 1.00 MiB)", "Send less at once");
    fails(|| world.share(send), 9, "too_large", says, hint);
    assert!(!world.path("w").exists());

    let send = ["send", "-", "--name", "x", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let outcome = world.share(send).output_with_input(&noise(1 << 20));
    assert!(outcome.fails(9, "too_large")["message"].as_str().unwrap().contains(says));
    outcome.says("The share was taken back");
    assert!(!world.path("w").exists());
}

#[test]
fn too_long() {
    let world = World::new();
    let relay = world.relay_with(["--listen", "127.0.0.1:0", "--max-expiry", "2d"]);
    world.file("case.bin", "x");
    let send = ["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "w"];
    let says = "The relay does not keep anything for so long";
    fails(|| world.share(send), 9, "expiry_too_long", says, "--expires 2d is the longest");
    world.share(send).args(["--expires", "2d"]).succeeds();
}

#[test]
fn relay_disk_full() {
    if !can_mount() {
        return;
    }
    let world = World::new();
    let relay = world.relay_on_small_disk("4m");
    world.file("case.bin", noise(PART));
    // Refused at once, although nobody limits its patience, and nothing is left of it.
    let outcome = world.share(["send", "case.bin", "--json", "--relay", &relay.url]).output();
    let error = outcome.fails(9, "storage_full");
    assert_eq!(error["message"], "The relay does not have enough space left");
    assert_eq!(error["hint"], "Try again later, or ask whoever runs the relay to make room.");
    assert_eq!(outcome.json().len(), 1, "{outcome:?}");
    world.share(["resume", "--json"]).output().fails(10, "nothing_unfinished");
    let send = ["send", "-", "--name", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let outcome = world.share(send).args(["--patience", "1s"]).output_with_input(&noise(PART));
    outcome.fails(9, "storage_full");
    let outcome = outcome.says("The upload is kept").says("make room. To go on, pipe the same bytes");
    let link = outcome.json()[0]["link"].as_str().unwrap().to_owned();
    world.share(["revoke", &link]).succeeds();
    world.share(["get", &link, "--yes"]).output().exits(5).says("The sender took it back on ");
    // It has room again, and goes on.
    let sent = send_something(&world, &relay.url, &[]);
    world.get(&sent, "in").succeeds();
}

#[test]
fn link_damaged() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let short = &sent.link[..sent.link.len() - 1];
    let damaged = Sent { link: short.to_owned(), ..sent.clone() };
    get_fails(&world, &damaged, 11, "link_damaged", "This link is damaged", "Copy the whole link");
    for command in ["status", "revoke", "unlock"] {
        world.share([command, short, "--json"]).output().fails(11, "link_damaged");
    }
}

#[test]
fn interrupted() {
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(3 * PART))]);
    let gate = Proxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = world.get(&sent.through(&gate.url), "in").arg("--json").start();
    gate.wait_until_stopped();
    getting.signal("INT");
    let error = getting.finish().fails(130, "interrupted");
    assert_eq!(error["message"], "Stopped; nothing was saved");
    assert!(files_below(&world.path("in")).is_empty());
}
