//! What the sender sees and can do afterwards: list, status, receipts, revoke, unlock, login.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};
use share_relay_api::{Bytes32, paths};

use crate::support::{
    failures::{fails, send_something},
    fault_proxy::FaultProxy,
    http::{Request, public_status, take_ticket},
    test_env::{Sent, TestEnv, files_below},
};

#[test]
fn list_shows_what_was_sent() {
    let (env, relay) = TestEnv::with_relay();
    env.share(["list"]).succeeds().says("Nothing was sent from this computer yet.");
    let one = send_something(&env, &relay.url, &[]);
    let six: Vec<String> =
        (0..6).map(|number| env.file(format!("f{number}"), "x").to_str().unwrap().to_owned()).collect();
    let two = env.send(&relay.url, &six);
    let people = env.share(["list"]).succeeds().stdout();
    assert!(
        people.lines().any(|line| line.contains(&one.link) && line.ends_with("case.bin  (one file, 97.66 KiB)")),
        "{people}"
    );
    assert!(people.lines().any(|line| line.contains(&two.link) && line.ends_with("f4  (6 files, 6 B)")), "{people}");
    let programs = env.share(["list", "--json"]).succeeds().json();
    assert_eq!(programs.len(), 2);
    let first = programs.iter().find(|entry| entry["link"] == one.link.as_str()).unwrap();
    assert_eq!((&first["event"], &first["bytes"], &first["complete"]), (&json!("sent"), &json!(100_000), &json!(true)));
    assert_eq!(first["names"], json!(["case.bin"]));
}

#[test]
fn status_tells_what_happened() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let people = env.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("Ready; it can be downloaded until ") && people.contains("upload complete"), "{people}");
    env.get(&sent, "in").succeeds();
    let people = env.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("Downloaded as often as you allowed"), "{people}");
    assert!(people.contains("(genuine receipt)"), "{people}");
    let status = env.status(&sent);
    assert_eq!((&status["event"], &status["state"]), (&json!("status"), &json!("collected")));
    assert_eq!(receipts(&status), [true]);
}

#[test]
fn a_locked_or_received_share_is_told_as_that_first() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let first = || env.share(["status", &sent.link]).succeeds().stdout().lines().nth(1).unwrap().to_owned();
    assert!(first().starts_with("Ready; it can be downloaded until "), "{}", first());
    let wrong = Bytes32([9; 32]);
    while take_ticket(&relay.url, &sent, &wrong, &Bytes32([8; 32])).code() != "locked" {}
    assert!(first().starts_with("Locked until ") && first().ends_with(&format!("share unlock {}", sent.link)));
    env.share(["unlock", &sent.link]).succeeds();
    assert!(first().starts_with("Ready; "), "{}", first());
    env.get(&sent, "in").succeeds();
    assert!(first().starts_with("Received; it can still be downloaded until "), "{}", first());
    let dutch = env.share(["status", &sent.link, "--lang", "nl"]).succeeds().stdout();
    assert!(dutch.contains("\nOntvangen; het kan nog worden opgehaald tot "), "{dutch}");
}

fn receipts(status: &Value) -> Vec<bool> {
    let receipts = status["events"].as_array().unwrap().iter().filter(|event| event["event"] == "receipt");
    receipts.map(|event| event["verified"].as_bool().unwrap()).collect()
}

/// Posts a receipt on a new ticket.
fn post_receipt(relay: &str, sent: &Sent, number: u8, receipt: Value) {
    let ticket = Bytes32([number; 32]);
    assert_eq!(take_ticket(relay, sent, &sent.proof(), &ticket).status, 200);
    let answer = Request::post(paths::receipt(&sent.share_id())).bearer(ticket).json(&receipt).send(relay);
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[test]
fn a_forged_or_replayed_receipt_is_not_believed() {
    let (env, relay) = TestEnv::with_relay();
    let (sent, other) = (send_something(&env, &relay.url, &[]), send_something(&env, &relay.url, &[]));
    env.get(&sent, "in").succeeds();
    env.get(&other, "in-other").succeeds();
    let genuine = |sent: &Sent| {
        let manage_key = env.ledger_entry(sent)["manage_key"].as_str().unwrap().to_owned();
        let told = Request::get(paths::events(&sent.share_id())).bearer(manage_key).send(&relay.url).json();
        let found = told["events"].as_array().unwrap().iter().find(|event| event["event"] == "receipt").cloned();
        let event = found.unwrap();
        json!({ "fingerprint": event["fingerprint"], "time": event["time"], "saved": event["saved"], "mac": event["mac"] })
    };
    let (own, foreign) = (genuine(&sent), genuine(&other));
    let mut forged = own.clone();
    forged["mac"] = json!("00".repeat(32));
    let changed = |field: &str, value: Value| {
        let mut receipt = own.clone();
        receipt[field] = value;
        receipt
    };
    let (moved, confirmed) = (changed("time", json!(1)), changed("saved", json!("confirmed")));
    for (number, receipt) in (1..).zip([forged, own.clone(), foreign, moved, confirmed]) {
        post_receipt(&relay.url, &sent, number, receipt);
    }
    assert_eq!(receipts(&env.status(&sent)), [true, false, false, false, false, false]);
    let people = env.share(["status", &sent.link]).succeeds().stdout();
    assert_eq!(people.matches("(genuine receipt)").count(), 1, "{people}");
    assert_eq!(people.matches("a receipt that is NOT genuine; do not rely on it").count(), 5, "{people}");
}

#[test]
fn revoke_takes_it_back_at_once_and_may_be_repeated() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let people = env.share(["revoke", &sent.link]).succeeds().stdout();
    assert!(people.starts_with("Taken back. The content is gone from the relay"), "{people}");
    assert!(!relay.share(&sent).join("content.age").exists() && !relay.share(&sent).join("manifest.age").exists());
    let again = env.share(["revoke", &sent.link, "--json"]).succeeds().json();
    assert_eq!(again, [json!({ "event": "revoked", "version": 1, "link": sent.link })]);
    assert_eq!(env.status(&sent)["state"], "revoked");
}

#[test]
fn who_sent_it_is_not_told_to_ask_the_sender() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    env.get(&sent, "in").succeeds();
    let unlock = || env.share(["unlock", &sent.link]);
    fails(unlock, 5, "collected", "as often as you allowed", "");
    let sent = send_something(&env, &relay.url, &[]);
    env.share(["revoke", &sent.link]).succeeds();
    let unlock = || env.share(["unlock", &sent.link]);
    fails(unlock, 5, "revoked", "You took it back on ", "");
    fs::remove_dir_all(relay.share(&sent)).unwrap();
    let status = || env.share(["status", &sent.link]);
    fails(status, 5, "not_found", "The relay does not know this share", "A relay forgets a share 30 days after");
}

#[test]
fn content_that_was_found_damaged_is_told_first() {
    let (env, relay) = TestEnv::with_relay();
    let server = FaultProxy::rewriting(&relay.url, |request, response| match request.call() {
        "events" => {
            let told = String::from_utf8(response.body.clone()).unwrap();
            let found = told.replace(r#""events":["#, r#""events":[{"at":1795335879,"event":"damaged"},"#);
            response.with_body(found).into()
        }
        _ => response.into(),
    });
    let sent = send_something(&env, &server.url, &[]);
    let outcome = env.share(["status", &sent.link]).succeeds();
    assert!(outcome.stdout().contains("What the relay holds of it is damaged"), "{outcome:?}");
    assert!(outcome.stdout().contains("found damaged on the relay; send it again"), "{outcome:?}");
    assert_eq!(env.events(&sent), ["damaged", "created", "ready"]);
}

#[test]
fn a_damaged_entry_does_not_hide_the_others() {
    let (env, relay) = TestEnv::with_relay();
    let (sent, other) = (send_something(&env, &relay.url, &[]), send_something(&env, &relay.url, &[]));
    let path = env.file(format!("home/.local/share/share/ledger/{}.json", other.id()), "{");
    let listed = env.share(["list"]).succeeds();
    assert!(listed.stdout().contains(&sent.link) && !listed.stdout().contains(&other.link), "{listed:?}");
    listed.says(&format!("warning: {} is left out: ", path.display()));
    env.share(["status", &other.link, "--json"]).output().fails(10, "ledger_damaged");
}

#[test]
fn damaged_settings_stop_only_who_needs_them() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    env.file("home/.config/share/config.json", "{");
    env.share(["list"]).succeeds();
    env.status(&sent);
    env.get(&sent, "in").succeeds();
    env.share(["config", "show", "--json"]).output().fails(10, "config_damaged");
}

#[test]
fn unlock_says_so() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    for _ in 0..10 {
        take_ticket(&relay.url, &sent, &Bytes32([7; 32]), &Bytes32([1; 32]));
    }
    let people = env.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("somebody gave wrong words") && people.contains("locked until "), "{people}");
    assert!(public_status(&relay.url, &sent)["locked_until"].is_u64());
    let people = env.share(["unlock", &sent.link]).succeeds().stdout();
    assert_eq!(people, "Unlocked. The recipient can try again.\n");
    let programs = env.share(["unlock", &sent.link, "--json"]).succeeds().json();
    assert_eq!(programs, [json!({ "event": "unlocked", "version": 1, "link": sent.link })]);
    assert!(public_status(&relay.url, &sent).get("locked_until").is_none());
}

#[test]
fn only_the_sender_manages() {
    let (env, elsewhere) = (TestEnv::new(), TestEnv::new());
    let relay = env.relay();
    let sent = send_something(&env, &relay.url, &[]);
    for command in ["status", "revoke", "unlock"] {
        elsewhere.share([command, &sent.link, "--json"]).output().fails(10, "not_sent_from_here");
    }
    let answer = Request::new("DELETE", paths::share(&sent.share_id())).bearer(Bytes32([1; 32])).send(&relay.url);
    assert_eq!((answer.status, answer.code()), (403, "not_manager".to_owned()));
    // The manage key goes to the relay of the ledger, whatever address the link has now.
    assert_eq!(env.status(&sent.through("http://127.0.0.1:1"))["state"], "ready");
}

#[test]
fn the_ledger_is_private_and_holds_no_words() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--message", "for your eyes"]);
    env.get(&sent, "in").succeeds();
    let ledger = env.path("home/.local/share/share/ledger");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(ledger.clone()), 0o700);
    assert_eq!(mode(ledger.join(format!("{}.json", sent.id()))), 0o600);
    let entry = env.ledger_entry(&sent);
    let mut keys: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = ["bytes", "created_at", "expires_at", "files", "fingerprint", "kind", "link", "manage_key", "names"];
    assert_eq!(keys, [&expected[..], &["receipt_key"]].concat());
    for path in files_below(&env.path("home")).iter().filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        assert!(!text.contains(&sent.passphrase()) && !text.contains("for your eyes"), "{}", path.display());
    }
}

#[test]
fn login_then_send_through_it() {
    let (env, relay) = TestEnv::with_relay();
    let token = env.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds().stdout();
    let wrong = env.file("wrong", "5".repeat(64));
    env.share(["login", &relay.url, "--json", "--token-file"]).arg(&wrong).output().fails(9, "token_required");
    env.file("short", "abc");
    let malformed = env.share(["login", &relay.url, "--json", "--token-file", "short"]).output();
    malformed.fails(2, "usage");
    assert!(!env.path("home/.config/share/config.json").exists(), "nothing is remembered that does not work");

    let file = env.file("token", &token);
    let done = env.share(["login", &relay.url, "--token-file"]).arg(&file).succeeds();
    assert_eq!(done.stdout(), format!("From now on, share sends through {}.\n", relay.url));
    env.file("case.bin", "through the relay");
    let words = env.path("words");
    let send = env.share(["send", "case.bin", "--json", "--passphrase-file"]).arg(&words).succeeds();
    let sent = Sent { link: send.link(), words };
    assert!(sent.link.starts_with(&relay.url), "{}", sent.link);
    // Recipients need no token.
    env.get(&sent, "in").succeeds();

    for arguments in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = env.share(arguments).succeeds();
        assert!(shown.stdout().contains(&relay.url) && !shown.stdout().contains(token.trim()), "{shown:?}");
    }
    let config = env.path("home/.config/share/config.json");
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);

    env.share_relay(["token", "remove", "anna", "--data"]).arg(env.path("relay")).succeeds();
    env.share_relay(["token", "add", "bo", "--data"]).arg(env.path("relay")).succeeds();
    env.share(["send", "case.bin", "--json", "--passphrase-file", "w"]).output().fails(9, "token_required");
}

#[test]
fn a_relay_without_tokens_needs_no_login_but_takes_one() {
    let (env, relay) = TestEnv::with_relay();
    let done = env.share(["login", &relay.url, "--json"]).succeeds().json();
    assert_eq!(done, [json!({ "event": "login", "version": 1, "relay": relay.url })]);
    let shown = env.share(["config", "show", "--json"]).succeeds().json();
    assert_eq!(shown, [json!({ "event": "config", "version": 1, "relay": relay.url, "tokens_for": [] })]);
}

#[test]
fn whoever_shows_a_token_learns_whether_it_is_valid() {
    let (env, relay) = TestEnv::with_relay();
    let token = env.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds().stdout();
    let info = || Request::get(paths::INFO);
    assert_eq!(info().send(&relay.url).json()["token_required"], true);
    let admitted = info().bearer(token.trim()).send(&relay.url);
    assert_eq!(admitted.status, 200);
    assert!(admitted.json()["limits"]["room_bytes"].is_u64(), "{admitted:?}");
    assert!(info().send(&relay.url).json()["limits"].get("room_bytes").is_none());
    let answer = info().bearer(Bytes32([5; 32])).send(&relay.url);
    assert_eq!((answer.status, answer.code()), (401, "token_required".to_owned()));
}

#[test]
fn a_relay_can_be_set() {
    let (env, relay) = TestEnv::with_relay();
    let shown = env.share(["config", "show"]).succeeds().stdout();
    assert_eq!(shown, "No relay is set; share serves from this computer.\n");
    let set = env.share(["config", "set", "relay", &relay.url, "--json"]).succeeds().json();
    assert_eq!(set, [json!({ "event": "config", "version": 1, "relay": relay.url, "tokens_for": [] })]);
    env.file("case.bin", "x");
    let sent = env.share(["send", "case.bin", "--json", "--passphrase-file", "w"]).succeeds();
    assert!(sent.json()[0]["link"].as_str().unwrap().starts_with(&relay.url));
}
