//! A recipient need not wait until the sender has sent all: what is there is fetched, and the rest as it comes. If the
//! sender stops, what was fetched stays.

use std::{fs, path::PathBuf, time::Instant};

use serde_json::{Value, json};
use share_client::secret::Secret;
use share_format::envelope::{NONCE, SEALED_CHUNK, header_len};
use share_relay_api::{ShareId, paths};

use crate::support::{
    PART, PATIENCE,
    fault_proxy::{Direction, FaultProxy},
    http::{Request, Response},
    keys::{age_key, send_to},
    program::Run,
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
};

const SEALED_PART: usize = 128 * SEALED_CHUNK;
const LENGTH: usize = 3 * PART + 1234;

/// A share that is uploaded piece by piece, by hand: what another share to the same key consists of.
struct Piecemeal {
    env: TestEnv,
    relay: Relay,
    id: ShareId,
    manage: Secret,
    header: Vec<u8>,
    manifest: Vec<u8>,
    payload: Vec<u8>,
}

impl Piecemeal {
    /// Created, with nothing in it.
    fn new() -> Self {
        let (env, relay) = TestEnv::with_relay();
        let key = age_key(&env, "key.txt");
        let whole = send_to(&env, &relay, &[key], [env.file("case.bin", noise(LENGTH))]);
        let read = |name: &str| fs::read(relay.share(&whole).join(name)).unwrap();
        let (mut header, manifest) = (read("content.age"), read("manifest.age"));
        let payload = header.split_off(header_len(&header).unwrap().unwrap() + NONCE);
        let (id, manage) = (ShareId::from_random([5; 12]), Secret::random().unwrap());
        let this = Self { env, relay, id, manage, header, manifest, payload };
        let create = json!({
            "manage_key_hash": this.manage.hash(), "header_bytes": this.header.len(), "downloads": 1,
            "payload_bytes": this.payload.len(), "part_bytes": SEALED_PART, "expires_in": 3600,
        });
        this.call("PUT", &paths::share(&id), create.to_string().as_bytes(), 201);
        this
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &[u8], status: u16) -> Vec<u8> {
        let answer = Request::new(method, path).bearer(self.manage.hex()).body(body).send(&self.relay.url);
        assert_eq!(answer.status, status, "{answer:?}");
        answer.body
    }

    fn put_header_and_manifest(&self) {
        self.call("PUT", &paths::header(&self.id), &self.header, 204);
        self.call("PUT", &paths::manifest(&self.id), &self.manifest, 204);
    }

    fn put_parts(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            let end = self.payload.len().min((number + 1) * SEALED_PART);
            let part = &self.payload[number * SEALED_PART..end];
            self.call("PUT", &paths::part(&self.id, number as u64), part, 204);
        }
    }

    fn seal(&self) {
        let seal = json!({ "payload_bytes": self.payload.len() });
        self.call("POST", &paths::seal(&self.id), seal.to_string().as_bytes(), 204);
    }

    fn events(&self) -> Vec<String> {
        let events: Value = serde_json::from_slice(&self.call("GET", &paths::events(&self.id), b"", 200)).unwrap();
        events["events"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap().to_owned()).collect()
    }

    fn get(&self, relay: &str) -> Run {
        let link = format!("{relay}/s/{}", self.id);
        self.env.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "in"])
    }

    #[track_caller]
    fn assert_complete(&self) {
        assert!(fs::read(self.env.path("in/case.bin")).unwrap() == noise(LENGTH));
        assert_eq!(files_below(&self.env.path("in")), [self.env.path("in/case.bin")]);
        let mut events = self.events();
        events.sort();
        assert_eq!(events, ["collected", "created", "ready", "receipt", "ticket"]);
    }
}

/// Waits until so many bytes have come to the recipient.
#[track_caller]
fn fetched(tap: &FaultProxy, bytes: u64) {
    let begun = Instant::now();
    assert!(tap.wait_for(Direction::FromRelay, bytes, || begun.elapsed() > PATIENCE), "{bytes} bytes never came");
}

#[test]
fn a_recipient_fetches_while_the_sender_sends() {
    let (env, relay) = TestEnv::with_relay();
    let (proxy, tap) = (FaultProxy::holding_request(&relay.url, "/parts/2 "), FaultProxy::counting(&relay.url));
    env.file("case.bin", noise(LENGTH));
    let words = env.path("words");
    let send = env.share(["send", "case.bin", "--once", "--json", "--relay", &proxy.url, "--passphrase-file"]);
    let mut sending = send.arg(&words).start();
    let link = sending.link();
    let sent = Sent { link, words }.through(&tap.url);
    proxy.wait_until_stopped();
    let getting = env.get(&sent, "in").start();
    fetched(&tap, PART as u64);
    proxy.open();
    getting.finish().exits(0).says("The sender is still sending");
    // Done before the sender knew that all had arrived, or after.
    assert_eq!(sending.finish().exits(0).json()[1]["event"], "ready");
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(LENGTH));
    let events = env.events(&sent.through(&relay.url));
    assert!(
        ["ticket", "receipt", "collected"].iter().all(|kind| events.iter().any(|event| event == kind)),
        "{events:?}"
    );
}

#[test]
fn a_recipient_may_come_before_everything_else() {
    let piecemeal = Piecemeal::new();
    let tap = FaultProxy::counting(&piecemeal.relay.url);
    let getting = piecemeal.get(&tap.url).start();
    // Two answers that there is nothing yet: of status and of open.
    fetched(&tap, 600);
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts([3, 1]);
    piecemeal.put_parts([0, 2]);
    piecemeal.seal();
    getting.finish().exits(0);
    piecemeal.assert_complete();
}

#[test]
fn a_receipt_may_come_before_the_seal() {
    let piecemeal = Piecemeal::new();
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts(0..4);
    piecemeal.get(&piecemeal.relay.url).within(PATIENCE).exits(0);
    piecemeal.seal();
    assert!(fs::read(piecemeal.env.path("in/case.bin")).unwrap() == noise(LENGTH));
    assert!(piecemeal.events().contains(&"receipt".to_owned()));
}

#[test]
fn who_asks_to_be_left_alone_is_while_the_sender_sends_too() {
    let piecemeal = Piecemeal::new();
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts([0]);
    let busy = FaultProxy::intercepting(&piecemeal.relay.url, |request| {
        (request.call() == "content").then(|| Response::empty(503).with("Retry-After", "3600").into())
    });
    let outcome = piecemeal.get(&busy.url).args(["--patience", "5s"]).within(PATIENCE);
    outcome.exits(3).says("answered with error 503").says("It asks to be left alone for 1h");
    assert!(busy.count("content") <= 4, "once on each connection: {}", busy.count("content"));
}

#[test]
fn what_was_fetched_stays_when_the_sender_stops() {
    let piecemeal = Piecemeal::new();
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts([0, 2]);
    let tap = FaultProxy::counting(&piecemeal.relay.url);
    let getting = piecemeal.get(&tap.url).args(["--patience", "0s", "--json"]).start();
    fetched(&tap, PART as u64);
    // The relay, or the program, finds after a while that nothing comes.
    let error = getting.finish().fails(7, "not_ready");
    let message = error["message"].as_str().unwrap();
    assert_eq!(message, "The sender has not finished uploading yet (66 %)");
    let left: Vec<PathBuf> = fs::read_dir(piecemeal.env.path("in")).unwrap().map(|item| item.unwrap().path()).collect();
    assert!(matches!(&left[..], [staging] if staging.join("journal.json").exists()), "{left:?}");

    piecemeal.put_parts([1, 3]);
    piecemeal.seal();
    let before = tap.passed(Direction::FromRelay);
    piecemeal.get(&tap.url).within(PATIENCE).exits(0).says("Going on with an earlier download: ");
    assert!(tap.passed(Direction::FromRelay) - before < 3 * PART as u64);
    piecemeal.assert_complete();
}
