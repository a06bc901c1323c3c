//! Networks as they are: whatever the network does, a transfer ends well, with exactly the bytes that were sent, one
//! download counted and one receipt. `docs/reliability.md` has the table of faults.
//!
//! By default the loops and the slow lines are short. `SHARE_ROUNDS=200 tests/run.sh -p share-tests --test e2e --
//! networks::` runs them long: minutes of 50 kbit/s and the real time limits, besides 200 rounds of chance.

mod breaks;
mod busy;
mod causes;
mod lines;
mod tls;
mod wires;

use std::{fs, path::PathBuf};

use rustls::crypto::aws_lc_rs;
use share_relay_api::{EventKind, Events, paths};

use crate::support::{
    PATIENCE,
    fault_proxy::FaultProxy,
    http::Request,
    keys::age_key,
    program::{Outcome, Run},
    random::{noise, rounds},
    test_env::{Relay, Sent, TestEnv},
};

/// Rounds from which on the long form of a test runs.
const LONG: u64 = 100;

/// Whether the long form of a test is to run, which takes minutes.
fn long(what: &str) -> bool {
    let long = rounds() >= LONG;
    if !long {
        eprintln!("SHORTENED: {what}; SHARE_ROUNDS={LONG} or more runs it whole");
    }
    long
}

/// A relay, a file to send, and the key it is sent to: words would only cost time here.
struct Fixture {
    env: TestEnv,
    relay: Relay,
    key: String,
    bytes: Vec<u8>,
}

impl Fixture {
    fn new(size: usize) -> Self {
        let (env, relay) = TestEnv::with_relay();
        Self::with(env, relay, size)
    }

    fn with(env: TestEnv, relay: Relay, size: usize) -> Self {
        let key = age_key(&env, "key.txt");
        let bytes = noise(size);
        env.file("case.bin", &bytes);
        Self { env, relay, key, bytes }
    }

    fn send(&self, relay: &str) -> Run {
        self.env.share(["send", "case.bin", "--json", "--recipient", &self.key, "--relay", relay])
    }

    fn get(&self, sent: &Sent) -> Run {
        let folder = self.folder(sent);
        self.env.share(["get", &sent.link, "--json", "--yes", "--identity", "key.txt", "--output"]).arg(folder)
    }

    fn folder(&self, sent: &Sent) -> PathBuf {
        self.env.path(format!("in-{}", sent.id()))
    }

    /// What was sent by this program, which ended well and told nothing else.
    #[track_caller]
    fn sent(&self, outcome: &Outcome) -> Sent {
        assert_eq!(outcome.output.status.code(), Some(0), "{outcome:?}");
        let told = outcome.json();
        let events: Vec<_> = told.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["created", "ready"], "{outcome:?}");
        assert_eq!(outcome.stderr(), "", "a wait that ended well is nothing to warn of");
        Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words: PathBuf::new() }
    }

    /// That this program fetched exactly what was sent, which counted once.
    #[track_caller]
    fn got(&self, sent: &Sent, outcome: &Outcome) {
        assert_eq!(outcome.output.status.code(), Some(0), "{outcome:?}");
        assert_eq!(outcome.json().len(), 1, "{outcome:?}");
        assert_eq!(outcome.stderr(), "", "a wait that ended well is nothing to warn of");
        assert!(fs::read(self.folder(sent).join("case.bin")).unwrap() == self.bytes, "it came back changed");
        let Events { events, .. } = self.events(sent);
        let count = |is: fn(&EventKind) -> bool| events.iter().filter(|event| is(&event.kind)).count();
        let tickets = count(|kind| matches!(kind, EventKind::Ticket { .. }));
        let receipts = count(|kind| matches!(kind, EventKind::Receipt { .. }));
        assert_eq!((tickets, receipts), (1, 1), "{events:?}");
    }

    /// What the relay tells the sender, asked of the relay itself.
    fn events(&self, sent: &Sent) -> Events {
        let entry = self.env.ledger_entry(sent);
        let manage = entry["manage_key"].as_str().unwrap();
        let answer = Request::get(paths::events(&sent.share_id())).bearer(manage).send(&self.relay.url);
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// TLS before the relay, for `relay.test`; the certificate to trust is `cert.pem`.
    fn tls(&self) -> FaultProxy {
        FaultProxy::tls(&self.relay.url, aws_lc_rs::default_provider(), &self.env, "relay.test")
    }

    /// Sends through this address, and fetches from the relay itself.
    #[track_caller]
    fn sends(&self, through: &str) {
        let sent = self.sent(&self.send(through).within(PATIENCE)).through(&self.relay.url);
        self.got(&sent, &self.get(&sent).within(PATIENCE));
    }

    /// Sends to the relay itself, and fetches through this address.
    #[track_caller]
    fn gets(&self, through: &str) {
        let sent = self.sent(&self.send(&self.relay.url).within(PATIENCE));
        self.got(&sent, &self.get(&sent.through(through)).within(PATIENCE));
    }
}
