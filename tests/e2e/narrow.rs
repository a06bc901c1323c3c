//! A proxy that does not let large bodies through: it refuses them by their announced length, or cuts the connection
//! once so much has passed. And what is sent through it all the same, in smaller parts.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{
    MIB, PART,
    fault_proxy::{Fault, FaultProxy, Place},
    http::Response,
    program::{Outcome, Run},
    random::noise,
    test_env::{Sent, TestEnv},
};

/// Less than it takes to find out that the relay never takes smaller parts.
const LIMIT: Duration = Duration::from_secs(30);

/// What web servers answer to a body that is too large.
const TOO_LARGE: &str = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// `share send` of a file that is there already.
fn send(env: &TestEnv, relay: &str) -> Run {
    env.share(["send", "--json", "--relay", relay, "--passphrase-file", "words", "case.bin"])
}

fn sent(env: &TestEnv, outcome: &Outcome) -> Sent {
    Sent { link: outcome.link(), words: env.path("words") }
}

#[test]
fn smaller_parts_pass_what_stops_large_ones() {
    for (fault, limit, after) in
        [(Fault::Refuse(TOO_LARGE), MIB, 0), (Fault::Cut, MIB, MIB), (Fault::Refuse(TOO_LARGE), 200_000, 0)]
    {
        let (env, relay) = TestEnv::with_relay();
        let narrow = FaultProxy::with_fault(&relay.url, Place::LargeBody { limit, after }, fault, usize::MAX);
        env.file("case.bin", noise(2 * PART + 5));
        let outcome = send(&env, &narrow.url).succeeds();
        assert!(narrow.faults_made() > 0);
        env.get(&sent(&env, &outcome).through(&relay.url), "in").succeeds();
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(2 * PART + 5));
    }
}

#[test]
fn parts_stay_as_large_as_they_are_if_the_relay_takes_no_smaller_ones() {
    // What was cut off arrives after all, or there would be too many parts.
    for arrives in [true, false] {
        let (env, relay) = TestEnv::with_relay();
        let (cuts, asked, shrunk) = (AtomicUsize::new(0), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let (url, counter) = (relay.url.clone(), Arc::clone(&shrunk));
        let server = FaultProxy::intercepting(&relay.url, move |request| {
            let first = |count: &AtomicUsize, times| count.fetch_add(1, Ordering::SeqCst) < times;
            match request.call() {
                "parts/0" if first(&cuts, 2) => {
                    let _passed = arrives.then(|| request.forward(&url));
                    Some(Response::empty(502).into())
                }
                // As it was a moment ago.
                "parts" if first(&asked, 1) => Some(Response::of_json(r#"{"held":[]}"#).into()),
                "create" if counter.fetch_add(1, Ordering::SeqCst) > 0 && !arrives => Some(Response::empty(400).into()),
                _ => None,
            }
        });
        env.file("case.bin", noise(PART + 5));
        let outcome = send(&env, &server.url).within(LIMIT).exits(0);
        assert_eq!(shrunk.load(Ordering::SeqCst), 2, "arrives: {arrives}");
        env.get(&sent(&env, &outcome).through(&relay.url), "in").succeeds();
    }
}
