//! The end of a download: a program that is killed while what arrived gets its final names, or before the relay has the
//! receipt, is finished by the next run. Nothing is downloaded or saved twice, and nothing stays beside it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    download_resume::{Fetched, MIB, get_one},
    durability::can_trace,
    interruptions::LIMIT,
    proxy::{Place, Proxy, Trouble, Way},
    round_trips::noise,
    stock_tools::age_key,
    world::{Run, Sent, World, files_below},
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
fn kept(world: &World) -> Vec<PathBuf> {
    files_below(&world.path("home/.local/share/share/tickets"))
}

/// Runs it until it makes this system call with this path.
fn killed_at(fetched: &Fetched, get: Run, call: &str, path: &Path) {
    let inject = format!("inject={call}:signal=KILL");
    let trace = format!("trace={call}");
    let relative = path.strip_prefix(fetched.world.path("")).unwrap();
    let paths = ["-P", path.to_str().unwrap(), "-P", relative.to_str().unwrap()];
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    let outcome = get.under(strace.into_iter().chain(paths)).within(LIMIT);
    assert!(!outcome.output.status.success(), "it did not come to {call} {}: {outcome:?}", path.display());
}

#[test]
fn killed_at_any_of_them_the_next_run_finishes() {
    if !can_trace() {
        return;
    }
    let fetched = Fetched::new(24 * MIB);
    for (round, (call, path, nothing_comes)) in STEPS.into_iter().enumerate() {
        let case = format!("{call} {path}");
        let gate = fetched.cut_off();
        let link = fetched.sent.through(&gate.url).link;
        killed_at(&fetched, fetched.get(&link), call, fetched.staging().join(path).components().as_path());
        assert_eq!(fetched.events("receipt"), round, "{case}");
        let before = gate.passed(Way::FromRelay);
        let outcome = fetched.get(&link).within(LIMIT).exits(0).says("Received unchanged:");
        let came = gate.passed(Way::FromRelay) - before;
        assert_eq!(came < MIB as u64, nothing_comes, "{case}: {came} bytes, {outcome:?}");
        fetched.whole(&case);
        assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (round + 1, round + 1), "{case}");
        assert_eq!(kept(&fetched.world), [] as [PathBuf; 0], "{case}");
        fs::remove_dir_all(fetched.world.path("in")).unwrap();
    }
}

/// A download that was killed while its receipt did not get through; what it was to pass is open then.
fn killed_before_the_receipt(fetched: &Fetched) -> Proxy {
    let gate = cut_at_the_receipt(&fetched.relay.url);
    let getting = fetched.get(&fetched.sent.through(&gate.url).link).start();
    gate.wait_until_stopped();
    getting.signal("KILL");
    drop(getting);
    gate.open();
    fetched.whole("killed before the receipt");
    gate
}

#[test]
fn the_next_run_tells_what_is_there_and_sends_the_receipt() {
    let fetched = Fetched::new(2 * MIB);
    let gate = killed_before_the_receipt(&fetched);
    let get = || fetched.get(&fetched.sent.through(&gate.url).link).arg("--json").within(LIMIT).exits(0);
    let outcome = get();
    assert_eq!(outcome.json()[0]["event"], "received", "{outcome:?}");
    assert_eq!(outcome.json()[0]["files"], serde_json::json!(["in/case.bin", "in/folder"]), "{outcome:?}");
    fetched.whole("the receipt is sent");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
    assert_eq!(kept(&fetched.world), [] as [PathBuf; 0]);
    // Told, it is a download of its own.
    get();
    assert_eq!(fetched.names(), ["case (2).bin", "case.bin", "folder", "folder (2)"]);
}

#[test]
fn what_was_changed_meanwhile_is_said_and_what_is_gone_comes_again() {
    let fetched = Fetched::new(2 * MIB);
    let gate = killed_before_the_receipt(&fetched);
    let get = |gate: &Proxy| fetched.get(&fetched.sent.through(&gate.url).link).within(LIMIT).exits(0);
    fs::write(fetched.world.path("in/case.bin"), "mine").unwrap();
    fs::remove_file(fetched.world.path("in/folder/7")).unwrap();
    let again = "was changed or removed after it had been saved; it will be downloaded again";
    let outcome = get(&gate).says(&format!("in/case.bin {again}")).says(&format!("in/folder/7 {again}"));
    assert!(outcome.stdout().lines().eq(["in/case (2).bin", "in/folder (2)"]), "{outcome:?}");
    assert_eq!(fs::read(fetched.world.path("in/case.bin")).unwrap(), b"mine");
    let (case, seven) = (fetched.world.path("in/case (2).bin"), fetched.world.path("in/folder (2)/7"));
    assert!(fs::read(case).unwrap() == fs::read(fetched.world.path("case.bin")).unwrap() && seven.exists());
    assert_eq!(fetched.names(), ["case (2).bin", "case.bin", "folder", "folder (2)"]);
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
    fs::remove_dir_all(fetched.world.path("in")).unwrap();

    let gate = killed_before_the_receipt(&fetched);
    fs::rename(fetched.world.path("in/case.bin"), fetched.world.path("elsewhere.bin")).unwrap();
    // It may be stopped in between.
    let unsure = fetched.get(&fetched.sent.through(&gate.url).link).args(["--identity", "nowhere"]);
    unsure.within(LIMIT).exits(10).says(&format!("in/case.bin {again}"));
    get(&gate);
    fetched.whole("what was gone is there again");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (2, 2));
    assert_eq!(kept(&fetched.world), [] as [PathBuf; 0]);
}

/// A download whose receipt no relay took.
fn without_a_receipt(fetched: &Fetched) -> Proxy {
    let cutting = cut_at_the_receipt(&fetched.relay.url);
    saved_without_a_receipt(fetched.get(&fetched.sent.through(&cutting.url).link));
    assert_eq!(fetched.events("receipt"), 0);
    cutting
}

fn cut_at_the_receipt(relay: &str) -> Proxy {
    Proxy::troubling(relay, Place::Request("/receipt ", 0), Trouble::Cut, usize::MAX)
}

fn saved_without_a_receipt(get: Run) {
    let outcome = get.args(["--patience", "1s"]).within(LIMIT).exits(0).says("Received unchanged:");
    outcome.says("All is saved, but the sender could not be told yet: ").says("The next `share get`, ");
}

#[test]
fn a_receipt_that_no_relay_took_is_sent_by_a_later_run() {
    for later in ["send", "resume", "get", "again"] {
        let fetched = Fetched::new(2 * MIB);
        let cutting = without_a_receipt(&fetched);
        // Kept until it has arrived.
        fetched.world.share(["resume"]).output().exits(10);
        assert_eq!((fetched.events("receipt"), kept(&fetched.world).len()), (0, 2), "{later}");
        cutting.open();
        let small = fetched.world.file("small", "x");
        let outcome = match later {
            "send" => fetched.world.share(["send", "--relay", &fetched.relay.url]).arg(small).within(LIMIT).exits(0),
            "resume" => fetched.world.share(["resume"]).within(LIMIT).exits(10),
            "get" => {
                let other = fetched.world.send(&fetched.relay.url, [small]);
                fetched.world.get(&other, "other").within(LIMIT).exits(0)
            }
            _ => fetched.get(&fetched.sent.through(&cutting.url).link).within(LIMIT).exits(0),
        };
        let said = match later {
            "again" => "This was saved before; it is not downloaded again.",
            _ => "The sender has now been told that this was received: ",
        };
        let _ = if later == "get" { outcome } else { outcome.says(said) };
        fetched.whole(later);
        assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1), "{later}");
        assert_eq!(kept(&fetched.world), [] as [PathBuf; 0], "{later}");
    }
}

#[test]
fn a_receipt_goes_with_the_ticket_that_it_was_made_for() {
    let world = World::new();
    let relay = world.clocked_relay();
    let key = age_key(&world, "key.txt");
    let file = world.file("case.bin", noise(24 * MIB));
    let send = world.share(["send", "--json", "--recipient", &key, "--relay", &relay.url]).arg(file).succeeds();
    let sent = Sent { link: send.json()[0]["link"].as_str().unwrap().to_owned(), words: PathBuf::new() };
    let cutting = cut_at_the_receipt(&relay.url);
    saved_without_a_receipt(get_one(&world, &sent.through(&cutting.url)));

    // Its ticket ends, and another download takes the next.
    relay.pass(Duration::from_secs(25 * 3600));
    let gate = Proxy::holding_answer(&relay.url, "/content ", 6 * MIB);
    cutting.open();
    cutting.leads_to(&gate.url);
    let other = || {
        let link = sent.through(&cutting.url).link;
        world.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "other"])
    };
    let getting = other().start();
    gate.wait_until_stopped();
    getting.signal("KILL");
    drop(getting);
    gate.open();
    let receipts = || {
        let events = world.status(&sent)["events"].as_array().unwrap().clone();
        let receipts: Vec<_> = events.into_iter().filter(|event| event["event"] == "receipt").collect();
        assert!(receipts.iter().all(|receipt| receipt["verified"] == true), "{receipts:?}");
        receipts.len()
    };
    world.share(["resume"]).within(LIMIT).exits(10).says("The sender has now been told that this was received: ");
    assert_eq!(receipts(), 1);
    other().within(LIMIT).exits(0).says("Going on with an earlier download: ");
    assert_eq!(receipts(), 2);
    assert_eq!(world.events(&sent).iter().filter(|event| *event == "ticket").count(), 2);
    assert!(fs::read(world.path("other/case.bin")).unwrap() == noise(24 * MIB));
    assert_eq!(kept(&world), [] as [PathBuf; 0]);
}

#[test]
fn the_receipt_of_what_was_saved_whole_stays_until_another_takes_its_place() {
    let fetched = Fetched::new(2 * MIB);
    let cutting = without_a_receipt(&fetched);
    fs::rename(fetched.world.path("in/case.bin"), fetched.world.path("elsewhere.bin")).unwrap();
    let again = fetched.get(&fetched.sent.through(&cutting.url).link).args(["--identity", "nowhere"]);
    again.within(LIMIT).exits(10).says("it will be downloaded again");
    cutting.open();
    fetched.world.share(["resume"]).within(LIMIT).exits(10).says("The sender has now been told");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
    assert_eq!(kept(&fetched.world), [] as [PathBuf; 0]);
}

#[test]
fn with_force_what_was_saved_whole_is_downloaded_again() {
    let fetched = Fetched::new(2 * MIB);
    let cutting = without_a_receipt(&fetched);
    // Nothing tells that it is damaged but whoever opens it.
    let case = fetched.world.path("in/case.bin");
    let metadata = fs::metadata(&case).unwrap();
    fs::write(&case, vec![0; metadata.len() as usize]).unwrap();
    File::options().write(true).open(&case).unwrap().set_modified(metadata.modified().unwrap()).unwrap();
    cutting.open();
    let get = fetched.get(&fetched.sent.through(&cutting.url).link).arg("--force");
    get.within(LIMIT).exits(0).says("Received unchanged:");
    fetched.whole("replaced");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
    assert_eq!(kept(&fetched.world), [] as [PathBuf; 0]);
}

#[test]
fn who_only_sends_a_receipt_is_waited_for() {
    let fetched = Fetched::new(2 * MIB);
    let cutting = without_a_receipt(&fetched);
    let gate = Proxy::holding_request(&fetched.relay.url, "/receipt ");
    cutting.open();
    cutting.leads_to(&gate.url);
    let sending = fetched.world.share(["resume"]).start();
    gate.wait_until_stopped();
    let getting = fetched.get(&fetched.sent.through(&cutting.url).link).start();
    sending.finish().exits(10);
    gate.open();
    getting.finish().exits(0).says("This was saved before; it is not downloaded again.");
    fetched.whole("saved once");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
    assert_eq!(kept(&fetched.world), [] as [PathBuf; 0]);
}
