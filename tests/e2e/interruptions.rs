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
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, Output},
    sync::{Mutex, mpsc},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use share::secret::Secret;
use share_relay_api::{CreateShare, ShareId, limits::SEALED_CHUNK_BYTES, paths};

use crate::{
    http,
    proxy::{Proxy, Way},
    round_trips::noise,
    stock_tools::age_key,
    world::{Relay, Run, Sent, World, files_below},
};

pub const BYTES: usize = 20 * 1024 * 1024;
pub const LIMIT: Duration = Duration::from_secs(60);

/// Random numbers that can be repeated.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        let seed = std::env::var("SHARE_SEED").ok().and_then(|text| text.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = seed.unwrap_or_else(now);
        eprintln!("SHARE_SEED={seed}");
        Self(seed | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// A moment of a transfer, in bytes on the way: early, among the small calls; anywhere; or near its end.
    pub fn moment(&mut self) -> u64 {
        match self.below(3) {
            0 => self.below(4000),
            1 => self.below(BYTES as u64),
            _ => BYTES as u64 + self.below(80_000),
        }
    }
}

/// How often a test that leaves something to chance does so.
pub fn rounds() -> u64 {
    std::env::var("SHARE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

/// Sends a signal: `INT`, `TERM`, `KILL`.
pub fn signal(process: &Child, name: &str) {
    // It fails if the process has just ended, which the caller finds out.
    let command = format!("kill -{name} {} 2>/dev/null", process.id());
    Command::new("sh").args(["-c", &command]).status().unwrap();
}

/// Starts a program, signals it once so many more bytes have passed this way, and gives what became of it.
pub fn struck(run: Run, tap: &Proxy, way: Way, after: u64, with: &str) -> Output {
    let wanted = tap.passed(way) + after;
    let mut child = run.spawn();
    tap.wait_for(way, wanted, || child.try_wait().unwrap().is_some());
    signal(&child, with);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    output
}

/// What a round ended in, counted so that a run shows what it has covered.
#[derive(Default)]
pub struct Tally {
    finished: u64,
    interrupted: u64,
    killed: u64,
}

impl Tally {
    pub fn add(&mut self, output: &Output) {
        match (output.status.code(), output.status.signal()) {
            (Some(0), _) => self.finished += 1,
            (Some(130), _) => self.interrupted += 1,
            (None, Some(_)) => self.killed += 1,
            _ => panic!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        }
    }

    pub fn show(&self, what: &str) {
        let Self { finished, interrupted, killed } = self;
        eprintln!("{what}: {finished} finished first, {interrupted} interrupted, {killed} ended by the signal");
    }
}

pub fn announced(output: &Output) -> Option<String> {
    let line = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    let created: Value = serde_json::from_str(&line).ok()?;
    Some(created["link"].as_str()?.to_owned())
}

fn status(relay: &Relay, id: &str) -> http::Response {
    http::call(&relay.url, "GET", &format!("/v1/shares/{id}"), &[], b"").unwrap()
}

fn ids(relay: &Relay) -> Vec<String> {
    let shares = fs::read_dir(relay.data.join("shares")).unwrap();
    shares.map(|share| share.unwrap().file_name().into_string().unwrap()).collect()
}

fn ledger(world: &World) -> PathBuf {
    world.path("home/.local/share/share/ledger")
}

#[test]
fn ctrl_c_keeps_an_upload_that_can_go_on_and_takes_any_other_back() {
    let (world, mut dice, mut tally) = (World::new(), Dice::new(), Tally::default());
    let relay = world.relay();
    let tap = Proxy::counting(&relay.url);
    let file = world.file("case.bin", noise(BYTES));
    for round in 0..rounds() {
        let words = world.path(format!("words-{round}"));
        let before = ids(&relay);
        let run = world.share(["send", "--json", "--relay", &tap.url, "--passphrase-file"]).arg(&words).arg(&file);
        let output = struck(run, &tap, Way::ToRelay, dice.moment(), "INT");
        tally.add(&output);
        if String::from_utf8_lossy(&output.stderr).contains("The upload is kept") {
            assert!(words.exists(), "round {round}: the words are still good");
            let link = announced(&output).unwrap();
            world.share(["resume"]).within(LIMIT).exits(0);
            let sent = Sent { link, words: words.clone() };
            let body: Value = serde_json::from_slice(&status(&relay, sent.id()).body).unwrap();
            assert_eq!(body["state"], "ready", "round {round}: {body}");
        } else {
            assert!(output.status.success() || !words.exists(), "round {round}: the words open nothing now");
        }
        assert_eq!(files_below(&world.path("home/.local/share/share/uploads")), [] as [PathBuf; 0], "round {round}");
        if words.exists() {
            fs::remove_dir_all(ledger(&world)).unwrap();
            continue;
        }
        assert_eq!(files_below(&ledger(&world)), [] as [PathBuf; 0], "round {round}");
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
    let (world, mut dice, mut tally) = (World::new(), Dice::new(), Tally::default());
    let relay = world.relay();
    let tap = Proxy::counting(&relay.url);
    let (file, small) = (world.file("case.bin", noise(BYTES)), world.file("small", "x"));
    let key = age_key(&world, "key.txt");
    for round in 0..rounds() {
        let run = world.share(["send", "--json", "--relay", &tap.url, "--recipient", &key]).arg(&file);
        let output = struck(run, &tap, Way::ToRelay, dice.moment(), "KILL");
        tally.add(&output);
        let again = world.share(["send", "--json", "--relay", &relay.url, "--recipient", &key]).arg(&small);
        again.within(LIMIT).exits(0);
        let left = files_below(&ledger(&world));
        assert!(left.iter().all(|path| path.extension().is_some_and(|end| end == "json")), "round {round}: {left:?}");
        world.share(["list"]).within(LIMIT).exits(0);
        if let (Some(link), false) = (announced(&output), output.status.success()) {
            let get = ["get", &link, "--yes", "--identity", "key.txt", "--output", "in", "--patience", "0s"];
            let get = world.share(get).within(LIMIT);
            assert!(matches!(get.output.status.code(), Some(0 | 7)), "round {round}: {get:?}");
        }
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

    fn call(&self, relay: &str, method: &str, path: &str, body: &[u8]) -> std::io::Result<http::Response> {
        http::call(relay, method, path, &[("Authorization", &format!("Bearer {}", self.manage.hex()))], body)
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
    let (world, mut dice) = (World::new(), Dice::new());
    let mut relay = world.relay();
    for round in 0..rounds() {
        let upload = Upload::create(&relay, dice.below(u64::MAX));
        let (acknowledge, acknowledged) = mpsc::channel();
        let killed_after = dice.below(PARTS);
        let order: Mutex<Vec<u64>> = Mutex::new((0..PARTS).collect());
        let next = || Some(order.lock().unwrap()).filter(|left| !left.is_empty())?.pop();
        let url = relay.url.clone();
        let done: BTreeSet<u64> = std::thread::scope(|scope| {
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
        relay = world.relay();
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
    let world = World::new();
    let mut relay = world.relay();
    let upload = Upload::create(&relay, 7);
    let host = relay.url.trim_start_matches("http://").to_owned();
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
    world.until(refused, "the relay still takes connections");
    running.write_all(&part[PART / 2..]).unwrap();
    let mut rest = String::new();
    running.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 204"), "{rest}");
    assert_eq!(relay.child.wait().unwrap().code(), Some(0));

    let again = world.relay();
    assert_eq!(upload.held(&again.url), BTreeSet::from([3]));
}

#[test]
fn ctrl_c_stops_a_relay_with_nothing_to_do_at_once() {
    for name in ["TERM", "INT"] {
        let world = World::new();
        let mut relay = world.relay();
        let idle = TcpStream::connect(relay.url.trim_start_matches("http://")).unwrap();
        signal(&relay.child, name);
        let begun = std::time::Instant::now();
        assert_eq!(relay.child.wait().unwrap().code(), Some(0), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}: {:?}", begun.elapsed());
        drop(idle);
    }
}
