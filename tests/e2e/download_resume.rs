//! A download that has begun ends well: after Ctrl-C, `kill -9`, a relay that went away, a ticket that ran out; and
//! whatever became of what lay in its staging folder meanwhile.
//!
//! `SHARE_ROUNDS=200 cargo test -p share-tests --test e2e -- download_resume::` strikes more often; `SHARE_SEED`
//! repeats the moments of a run that failed, which printed its seed.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::support::{
    MIB, PATIENCE,
    downloads::{DownloadFixture, MANY, age_files, bytes_of, cut_off_before, get_one, many, many_cut_off, staging},
    fault_proxy::{Direction, FaultProxy},
    interruption::{Tally, signal_after_bytes},
    machine::can_trace,
    random::{Dice, noise, rounds},
    terminal::on_a_terminal,
    test_env::files_below,
};

const BYTES: usize = 20 * MIB;

/// Something that happens to a staging folder: its name, and what does it.
type Damage = (&'static str, fn(&Path));

#[test]
fn struck_again_and_again_it_ends_whole() {
    let (fixture, mut dice, mut tally) = (DownloadFixture::new(BYTES), Dice::new(), Tally::default());
    let tap = FaultProxy::counting(&fixture.relay.url);
    let link = fixture.sent.through(&tap.url).link;
    let (mut tickets, mut receipts) = (0, 0);
    for round in 0..rounds() {
        let begun = tap.passed(Direction::FromRelay);
        for with in ["KILL", "INT", "KILL", "INT"].into_iter().skip(dice.below(2) as usize) {
            let ended =
                signal_after_bytes(fixture.get(&link), &tap, Direction::FromRelay, dice.moment(BYTES as u64) / 2, with);
            tally.add(&ended);
            if fixture.names().iter().any(|name| !name.starts_with(".share-")) {
                break;
            }
            // One without a journal was killed before it began; the next run removes it.
            let journal = |name: &String| fixture.env.path("in").join(name).join("journal.json").exists();
            assert!(
                fixture.names().iter().filter(|name| journal(name)).count() <= 1,
                "round {round}: {:?}",
                fixture.names()
            );
        }
        if !fixture.names().iter().any(|name| !name.starts_with(".share-")) {
            fixture.get(&link).within(PATIENCE).exits(0);
        }
        if fixture.events("receipt") == receipts {
            // Struck between the first final name and the receipt.
            fixture.get(&link).within(PATIENCE).exits(0);
        }
        fixture.assert_complete(&format!("round {round}"));
        let now = (fixture.events("ticket"), fixture.events("receipt"));
        assert_eq!(now, (tickets + 1, receipts + 1), "round {round}");
        (tickets, receipts) = now;
        let passed = tap.passed(Direction::FromRelay) - begun;
        eprintln!("round {round}: {} KiB passed", passed / 1024);
        fs::remove_dir_all(fixture.env.path("in")).unwrap();
    }
    tally.show("get");
}

#[test]
fn only_the_rest_is_fetched() {
    let fixture = DownloadFixture::new(24 * MIB);
    let tap = FaultProxy::counting(&fixture.relay.url);
    let proxy = fixture.cut_off_from(&tap.url);
    let before = tap.passed(Direction::FromRelay);
    fixture.assert_continues(&proxy, "the rest").says("Going on with an earlier download: ");
    let passed = tap.passed(Direction::FromRelay) - before;
    assert!(passed < 21 * MIB as u64, "at least 4 MiB of 24 had been noted, and {passed} bytes came now");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
}

#[test]
fn ctrl_c_tells_what_is_kept() {
    let fixture = DownloadFixture::new(24 * MIB);
    let proxy = FaultProxy::holding_answer(&fixture.relay.url, "/content ", 6 * MIB);
    let getting = fixture.held_up(&proxy);
    getting.signal("INT");
    let error = getting.finish().fails(130, "interrupted");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("Stopped; ") && message.ends_with(" % of it is kept"), "{message}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("To go on, run the same command again."), "{hint}");
    assert!(hint.contains(fixture.staging().file_name().unwrap().to_str().unwrap()), "{hint}");
    proxy.open();
    fixture.assert_continues(&proxy, "after Ctrl-C").says("Going on with an earlier download: ");
}

#[test]
fn what_became_wrong_meanwhile_is_fetched_again() {
    let damages: [Damage; 12] = [
        ("a byte changed", |staging| change(&staging.join("files/case.bin"), |bytes| bytes[3 * MIB / 2] ^= 1)),
        ("a small file changed", |staging| change(&staging.join("files/folder/7"), |bytes| bytes[77] ^= 1)),
        ("zeros, as after power loss", |staging| change(&staging.join("files/case.bin"), |bytes| bytes.fill(0))),
        ("a file cut short", |staging| change(&staging.join("files/case.bin"), |bytes| bytes.truncate(MIB))),
        ("a file grown", |staging| change(&staging.join("files/case.bin"), |bytes| bytes.extend([7; 99]))),
        ("a file lost", |staging| fs::remove_file(staging.join("files/case.bin")).unwrap()),
        ("a folder lost", |staging| fs::remove_dir_all(staging.join("files/folder")).unwrap()),
        ("tags zeroed", |staging| change(&staging.join("tags"), |tags| tags[..500].fill(0))),
        ("tags torn", |staging| change(&staging.join("tags"), |tags| tags.truncate(333))),
        ("tags of garbage", |staging| change(&staging.join("tags"), |tags| tags.fill(0x5a))),
        ("tags of other chunks", |staging| change(&staging.join("tags"), |tags| tags.rotate_left(16))),
        ("tags without end", |staging| change(&staging.join("tags"), |tags| tags.resize(MIB, 1))),
    ];
    let fixture = DownloadFixture::new(24 * MIB);
    for (case, damage) in damages {
        let proxy = fixture.cut_off();
        damage(&fixture.staging());
        fixture.assert_continues(&proxy, case).says("Going on with an earlier download: ");
        fs::remove_dir_all(fixture.env.path("in")).unwrap();
    }
    assert_eq!(fixture.events("ticket"), damages.len());
}

#[test]
fn what_is_of_no_use_any_more_is_removed() {
    let damages: [Damage; 8] = [
        ("no journal", |staging| fs::remove_file(staging.join("journal.json")).unwrap()),
        ("an empty journal", |staging| change(&staging.join("journal.json"), Vec::clear)),
        ("a journal of garbage", |staging| change(&staging.join("journal.json"), |json| json.fill(b'{'))),
        ("another manifest", |staging| change(&staging.join("manifest.age"), |sealed| sealed[200] ^= 1)),
        ("no tags", |staging| fs::remove_file(staging.join("tags")).unwrap()),
        ("a folder for a file", |staging| {
            fs::remove_file(staging.join("files/case.bin")).unwrap();
            fs::create_dir(staging.join("files/case.bin")).unwrap();
        }),
        ("a link for a file", |staging| {
            fs::write(staging.join("../../theirs"), "theirs").unwrap();
            fs::remove_file(staging.join("files/case.bin")).unwrap();
            symlink("../../../theirs", staging.join("files/case.bin")).unwrap();
        }),
        ("a link for a folder", |staging| {
            fs::create_dir_all(staging.join("../../elsewhere")).unwrap();
            fs::remove_dir_all(staging.join("files/folder")).unwrap();
            symlink("../../../elsewhere", staging.join("files/folder")).unwrap();
        }),
    ];
    let fixture = DownloadFixture::new(24 * MIB);
    for (case, damage) in damages {
        let proxy = fixture.cut_off();
        damage(&fixture.staging());
        let outcome = fixture.assert_continues(&proxy, case);
        assert!(!outcome.stderr().contains("Going on"), "{case}: {outcome:?}");
        fs::remove_dir_all(fixture.env.path("in")).unwrap();
    }
    assert_eq!(fs::read(fixture.env.path("theirs")).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(fixture.env.path("elsewhere")).unwrap().count(), 0);
    assert_eq!(fixture.events("ticket"), damages.len());
}

#[test]
fn what_the_disk_failed_to_keep_is_fetched_again() {
    if !can_trace() {
        return;
    }
    let fixture = DownloadFixture::new(24 * MIB);
    let proxy = fixture.cut_off();
    let file = fixture.staging().join("files/case.bin");
    let failing = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "-P"];
    let get = [env!("CARGO_BIN_EXE_tested-share"), "get", &fixture.sent.through(&proxy.url).link, "--yes"];
    let get = fixture.env.program("strace", failing).arg(file).args(get);
    let outcome = get.args(["--identity", "key.txt", "--output", "in"]).within(PATIENCE).exits(10);
    outcome.says("case.bin could not be written");
    assert!(fixture.names().is_empty(), "a sync that failed is not made good by another one");
    fixture.assert_continues(&proxy, "on a disk that works again");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
}

fn change(path: &Path, damage: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    damage(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_relay_restarted_in_between_is_not_noticed() {
    let mut fixture = DownloadFixture::new(24 * MIB);
    let proxy = FaultProxy::holding_answer(&fixture.relay.url, "/content ", 6 * MIB);
    let getting = fixture.held_up(&proxy);
    let address = fixture.relay.address().to_owned();
    fixture.relay.kill();
    fixture.relay = fixture.env.relay_with(["--listen", &address]);
    proxy.open();
    getting.finish().exits(0);
    fixture.assert_complete("restarted");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
}

#[test]
fn a_relay_that_stays_away_leaves_what_was_fetched() {
    let mut fixture = DownloadFixture::new(24 * MIB);
    let proxy = FaultProxy::holding_answer(&fixture.relay.url, "/content ", 6 * MIB);
    let link = fixture.sent.through(&proxy.url).link;
    let getting = fixture.get(&link).args(["--patience", "1s"]).start();
    proxy.wait_until_stopped_times(2);
    let address = fixture.relay.address().to_owned();
    fixture.relay.kill();
    // Not just opened: what the dead relay had sent may lie in the sockets, and be all that was still missing.
    proxy.relay_is_gone();
    getting.finish().exits(3).says(" % of it is kept in ");
    fixture.relay = fixture.env.relay_with(["--listen", &address]);
    proxy.set_relay(&fixture.relay.url);
    fixture.assert_continues(&proxy, "back again").says("Going on with an earlier download: ");
}

#[test]
fn many_files_without_a_list_go_on_too() {
    let (env, _relay, _proxy, sent) = many_cut_off();
    // As if it had been killed while it unpacked.
    fs::create_dir(staging(&env).join("files/many")).unwrap();
    fs::write(staging(&env).join("files/many/half"), "half").unwrap();
    let outcome = get_one(&env, &sent).arg("--json").within(PATIENCE).exits(0);
    assert_eq!(outcome.json()[0]["bytes"], (0..MANY).map(bytes_of).sum::<usize>());
    assert!((0..MANY).all(|n| fs::read(env.path("in").join(many(n))).unwrap() == noise(bytes_of(n))));
    assert_eq!(files_below(&env.path("in")).len(), files_below(&env.path("many")).len() + 1);
}

#[test]
fn what_finds_no_free_name_is_kept() {
    let fixture = DownloadFixture::new(2 * MIB);
    let taken = |number| match number {
        1 => "in/case.bin".to_owned(),
        number => format!("in/case ({number}).bin"),
    };
    (1..10_000).for_each(|number| drop(fixture.env.file(taken(number), "taken")));
    let outcome = fixture.get(&fixture.sent.link).within(PATIENCE).exits(10).says("case.bin is in the way");
    let outcome = outcome.says("What was downloaded is kept in ");
    (1..10_000).for_each(|number| fs::remove_file(fixture.env.path(taken(number))).unwrap());
    assert!(outcome.stderr().contains(fixture.staging().file_name().unwrap().to_str().unwrap()), "{outcome:?}");
    let outcome = fixture.get(&fixture.sent.link).within(PATIENCE).exits(0);
    outcome.says("Going on with an earlier download: 100 % of it is there.");
    fixture.assert_complete("a name is free again");
    assert_eq!((fixture.events("ticket"), fixture.events("receipt")), (1, 1));
}

#[test]
fn a_share_that_expired_meanwhile_is_fetched_with_the_ticket_it_has() {
    let (env, relay, proxy, sent) = cut_off_before("2h");
    relay.pass(Duration::from_secs(3 * 3600));
    get_one(&env, &sent).output().exits(5).says("It expired on ");
    get_one(&env, &sent.through(&proxy.url)).within(PATIENCE).exits(0).says("Going on with an earlier download: ");
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(24 * MIB));
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn a_share_whose_ticket_has_ended_too_is_over() {
    let (env, relay, proxy, sent) = cut_off_before("2h");
    relay.pass(Duration::from_secs(25 * 3600));
    let outcome = get_one(&env, &sent.through(&proxy.url)).clock("+25h").within(PATIENCE).exits(5);
    outcome.says("It expired on ").says("What had been downloaded of it before is removed.");
    assert_eq!(files_below(&env.path("in")), [] as [PathBuf; 0]);
}

#[test]
fn a_ticket_that_ran_out_is_replaced_if_the_share_allows_it() {
    let (env, relay, proxy, sent) = cut_off_before("7d");
    relay.pass(Duration::from_secs(25 * 3600));
    let outcome = get_one(&env, &sent.through(&proxy.url)).within(PATIENCE).exits(0);
    outcome.says("The earlier download had run out; going on counts as another one.").says("Going on with an earlier");
    assert!(fs::read(env.path("in/case.bin")).unwrap() == noise(24 * MIB));
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "ticket_returned", "ticket", "receipt", "collected"]);
}

#[test]
fn a_share_taken_back_meanwhile_leaves_nothing() {
    let (env, _relay, proxy, sent) = cut_off_before("7d");
    env.share(["revoke", &sent.link]).succeeds();
    let outcome = get_one(&env, &sent.through(&proxy.url)).within(PATIENCE).exits(5);
    outcome.says("The sender took it back on ").says("What had been downloaded of it before is removed.");
    assert_eq!(files_below(&env.path("in")), [] as [PathBuf; 0]);
}

#[test]
fn on_a_terminal_its_removal_is_offered_once_its_ticket_has_ended() {
    let (env, relay, _proxy, _) = cut_off_before("7d");
    let staging = staging(&env);
    let small = env.file("small", "x");
    let key = fs::read_to_string(env.path("key.txt")).unwrap();
    let key = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let send = env.share(["send", "--json", "--expires", "7d", "--recipient", key, "--relay", &relay.url]).arg(small);
    let link = send.succeeds().link();
    let command = format!("{} get {link} --identity key.txt --output in", env!("CARGO_BIN_EXE_tested-share"));
    age_files(&staging, 25);
    let question = "was never finished. Remove what is there of it";
    let outcome = on_a_terminal(&env, &command, "y\nn").exits(0);
    assert!(!outcome.stdout().contains(question), "its ticket still runs by the relay's clock: {outcome:?}");
    relay.pass(Duration::from_secs(25 * 3600));
    for (answer, stays) in [("y\nn", true), ("y\ny", false)] {
        let outcome = on_a_terminal(&env, &command, answer).exits(0);
        assert!(outcome.stdout().contains(question), "{outcome:?}");
        assert_eq!(staging.exists(), stays, "{outcome:?}");
    }
}
