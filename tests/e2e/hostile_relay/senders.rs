//! What lying relays do to senders.

use super::{NOT_A_RELAY, ODD, Stage, UNREACHABLE, WATCHDOG, bounded, endless, ends_in, nothing, odd, problem};
use crate::{
    http::{self, Reply, Response, Server},
    round_trips::noise,
    stock_tools::age_key,
    world::World,
};

/// A lie's name, its answer, and the exit code and sentence it ends in.
type WithEnd = (&'static str, fn() -> Reply, (i32, &'static str));

#[test]
fn parts_thrown_away_are_noticed_when_sealing() {
    let world = World::new();
    let relay = world.relay();
    let server = Server::start({
        let relay = relay.url.clone();
        move |request| match request.call() {
            "parts/0" => Response::empty(204).into(),
            _ => http::forward(&relay, request).map_or(nothing(), Reply::from),
        }
    });
    let send = world.share(["send", "--json", "--relay", &server.url, "--passphrase-file", "words"]);
    let outcome = bounded(send.arg(world.file("case.bin", noise(1000)))).exits(8);
    outcome.says("The relay has lost a part").says("The upload is kept");
    assert!(world.path("words").exists());
    // What it lacks is sent again; only this one will never keep it.
    world.share(["resume"]).within(WATCHDOG).exits(8).says("The relay has lost a part");
}

#[test]
fn a_login_page_acknowledges_nothing() {
    for call in ["header", "manifest", "parts/0", "seal"] {
        let world = World::new();
        let relay = world.relay();
        let server = Server::start({
            let relay = relay.url.clone();
            move |request| match request.call() == call {
                true => Response::json("<html>Please log in</html>").into(),
                false => http::forward(&relay, request).map_or(nothing(), Reply::from),
            }
        });
        let send = world.share(["send", "--json", "--relay", &server.url, "--passphrase-file", "words"]);
        let outcome = bounded(send.arg(world.file("case.bin", noise(1000))));
        outcome.fails(3, "bad_answer");
        assert!(!outcome.stdout().contains("ready"), "{call}: {outcome:?}");
        outcome.says("The upload is kept");
    }
}

#[test]
fn a_relay_that_only_pretends_to_store_is_found_out_by_the_recipient() {
    let world = World::new();
    let key = age_key(&world, "key.txt");
    let server = Server::start(|request| {
        match request.call() {
        "create" => Response::json(r#"{"created_at":18446744073709551615,"expires_at":18446744073709551615}"#).into(),
        "status" => Response::json(r#"{"state":"ready","kind":"keys","now":0,"created_at":0,"expires_at":0,"header_bytes":216,"payload_bytes":1016,"part_bytes":8390656,"stored_bytes":1016,"tries_left":10}"#).into(),
        "open" => Response::json("").into(),
        _ => Response::empty(204).into(),
    }
    });
    let send = world.share(["send", "--json", "--relay", &server.url, "--recipient", &key]);
    let outcome = bounded(send.arg(world.file("case.bin", noise(1000)))).exits(0);
    let link = outcome.json()[0]["link"].as_str().unwrap().to_owned();
    let get = world.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "in"]);
    bounded(get).exits(8).says("This is not an age file");
    assert!(!world.path("in").exists());
}

#[test]
fn a_share_that_was_not_created_is_not_announced() {
    let world = World::new();
    let file = world.file("case.bin", noise(1000));
    let lies: &[WithEnd] = &[
        ("no JSON", || Response::json("ok").into(), NOT_A_RELAY),
        ("204", || Response::empty(204).into(), NOT_A_RELAY),
        ("endless", || endless("X: y", b"{", &[b' '; 65_536]), NOT_A_RELAY),
        ("nothing", nothing, UNREACHABLE),
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
        let server = Server::start(move |_| lie());
        let send = world.share(["send", "--relay", &server.url, "--passphrase-file", "words", "--patience", "0s"]);
        let outcome = bounded(send.arg(&file));
        ends_in(&outcome, *end, name);
        assert_eq!(outcome.stdout(), "", "{name}");
        assert!(!world.path("words").exists(), "{name}");
        assert_eq!(world.share(["list"]).within(WATCHDOG).exits(0).stdout(), "", "{name}");
    }
}

#[test]
fn what_happened_to_a_share_cannot_be_any_text() {
    let stage = Stage::new();
    let lies: &[WithEnd] = &[
        ("no JSON", || Response::json("[]").into(), NOT_A_RELAY),
        (
            "an event",
            || Response::json(r#"{"state":"ready","events":[{"at":1,"event":"\u001b[2J"}]}"#).into(),
            NOT_A_RELAY,
        ),
        (
            "endless",
            || endless("X: y", b"{\"state\":\"ready\",\"events\":[", &br#"{"at":1,"event":"created"},"#.repeat(999)),
            NOT_A_RELAY,
        ),
        ("nothing", nothing, UNREACHABLE),
    ];
    for (name, lie, end) in lies {
        let lie = *lie;
        let server = Server::before(&stage.relay.url, move |request, response| match request.call() {
            "events" => lie(),
            _ => response.into(),
        });
        let send = stage.world.share(["send", "--json", "--relay", &server.url, "--recipient", &stage.key, "case.bin"]);
        let link = send.within(WATCHDOG).exits(0).json()[0]["link"].as_str().unwrap().to_owned();
        ends_in(&bounded(stage.world.share(["status", &link])), *end, name);
    }
}
