//! Each failure has a sentence, a hint and an exit code of its own, in both languages, and leaves nothing behind.

use std::time::Duration;

use share_relay_api::{Bytes32, ShareId, paths};

use crate::support::{
    PART,
    failures::{NOWHERE, fails, get_fails, mistyped, send_something},
    fault_proxy::FaultProxy,
    http::{Request, public_status, take_ticket},
    keys::age_key,
    machine::can_mount,
    random::noise,
    test_env::{Sent, TestEnv, files_below},
    until_some,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

const ASK_SENDER: &str = "Ask the sender to send it again.";

#[test]
fn relay_unreachable() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]).through(NOWHERE);
    let (says, hint) = ("The relay cannot be reached", "Check your network connection");
    fails(|| env.get(&sent, "in").args(["--patience", "0s"]), 3, "unreachable", says, hint);
    let send = ["send", "case.bin", "--relay", NOWHERE, "--patience", "0s", "--passphrase-file", "w"];
    fails(|| env.share(send), 3, "unreachable", says, hint);
    fails(|| env.share(["login", NOWHERE]), 3, "unreachable", says, hint);
    assert!(!env.path("w").exists() && !env.path("in").exists());
}

#[test]
fn relay_gone_while_sending() {
    let (env, mut relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/1 ");
    env.file("case.bin", noise(2 * PART));
    let send = ["send", "case.bin", "--json", "--relay", &proxy.url, "--patience", "1s", "--passphrase-file", "w"];
    let mut sending = env.share(send).start();
    let link = sending.link();
    proxy.wait_until_stopped();
    relay.kill();
    proxy.relay_is_gone();
    let outcome = sending.finish();
    let error = outcome.fails(3, "unreachable");
    assert!(error["message"].as_str().unwrap().starts_with("The relay cannot be reached, or the connection broke"));
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("Check your network") && hint.ends_with(". Go on with: share resume"), "{hint}");
    let outcome =
        outcome.says(&format!("The upload is kept, to go on with later. To take it back: share revoke {link}"));
    assert!(outcome.json().iter().all(|event| event["event"] != "ready"));
    assert!(env.path("w").exists(), "the words will open it");
    // What was said to do next can be done.
    let sent = Sent { link, words: env.path("w") };
    assert!(env.ledger_entry(&sent)["manage_key"].is_string());
    env.share(["resume", "--json", "--patience", "0s"]).output().fails(3, "unreachable");
}

#[test]
fn relay_gone_while_getting() {
    let (env, mut relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(3 * PART))]);
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = env.get(&sent.through(&proxy.url), "in").args(["--json", "--patience", "1s"]).start();
    proxy.wait_until_stopped();
    relay.kill();
    proxy.relay_is_gone();
    let error = getting.finish().fails(3, "unreachable");
    assert!(error["message"].as_str().unwrap().starts_with("The relay cannot be reached, or the connection broke"));
    assert!(!env.path("in/case.bin").exists());
}

#[test]
fn words_wrong_until_locked_until_unlocked() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let other = send_something(&env, &relay.url, &[]);
    let wrong = Sent { words: other.words, ..sent.clone() };

    let compare = "Compare each word";
    get_fails(&env, &wrong, 4, "wrong_proof", "These words do not open it: ", compare);
    for left in (1..=7).rev() {
        let error = env.get(&wrong, "in").arg("--json").output().fails(4, "wrong_proof");
        let tries = if left == 1 { "one try is left".into() } else { format!("{left} tries are left") };
        assert_eq!(error["message"].as_str().unwrap(), format!("These words do not open it: {tries}"));
    }
    let last = env.get(&wrong, "in").arg("--json").output().fails(6, "locked");
    assert!(last["message"].as_str().unwrap().contains("that was the last try: it is locked until "), "{last}");
    get_fails(&env, &sent, 6, "locked", "It is locked until ", "ask the sender to run: share unlock LINK");

    env.share(["unlock", &sent.link]).succeeds();
    env.get(&sent, "in").succeeds();
    let events = env.events(&sent);
    assert_eq!(events.iter().filter(|event| *event == "wrong_proof").count(), 10);
    assert_eq!(events[12..], ["locked", "unlocked", "ticket", "receipt"]);
}

#[test]
fn right_words_forget_the_wrong_ones() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let wrong = Sent { words: send_something(&env, &relay.url, &[]).words, ..sent.clone() };
    env.get(&wrong, "in").output().exits(4).says("9 tries are left");
    env.get(&sent, "in").arg("--list").succeeds();
    env.get(&wrong, "in").output().exits(4).says("9 tries are left");
}

#[test]
fn a_lock_ends_by_itself() {
    let env = TestEnv::new();
    let relay = env.clocked_relay();
    let sent = send_something(&env, &relay.url, &[]);
    for _ in 0..10 {
        take_ticket(&relay.url, &sent, &Bytes32([7; 32]), &Bytes32([1; 32]));
    }
    env.get(&sent, "in").output().exits(6).says("It is locked until ");
    relay.pass(Duration::from_secs(3600));
    env.get(&sent, "in").succeeds();
}

#[test]
fn malformed_words_spend_no_try() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let tries = || public_status(&relay.url, &sent)["tries_left"].as_u64().unwrap();
    let mistyped = mistyped(&sent.passphrase());
    let cases = [
        ("the words are: storm, milk and change", "You have filled in 3 words; usually there are 6"),
        ("qqqqqq qqqqqq qqqqqq qqqqqq qqqqqq qqqqqq", "Word 1 is not right"),
        (&mistyped, "one is not right, or the order is different"),
    ];
    for (words, says) in cases {
        let malformed = Sent { words: env.file("mistyped", words), ..sent.clone() };
        get_fails(&env, &malformed, 4, "words_malformed", says, "Compare each word");
        let told = env.get(&malformed, "in").output().exits(4).stderr();
        assert!(!told.contains("qqqqqq"), "{told}");
    }
    assert_eq!(tries(), 10);
}

#[test]
fn expired() {
    let env = TestEnv::new();
    let relay = env.clocked_relay();
    let sent = send_something(&env, &relay.url, &["--expires", "2d"]);
    relay.pass(2 * DAY - Duration::from_secs(60));
    env.get(&sent, "in").arg("--list").succeeds();
    relay.pass(Duration::from_secs(60));
    get_fails(&env, &sent, 5, "expired", "It expired on ", ASK_SENDER);
    assert_eq!(env.status(&sent)["state"], "expired");
}

#[test]
fn revoked() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    env.share(["revoke", &sent.link]).succeeds();
    get_fails(&env, &sent, 5, "revoked", "The sender took it back on ", ASK_SENDER);
    assert!(!relay.share(&sent).join("content.age").exists());
}

#[test]
fn revoked_while_getting() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(3 * PART))]);
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = env.get(&sent.through(&proxy.url), "in").arg("--json").start();
    proxy.wait_until_stopped();
    env.share(["revoke", &sent.link]).succeeds();
    proxy.open();
    getting.finish().fails(5, "revoked");
    assert!(files_below(&env.path("in")).is_empty());
}

#[test]
fn collected() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    env.get(&sent, "first").succeeds();
    get_fails(&env, &sent, 5, "collected", "It has already been downloaded, on ", ASK_SENDER);
    assert!(!relay.share(&sent).join("content.age").exists());
}

#[test]
fn all_downloads_taken() {
    let (env, relay) = TestEnv::with_relay();
    // To a key: with words, a place that is left could be taken over.
    let key = age_key(&env, "key.txt");
    let send = env.share(["send", "--json", "--once", "--recipient", &key, "--relay", &relay.url]);
    let told = send.arg(env.file("case.bin", "x")).succeeds().json();
    let sent = Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words: env.path("none") };
    let ticket = serde_json::json!({ "ticket_hash": share_client::secret::sha256(&[1; 32]) });
    let taken = Request::post(paths::tickets(&sent.share_id())).json(&ticket).send(&relay.url);
    assert_eq!(taken.status, 200);
    let get = || env.share(["get", &sent.link, "--yes", "--identity", "key.txt", "--output", "in"]);
    let hint = "If somebody is downloading it right now, try again when that has ended.";
    fails(get, 5, "downloads_taken", "All downloads the sender allowed are taken", hint);
}

#[test]
fn unknown() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let link = format!("{}/s/{}", relay.url, ShareId::from_random([9; 12]));
    let unknown = Sent { link: link.clone(), ..sent };
    get_fails(&env, &unknown, 5, "not_found", "The relay does not know this link", "Ask the sender for a new one.");
    let hint = "Only the computer that sent it";
    fails(|| env.share(["status", &link]), 10, "not_sent_from_here", "This was not sent from this computer", hint);
}

#[test]
fn a_stream_still_being_sent() {
    let (env, relay) = TestEnv::with_relay();
    let words = env.path("words");
    let send = env.share(["send", "-", "--name", "log.txt", "--json", "--relay", &relay.url, "--passphrase-file"]);
    let mut sending = send.arg(&words).start();
    let sent = Sent { link: sending.link(), words };
    let says = "The sender has not finished uploading yet";
    get_fails(&env, &sent, 7, "not_ready", says, "Try again a little later.");
    assert_eq!(sending.finish().exits(0).json()[1]["event"], "ready");
    env.get(&sent, "in").succeeds();
}

#[test]
fn an_upload_that_stopped() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/2 ");
    env.file("case.bin", noise(3 * PART));
    let words = env.path("words");
    let send = env.share(["send", "case.bin", "--json", "--relay", &proxy.url, "--passphrase-file"]);
    let mut sending = send.arg(&words).start();
    let sent = Sent { link: sending.link(), words }.through(&relay.url);
    proxy.wait_until_stopped();
    until_some("two of three parts are stored", || {
        let status = public_status(&relay.url, &sent);
        (status["stored_bytes"].as_u64()? * 3 > status["payload_bytes"].as_u64()?).then_some(())
    });
    sending.signal("KILL");
    assert_eq!(sending.finish().output.status.code(), None);
    let says = "The sender has not finished uploading yet (66 %)";
    let get = || env.get(&sent, "in").args(["--patience", "1s"]);
    fails(get, 7, "not_ready", says, "Try again a little later.");
}

#[test]
fn a_token_is_needed() {
    let (env, relay) = TestEnv::with_relay();
    env.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds();
    env.file("case.bin", "x");
    let send = ["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "w"];
    let (asks, hint) = ("The relay asks for a sender token", "Ask whoever runs the relay for a token");
    fails(|| env.share(send), 9, "token_required", asks, hint);
    let wrong = env.file("token", "5".repeat(64));
    let login = || env.share(["login", &relay.url, "--token-file"]).arg(&wrong);
    let says = "The relay does not know this sender token";
    fails(login, 9, "token_required", says, hint);
    fails(|| env.share(send), 9, "token_required", asks, hint);
    // One that is taken back after it was remembered.
    let list = || env.share_relay(["token", "add", "bo", "--data"]).arg(env.path("relay"));
    let token = env.file("token", list().succeeds().stdout());
    env.share(["login", &relay.url, "--token-file"]).arg(token).succeeds();
    env.share_relay(["token", "remove", "bo", "--data"]).arg(env.path("relay")).succeeds();
    fails(|| env.share(send), 9, "token_required", says, hint);
    assert!(!env.path("w").exists());
}

#[test]
fn too_large() {
    let env = TestEnv::new();
    let relay = env.relay_with(["--listen", "127.0.0.1:0", "--max-size", "1MiB"]);
    env.file("case.bin", noise(1 << 20));
    let send = ["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "w"];
    let (says, hint) = ("does not accept so much at once (limit: 1.00 MiB)", "Send less at once");
    fails(|| env.share(send), 9, "too_large", says, hint);
    assert!(!env.path("w").exists());

    let send = ["send", "-", "--name", "x", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let outcome = env.share(send).output_with_input(&noise(1 << 20));
    assert!(outcome.fails(9, "too_large")["message"].as_str().unwrap().contains(says));
    outcome.says("The share was taken back");
    assert!(!env.path("w").exists());
}

#[test]
fn too_long() {
    let env = TestEnv::new();
    let relay = env.relay_with(["--listen", "127.0.0.1:0", "--max-expiry", "2d"]);
    env.file("case.bin", "x");
    let send = ["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "w"];
    let says = "The relay does not keep anything for so long";
    fails(|| env.share(send), 9, "expiry_too_long", says, "--expires 2d is the longest");
    env.share(send).args(["--expires", "2d"]).succeeds();
}

#[test]
fn relay_disk_full() {
    if !can_mount() {
        return;
    }
    let env = TestEnv::new();
    let relay = env.relay_on_small_disk("4m");
    env.file("case.bin", noise(PART));
    // Refused at once, although nobody limits its patience, and nothing is left of it.
    let outcome = env.share(["send", "case.bin", "--json", "--relay", &relay.url]).output();
    let error = outcome.fails(9, "storage_full");
    assert_eq!(error["message"], "The relay does not have enough space left");
    assert_eq!(error["hint"], "Try again later, or ask whoever runs the relay to make room.");
    assert_eq!(outcome.json().len(), 1, "{outcome:?}");
    env.share(["resume", "--json"]).output().fails(10, "nothing_unfinished");
    let send = ["send", "-", "--name", "case.bin", "--json", "--relay", &relay.url, "--passphrase-file", "w"];
    let outcome = env.share(send).args(["--patience", "1s"]).output_with_input(&noise(PART));
    outcome.fails(9, "storage_full");
    let outcome = outcome.says("The upload is kept").says("make room. To go on, pipe the same bytes");
    let link = outcome.link();
    env.share(["revoke", &link]).succeeds();
    env.share(["get", &link, "--yes"]).output().exits(5).says("The sender took it back on ");
    // It has room again, and goes on.
    let sent = send_something(&env, &relay.url, &[]);
    env.get(&sent, "in").succeeds();
}

#[test]
fn link_damaged() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let short = &sent.link[..sent.link.len() - 1];
    let damaged = Sent { link: short.to_owned(), ..sent.clone() };
    get_fails(&env, &damaged, 11, "link_damaged", "This link is damaged", "Copy the whole link");
    for command in ["status", "revoke", "unlock"] {
        env.share([command, short, "--json"]).output().fails(11, "link_damaged");
    }
}

#[test]
fn interrupted() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(3 * PART))]);
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = env.get(&sent.through(&proxy.url), "in").arg("--json").start();
    proxy.wait_until_stopped();
    getting.signal("INT");
    let error = getting.finish().fails(130, "interrupted");
    assert_eq!(error["message"], "Stopped; nothing was saved");
    assert!(files_below(&env.path("in")).is_empty());
}
