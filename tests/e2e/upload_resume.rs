//! An upload that was cut off goes on: same link, same words, the same bytes, and never others in their place.
//!
//! `SHARE_ROUNDS=200 cargo test -p share-tests --test e2e -- upload_resume::killed_again` kills many more of them, at
//! random moments; `SHARE_SEED` repeats those of a run that failed, which printed its seed.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use share_relay_api::limits::SEALED_CHUNK_BYTES;

use crate::{
    failures::fails,
    interruptions::{Dice, Tally, announced, rounds, struck},
    proxy::{Proxy, Way},
    raw,
    round_trips::noise,
    stock_tools::{age_key, need},
    world::{Outcome, Relay, Run, Sent, Started, World, files_below, until},
};

const CHUNK: usize = 64 * 1024;
pub const PART: usize = 128 * CHUNK;
pub const BYTES: usize = 5 * PART + 12_345;
/// What the relay stores of a whole part.
const SEALED_PART: u64 = 128 * SEALED_CHUNK_BYTES;
pub const LIMIT: Duration = Duration::from_secs(60);

/// What is left of unfinished uploads.
pub fn journals(world: &World) -> Vec<PathBuf> {
    files_below(&world.path("home/.local/share/share/uploads"))
}

/// From then on the upload can go on.
#[track_caller]
pub fn until_header_is_kept(world: &World) {
    let is_kept = || journals(world).iter().any(|path| path.ends_with("header")).then_some(());
    until("the header is kept", is_kept);
}

/// Kills a sender at the gate. Gives the link.
pub fn killed_at(gate: &Proxy, world: &World, send: Run) -> String {
    let mut sending = send.start();
    let link = sending.event()["link"].as_str().unwrap().to_owned();
    gate.wait_until_stopped();
    until_header_is_kept(world);
    sending.signal("KILL");
    sending.finish();
    gate.open();
    link
}

/// A sender whose upload stops at a gate.
struct Stopped {
    world: World,
    relay: Relay,
    gate: Proxy,
    sent: Sent,
}

impl Stopped {
    /// Begins to send a file, and ends it with this signal when part 3 is on its way and the relay holds all others: every
    /// part has been sealed then, and one is missing.
    fn by(signal: &str, options: &[&str]) -> (Self, Outcome) {
        let world = World::new();
        let relay = world.relay();
        let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
        world.file("case.bin", noise(BYTES));
        let mut sending = send(&world, &gate.url, options).start();
        let link = sending.event()["link"].as_str().unwrap().to_owned();
        let stopped = Self { sent: Sent { link, words: world.path("words") }, world, relay, gate };
        stopped.gate.wait_until_stopped();
        until("all parts but one are held", || (stopped.missing_bytes() == SEALED_PART).then_some(()));
        until_header_is_kept(&stopped.world);
        sending.signal(signal);
        let outcome = sending.finish();
        stopped.gate.open();
        (stopped, outcome)
    }

    fn missing_bytes(&self) -> u64 {
        let status = self.relay_says();
        status["payload_bytes"].as_u64().unwrap() - status["stored_bytes"].as_u64().unwrap()
    }

    fn has(&self, file: &str) -> bool {
        journals(&self.world).iter().any(|path| path.file_name().unwrap() == file)
    }

    /// Makes the journal name another way to the same relay.
    fn leads_to(&self, relay: &str) {
        let record = journals(&self.world).into_iter().find(|path| path.ends_with("journal.json")).unwrap();
        let text = fs::read_to_string(&record).unwrap().replace(&self.gate.url, relay);
        fs::write(&record, text).unwrap();
    }

    /// That it is done: the recipient has the very file, and no journal is left.
    #[track_caller]
    fn is_whole(&self) {
        assert_eq!(journals(&self.world), [] as [PathBuf; 0]);
        self.world.get(&self.sent.through(&self.relay.url), "in").succeeds();
        assert!(fs::read(self.world.path("in/case.bin")).unwrap() == noise(BYTES));
    }

    fn relay_says(&self) -> Value {
        raw::public_status(&self.relay.url, &self.sent.through(&self.relay.url))
    }
}

/// `share send` of the same file with the words in a file, and these options.
pub fn send(world: &World, relay: &str, options: &[&str]) -> Run {
    let run = world.share(["send", "--json", "--relay", relay, "--passphrase-file", "words", "case.bin"]);
    run.args(options)
}

#[track_caller]
pub fn created_event(outcome: &Outcome) -> Value {
    outcome.json().remove(0)
}

#[test]
fn ctrl_c_keeps_what_was_sent_and_resume_goes_on() {
    let (stopped, outcome) = Stopped::by("INT", &[]);
    let told = outcome.fails(130, "interrupted");
    assert_eq!(told["hint"], "Go on with: share resume");
    outcome.says("The upload is kept").says(&format!("share revoke {}", stopped.sent.link));
    let words = stopped.sent.passphrase();
    let listed = stopped.world.share(["list"]).succeeds();
    assert!(listed.stdout().contains("not finished; go on with: share resume"), "{listed:?}");
    let listed = stopped.world.share(["list", "--json"]).succeeds().json();
    assert_eq!((&listed[0]["unfinished"], &listed[0]["complete"]), (&true.into(), &false.into()));
    assert_eq!(stopped.world.status(&stopped.sent)["state"], "uploading");

    let outcome = stopped.world.share(["resume", "--json"]).succeeds();
    let told = created_event(&outcome);
    assert_eq!((&told["link"], &told["resumed"]), (&stopped.sent.link.clone().into(), &true.into()));
    assert_eq!(outcome.json()[1]["event"], "ready");
    assert_eq!(stopped.sent.passphrase(), words);
    stopped.is_whole();
    assert!(stopped.world.ledger_entry(&stopped.sent)["fingerprint"].is_string());
    assert!(stopped.world.share(["list", "--json"]).succeeds().json()[0].get("unfinished").is_none());
}

#[test]
fn only_what_the_relay_lacks_is_sent() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let tap = Proxy::counting(&stopped.relay.url);
    stopped.leads_to(&tap.url);
    send(&stopped.world, &tap.url, &["--resume"]).succeeds();
    let passed = tap.passed(Way::ToRelay);
    assert!((SEALED_PART..SEALED_PART + 100_000).contains(&passed), "{passed} bytes for {SEALED_PART}");
    stopped.is_whole();
}

#[test]
fn a_stock_age_opens_what_was_sent_in_two_goes() {
    need("age");
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    world.file("case.bin", noise(BYTES));
    let send = |relay: &str, options: &[&str]| {
        world.share(["send", "--json", "--recipient", &key, "--relay", relay, "case.bin"]).args(options)
    };
    let link = killed_at(&gate, &world, send(&gate.url, &[]));
    let outcome = send(&gate.url, &["--resume"]).succeeds();
    assert_eq!(created_event(&outcome)["link"], link.as_str());
    let content = relay.share(&Sent { link, words: PathBuf::new() }).join("content.age");
    let opened = world.program("age", ["--decrypt", "--identity", "key.txt"]).arg(content).within(LIMIT).exits(0);
    assert!(opened.output.stdout == noise(BYTES));
}

#[test]
fn the_same_command_elsewhere_than_at_a_terminal_begins_anew_and_says_so() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let again = stopped.world.share(["send", "--json", "--relay", &stopped.gate.url, "case.bin"]).succeeds();
    assert_ne!(created_event(&again)["link"], stopped.sent.link.as_str());
    again.says("warning: ").says(&stopped.sent.link).says("add --resume");
    assert!(stopped.has("journal.json"), "it can still go on");
    stopped.world.share(["resume", &stopped.sent.link]).succeeds();
    stopped.is_whole();
}

#[test]
fn new_begins_anew_and_takes_the_old_one_back() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let outcome = send(&stopped.world, &stopped.gate.url, &["--new"]).succeeds();
    outcome.says(&format!("The unfinished upload was taken back: {}", stopped.sent.link));
    assert_eq!(stopped.relay_says()["code"], "revoked");
    assert_eq!(journals(&stopped.world), [] as [PathBuf; 0]);
}

#[test]
fn another_command_is_not_the_same() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    stopped.world.file("message", "x");
    for (number, options) in
        [["--expires", "6d"], ["--downloads", "3"], ["--message", "@message"], ["--words", "7"]].iter().enumerate()
    {
        let words = format!("words-{number}");
        let run = stopped.world.share(["send", "--json", "--resume", "--relay", &stopped.gate.url, "case.bin"]);
        let outcome = run.args(["--passphrase-file", &words]).args(options).succeeds();
        assert_ne!(created_event(&outcome)["link"], stopped.sent.link.as_str(), "{options:?}");
    }
    send(&stopped.world, &stopped.gate.url, &["--resume"]).succeeds();
    stopped.is_whole();
}

#[test]
fn a_folder_goes_on_and_the_file_in_it_that_changed_is_named() {
    let world = World::new();
    let relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/2 ");
    (0..30).for_each(|number| drop(world.file(format!("folder/{number}"), noise(PART / 8 + number))));
    let send = |options: &[&str]| {
        let run = world.share(["send", "folder", "--relay", &gate.url, "--passphrase-file", "words"]);
        run.args(options)
    };
    let link = killed_at(&gate, &world, send(&["--json"]));
    let (old, path) = (noise(PART / 8 + 7), world.path("folder/7"));
    fs::write(&path, "changed").unwrap();
    fails(
        || send(&["--resume"]),
        12,
        "file_changed",
        "folder/7 changed since this upload began",
        "`share send` with --new",
    );
    // The bytes decide, whatever the time.
    fs::write(&path, old).unwrap();
    send(&["--resume"]).succeeds();
    world.get(&Sent { link, words: world.path("words") }, "in").succeeds();
    for number in 0..30 {
        assert!(fs::read(world.path(format!("in/folder/{number}"))).unwrap() == noise(PART / 8 + number), "{number}");
    }
}

#[test]
fn what_changed_is_named_and_not_sent() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let file = File::options().write(true).open(stopped.world.path("case.bin")).unwrap();
    file.write_all_at(b"other bytes", PART as u64).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    let run = || stopped.world.share(["send", "--resume", "--relay", &stopped.gate.url, "case.bin"]);
    fails(run, 12, "file_changed", "case.bin changed since this upload began", "`share send` with --new");
    fails(|| stopped.world.share(["resume"]), 12, "file_changed", "case.bin changed", "`share send` with --new");
    assert_eq!(stopped.relay_says()["state"], "uploading");
    send(&stopped.world, &stopped.gate.url, &["--new"]).succeeds();
}

#[test]
fn what_was_only_touched_or_has_grown_goes_on() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let path = stopped.world.path("case.bin");
    fs::remove_file(&path).unwrap();
    fs::write(&path, [noise(BYTES), b"one more line".to_vec()].concat()).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    stopped.world.share(["resume"]).succeeds().says("case.bin grew while it was sent");
    stopped.is_whole();
}

/// Other bytes, though neither size nor time tells.
fn change_unnoticed(file: &Path) {
    let metadata = fs::metadata(file).unwrap();
    let changed: Vec<u8> = noise(BYTES).iter().map(|byte| byte ^ 1).collect();
    fs::write(file, changed).unwrap();
    File::options().write(true).open(file).unwrap().set_modified(metadata.modified().unwrap()).unwrap();
}

#[test]
fn no_other_bytes_are_sent_in_place_of_what_may_have_been_sent() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    change_unnoticed(&stopped.world.path("case.bin"));
    // The tags of the part that was on its way are there too.
    let tap = Proxy::counting(&stopped.relay.url);
    stopped.leads_to(&tap.url);
    let outcome = send(&stopped.world, &tap.url, &["--resume"]).output();
    let told = outcome.fails(12, "file_changed");
    assert!(told["hint"].as_str().unwrap().contains("--new"), "{told}");
    let passed = tap.passed(Way::ToRelay);
    assert!(passed < CHUNK as u64, "{passed} bytes were sent");
}

#[test]
fn what_goes_on_is_from_the_sender_that_it_was_begun_by() {
    let (stopped, _) = Stopped::by("KILL", &["--from", "Wijkteam Noord"]);
    stopped.world.share(["resume", &stopped.sent.link]).env("SHARE_FROM", "Wijkteam Zuid").succeeds();
    let received = stopped.world.get(&stopped.sent.through(&stopped.relay.url), "in").arg("--json").succeeds().json();
    assert_eq!(received[0]["sender"], "Wijkteam Noord");
}

#[test]
fn standard_input_goes_on_with_the_same_bytes_and_no_others() {
    let world = World::new();
    let relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    let send = |options: &[&str]| {
        let run = world.share(["send", "-", "--name", "case.bin", "--json", "--relay", &gate.url, "--passphrase-file"]);
        run.arg("words").args(["--from", "Wijkteam Noord"]).args(options)
    };
    let mut sending = send(&[]).start();
    let mut stdin = sending.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &noise(BYTES))));
    let link = sending.event()["link"].as_str().unwrap().to_owned();
    gate.wait_until_stopped();
    until_header_is_kept(&world);
    sending.signal("INT");
    let told = sending.finish().fails(130, "interrupted");
    assert!(told["hint"].as_str().unwrap().contains("pipe the same bytes"), "{told}");
    writer.join().unwrap();
    gate.open();
    world.share(["resume", "--json"]).output().fails(2, "usage");

    let mut other = noise(BYTES);
    other[PART / 2] ^= 1;
    send(&["--resume"]).output_with_input(&other).fails(12, "file_changed");
    send(&["--resume"]).output_with_input(&noise(PART + 1)).fails(12, "file_changed");
    let outcome = send(&["--resume"]).output_with_input(&noise(BYTES)).exits(0);
    assert_eq!(created_event(&outcome)["link"], link.as_str());
    let sent = Sent { link, words: world.path("words") };
    world.get(&sent, "in").succeeds().says("From: Wijkteam Noord ");
    assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(BYTES));
    assert_eq!(journals(&world), [] as [PathBuf; 0]);
}

#[test]
fn the_words_file_is_written_again_or_must_hold_the_same_words() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let words = stopped.sent.passphrase();
    stopped.world.file("words", "other words");
    send(&stopped.world, &stopped.gate.url, &["--resume"]).output().fails(10, "output_exists");
    assert_eq!(fs::read(stopped.world.path("words")).unwrap(), b"other words");
    fs::remove_file(stopped.world.path("words")).unwrap();
    send(&stopped.world, &stopped.gate.url, &["--resume"]).succeeds();
    assert_eq!(stopped.sent.passphrase(), words);
    stopped.is_whole();
}

#[test]
fn words_are_told_again() {
    let world = World::new();
    let relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    world.file("case.bin", noise(BYTES));
    let send = || world.share(["send", "case.bin", "--relay", &gate.url, "--json"]);
    let mut sending = send().start();
    let words = sending.event()["words"].as_str().unwrap().to_owned();
    gate.wait_until_stopped();
    until_header_is_kept(&world);
    sending.signal("KILL");
    sending.finish();
    gate.open();
    assert_eq!(created_event(&send().arg("--resume").succeeds())["words"], words.as_str());
}

#[test]
fn revoke_takes_the_journal_along() {
    let (stopped, _) = Stopped::by("INT", &[]);
    stopped.world.share(["revoke", &stopped.sent.link]).succeeds();
    assert_eq!(journals(&stopped.world), [] as [PathBuf; 0]);
    let resume = || stopped.world.share(["resume"]);
    fails(resume, 10, "nothing_unfinished", "There is no unfinished upload", "To send it again");
}

#[test]
fn revoke_takes_along_the_journal_of_what_has_expired() {
    let world = World::new();
    let relay = world.clocked_relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    world.file("case.bin", noise(BYTES));
    let link = killed_at(&gate, &world, send(&world, &gate.url, &[]));
    relay.pass(Duration::from_secs(49 * 3600));
    assert!(!journals(&world).is_empty());
    world.share(["revoke", &link, "--json"]).output().fails(5, "expired");
    assert_eq!(journals(&world), [] as [PathBuf; 0]);
}

#[test]
fn after_a_day_it_goes_on() {
    let world = World::new();
    let relay = world.clocked_relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    world.file("case.bin", noise(BYTES));
    let link = killed_at(&gate, &world, send(&world, &gate.url, &[]));
    relay.pass(Duration::from_secs(24 * 3600));
    world.share(["resume"]).succeeds();
    world.get(&Sent { link, words: world.path("words") }, "in").succeeds();
    assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(BYTES));
}

#[test]
fn what_is_gone_from_the_relay_cannot_go_on() {
    for (end, clock) in [("revoked", "+0"), ("expired", "+49h")] {
        let world = World::new();
        let relay = world.clocked_relay();
        let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
        world.file("case.bin", noise(BYTES));
        let link = killed_at(&gate, &world, send(&world, &gate.url, &[]));
        let kept = files_below(&world.path("home/.local/share/share/uploads"));
        match end {
            "revoked" => {
                // From another copy of the ledger, which knows of no journal.
                let aside = world.path("aside");
                fs::rename(world.path("home/.local/share/share/uploads"), &aside).unwrap();
                world.share(["revoke", &link]).succeeds();
                fs::remove_dir_all(world.path("home/.local/share/share/uploads")).ok();
                fs::rename(&aside, world.path("home/.local/share/share/uploads")).unwrap();
            }
            _ => relay.pass(Duration::from_secs(49 * 3600)),
        }
        assert_eq!(journals(&world), kept);
        let outcome = world.share(["resume", "--json"]).clock(clock).output();
        let told = outcome.fails(5, end);
        assert!(told["hint"].as_str().unwrap().contains("Send it again"), "{told}");
        assert_eq!(journals(&world), [] as [PathBuf; 0], "{end}");
        assert!(!world.path("words").exists(), "{end}: they open nothing now");
    }
}

#[test]
fn one_process_at_a_time_goes_on() {
    let world = World::new();
    let relay = world.relay();
    let gate = Proxy::holding_request(&relay.url, "/parts/3 ");
    world.file("case.bin", noise(BYTES));
    let mut sending: Started = send(&world, &gate.url, &[]).start();
    let link = sending.event()["link"].as_str().unwrap().to_owned();
    gate.wait_until_stopped();
    let run = || world.share(["resume"]);
    fails(run, 10, "upload_running", "Another process is still sending this", "");
    gate.open();
    sending.finish().exits(0);
    world.get(&Sent { link, words: world.path("words") }, "in").succeeds();
}

#[test]
fn killed_before_there_is_a_header_it_goes_on() {
    for created in [false, true] {
        let world = World::new();
        let relay = world.relay();
        let gate = match created {
            true => Proxy::holding_answer(&relay.url, "PUT /v1/shares/", 1),
            false => Proxy::holding_request(&relay.url, "PUT /v1/shares/"),
        };
        world.file("case.bin", noise(PART));
        let sending = send(&world, &gate.url, &[]).start();
        gate.wait_until_stopped();
        sending.signal("KILL");
        sending.finish();
        gate.open();
        assert!(!journals(&world).is_empty());
        let _ = fs::remove_file(journals(&world).into_iter().find(|path| path.ends_with("header")).unwrap_or_default());
        let words = fs::read(world.path("words")).ok();
        let outcome = send(&world, &gate.url, &["--resume"]).succeeds();
        let event = created_event(&outcome);
        assert_eq!(event["resumed"], true);
        assert_eq!(journals(&world), [] as [PathBuf; 0]);
        assert!(words.is_none_or(|words| fs::read(world.path("words")).unwrap() == words));
        let sent = Sent { link: event["link"].as_str().unwrap().to_owned(), words: world.path("words") };
        world.get(&sent, "in").succeeds();
        assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(PART));
    }
}

#[test]
fn ctrl_c_while_it_is_taken_back_keeps_it_and_sends_nothing() {
    let (stopped, _) = Stopped::by("KILL", &[]);
    let gate = Proxy::holding_request(&stopped.relay.url, "DELETE /v1/shares/");
    stopped.leads_to(&gate.url);
    let sending = send(&stopped.world, &gate.url, &["--new"]).start();
    gate.wait_until_stopped();
    sending.signal("INT");
    let outcome = sending.finish();
    outcome.fails(130, "interrupted");
    assert_eq!(outcome.json().len(), 1, "{outcome:?}");
    // Not opened: what it holds back would still take the share back.
    stopped.leads_to(&stopped.relay.url);
    stopped.world.share(["resume"]).succeeds();
    stopped.is_whole();
}

#[test]
fn killed_after_all_was_sent_it_is_ready_though_the_file_changed() {
    for answered in [false, true] {
        let world = World::new();
        let relay = world.relay();
        let gate = match answered {
            true => Proxy::holding_answer(&relay.url, "/seal ", 1),
            false => Proxy::holding_request(&relay.url, "/seal "),
        };
        world.file("case.bin", noise(PART + 1));
        let mut sending = send(&world, &gate.url, &["--once"]).start();
        let link = sending.event()["link"].as_str().unwrap().to_owned();
        gate.wait_until_stopped();
        sending.signal("KILL");
        sending.finish();
        let sent = Sent { link, words: world.path("words") };
        // The recipient is faster than the sender.
        world.get(&sent.through(&relay.url), "in").succeeds();
        gate.open();
        if !answered {
            // As if killed a moment earlier.
            let entry = world.path(format!("home/.local/share/share/ledger/{}.json", sent.id()));
            let mut json: Value = serde_json::from_slice(&fs::read(&entry).unwrap()).unwrap();
            json.as_object_mut().unwrap().remove("fingerprint").unwrap();
            fs::write(&entry, json.to_string()).unwrap();
        }
        world.file("case.bin", "changed");
        let outcome = world.share(["resume", "--json"]).succeeds();
        assert_eq!(outcome.json()[1]["event"], "ready");
        assert_eq!(journals(&world), [] as [PathBuf; 0]);
        let status = world.status(&sent);
        assert_eq!(status["state"], "collected");
        let receipt = status["events"].as_array().unwrap().iter().find(|event| event["event"] == "receipt").unwrap();
        assert_eq!(receipt["verified"], true, "{status}");
    }
}

#[test]
fn an_unreachable_relay_keeps_the_upload() {
    let (mut stopped, _) = Stopped::by("KILL", &[]);
    stopped.relay.kill();
    let outcome = stopped.world.share(["resume", "--json", "--patience", "0s"]).output();
    outcome.fails(3, "unreachable");
    outcome.says("The upload is kept");
    assert!(stopped.has("journal.json"));
}

#[test]
fn killed_again_and_again_it_still_arrives() {
    let (mut dice, mut tally) = (Dice::new(), Tally::default());
    for round in 0..rounds() {
        let world = World::new();
        let relay = world.relay();
        let tap = Proxy::counting(&relay.url);
        let size = 20 * 1024 * 1024;
        let file = world.file("case.bin", noise(size));
        let words = world.path("words");
        let (mut link, mut told): (Option<String>, Option<Vec<u8>>) = (None, None);
        loop {
            let run = world.share(["send", "--json", "--resume", "--relay", &tap.url, "--passphrase-file"]);
            let output =
                struck(run.arg(&words).arg(&file), &tap, Way::ToRelay, dice.below(size as u64 * 3 / 2), "KILL");
            tally.add(&output);
            // One that was announced keeps its link.
            if let Some(now) = announced(&output) {
                assert!(link.is_none() || link.as_ref() == Some(&now), "round {round}: {link:?}, {now}");
                assert!(told.is_none() || told == fs::read(&words).ok(), "round {round}: other words");
                (link, told) = (Some(now), fs::read(&words).ok());
            }
            if output.status.success() {
                break;
            }
        }
        assert_eq!(journals(&world), [] as [PathBuf; 0], "round {round}");
        world.get(&Sent { link: link.unwrap(), words }, "in").within(LIMIT).exits(0);
        assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(size), "round {round}");
    }
    tally.show("send, SIGKILL and resumed");
}
