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

use crate::support::{
    CHUNK, PART, PATIENCE,
    failures::fails,
    fault_proxy::{Direction, FaultProxy},
    interruption::{Tally, announced, signal_after_bytes},
    keys::age_key,
    machine::need,
    program::Started,
    random::{Dice, noise, rounds},
    test_env::{Sent, TestEnv, files_below},
    uploads::{
        BYTES, SEALED_PART, StoppedUpload, created_event, cut_off_upload, journals, killed_at, send_case,
        until_header_is_kept,
    },
};

#[test]
fn ctrl_c_keeps_what_was_sent_and_resume_goes_on() {
    let (stopped, outcome) = StoppedUpload::by("INT", &[]);
    let told = outcome.fails(130, "interrupted");
    assert_eq!(told["hint"], "Go on with: share resume");
    outcome.says("The upload is kept").says(&format!("share revoke {}", stopped.sent.link));
    let words = stopped.sent.passphrase();
    let listed = stopped.env.share(["list"]).succeeds();
    assert!(listed.stdout().contains("not finished; go on with: share resume"), "{listed:?}");
    let listed = stopped.env.share(["list", "--json"]).succeeds().json();
    assert_eq!((&listed[0]["unfinished"], &listed[0]["complete"]), (&true.into(), &false.into()));
    assert_eq!(stopped.env.status(&stopped.sent)["state"], "uploading");

    let outcome = stopped.env.share(["resume", "--json"]).succeeds();
    let told = created_event(&outcome);
    assert_eq!((&told["link"], &told["resumed"]), (&stopped.sent.link.clone().into(), &true.into()));
    assert_eq!(outcome.json()[1]["event"], "ready");
    assert_eq!(stopped.sent.passphrase(), words);
    stopped.assert_complete();
    assert!(stopped.env.ledger_entry(&stopped.sent)["fingerprint"].is_string());
    assert!(stopped.env.share(["list", "--json"]).succeeds().json()[0].get("unfinished").is_none());
}

#[test]
fn only_what_the_relay_lacks_is_sent() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let tap = FaultProxy::counting(&stopped.relay.url);
    stopped.set_journal_relay(&tap.url);
    send_case(&stopped.env, &tap.url, &["--resume"]).succeeds();
    let passed = tap.passed(Direction::ToRelay);
    assert!((SEALED_PART..SEALED_PART + 100_000).contains(&passed), "{passed} bytes for {SEALED_PART}");
    stopped.assert_complete();
}

#[test]
fn a_stock_age_opens_what_was_sent_in_two_goes() {
    need("age");
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
    env.file("case.bin", noise(BYTES));
    let send = |relay: &str, options: &[&str]| {
        env.share(["send", "--json", "--recipient", &key, "--relay", relay, "case.bin"]).args(options)
    };
    let link = killed_at(&proxy, &env, send(&proxy.url, &[]));
    let outcome = send(&proxy.url, &["--resume"]).succeeds();
    assert_eq!(created_event(&outcome)["link"], link.as_str());
    let content = relay.share(&Sent { link, words: PathBuf::new() }).join("content.age");
    let opened = env.program("age", ["--decrypt", "--identity", "key.txt"]).arg(content).within(PATIENCE).exits(0);
    assert!(opened.output.stdout == noise(BYTES));
}

#[test]
fn the_same_command_elsewhere_than_at_a_terminal_begins_anew_and_says_so() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let again = stopped.env.share(["send", "--json", "--relay", &stopped.proxy.url, "case.bin"]).succeeds();
    assert_ne!(created_event(&again)["link"], stopped.sent.link.as_str());
    again.says("warning: ").says(&stopped.sent.link).says("add --resume");
    assert!(stopped.has("journal.json"), "it can still go on");
    stopped.env.share(["resume", &stopped.sent.link]).succeeds();
    stopped.assert_complete();
}

#[test]
fn new_begins_anew_and_takes_the_old_one_back() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let outcome = stopped.send(&["--new"]).succeeds();
    outcome.says(&format!("The unfinished upload was taken back: {}", stopped.sent.link));
    assert_eq!(stopped.relay_says()["code"], "revoked");
    assert_eq!(journals(&stopped.env), [] as [PathBuf; 0]);
}

#[test]
fn another_command_is_not_the_same() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    stopped.env.file("message", "x");
    for (number, options) in
        [["--expires", "6d"], ["--downloads", "3"], ["--message", "@message"], ["--words", "7"]].iter().enumerate()
    {
        let words = format!("words-{number}");
        let run = stopped.env.share(["send", "--json", "--resume", "--relay", &stopped.proxy.url, "case.bin"]);
        let outcome = run.args(["--passphrase-file", &words]).args(options).succeeds();
        assert_ne!(created_event(&outcome)["link"], stopped.sent.link.as_str(), "{options:?}");
    }
    stopped.send(&["--resume"]).succeeds();
    stopped.assert_complete();
}

#[test]
fn a_folder_goes_on_and_the_file_in_it_that_changed_is_named() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/2 ");
    (0..30).for_each(|number| drop(env.file(format!("folder/{number}"), noise(PART / 8 + number))));
    let send = |options: &[&str]| {
        let run = env.share(["send", "folder", "--relay", &proxy.url, "--passphrase-file", "words"]);
        run.args(options)
    };
    let link = killed_at(&proxy, &env, send(&["--json"]));
    let (old, path) = (noise(PART / 8 + 7), env.path("folder/7"));
    fs::write(&path, "changed").unwrap();
    fails(
        || send(&["--resume"]),
        12,
        "file_changed",
        "folder/7 changed since this upload began",
        "`share send` with --new",
    );
    // It has the old bytes again, which is what counts, and a new time, which does not.
    fs::write(&path, old).unwrap();
    send(&["--resume"]).succeeds();
    env.get(&Sent { link, words: env.path("words") }, "in").succeeds();
    for number in 0..30 {
        assert!(fs::read(env.path(format!("in/folder/{number}"))).unwrap() == noise(PART / 8 + number), "{number}");
    }
}

#[test]
fn what_changed_is_named_and_not_sent() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let file = File::options().write(true).open(stopped.env.path("case.bin")).unwrap();
    file.write_all_at(b"other bytes", PART as u64).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    let run = || stopped.env.share(["send", "--resume", "--relay", &stopped.proxy.url, "case.bin"]);
    fails(run, 12, "file_changed", "case.bin changed since this upload began", "`share send` with --new");
    fails(|| stopped.env.share(["resume"]), 12, "file_changed", "case.bin changed", "`share send` with --new");
    assert_eq!(stopped.relay_says()["state"], "uploading");
    stopped.send(&["--new"]).succeeds();
}

#[test]
fn what_was_only_touched_or_has_grown_goes_on() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let path = stopped.env.path("case.bin");
    fs::remove_file(&path).unwrap();
    fs::write(&path, [noise(BYTES), b"one more line".to_vec()].concat()).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    stopped.env.share(["resume"]).succeeds().says("case.bin grew while it was sent");
    stopped.assert_complete();
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
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    change_unnoticed(&stopped.env.path("case.bin"));
    // The tags of the part that was on its way are there too.
    let tap = FaultProxy::counting(&stopped.relay.url);
    stopped.set_journal_relay(&tap.url);
    let outcome = send_case(&stopped.env, &tap.url, &["--resume"]).output();
    let told = outcome.fails(12, "file_changed");
    assert!(told["hint"].as_str().unwrap().contains("--new"), "{told}");
    let passed = tap.passed(Direction::ToRelay);
    assert!(passed < CHUNK as u64, "{passed} bytes were sent");
}

#[test]
fn what_goes_on_is_from_the_sender_that_it_was_begun_by() {
    let (stopped, _) = StoppedUpload::by("KILL", &["--from", "Wijkteam Noord"]);
    stopped.env.share(["resume", &stopped.sent.link]).env("SHARE_FROM", "Wijkteam Zuid").succeeds();
    let received = stopped.env.get(&stopped.sent.through(&stopped.relay.url), "in").arg("--json").succeeds().json();
    assert_eq!(received[0]["sender"], "Wijkteam Noord");
}

#[test]
fn standard_input_goes_on_with_the_same_bytes_and_no_others() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
    let send = |options: &[&str]| {
        let run = env.share(["send", "-", "--name", "case.bin", "--json", "--relay", &proxy.url, "--passphrase-file"]);
        run.arg("words").args(["--from", "Wijkteam Noord"]).args(options)
    };
    let mut sending = send(&[]).start();
    let mut stdin = sending.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &noise(BYTES))));
    let link = sending.link();
    proxy.wait_until_stopped();
    until_header_is_kept(&env);
    sending.signal("INT");
    let told = sending.finish().fails(130, "interrupted");
    assert!(told["hint"].as_str().unwrap().contains("pipe the same bytes"), "{told}");
    writer.join().unwrap();
    proxy.open();
    env.share(["resume", "--json"]).output().fails(2, "usage");

    let mut other = noise(BYTES);
    other[PART / 2] ^= 1;
    send(&["--resume"]).output_with_input(&other).fails(12, "file_changed");
    send(&["--resume"]).output_with_input(&noise(PART + 1)).fails(12, "file_changed");
    let outcome = send(&["--resume"]).output_with_input(&noise(BYTES)).exits(0);
    assert_eq!(created_event(&outcome)["link"], link.as_str());
    let sent = Sent { link, words: env.path("words") };
    env.get(&sent, "in").succeeds().says("From: Wijkteam Noord ");
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(BYTES));
    assert_eq!(journals(&env), [] as [PathBuf; 0]);
}

#[test]
fn the_words_file_is_written_again_or_must_hold_the_same_words() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let words = stopped.sent.passphrase();
    stopped.env.file("words", "other words");
    stopped.send(&["--resume"]).output().fails(10, "output_exists");
    assert_eq!(fs::read(stopped.env.path("words")).unwrap(), b"other words");
    fs::remove_file(stopped.env.path("words")).unwrap();
    stopped.send(&["--resume"]).succeeds();
    assert_eq!(stopped.sent.passphrase(), words);
    stopped.assert_complete();
}

#[test]
fn words_are_told_again() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
    env.file("case.bin", noise(BYTES));
    let send = || env.share(["send", "case.bin", "--relay", &proxy.url, "--json"]);
    let mut sending = send().start();
    let words = sending.event()["words"].as_str().unwrap().to_owned();
    proxy.wait_until_stopped();
    until_header_is_kept(&env);
    sending.signal("KILL");
    sending.finish();
    proxy.open();
    assert_eq!(created_event(&send().arg("--resume").succeeds())["words"], words.as_str());
}

#[test]
fn revoke_takes_the_journal_along() {
    let (stopped, _) = StoppedUpload::by("INT", &[]);
    stopped.env.share(["revoke", &stopped.sent.link]).succeeds();
    assert_eq!(journals(&stopped.env), [] as [PathBuf; 0]);
    let resume = || stopped.env.share(["resume"]);
    fails(resume, 10, "nothing_unfinished", "There is no unfinished upload", "To send it again");
}

#[test]
fn revoke_takes_along_the_journal_of_what_has_expired() {
    let (env, relay, _proxy, sent) = cut_off_upload();
    relay.pass(Duration::from_secs(49 * 3600));
    assert!(!journals(&env).is_empty());
    env.share(["revoke", &sent.link, "--json"]).output().fails(5, "expired");
    assert_eq!(journals(&env), [] as [PathBuf; 0]);
}

#[test]
fn after_a_day_it_goes_on() {
    let (env, relay, _proxy, sent) = cut_off_upload();
    relay.pass(Duration::from_secs(24 * 3600));
    env.share(["resume"]).succeeds();
    env.get(&sent, "in").succeeds();
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(BYTES));
}

#[test]
fn what_is_gone_from_the_relay_cannot_go_on() {
    for (end, clock) in [("revoked", "+0"), ("expired", "+49h")] {
        let (env, relay, _proxy, sent) = cut_off_upload();
        let kept = files_below(&env.path("home/.local/share/share/uploads"));
        match end {
            "revoked" => {
                // From another copy of the ledger, which knows of no journal.
                let aside = env.path("aside");
                fs::rename(env.path("home/.local/share/share/uploads"), &aside).unwrap();
                env.share(["revoke", &sent.link]).succeeds();
                fs::remove_dir_all(env.path("home/.local/share/share/uploads")).ok();
                fs::rename(&aside, env.path("home/.local/share/share/uploads")).unwrap();
            }
            _ => relay.pass(Duration::from_secs(49 * 3600)),
        }
        assert_eq!(journals(&env), kept);
        let outcome = env.share(["resume", "--json"]).clock(clock).output();
        let told = outcome.fails(5, end);
        assert!(told["hint"].as_str().unwrap().contains("Send it again"), "{told}");
        assert_eq!(journals(&env), [] as [PathBuf; 0], "{end}");
        assert!(!env.path("words").exists(), "{end}: they open nothing now");
    }
}

#[test]
fn one_process_at_a_time_goes_on() {
    let (env, relay) = TestEnv::with_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
    env.file("case.bin", noise(BYTES));
    let mut sending: Started = send_case(&env, &proxy.url, &[]).start();
    let link = sending.link();
    proxy.wait_until_stopped();
    let run = || env.share(["resume"]);
    fails(run, 10, "upload_running", "Another process is still sending this", "");
    proxy.open();
    sending.finish().exits(0);
    env.get(&Sent { link, words: env.path("words") }, "in").succeeds();
}

#[test]
fn killed_before_there_is_a_header_it_goes_on() {
    for created in [false, true] {
        let (env, relay) = TestEnv::with_relay();
        let proxy = match created {
            true => FaultProxy::holding_answer(&relay.url, "PUT /v1/shares/", 1),
            false => FaultProxy::holding_request(&relay.url, "PUT /v1/shares/"),
        };
        env.file("case.bin", noise(PART));
        let sending = send_case(&env, &proxy.url, &[]).start();
        proxy.wait_until_stopped();
        sending.signal("KILL");
        sending.finish();
        proxy.open();
        assert!(!journals(&env).is_empty());
        let _ = fs::remove_file(journals(&env).into_iter().find(|path| path.ends_with("header")).unwrap_or_default());
        let words = fs::read(env.path("words")).ok();
        let outcome = send_case(&env, &proxy.url, &["--resume"]).succeeds();
        let event = created_event(&outcome);
        assert_eq!(event["resumed"], true);
        assert_eq!(journals(&env), [] as [PathBuf; 0]);
        assert!(words.is_none_or(|words| fs::read(env.path("words")).unwrap() == words));
        let sent = Sent { link: event["link"].as_str().unwrap().to_owned(), words: env.path("words") };
        env.get(&sent, "in").succeeds();
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(PART));
    }
}

#[test]
fn ctrl_c_while_it_is_taken_back_keeps_it_and_sends_nothing() {
    let (stopped, _) = StoppedUpload::by("KILL", &[]);
    let proxy = FaultProxy::holding_request(&stopped.relay.url, "DELETE /v1/shares/");
    stopped.set_journal_relay(&proxy.url);
    let sending = send_case(&stopped.env, &proxy.url, &["--new"]).start();
    proxy.wait_until_stopped();
    sending.signal("INT");
    let outcome = sending.finish();
    outcome.fails(130, "interrupted");
    assert_eq!(outcome.json().len(), 1, "{outcome:?}");
    // Not opened: what it holds back would still take the share back.
    stopped.set_journal_relay(&stopped.relay.url);
    stopped.env.share(["resume"]).succeeds();
    stopped.assert_complete();
}

#[test]
fn killed_after_all_was_sent_it_is_ready_though_the_file_changed() {
    for answered in [false, true] {
        let (env, relay) = TestEnv::with_relay();
        let proxy = match answered {
            true => FaultProxy::holding_answer(&relay.url, "/seal ", 1),
            false => FaultProxy::holding_request(&relay.url, "/seal "),
        };
        env.file("case.bin", noise(PART + 1));
        let mut sending = send_case(&env, &proxy.url, &["--once"]).start();
        let link = sending.link();
        proxy.wait_until_stopped();
        sending.signal("KILL");
        sending.finish();
        let sent = Sent { link, words: env.path("words") };
        // The recipient is faster than the sender.
        env.get(&sent.through(&relay.url), "in").succeeds();
        proxy.open();
        if !answered {
            // As if killed a moment earlier.
            let entry = env.path(format!("home/.local/share/share/ledger/{}.json", sent.id()));
            let mut json: Value = serde_json::from_slice(&fs::read(&entry).unwrap()).unwrap();
            json.as_object_mut().unwrap().remove("fingerprint").unwrap();
            fs::write(&entry, json.to_string()).unwrap();
        }
        env.file("case.bin", "changed");
        let outcome = env.share(["resume", "--json"]).succeeds();
        assert_eq!(outcome.json()[1]["event"], "ready");
        assert_eq!(journals(&env), [] as [PathBuf; 0]);
        let status = env.status(&sent);
        assert_eq!(status["state"], "collected");
        let receipt = status["events"].as_array().unwrap().iter().find(|event| event["event"] == "receipt").unwrap();
        assert_eq!(receipt["verified"], true, "{status}");
    }
}

#[test]
fn an_unreachable_relay_keeps_the_upload() {
    let (mut stopped, _) = StoppedUpload::by("KILL", &[]);
    stopped.relay.kill();
    let outcome = stopped.env.share(["resume", "--json", "--patience", "0s"]).output();
    outcome.fails(3, "unreachable");
    outcome.says("The upload is kept");
    assert!(stopped.has("journal.json"));
}

#[test]
fn killed_again_and_again_it_still_arrives() {
    let (mut dice, mut tally) = (Dice::new(), Tally::default());
    for round in 0..rounds() {
        let (env, relay) = TestEnv::with_relay();
        let tap = FaultProxy::counting(&relay.url);
        let size = 20 * 1024 * 1024;
        let file = env.file("case.bin", noise(size));
        let words = env.path("words");
        let (mut link, mut told): (Option<String>, Option<Vec<u8>>) = (None, None);
        loop {
            let run = env.share(["send", "--json", "--resume", "--relay", &tap.url, "--passphrase-file"]);
            let output = signal_after_bytes(
                run.arg(&words).arg(&file),
                &tap,
                Direction::ToRelay,
                dice.below(size as u64 * 3 / 2),
                "KILL",
            );
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
        assert_eq!(journals(&env), [] as [PathBuf; 0], "round {round}");
        env.get(&Sent { link: link.unwrap(), words }, "in").within(PATIENCE).exits(0);
        assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(size), "round {round}");
    }
    tally.show("send, SIGKILL and resumed");
}
