//! The end of a download: a program that is killed while what arrived gets its final names, or before the relay has the
//! receipt, is finished by the next run. Nothing is downloaded or saved twice, and nothing stays beside it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::support::{
    MIB, PATIENCE,
    downloads::{DownloadFixture, get_one},
    fault_proxy::{Direction, Fault, FaultProxy, Place},
    keys::age_key,
    machine::can_trace,
    program::Run,
    random::noise,
    test_env::{Sent, TestEnv, files_below},
};

/// Where it is killed: before this system call with this path in the staging folder. And whether nothing need be
/// downloaded after that: all has its final name, or nothing has.
const STEPS: [(&str, &str, bool); 8] = [
    ("renameat2", "files/case.bin", true),
    ("renameat2", "files/folder", false),
    ("unlink", "journal.json", true),
    ("unlink", "tags", true),
    ("unlink", "manifest.age", true),
    ("unlinkat", "files", true),
    ("unlink", "lock", true),
    ("rmdir", "", true),
];

/// What is kept to finish a download later.
fn kept(env: &TestEnv) -> Vec<PathBuf> {
    files_below(&env.path("home/.local/share/share/tickets"))
}

/// Runs it until it makes this system call with this path.
fn killed_at(fixture: &DownloadFixture, get: Run, call: &str, path: &Path) {
    let inject = format!("inject={call}:signal=KILL");
    let trace = format!("trace={call}");
    let relative = path.strip_prefix(fixture.env.path("")).unwrap();
    let paths = ["-P", path.to_str().unwrap(), "-P", relative.to_str().unwrap()];
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    let outcome = get.under(strace.into_iter().chain(paths)).within(PATIENCE);
    assert!(!outcome.output.status.success(), "it did not come to {call} {}: {outcome:?}", path.display());
}

#[test]
fn killed_at_any_of_them_the_next_run_finishes() {
    if !can_trace() {
        return;
    }
    let fixture = DownloadFixture::new(24 * MIB);
    for (round, (call, path, nothing_comes)) in STEPS.into_iter().enumerate() {
        let case = format!("{call} {path}");
        let proxy = fixture.cut_off();
        let link = fixture.sent.through(&proxy.url).link;
        killed_at(&fixture, fixture.get(&link), call, fixture.staging().join(path).components().as_path());
        assert_eq!(fixture.events("receipt"), round, "{case}");
        let before = proxy.passed(Direction::FromRelay);
        let outcome = fixture.get(&link).within(PATIENCE).exits(0).says("Received unchanged:");
        let came = proxy.passed(Direction::FromRelay) - before;
        assert_eq!(came < MIB as u64, nothing_comes, "{case}: {came} bytes, {outcome:?}");
        fixture.assert_complete(&case);
        assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (round + 1, round + 1), "{case}");
        assert_eq!(kept(&fixture.env), [] as [PathBuf; 0], "{case}");
        fs::remove_dir_all(fixture.env.path("in")).unwrap();
    }
}

/// A download that was killed while its receipt did not get through; what it was to pass is open then.
fn killed_before_the_receipt(fixture: &DownloadFixture) -> FaultProxy {
    let proxy = cut_at_the_receipt(&fixture.relay.url);
    let getting = fixture.get(&fixture.sent.through(&proxy.url).link).start();
    proxy.wait_until_stopped();
    getting.signal("KILL");
    drop(getting);
    proxy.open();
    fixture.assert_complete("killed before the receipt");
    proxy
}

#[test]
fn the_next_run_tells_what_is_there_and_sends_the_receipt() {
    let fixture = DownloadFixture::new(2 * MIB);
    let proxy = killed_before_the_receipt(&fixture);
    let get = || fixture.get(&fixture.sent.through(&proxy.url).link).arg("--json").within(PATIENCE).exits(0);
    let outcome = get();
    assert_eq!(outcome.json()[0]["event"], "received", "{outcome:?}");
    assert_eq!(outcome.json()[0]["files"], serde_json::json!(["in/case.bin", "in/folder"]), "{outcome:?}");
    fixture.assert_complete("the receipt is sent");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
    assert_eq!(kept(&fixture.env), [] as [PathBuf; 0]);
    // Told, it is a download of its own.
    get();
    assert_eq!(fixture.names(), ["case (2).bin", "case.bin", "folder", "folder (2)"]);
}

#[test]
fn what_was_changed_meanwhile_is_said_and_what_is_gone_comes_again() {
    let fixture = DownloadFixture::new(2 * MIB);
    let proxy = killed_before_the_receipt(&fixture);
    let get = |proxy: &FaultProxy| fixture.get(&fixture.sent.through(&proxy.url).link).within(PATIENCE).exits(0);
    fs::write(fixture.env.path("in/case.bin"), "mine").unwrap();
    fs::remove_file(fixture.env.path("in/folder/7")).unwrap();
    let again = "was changed or removed after it had been saved; it will be downloaded again";
    let outcome = get(&proxy).says(&format!("in/case.bin {again}")).says(&format!("in/folder/7 {again}"));
    assert!(outcome.stdout().lines().eq(["in/case (2).bin", "in/folder (2)"]), "{outcome:?}");
    assert_eq!(fs::read(fixture.env.path("in/case.bin")).unwrap(), b"mine");
    let (case, seven) = (fixture.env.path("in/case (2).bin"), fixture.env.path("in/folder (2)/7"));
    assert!(fs::read(case).unwrap() == fs::read(fixture.env.path("case.bin")).unwrap() && seven.exists());
    assert_eq!(fixture.names(), ["case (2).bin", "case.bin", "folder", "folder (2)"]);
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
    fs::remove_dir_all(fixture.env.path("in")).unwrap();

    let proxy = killed_before_the_receipt(&fixture);
    fs::rename(fixture.env.path("in/case.bin"), fixture.env.path("elsewhere.bin")).unwrap();
    // It may be stopped in between.
    let unsure = fixture.get(&fixture.sent.through(&proxy.url).link).args(["--identity", "nowhere"]);
    unsure.within(PATIENCE).exits(10).says(&format!("in/case.bin {again}"));
    get(&proxy);
    fixture.assert_complete("what was gone is there again");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (2, 2));
    assert_eq!(kept(&fixture.env), [] as [PathBuf; 0]);
}

/// A download whose receipt no relay took.
fn without_a_receipt(fixture: &DownloadFixture) -> FaultProxy {
    let cutting = cut_at_the_receipt(&fixture.relay.url);
    saved_without_a_receipt(fixture.get(&fixture.sent.through(&cutting.url).link));
    assert_eq!(fixture.events("receipt"), 0);
    cutting
}

fn cut_at_the_receipt(relay: &str) -> FaultProxy {
    FaultProxy::with_fault(relay, Place::Request("/receipt ", 0), Fault::Cut, usize::MAX)
}

fn saved_without_a_receipt(get: Run) {
    let outcome = get.args(["--patience", "1s"]).within(PATIENCE).exits(0).says("Received unchanged:");
    outcome.says("All is saved, but the sender could not be told yet: ").says("The next `share get`, ");
}

#[test]
fn a_receipt_that_no_relay_took_is_sent_by_a_later_run() {
    for later in ["send", "resume", "get", "again"] {
        let fixture = DownloadFixture::new(2 * MIB);
        let cutting = without_a_receipt(&fixture);
        // Kept until it has arrived.
        fixture.env.share(["resume"]).output().exits(10);
        assert_eq!((fixture.events("receipt"), kept(&fixture.env).len()), (0, 2), "{later}");
        cutting.open();
        let small = fixture.env.file("small", "x");
        let outcome = match later {
            "send" => fixture.env.share(["send", "--relay", &fixture.relay.url]).arg(small).within(PATIENCE).exits(0),
            "resume" => fixture.env.share(["resume"]).within(PATIENCE).exits(10),
            "get" => {
                let other = fixture.env.send(&fixture.relay.url, [small]);
                fixture.env.get(&other, "other").within(PATIENCE).exits(0)
            }
            _ => fixture.get(&fixture.sent.through(&cutting.url).link).within(PATIENCE).exits(0),
        };
        let said = match later {
            "again" => "This was saved before; it is not downloaded again.",
            _ => "The sender has now been told that this was received: ",
        };
        let _ = if later == "get" { outcome } else { outcome.says(said) };
        fixture.assert_complete(later);
        assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1), "{later}");
        assert_eq!(kept(&fixture.env), [] as [PathBuf; 0], "{later}");
    }
}

#[test]
fn a_receipt_goes_with_the_ticket_that_it_was_made_for() {
    let env = TestEnv::new();
    let relay = env.clocked_relay();
    let key = age_key(&env, "key.txt");
    let file = env.file("case.bin", noise(24 * MIB));
    let send = env.share(["send", "--json", "--recipient", &key, "--relay", &relay.url]).arg(file).succeeds();
    let sent = Sent { link: send.link(), words: PathBuf::new() };
    let cutting = cut_at_the_receipt(&relay.url);
    saved_without_a_receipt(get_one(&env, &sent.through(&cutting.url)));

    // Its ticket ends, and another download takes the next.
    relay.pass(Duration::from_secs(25 * 3600));
    let proxy = FaultProxy::holding_answer(&relay.url, "/content ", 6 * MIB);
    cutting.open();
    cutting.set_relay(&proxy.url);
    let other = || {
        let link = sent.through(&cutting.url).link;
        env.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "other"])
    };
    let getting = other().start();
    proxy.wait_until_stopped();
    getting.signal("KILL");
    drop(getting);
    proxy.open();
    let receipts = || {
        let events = env.status(&sent)["events"].as_array().unwrap().clone();
        let receipts: Vec<_> = events.into_iter().filter(|event| event["event"] == "receipt").collect();
        assert!(receipts.iter().all(|receipt| receipt["verified"] == true), "{receipts:?}");
        receipts.len()
    };
    env.share(["resume"]).within(PATIENCE).exits(10).says("The sender has now been told that this was received: ");
    assert_eq!(receipts(), 1);
    other().within(PATIENCE).exits(0).says("Going on with an earlier download: ");
    assert_eq!(receipts(), 2);
    assert_eq!(env.events(&sent).iter().filter(|event| *event == "ticket").count(), 2);
    assert!(fs::read(env.path("other/case.bin")).unwrap() == noise(24 * MIB));
    assert_eq!(kept(&env), [] as [PathBuf; 0]);
}

#[test]
fn the_receipt_of_what_was_saved_whole_stays_until_another_takes_its_place() {
    let fixture = DownloadFixture::new(2 * MIB);
    let cutting = without_a_receipt(&fixture);
    fs::rename(fixture.env.path("in/case.bin"), fixture.env.path("elsewhere.bin")).unwrap();
    let again = fixture.get(&fixture.sent.through(&cutting.url).link).args(["--identity", "nowhere"]);
    again.within(PATIENCE).exits(10).says("it will be downloaded again");
    cutting.open();
    fixture.env.share(["resume"]).within(PATIENCE).exits(10).says("The sender has now been told");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
    assert_eq!(kept(&fixture.env), [] as [PathBuf; 0]);
}

#[test]
fn with_force_what_was_saved_whole_is_downloaded_again() {
    let fixture = DownloadFixture::new(2 * MIB);
    let cutting = without_a_receipt(&fixture);
    // Nothing tells that it is damaged but whoever opens it.
    let case = fixture.env.path("in/case.bin");
    let metadata = fs::metadata(&case).unwrap();
    fs::write(&case, vec![0; metadata.len() as usize]).unwrap();
    File::options().write(true).open(&case).unwrap().set_modified(metadata.modified().unwrap()).unwrap();
    cutting.open();
    let get = fixture.get(&fixture.sent.through(&cutting.url).link).arg("--force");
    get.within(PATIENCE).exits(0).says("Received unchanged:");
    fixture.assert_complete("replaced");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
    assert_eq!(kept(&fixture.env), [] as [PathBuf; 0]);
}

#[test]
fn who_only_sends_a_receipt_is_waited_for() {
    let fixture = DownloadFixture::new(2 * MIB);
    let cutting = without_a_receipt(&fixture);
    let proxy = FaultProxy::holding_request(&fixture.relay.url, "/receipt ");
    cutting.open();
    cutting.set_relay(&proxy.url);
    let sending = fixture.env.share(["resume"]).start();
    proxy.wait_until_stopped();
    let getting = fixture.get(&fixture.sent.through(&cutting.url).link).start();
    sending.finish().exits(10);
    proxy.open();
    getting.finish().exits(0).says("This was saved before; it is not downloaded again.");
    fixture.assert_complete("saved once");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
    assert_eq!(kept(&fixture.env), [] as [PathBuf; 0]);
}
