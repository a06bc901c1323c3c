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

use crate::support::{
    failures::send_something,
    fault_proxy::FaultProxy,
    http::{Request, public_status, take_ticket},
    program::Run,
    random::noise,
    test_env::TestEnv,
    until,
};

fn count(events: &[String], kind: &str) -> usize {
    events.iter().filter(|event| *event == kind).count()
}

#[test]
fn fifty_recipients_race_for_three_downloads() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "3"]);
    let (proof, start) = (sent.proof(), Arc::new(Barrier::new(50)));
    let racers: Vec<_> = (1..=50)
        .map(|number| {
            let (url, sent, start) = (relay.url.clone(), sent.clone(), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                take_ticket(&url, &sent, &proof, &Bytes32([number; 32]))
            })
        })
        .collect();
    let answers: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
    let (given, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(given.len(), 3);
    assert!(refused.iter().all(|answer| answer.code() == "downloads_taken"), "{refused:?}");
    assert_eq!(count(&env.events(&sent), "ticket"), 3);
    assert_eq!(public_status(&relay.url, &sent)["downloads_left"], 0);
}

#[test]
fn ten_programs_race_for_three_downloads() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "3"]);
    let racers: Vec<_> = (0..10).map(|number| env.get(&sent, format!("in-{number}")).arg("--json").start()).collect();
    let outcomes: Vec<_> = racers.into_iter().map(|racer| racer.finish()).collect();
    let saved = (0..10).filter(|number| env.path(format!("in-{number}/case.bin")).exists()).count();
    let succeeded = outcomes.iter().filter(|outcome| outcome.output.status.success()).count();
    assert_eq!((succeeded, saved), (3, 3), "{outcomes:?}");
    for outcome in outcomes.iter().filter(|outcome| !outcome.output.status.success()) {
        let code = outcome.json().pop().unwrap()["code"].as_str().unwrap().to_owned();
        assert!(["downloads_taken", "collected"].contains(&code.as_str()), "{outcome:?}");
        outcome.fails(5, &code);
    }
    let events = env.events(&sent);
    assert_eq!((count(&events, "ticket"), count(&events, "receipt"), count(&events, "collected")), (3, 3, 1));
}

#[test]
fn a_download_cut_off_goes_on_with_its_ticket() {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(20 << 20);
    let sent = env.send(&relay.url, [env.file("case.bin", &bytes).to_str().unwrap(), "--once"]);
    let proxy = FaultProxy::cutting_answers(&relay.url, "/content ", 3 << 20, 3);
    env.get(&sent.through(&proxy.url), "in").succeeds();
    assert_eq!(proxy.faults_made(), 3);
    assert!(fs::read(env.path("in/case.bin")).unwrap() == bytes);
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn a_receipt_asked_for_again_counts_once() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "2"]);
    // The answer to the receipt is lost, so it is sent again.
    let proxy = FaultProxy::cutting_answers(&relay.url, "/receipt ", 0, 1);
    env.get(&sent.through(&proxy.url), "in").succeeds();
    assert_eq!(proxy.faults_made(), 1);
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt"]);
    assert_eq!(public_status(&relay.url, &sent)["downloads_left"], 1);
}

#[test]
fn a_ticket_asked_for_again_counts_once() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let proxy = FaultProxy::cutting_answers(&relay.url, "/tickets ", 0, 1);
    env.get(&sent.through(&proxy.url), "in").succeeds();
    assert_eq!(proxy.faults_made(), 1);
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn looking_consumes_nothing() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let id = sent.share_id();
    for method in ["GET", "HEAD"] {
        for path in [paths::page(&id), paths::share(&id), paths::content(&id), paths::parts(&id), paths::events(&id)] {
            for _ in 0..5 {
                let answer = Request::new(method, path.as_str()).send(&relay.url);
                assert!(answer.status < 500, "{method} {path}: {answer:?}");
            }
        }
    }
    for _ in 0..3 {
        let listed = env.get(&sent, "in").args(["--list", "--json"]).succeeds();
        assert_eq!(listed.json()[0]["files"][0]["path"], "case.bin");
    }
    assert!(!env.path("in").exists());
    assert_eq!(env.events(&sent), ["created", "ready"]);
    env.get(&sent, "in").succeeds();
}

#[test]
fn a_download_left_half_done_is_taken_over_with_the_words() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", noise(64 << 20)).to_str().unwrap(), "--once"]);
    let ticket = Bytes32([1; 32]);
    assert_eq!(take_ticket(&relay.url, &sent, &sent.proof(), &ticket).status, 200);
    // More than the system's buffers hold, so the answer runs for as long as nobody reads it.
    let mut reader = TcpStream::connect(relay.address()).unwrap();
    let asked = Request::get(paths::content(&sent.share_id())).bearer(ticket).bytes(&relay.url);
    reader.write_all(&asked).unwrap();
    reader.read_exact(&mut [0; 1000]).unwrap();
    env.get(&sent, "other").output().exits(5).says("All downloads the sender allowed are taken");
    drop(reader);
    let fetched = || env.get(&sent, "other").output().output.status.success();
    until("the relay sees that nobody downloads any more", fetched);
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "ticket", "receipt", "collected"]);
    let people = env.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("a download began again, in place of the one before"), "{people}");
}

#[test]
fn what_was_given_to_a_browser_is_there_for_the_grace() {
    let env = TestEnv::new();
    let relay = env.clocked_relay();
    let sent = send_something(&env, &relay.url, &["--once"]);
    let given = |number: u8| {
        let ticket = Bytes32([number; 32]);
        assert_eq!(take_ticket(&relay.url, &sent, &sent.proof(), &ticket).status, 200);
        let zero = "00".repeat(32);
        let receipt = serde_json::json!({ "fingerprint": zero, "time": 1, "saved": "browser", "mac": zero });
        let answer = Request::post(paths::receipt(&sent.share_id())).bearer(ticket).json(&receipt).send(&relay.url);
        assert_eq!(answer.status, 200);
        answer.json()["again_until"].as_u64().unwrap()
    };
    let until = given(1);
    assert_eq!(public_status(&relay.url, &sent)["again_until"], until);
    assert_eq!(env.status(&sent)["content_until"], share::time::rfc3339(until));
    let people = env.share(["status", &sent.link]).succeeds().stdout();
    assert!(people.contains("If nothing else happens, the relay deletes the content on "), "{people}");
    relay.pass(Duration::from_secs(3599));
    assert!(given(2) > until, "whoever shows the words has a grace of their own");
    relay.pass(Duration::from_secs(3600));
    env.get(&sent, "late").output().exits(5).says("It has already been downloaded, on ");
    assert_eq!(env.status(&sent)["state"], "collected");
}

#[test]
fn a_receipt_whose_answer_is_lost_ends_its_ticket_for_good() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &["--downloads", "3"]);
    let proxy = FaultProxy::cutting_answers(&relay.url, "/receipt ", 0, usize::MAX);
    let through = sent.through(&proxy.url);
    let lost = env.get(&through, "in").args(["--patience", "1s"]).succeeds();
    lost.says("All is saved, but the sender could not be told yet: ");
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt"], "it had come all the same");
    env.get(&through, "again").args(["--patience", "1s"]).succeeds();
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "ticket", "receipt"]);
    assert_eq!(public_status(&relay.url, &sent)["downloads_left"], 1);
}

#[test]
fn without_a_limit_anyone_with_the_words_may_come() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let runs = (0..4).map(|number| env.get(&sent, format!("in-{number}")));
    runs.for_each(|run: Run| drop(run.succeeds()));
    assert_eq!(count(&env.events(&sent), "receipt"), 4);
    assert!(public_status(&relay.url, &sent).get("downloads_left").is_none());
}
