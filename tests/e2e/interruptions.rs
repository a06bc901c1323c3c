//! Ctrl-C and `kill -9` at random moments of send and relay: no temporary file left after the next run, no acknowledged
//! part lost. How a killed send goes on is in [`upload_resume`](crate::upload_resume), a killed get in
//! [`download_resume`](crate::download_resume).
//!
//! The moments are bytes on the way, chosen at random. `SHARE_ROUNDS=1000 cargo test -p share-tests --test e2e --
//! interruptions::` tries more of them; `SHARE_SEED` repeats those of a run that failed, which printed its seed.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use serde_json::Value;
use share_client::secret::Secret;
use share_relay_api::{CreateShare, ShareId, limits::SEALED_CHUNK_BYTES, paths};

use crate::support::{
    PATIENCE,
    fault_proxy::{Direction, FaultProxy},
    http::{Request, Response},
    interruption::{Tally, announced, signal, signal_after_bytes},
    keys::age_key,
    random::{Dice, noise, rounds},
    test_env::{Relay, Sent, TestEnv, files_below},
    until,
};

const BYTES: usize = 20 * 1024 * 1024;

fn status(relay: &Relay, id: &str) -> Response {
    Request::get(format!("/v1/shares/{id}")).send(&relay.url)
}

fn ids(relay: &Relay) -> Vec<String> {
    let shares = fs::read_dir(relay.data.join("shares")).unwrap();
    shares.map(|share| share.unwrap().file_name().into_string().unwrap()).collect()
}

fn ledger(env: &TestEnv) -> PathBuf {
    env.path("home/.local/share/share/ledger")
}

#[test]
fn ctrl_c_keeps_an_upload_that_can_go_on_and_takes_any_other_back() {
    let (env, mut dice, mut tally) = (TestEnv::new(), Dice::new(), Tally::default());
    let relay = env.relay();
    let tap = FaultProxy::counting(&relay.url);
    let file = env.file("case.bin", noise(BYTES));
    for round in 0..rounds() {
        let words = env.path(format!("words-{round}"));
        let before = ids(&relay);
        let run = env.share(["send", "--json", "--relay", &tap.url, "--passphrase-file"]).arg(&words).arg(&file);
        let output = signal_after_bytes(run, &tap, Direction::ToRelay, dice.moment(BYTES as u64), "INT");
        tally.add(&output);
        if String::from_utf8_lossy(&output.stderr).contains("The upload is kept") {
            assert!(words.exists(), "round {round}: the words are still good");
            let link = announced(&output).unwrap();
            env.share(["resume"]).within(PATIENCE).exits(0);
            let sent = Sent { link, words: words.clone() };
            let body: Value = serde_json::from_slice(&status(&relay, sent.id()).body).unwrap();
            assert_eq!(body["state"], "ready", "round {round}: {body}");
        } else {
            assert!(output.status.success() || !words.exists(), "round {round}: the words open nothing now");
        }
        assert_eq!(files_below(&env.path("home/.local/share/share/uploads")), [] as [PathBuf; 0], "round {round}");
        if words.exists() {
            fs::remove_dir_all(ledger(&env)).unwrap();
            continue;
        }
        assert_eq!(files_below(&ledger(&env)), [] as [PathBuf; 0], "round {round}");
        for id in ids(&relay).into_iter().filter(|id| !before.contains(id)) {
            let status = status(&relay, &id);
            let body: Value = serde_json::from_slice(&status.body).unwrap();
            // One that nobody heard of may have been created a moment after it was taken back, even by the program of
            // the round before; it holds nothing.
            let unheard = announced(&output).is_none_or(|link| !link.ends_with(&id)) && body["stored_bytes"] == 0;
            assert!(body["code"] == "revoked" || unheard, "round {round}: {body}");
        }
    }
    tally.show("send, SIGINT");
}

#[test]
fn a_killed_send_leaves_no_temporary_file() {
    let (env, mut dice, mut tally) = (TestEnv::new(), Dice::new(), Tally::default());
    let relay = env.relay();
    let tap = FaultProxy::counting(&relay.url);
    let (file, small) = (env.file("case.bin", noise(BYTES)), env.file("small", "x"));
    let mut gets = Vec::new();
    let key = age_key(&env, "key.txt");
    for round in 0..rounds() {
        let run = env.share(["send", "--json", "--relay", &tap.url, "--recipient", &key]).arg(&file);
        let output = signal_after_bytes(run, &tap, Direction::ToRelay, dice.moment(BYTES as u64), "KILL");
        tally.add(&output);
        let again = env.share(["send", "--json", "--relay", &relay.url, "--recipient", &key]).arg(&small);
        again.within(PATIENCE).exits(0);
        let left = files_below(&ledger(&env));
        assert!(left.iter().all(|path| path.extension().is_some_and(|end| end == "json")), "round {round}: {left:?}");
        env.share(["list"]).within(PATIENCE).exits(0);
        if let (Some(link), false) = (announced(&output), output.status.success()) {
            let (link, output) = (link.replace(&tap.url, &relay.url), format!("in-{round}"));
            let get = ["get", &link, "--yes", "--identity", "key.txt", "--output", &output, "--patience", "0s"];
            let get = env.share(get);
            // Each may wait half a minute for what never comes, so they wait together.
            gets.push((round, thread::spawn(move || get.within(PATIENCE))));
        }
    }
    for (round, get) in gets {
        let get = get.join().unwrap();
        assert!(matches!(get.output.status.code(), Some(0 | 7)), "round {round}: {get:?}");
    }
    tally.show("send, SIGKILL");
}

/// A share whose parts are sent by hand.
struct Upload {
    id: ShareId,
    manage: Secret,
}

const HEADER_BYTES: usize = 200;
const PART: usize = SEALED_CHUNK_BYTES as usize;
const PARTS: u64 = 60;

impl Upload {
    fn create(relay: &Relay, random: u64) -> Self {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&random.to_le_bytes());
        let (id, manage) = (ShareId::from_random(bytes), Secret::random().unwrap());
        let create = CreateShare {
            manage_key_hash: manage.hash(),
            proof_hash: None,
            header_bytes: HEADER_BYTES as u64,
            payload_bytes: Some(PARTS * SEALED_CHUNK_BYTES),
            part_bytes: SEALED_CHUNK_BYTES,
            expires_in: 3600,
            downloads: None,
        };
        let upload = Self { id, manage };
        let created = upload.call(&relay.url, "PUT", &paths::share(&id), &serde_json::to_vec(&create).unwrap());
        assert_eq!(created.unwrap().status, 201);
        upload
    }

    fn call(&self, relay: &str, method: &str, path: &str, body: &[u8]) -> std::io::Result<Response> {
        Request::new(method, path).bearer(self.manage.hex()).body(body).try_send(relay)
    }

    /// The bytes of a part: its own, and the same each time.
    fn part(number: u64) -> Vec<u8> {
        let mut bytes = noise(PART);
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes
    }

    /// Sends parts until one fails; tells of each that is acknowledged.
    fn put_parts(&self, relay: &str, numbers: impl Iterator<Item = u64>, acknowledged: &mpsc::Sender<u64>) {
        for number in numbers {
            match self.call(relay, "PUT", &paths::part(&self.id, number), &Self::part(number)) {
                Ok(answer) if answer.status == 204 => acknowledged.send(number).unwrap(),
                Ok(answer) => panic!("part {number}: {answer:?}"),
                Err(_) => return,
            }
        }
    }

    fn held(&self, relay: &str) -> BTreeSet<u64> {
        let answer = self.call(relay, "GET", &paths::parts(&self.id), b"").unwrap();
        let held: share_relay_api::PartsHeld = serde_json::from_slice(&answer.body).unwrap();
        held.held.into_iter().flat_map(|(from, to)| from..to).collect()
    }
}

#[test]
fn a_killed_relay_loses_no_acknowledged_part() {
    let (env, mut dice) = (TestEnv::new(), Dice::new());
    let mut relay = env.relay();
    for round in 0..rounds() {
        let upload = Upload::create(&relay, dice.below(u64::MAX));
        let (acknowledge, acknowledged) = mpsc::channel();
        let killed_after = dice.below(PARTS);
        let order: Mutex<Vec<u64>> = Mutex::new((0..PARTS).collect());
        let next = || Some(order.lock().unwrap()).filter(|left| !left.is_empty())?.pop();
        let url = relay.url.clone();
        let done: BTreeSet<u64> = thread::scope(|scope| {
            for _ in 0..4 {
                let acknowledge = acknowledge.clone();
                scope.spawn(|| {
                    let acknowledge = acknowledge;
                    upload.put_parts(&url, std::iter::from_fn(next), &acknowledge);
                });
            }
            drop(acknowledge);
            let mut done: BTreeSet<u64> = acknowledged.iter().take(killed_after as usize).collect();
            relay.kill();
            done.extend(acknowledged.iter());
            done
        });
        relay = env.relay();
        let held = upload.held(&relay.url);
        assert!(held.is_superset(&done), "round {round}: {done:?} were acknowledged, {held:?} are there");
        let content = fs::read(relay.data.join("shares").join(upload.id.as_str()).join("content.age")).unwrap();
        for number in &held {
            let from = HEADER_BYTES + *number as usize * PART;
            assert!(content[from..from + PART] == Upload::part(*number), "round {round}: part {number}");
        }
        assert_eq!(fs::read_dir(relay.data.join("tmp")).unwrap().count(), 0, "round {round}");
        eprintln!("relay, SIGKILL: {} parts acknowledged, {} held", done.len(), held.len());

        // What is missing can be sent now, and then it is whole.
        let (acknowledge, _acknowledged) = mpsc::channel();
        upload.put_parts(&relay.url, (0..PARTS).filter(|number| !held.contains(number)), &acknowledge);
        assert_eq!(upload.held(&relay.url).len() as u64, PARTS, "round {round}");
    }
}

#[test]
fn a_relay_told_to_stop_finishes_what_runs_and_refuses_what_is_new() {
    let (env, mut relay) = TestEnv::with_relay();
    let upload = Upload::create(&relay, 7);
    let host = relay.address().to_owned();
    let mut running = TcpStream::connect(&host).unwrap();
    let (path, part) = (paths::part(&upload.id, 3), Upload::part(3));
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {PART}\r\nAuthorization: Bearer {}\r\n\r\n",
        upload.manage.hex()
    );
    running.write_all(head.as_bytes()).unwrap();
    // The relay asks for the body, so the request runs.
    let mut answer = [0; 25];
    running.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    running.write_all(&part[..PART / 2]).unwrap();

    signal(&relay.child, "TERM");
    let refused = || TcpStream::connect(&host).is_err();
    until("the relay takes no more connections", refused);
    running.write_all(&part[PART / 2..]).unwrap();
    let mut rest = String::new();
    running.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 204"), "{rest}");
    assert_eq!(relay.child.wait().unwrap().code(), Some(0));

    let again = env.relay();
    assert_eq!(upload.held(&again.url), BTreeSet::from([3]));
}

#[test]
fn ctrl_c_stops_a_relay_with_nothing_to_do_at_once() {
    for name in ["TERM", "INT"] {
        let (_env, mut relay) = TestEnv::with_relay();
        let idle = TcpStream::connect(relay.address()).unwrap();
        signal(&relay.child, name);
        let begun = std::time::Instant::now();
        assert_eq!(relay.child.wait().unwrap().code(), Some(0), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}: {:?}", begun.elapsed());
        drop(idle);
    }
}
