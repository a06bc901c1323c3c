//! A recipient need not wait until the sender has sent all: what is there is fetched, and the rest as it comes. If the
//! sender stops, what was fetched stays.

use std::{fs, path::PathBuf, time::Instant};

use serde_json::{Value, json};
use share::secret::Secret;
use share_format::envelope::{NONCE, SEALED_CHUNK, header_len};
use share_relay_api::{ShareId, paths};

use crate::{
    http::{self, Response, Server},
    interruptions::LIMIT,
    proxy::{Proxy, Way},
    round_trips::noise,
    stock_tools::{age_key, send_to},
    world::{PATIENCE, Relay, Run, Sent, World, files_below},
};

const PART: usize = 128 * 64 * 1024;
const SEALED_PART: usize = 128 * SEALED_CHUNK;
const LENGTH: usize = 3 * PART + 1234;

/// A share that is uploaded piece by piece, by hand: what another share to the same key consists of.
struct Piecemeal {
    world: World,
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
        let world = World::new();
        let relay = world.relay();
        let key = age_key(&world, "key.txt");
        let whole = send_to(&world, &relay, &[key], [world.file("case.bin", noise(LENGTH))]);
        let read = |name: &str| fs::read(relay.share(&whole).join(name)).unwrap();
        let (mut header, manifest) = (read("content.age"), read("manifest.age"));
        let payload = header.split_off(header_len(&header).unwrap().unwrap() + NONCE);
        let (id, manage) = (ShareId::from_random([5; 12]), Secret::random().unwrap());
        let this = Self { world, relay, id, manage, header, manifest, payload };
        let create = json!({
            "manage_key_hash": this.manage.hash(), "header_bytes": this.header.len(), "downloads": 1,
            "payload_bytes": this.payload.len(), "part_bytes": SEALED_PART, "expires_in": 3600,
        });
        this.call("PUT", &paths::share(&id), create.to_string().as_bytes(), 201);
        this
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &[u8], status: u16) -> Vec<u8> {
        let secret = format!("Bearer {}", self.manage.hex());
        let answer = http::call(&self.relay.url, method, path, &[("Authorization", &secret)], body).unwrap();
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
        self.world.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "in"])
    }

    #[track_caller]
    fn whole(&self) {
        assert!(fs::read(self.world.path("in/case.bin")).unwrap() == noise(LENGTH));
        assert_eq!(files_below(&self.world.path("in")), [self.world.path("in/case.bin")]);
        let mut events = self.events();
        events.sort();
        assert_eq!(events, ["collected", "created", "ready", "receipt", "ticket"]);
    }
}

/// Waits until so many bytes have come to the recipient.
#[track_caller]
fn fetched(tap: &Proxy, bytes: u64) {
    let begun = Instant::now();
    assert!(tap.wait_for(Way::FromRelay, bytes, || begun.elapsed() > PATIENCE), "{bytes} bytes never came");
}

#[test]
fn a_recipient_fetches_while_the_sender_sends() {
    let world = World::new();
    let relay = world.relay();
    let (gate, tap) = (Proxy::holding_request(&relay.url, "/parts/2 "), Proxy::counting(&relay.url));
    world.file("case.bin", noise(LENGTH));
    let words = world.path("words");
    let send = world.share(["send", "case.bin", "--once", "--json", "--relay", &gate.url, "--passphrase-file"]);
    let mut sending = send.arg(&words).start();
    let link = sending.event()["link"].as_str().unwrap().to_owned();
    let sent = Sent { link, words }.through(&tap.url);
    gate.wait_until_stopped();
    let getting = world.get(&sent, "in").start();
    fetched(&tap, PART as u64);
    gate.open();
    getting.finish().exits(0).says("The sender is still sending");
    // Done before the sender knew that all had arrived, or after.
    assert_eq!(sending.finish().exits(0).json()[1]["event"], "ready");
    assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(LENGTH));
    let events = world.events(&sent.through(&relay.url));
    assert!(
        ["ticket", "receipt", "collected"].iter().all(|kind| events.iter().any(|event| event == kind)),
        "{events:?}"
    );
}

#[test]
fn a_recipient_may_come_before_everything_else() {
    let piecemeal = Piecemeal::new();
    let tap = Proxy::counting(&piecemeal.relay.url);
    let getting = piecemeal.get(&tap.url).start();
    // Two answers that there is nothing yet: of status and of open.
    fetched(&tap, 600);
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts([3, 1]);
    piecemeal.put_parts([0, 2]);
    piecemeal.seal();
    getting.finish().exits(0);
    piecemeal.whole();
}

#[test]
fn a_receipt_may_come_before_the_seal() {
    let piecemeal = Piecemeal::new();
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts(0..4);
    piecemeal.get(&piecemeal.relay.url).within(LIMIT).exits(0);
    piecemeal.seal();
    assert!(fs::read(piecemeal.world.path("in/case.bin")).unwrap() == noise(LENGTH));
    assert!(piecemeal.events().contains(&"receipt".to_owned()));
}

#[test]
fn who_asks_to_be_left_alone_is_while_the_sender_sends_too() {
    let piecemeal = Piecemeal::new();
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts([0]);
    let relay = piecemeal.relay.url.clone();
    let busy = Server::start(move |request| match request.call() {
        "content" => Response::empty(503).with("Retry-After", "3600").into(),
        _ => http::forward(&relay, request).unwrap().into(),
    });
    let outcome = piecemeal.get(&busy.url).args(["--patience", "5s"]).within(LIMIT);
    outcome.exits(3).says("answered with error 503").says("It asks to be left alone for 1h");
    assert!(busy.count("content") <= 2, "once on each connection: {}", busy.count("content"));
}

#[test]
fn what_was_fetched_stays_when_the_sender_stops() {
    let piecemeal = Piecemeal::new();
    piecemeal.put_header_and_manifest();
    piecemeal.put_parts([0, 2]);
    let tap = Proxy::counting(&piecemeal.relay.url);
    let getting = piecemeal.get(&tap.url).args(["--patience", "0s", "--json"]).start();
    fetched(&tap, PART as u64);
    // The relay, or the program, finds after a while that nothing comes.
    let error = getting.finish().fails(7, "not_ready");
    let message = error["message"].as_str().unwrap();
    assert_eq!(message, "The sender has not finished uploading yet (66 %)");
    let left: Vec<PathBuf> =
        fs::read_dir(piecemeal.world.path("in")).unwrap().map(|item| item.unwrap().path()).collect();
    assert!(matches!(&left[..], [staging] if staging.join("journal.json").exists()), "{left:?}");

    piecemeal.put_parts([1, 3]);
    piecemeal.seal();
    let before = tap.passed(Way::FromRelay);
    piecemeal.get(&tap.url).within(LIMIT).exits(0).says("Going on with an earlier download: ");
    assert!(tap.passed(Way::FromRelay) - before < 3 * PART as u64);
    piecemeal.whole();
}
