//! The number of downloads is exact: under a crowd, over broken connections, and when machines look at links.

use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use share_relay_api::{Bytes32, paths};

use crate::{
    failures::send_something,
    proxy::Proxy,
    raw,
    round_trips::noise,
    world::{Run, World},
};

fn count(events: &[String], kind: &str) -> usize {
    events.iter().filter(|event| *event == kind).count()
}

#[test]
fn fifty_recipients_race_for_three_downloads() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "3"]);
    let (proof, start) = (sent.proof(), Arc::new(Barrier::new(50)));
    let racers: Vec<_> = (1..=50)
        .map(|number| {
            let (url, sent, start) = (relay.url.clone(), sent.clone(), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                raw::take_ticket(&url, &sent, &proof, &Bytes32([number; 32]))
            })
        })
        .collect();
    let answers: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
    let (given, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(given.len(), 3);
    assert!(refused.iter().all(|answer| answer.code() == "downloads_taken"), "{refused:?}");
    assert_eq!(count(&world.events(&sent), "ticket"), 3);
    assert_eq!(raw::public_status(&relay.url, &sent)["downloads_left"], 0);
}

#[test]
fn ten_programs_race_for_three_downloads() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "3"]);
    let racers: Vec<_> = (0..10).map(|number| world.get(&sent, format!("in-{number}")).arg("--json").start()).collect();
    let outcomes: Vec<_> = racers.into_iter().map(|racer| racer.finish()).collect();
    let saved = (0..10).filter(|number| world.path(format!("in-{number}/case.bin")).exists()).count();
    let succeeded = outcomes.iter().filter(|outcome| outcome.output.status.success()).count();
    assert_eq!((succeeded, saved), (3, 3), "{outcomes:?}");
    for outcome in outcomes.iter().filter(|outcome| !outcome.output.status.success()) {
        let code = outcome.json().pop().unwrap()["code"].as_str().unwrap().to_owned();
        assert!(["downloads_taken", "collected"].contains(&code.as_str()), "{outcome:?}");
        outcome.fails(5, &code);
    }
    let events = world.events(&sent);
    assert_eq!((count(&events, "ticket"), count(&events, "receipt"), count(&events, "collected")), (3, 3, 1));
}

#[test]
fn a_download_cut_off_goes_on_with_its_ticket() {
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(20 << 20);
    let sent = world.send(&relay.url, [world.file("case.bin", &bytes).to_str().unwrap(), "--once"]);
    let gate = Proxy::cutting_answers(&relay.url, "/content ", 3 << 20, 3);
    world.get(&sent.through(&gate.url), "in").succeeds();
    assert_eq!(gate.stopped(), 3);
    assert!(fs::read(world.path("in/case.bin")).unwrap() == bytes);
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn a_receipt_asked_for_again_counts_once() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "2"]);
    // The answer to the receipt is lost, so it is sent again.
    let gate = Proxy::cutting_answers(&relay.url, "/receipt ", 0, 1);
    world.get(&sent.through(&gate.url), "in").succeeds();
    assert_eq!(gate.stopped(), 1);
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt"]);
    assert_eq!(raw::public_status(&relay.url, &sent)["downloads_left"], 1);
}

#[test]
fn a_ticket_asked_for_again_counts_once() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--once"]);
    let gate = Proxy::cutting_answers(&relay.url, "/tickets ", 0, 1);
    world.get(&sent.through(&gate.url), "in").succeeds();
    assert_eq!(gate.stopped(), 1);
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn looking_consumes_nothing() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--once"]);
    let id = sent.share_id();
    for method in ["GET", "HEAD"] {
        for path in [paths::page(&id), paths::share(&id), paths::content(&id), paths::parts(&id), paths::events(&id)] {
            for _ in 0..5 {
                let answer = raw::call(&relay.url, method, &path, None, None);
                assert!(answer.status < 500, "{method} {path}: {answer:?}");
            }
        }
    }
    for _ in 0..3 {
        let listed = world.get(&sent, "in").args(["--list", "--json"]).succeeds();
        assert_eq!(listed.json()[0]["files"][0]["path"], "case.bin");
    }
    assert!(!world.path("in").exists());
    assert_eq!(world.events(&sent), ["created", "ready"]);
    world.get(&sent, "in").succeeds();
}

#[test]
fn an_unfinished_download_gives_its_place_back() {
    let world = World::new();
    let relay = world.clocked_relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(20 << 20)).to_str().unwrap(), "--once"]);
    let gate = Proxy::holding_answer(&relay.url, "/content ", 1 << 20);
    let getting = world.get(&sent.through(&gate.url), "in").start();
    gate.wait_until_stopped();
    getting.signal("INT");
    getting.finish().exits(130);
    drop(gate);
    world.get(&sent, "in").output().exits(5).says("All downloads the sender allowed are taken");
    relay.pass(Duration::from_secs(24 * 3600));
    world.get(&sent, "in").succeeds();
    let expected = ["created", "ready", "ticket", "ticket_returned", "ticket", "receipt", "collected"];
    assert_eq!(world.events(&sent), expected);
}

#[test]
fn without_a_limit_anyone_with_the_words_may_come() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &[]);
    let runs = (0..4).map(|number| world.get(&sent, format!("in-{number}")));
    runs.for_each(|run: Run| drop(run.succeeds()));
    assert_eq!(count(&world.events(&sent), "receipt"), 4);
    assert!(raw::public_status(&relay.url, &sent).get("downloads_left").is_none());
}
