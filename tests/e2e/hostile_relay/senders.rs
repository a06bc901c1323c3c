//! What lying relays do to senders.

use super::{Fixture, NOT_A_RELAY, ODD, PATIENCE, UNREACHABLE, bounded, endless, ends_in, odd, problem};
use crate::support::{
    fault_proxy::{FaultProxy, Reply},
    http::Response,
    keys::age_key,
    random::noise,
    test_env::TestEnv,
};

/// A lie's name, its answer, and the exit code and sentence it ends in.
type WithEnd = (&'static str, fn() -> Reply, (i32, &'static str));

#[test]
fn parts_thrown_away_are_noticed_when_sealing() {
    let (env, relay) = TestEnv::with_relay();
    let server = FaultProxy::intercepting(&relay.url, |request| {
        (request.call() == "parts/0").then(|| Response::empty(204).into())
    });
    let send = env.share(["send", "--json", "--relay", &server.url, "--passphrase-file", "words"]);
    let outcome = bounded(send.arg(env.file("case.bin", noise(1000)))).exits(8);
    outcome.says("The relay has lost a part").says("The upload is kept");
    assert!(env.path("words").exists());
    // What it lacks is sent again; only this one will never keep it.
    env.share(["resume"]).within(PATIENCE).exits(8).says("The relay has lost a part");
}

#[test]
fn a_login_page_acknowledges_nothing() {
    for call in ["header", "manifest", "parts/0", "seal"] {
        let (env, relay) = TestEnv::with_relay();
        let server = FaultProxy::intercepting(&relay.url, move |request| {
            (request.call() == call).then(|| Response::of_json("<html>Please log in</html>").into())
        });
        let send = env.share(["send", "--json", "--relay", &server.url, "--passphrase-file", "words"]);
        let outcome = bounded(send.arg(env.file("case.bin", noise(1000))));
        outcome.fails(3, "bad_answer");
        assert!(!outcome.stdout().contains("ready"), "{call}: {outcome:?}");
        outcome.says("The upload is kept");
    }
}

#[test]
fn a_relay_that_only_pretends_to_store_is_found_out_by_the_recipient() {
    let env = TestEnv::new();
    let key = age_key(&env, "key.txt");
    let server = FaultProxy::answering(|request| {
        match request.call() {
        "create" => Response::of_json(r#"{"created_at":18446744073709551615,"expires_at":18446744073709551615}"#).into(),
        "status" => Response::of_json(r#"{"state":"ready","kind":"keys","now":0,"created_at":0,"expires_at":0,"header_bytes":216,"payload_bytes":1016,"part_bytes":8390656,"stored_bytes":1016,"tries_left":10}"#).into(),
        "open" => Response::of_json("").into(),
        _ => Response::empty(204).into(),
    }
    });
    let send = env.share(["send", "--json", "--relay", &server.url, "--recipient", &key]);
    let outcome = bounded(send.arg(env.file("case.bin", noise(1000)))).exits(0);
    let link = outcome.link();
    let get = env.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "in"]);
    bounded(get).exits(8).says("This is not an age file");
    assert!(!env.path("in").exists());
}

#[test]
fn a_share_that_was_not_created_is_not_announced() {
    let env = TestEnv::new();
    let file = env.file("case.bin", noise(1000));
    let lies: &[WithEnd] = &[
        ("no JSON", || Response::of_json("ok").into(), NOT_A_RELAY),
        ("204", || Response::empty(204).into(), NOT_A_RELAY),
        ("endless", || endless("X: y", b"{", &[b' '; 65_536]), NOT_A_RELAY),
        ("nothing", Reply::nothing, UNREACHABLE),
        ("status 999", odd, ODD),
        ("a token", || problem(r#""code":"token_required""#), (9, "The relay asks for a sender token")),
        (
            "a limit",
            || problem(r#""code":"too_large","total_bytes":18446744073709551615"#),
            (9, "does not accept so much"),
        ),
    ];
    for (name, lie, end) in lies {
        let lie = *lie;
        let server = FaultProxy::answering(move |_| lie());
        let send = env.share(["send", "--relay", &server.url, "--passphrase-file", "words", "--patience", "0s"]);
        let outcome = bounded(send.arg(&file));
        ends_in(&outcome, *end, name);
        assert_eq!(outcome.stdout(), "", "{name}");
        assert!(!env.path("words").exists(), "{name}");
        assert_eq!(env.share(["list"]).within(PATIENCE).exits(0).stdout(), "", "{name}");
    }
}

#[test]
fn what_happened_to_a_share_cannot_be_any_text() {
    let fixture = Fixture::new();
    let lies: &[WithEnd] = &[
        ("no JSON", || Response::of_json("[]").into(), NOT_A_RELAY),
        (
            "an event",
            || Response::of_json(r#"{"state":"ready","events":[{"at":1,"event":"\u001b[2J"}]}"#).into(),
            NOT_A_RELAY,
        ),
        (
            "endless",
            || endless("X: y", b"{\"state\":\"ready\",\"events\":[", &br#"{"at":1,"event":"created"},"#.repeat(999)),
            NOT_A_RELAY,
        ),
        ("nothing", Reply::nothing, UNREACHABLE),
    ];
    for (name, lie, end) in lies {
        let lie = *lie;
        let server =
            FaultProxy::intercepting(&fixture.relay.url, move |request| (request.call() == "events").then(lie));
        let send =
            fixture.env.share(["send", "--json", "--relay", &server.url, "--recipient", &fixture.key, "case.bin"]);
        let link = send.within(PATIENCE).exits(0).link();
        ends_in(&bounded(fixture.env.share(["status", &link])), *end, name);
    }
}
