//! A relay that is killed, at random moments or at one step of the disk, or whose disk fails, keeps all it has
//! acknowledged and leaves nothing behind.
//!
//! `SHARE_ROUNDS=200 cargo test -p share-tests --test e2e -- durability:: interruptions::a_killed_relay` tries more
//! moments; `SHARE_SEED` repeats those of a run that failed, which printed its seed.

use std::{
    collections::BTreeSet,
    fs, io,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use share_client::secret::Secret;
use share_relay_api::{Bytes32, ShareId, limits::SEALED_CHUNK_BYTES, paths};

use crate::support::{
    http::{Request, Response},
    machine::can_trace,
    random::{Dice, noise, rounds},
    test_env::{Relay, TestEnv, files_below},
    until,
};

const HEADER: [u8; 200] = [7; 200];
const PART: usize = SEALED_CHUNK_BYTES as usize;
const PARTS: u64 = 6;

/// Two shares end as their recipients have them, the third is taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plot {
    Collected,
    Revoked,
}

/// The life of one share, told call by call, and how far the relay has acknowledged it.
struct Story {
    id: ShareId,
    manage: Secret,
    ticket: Secret,
    plot: Plot,
    /// The calls acknowledged, by name.
    told: Mutex<BTreeSet<&'static str>>,
    parts: Mutex<BTreeSet<u64>>,
}

impl Story {
    fn new(dice: &mut Dice, plot: Plot) -> Self {
        let mut random = [0; 12];
        random[..8].copy_from_slice(&dice.below(u64::MAX).to_le_bytes());
        let (manage, ticket) = (Secret::random().unwrap(), Secret::random().unwrap());
        let (told, parts) = (Mutex::default(), Mutex::default());
        Self { id: ShareId::from_random(random), manage, ticket, plot, told, parts }
    }

    /// Tells it from the beginning: every call may be repeated. An error is that of a relay that is gone.
    fn tell(&self, relay: &str, acknowledged: &AtomicU64) -> io::Result<()> {
        let id = &self.id;
        let told = |call| {
            self.told.lock().unwrap().insert(call);
            acknowledged.fetch_add(1, Ordering::Relaxed);
        };
        let create = json!({
            "manage_key_hash": self.manage.hash(), "header_bytes": HEADER.len(), "expires_in": 3600, "downloads": 1,
            "payload_bytes": PARTS * SEALED_CHUNK_BYTES, "part_bytes": SEALED_CHUNK_BYTES,
        });
        if self.call(relay, "PUT", &paths::share(id), &self.manage, create.to_string().as_bytes())?.status == 410 {
            return Ok(());
        }
        told("create");
        self.call(relay, "PUT", &paths::header(id), &self.manage, &HEADER)?;
        told("header");
        self.call(relay, "PUT", &paths::manifest(id), &self.manage, b"what is inside")?;
        told("manifest");
        self.put_parts(relay, acknowledged)?;
        let seal = json!({ "payload_bytes": PARTS * SEALED_CHUNK_BYTES }).to_string();
        self.call(relay, "POST", &paths::seal(id), &self.manage, seal.as_bytes())?;
        told("ready");
        let wanted = json!({ "ticket_hash": self.ticket.hash() }).to_string();
        self.call(relay, "POST", &paths::tickets(id), &self.manage, wanted.as_bytes())?;
        told("ticket");
        let content = self.call(relay, "GET", &paths::content(id), &self.ticket, b"")?;
        let sent = self.content();
        if content.body.len() < sent.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        assert!(content.body == sent, "these are not the bytes that were sent");
        if self.plot == Plot::Revoked {
            self.call(relay, "DELETE", &paths::share(id), &self.manage, b"")?;
            told("revoked");
        } else {
            let zero = Bytes32([0; 32]);
            let receipt = json!({ "fingerprint": zero, "time": 1, "saved": "disk", "mac": zero }).to_string();
            self.call(relay, "POST", &paths::receipt(id), &self.ticket, receipt.as_bytes())?;
            told("receipt");
        }
        Ok(())
    }

    /// Sends all parts, three at once.
    fn put_parts(&self, relay: &str, acknowledged: &AtomicU64) -> io::Result<()> {
        let send = |lane: u64| {
            (lane..PARTS).step_by(3).try_for_each(|number| {
                self.call(relay, "PUT", &paths::part(&self.id, number), &self.manage, &self.part(number))?;
                self.parts.lock().unwrap().insert(number);
                acknowledged.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        };
        thread::scope(|scope| {
            let lanes = [0, 1, 2].map(|lane| scope.spawn(move || send(lane)));
            lanes.into_iter().try_for_each(|lane| lane.join().unwrap())
        })
    }

    /// Makes a call that must be accepted. What the relay could not do is asked for again.
    fn call(&self, relay: &str, method: &str, path: &str, secret: &Secret, body: &[u8]) -> io::Result<Response> {
        let request = Request::new(method, path).bearer(secret.hex()).body(body);
        for _ in 0..100 {
            let answer = request.try_send(relay)?;
            match answer.status {
                200 | 201 | 204 | 410 => return Ok(answer),
                500 | 503 | 507 => thread::sleep(Duration::from_millis(5)),
                _ => panic!("{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)),
            }
        }
        panic!("{method} {path} never works");
    }

    fn part(&self, number: u64) -> Vec<u8> {
        let mut bytes = noise(PART);
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes[8..28].copy_from_slice(self.id.as_str().as_bytes());
        bytes
    }

    fn content(&self) -> Vec<u8> {
        (0..PARTS).fold(HEADER.to_vec(), |content, number| [content, self.part(number)].concat())
    }

    /// That all the relay has acknowledged is still so; and then that the story can be told to its end.
    fn check(&self, relay: &str) {
        let told = self.told.lock().unwrap().clone();
        if told.contains("create") {
            let answer = self.call(relay, "GET", &paths::events(&self.id), &self.manage, b"").unwrap();
            let events: Value = serde_json::from_slice(&answer.body).unwrap();
            let happened: BTreeSet<&str> =
                events["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
            let known = ["ready", "ticket", "receipt", "revoked"].into_iter().filter(|event| told.contains(event));
            known.for_each(|event| assert!(happened.contains(event), "{event} was acknowledged: {events}"));
            let held = self.call(relay, "GET", &paths::parts(&self.id), &self.manage, b"").unwrap();
            if held.status == 200 {
                let held: share_relay_api::PartsHeld = serde_json::from_slice(&held.body).unwrap();
                let held: BTreeSet<u64> = held.held.into_iter().flat_map(|(from, to)| from..to).collect();
                assert!(held.is_superset(&self.parts.lock().unwrap()), "{held:?}");
            }
        }
        self.tell(relay, &AtomicU64::new(0)).unwrap();
        let answer = self.call(relay, "GET", &paths::events(&self.id), &self.manage, b"").unwrap();
        let state = serde_json::from_slice::<Value>(&answer.body).unwrap()["state"].clone();
        let end = if self.plot == Plot::Revoked { "revoked" } else { "collected" };
        assert_eq!(state, end);
    }
}

/// That the relay's folder holds nothing but shares, and of those that are over nothing but their record.
fn assert_no_orphan(relay: &Relay) {
    let tidy = || {
        let shares = relay.data.join("shares");
        let over = |name: &str| fs::read_to_string(shares.join(name).join("record.json")).is_ok_and(is_gone);
        let names = fs::read_dir(&shares).unwrap().map(|share| share.unwrap().file_name().into_string().unwrap());
        files_below(&relay.data.join("tmp")).is_empty()
            && names.into_iter().all(|name| {
                let files = files_below(&shares.join(&name)).len();
                if over(&name) { files == 1 } else { (3..=4).contains(&files) }
            })
    };
    until("nothing is left in the relay's folder", tidy);
}

fn is_gone(record: String) -> bool {
    let record: Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
    !record["life"]["gone"].is_null()
}

#[test]
fn a_killed_relay_keeps_what_it_acknowledged() {
    let (env, mut dice) = (TestEnv::new(), Dice::new());
    let mut relay = env.relay();
    for round in 0..rounds() {
        let plots = [Plot::Collected, Plot::Revoked, Plot::Collected];
        let stories = plots.map(|plot| Story::new(&mut dice, plot));
        // A whole story is 13 answers, and there are three of them.
        let (acknowledged, last) = (AtomicU64::new(0), dice.below(42));
        thread::scope(|scope| {
            let tellers: Vec<_> =
                stories.iter().map(|story| scope.spawn(|| story.tell(&relay.url, &acknowledged))).collect();
            let all_over = || tellers.iter().all(|teller| teller.is_finished());
            until("the relay has answered so often", || acknowledged.load(Ordering::Relaxed) >= last || all_over());
            relay.child.kill().unwrap();
        });
        relay.child.wait().unwrap();
        // The lock of a killed relay is free at once.
        relay = env.relay();
        eprintln!("round {round}: killed after {} answers", acknowledged.into_inner());
        assert_no_orphan(&relay);
        stories.iter().for_each(|story| story.check(&relay.url));
        assert_no_orphan(&relay);
    }
}

/// What the relay does to its disk, from which time on in each of its threads, and how many times are tried. The first
/// ones happen at its start.
const STEPS: [(&str, u64, u64); 6] =
    [("pwrite64", 2, 7), ("fdatasync", 1, 5), ("fsync", 3, 8), ("rename", 1, 5), ("unlink", 1, 3), ("mkdir", 1, 1)];

/// A relay that has run before, and to which this happens at some step of its disk.
fn relay_with_fault(env: &TestEnv, dice: &mut Dice, fault: &str) -> Relay {
    drop(env.relay());
    let (step, first, many) = STEPS[dice.below(STEPS.len() as u64) as usize];
    let inject = format!("inject={step}:{fault}:when={}", first + dice.below(many));
    eprintln!("{inject}");
    // The relay is the child, and strace the grandchild, so that the relay can be killed.
    env.relay_under(["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={step}"), "-e", &inject])
}

#[test]
fn a_relay_killed_at_one_step_of_the_disk_keeps_what_it_acknowledged() {
    if !can_trace() {
        return;
    }
    let (mut dice, mut killed) = (Dice::new(), 0);
    for _ in 0..rounds() {
        let env = TestEnv::new();
        let stories = [Plot::Collected, Plot::Revoked].map(|plot| Story::new(&mut dice, plot));
        let acknowledged = AtomicU64::new(0);
        let traced = relay_with_fault(&env, &mut dice, "signal=KILL");
        let told = thread::scope(|scope| {
            let tellers = stories.each_ref().map(|story| scope.spawn(|| story.tell(&traced.url, &acknowledged)));
            tellers.map(|teller| teller.join().unwrap())
        });
        killed += u64::from(told.iter().any(|told| told.is_err()));
        drop(traced);
        eprintln!("it gave {} answers", acknowledged.into_inner());
        let relay = env.relay();
        assert_no_orphan(&relay);
        stories.iter().for_each(|story| story.check(&relay.url));
    }
    assert!(killed > 0, "no step was met");
}

#[test]
fn a_relay_whose_disk_fails_keeps_what_it_acknowledged() {
    if !can_trace() {
        return;
    }
    let mut dice = Dice::new();
    for _ in 0..rounds() {
        let env = TestEnv::new();
        let error = ["error=EIO", "error=ENOSPC"][dice.below(2) as usize];
        let story = Story::new(&mut dice, Plot::Collected);
        let mut traced = relay_with_fault(&env, &mut dice, error);
        story.tell(&traced.url, &AtomicU64::new(0)).unwrap();
        traced.kill();
        let relay = env.relay();
        story.check(&relay.url);
        assert_no_orphan(&relay);
    }
}

#[test]
fn a_data_directory_has_one_relay() {
    let (env, mut relay) = TestEnv::with_relay();
    let second = || env.share_relay(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&relay.data);
    second().within(Duration::from_secs(20)).exits(1).says("another relay is using ");
    relay.kill();
    // The lock goes with the process.
    env.relay();
}
