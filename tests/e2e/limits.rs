//! The number of downloads is exact: under a crowd, over broken connections, and when machines look at links.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
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
fn a_download_left_half_done_is_taken_over_with_the_words() {
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("case.bin", noise(64 << 20)).to_str().unwrap(), "--once"]);
    let ticket = Bytes32([1; 32]);
    assert_eq!(raw::take_ticket(&relay.url, &sent, &sent.proof(), &ticket).status, 200);
    // More than the system's buffers hold, so the answer runs for as long as nobody reads it.
    let mut reader = TcpStream::connect(raw::host(&relay.url)).unwrap();
    let asked = raw::request(&relay.url, "GET", &paths::content(&sent.share_id()), Some(&ticket), None);
    reader.write_all(asked.as_bytes()).unwrap();
    reader.read_exact(&mut [0; 1000]).unwrap();
    world.get(&sent, "other").output().exits(5).says("All downloads the sender allowed are taken");
    drop(reader);
    let fetched = || world.get(&sent, "other").output().output.status.success();
    world.until(fetched, "the relay does not see that nobody downloads any more");
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "ticket", "receipt", "collected"]);
    let people = world.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("a download began again, in place of the one before"), "{people}");
}

#[test]
fn what_was_given_to_a_browser_is_there_for_the_grace() {
    let world = World::new();
    let relay = world.clocked_relay();
    let sent = send_something(&world, &relay.url, &["--once"]);
    let given = |number: u8| {
        let ticket = Bytes32([number; 32]);
        assert_eq!(raw::take_ticket(&relay.url, &sent, &sent.proof(), &ticket).status, 200);
        let zero = "00".repeat(32);
        let receipt = serde_json::json!({ "fingerprint": zero, "time": 1, "saved": "browser", "mac": zero });
        let answer = raw::call(&relay.url, "POST", &paths::receipt(&sent.share_id()), Some(&ticket), Some(receipt));
        assert_eq!(answer.status, 200);
        answer.json()["again_until"].as_u64().unwrap()
    };
    let until = given(1);
    assert_eq!(raw::public_status(&relay.url, &sent)["again_until"], until);
    assert_eq!(world.status(&sent)["content_until"], until);
    let people = world.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("If nothing else happens, the relay deletes the content on "), "{people}");
    relay.pass(Duration::from_secs(3599));
    assert!(given(2) > until, "whoever shows the words has a grace of their own");
    relay.pass(Duration::from_secs(3600));
    world.get(&sent, "late").output().exits(5).says("It has already been downloaded, on ");
    assert_eq!(world.status(&sent)["state"], "collected");
}

#[test]
fn a_receipt_whose_answer_is_lost_ends_its_ticket_for_good() {
    let world = World::new();
    let relay = world.relay();
    let sent = send_something(&world, &relay.url, &["--downloads", "3"]);
    let gate = Proxy::cutting_answers(&relay.url, "/receipt ", 0, usize::MAX);
    let through = sent.through(&gate.url);
    let lost = world.get(&through, "in").args(["--patience", "1s"]).succeeds();
    lost.says("All is saved, but the sender could not be told yet: ");
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt"], "it had come all the same");
    world.get(&through, "again").args(["--patience", "1s"]).succeeds();
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt", "ticket", "receipt"]);
    assert_eq!(raw::public_status(&relay.url, &sent)["downloads_left"], 1);
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
