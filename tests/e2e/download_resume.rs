//! A download that has begun ends well: after Ctrl-C, `kill -9`, a relay that went away, a ticket that ran out; and
//! whatever became of what lay in its staging folder meanwhile.
//!
//! `SHARE_ROUNDS=200 cargo test -p share-tests --test e2e -- download_resume::` strikes more often; `SHARE_SEED`
//! repeats the moments of a run that failed, which printed its seed.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use share::transfer::tags::TagFile;

use crate::{
    clocked_relay::ClockedRelay,
    durability::can_trace,
    interruptions::{BYTES, Dice, LIMIT, Tally, rounds, struck},
    proxy::{Proxy, Way},
    round_trips::noise,
    stock_tools::{age_key, on_a_terminal, send_to},
    world::{Outcome, Relay, Run, Sent, Started, World, files_below},
};

pub const MIB: usize = 1 << 20;

/// Something that happens to a staging folder: its name, and what does it.
type Damage = (&'static str, fn(&Path));

/// A share of a file and a folder to a key, so that no scrypt is waited for, and where it is fetched.
pub struct Fetched {
    pub world: World,
    pub relay: Relay,
    pub sent: Sent,
}

impl Fetched {
    pub fn new(bytes: usize) -> Self {
        let world = World::new();
        let relay = world.relay();
        let key = age_key(&world, "key.txt");
        let file = world.file("case.bin", noise(bytes / 2));
        (0..40).for_each(|number| drop(world.file(format!("folder/{number}"), noise(bytes / 80 + number))));
        let sent = send_to(&world, &relay, std::slice::from_ref(&key), [file, world.path("folder")]);
        Self { world, relay, sent }
    }

    pub fn get(&self, link: &str) -> Run {
        self.world.share(["get", link, "--yes", "--identity", "key.txt", "--output", "in"])
    }

    /// What was sent is there, whole, and nothing else.
    #[track_caller]
    pub fn whole(&self, case: &str) {
        assert_eq!(self.names(), ["case.bin", "folder"], "{case}");
        let same = |one: &Path, other: &Path| fs::read(one).unwrap() == fs::read(other).unwrap();
        let output = self.world.path("in");
        assert!(same(&self.world.path("case.bin"), &output.join("case.bin")), "{case}");
        let folder = output.join("folder");
        assert!((0..40).all(|n| same(&self.world.path(format!("folder/{n}")), &folder.join(n.to_string()))), "{case}");
        assert_eq!(files_below(&folder).len(), 40, "{case}");
    }

    pub fn names(&self) -> Vec<String> {
        let items = fs::read_dir(self.world.path("in")).into_iter().flatten();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The only staging folder there is.
    #[track_caller]
    pub fn staging(&self) -> PathBuf {
        let names = self.names();
        assert_eq!((names.len(), names[0].starts_with(".share-")), (1, true), "{names:?}");
        self.world.path("in").join(&names[0])
    }

    /// How often something happened, as the sender sees it.
    pub fn events(&self, kind: &str) -> usize {
        self.world.events(&self.sent).iter().filter(|event| *event == kind).count()
    }

    /// A download that has got far, and stands still at this gate.
    fn held_up(&self, gate: &Proxy) -> Started {
        let getting = self.get(&self.sent.through(&gate.url).link).arg("--json").start();
        gate.wait_until_stopped_times(2);
        let noted = || TagFile::open(&self.staging().join("tags")).is_ok_and(|tags| tags.count(1000).unwrap() >= 64);
        self.world.until(noted, "what has arrived is not noted");
        getting
    }

    /// The same, ended as by power loss; the gate is open then.
    pub fn cut_off(&self) -> Proxy {
        self.cut_off_from(&self.relay.url)
    }

    fn cut_off_from(&self, relay: &str) -> Proxy {
        let gate = Proxy::holding_answer(relay, "/content ", 6 * MIB);
        let getting = self.held_up(&gate);
        getting.signal("KILL");
        drop(getting);
        gate.open();
        gate
    }

    /// Goes on where it stopped, and ends well.
    #[track_caller]
    pub fn goes_on(&self, gate: &Proxy, case: &str) -> Outcome {
        let outcome = self.get(&self.sent.through(&gate.url).link).within(LIMIT).exits(0);
        self.whole(case);
        outcome
    }
}

#[test]
fn struck_again_and_again_it_ends_whole() {
    let (fetched, mut dice, mut tally) = (Fetched::new(BYTES), Dice::new(), Tally::default());
    let tap = Proxy::counting(&fetched.relay.url);
    let link = fetched.sent.through(&tap.url).link;
    let (mut tickets, mut receipts) = (0, 0);
    for round in 0..rounds() {
        let begun = tap.passed(Way::FromRelay);
        for with in ["KILL", "INT", "KILL", "INT"].into_iter().skip(dice.below(2) as usize) {
            let ended = struck(fetched.get(&link), &tap, Way::FromRelay, dice.moment() / 2, with);
            tally.add(&ended);
            if fetched.names().iter().any(|name| !name.starts_with(".share-")) {
                break;
            }
            // One without a journal was killed before it began; the next run removes it.
            let journal = |name: &String| fetched.world.path("in").join(name).join("journal.json").exists();
            assert!(
                fetched.names().iter().filter(|name| journal(name)).count() <= 1,
                "round {round}: {:?}",
                fetched.names()
            );
        }
        if !fetched.names().iter().any(|name| !name.starts_with(".share-")) {
            fetched.get(&link).within(LIMIT).exits(0);
        }
        if fetched.events("receipt") == receipts {
            // Struck between the first final name and the receipt.
            fetched.get(&link).within(LIMIT).exits(0);
        }
        fetched.whole(&format!("round {round}"));
        let now = (fetched.events("ticket"), fetched.events("receipt"));
        assert_eq!(now, (tickets + 1, receipts + 1), "round {round}");
        (tickets, receipts) = now;
        let passed = tap.passed(Way::FromRelay) - begun;
        eprintln!("round {round}: {} KiB passed", passed / 1024);
        fs::remove_dir_all(fetched.world.path("in")).unwrap();
    }
    tally.show("get");
}

#[test]
fn only_the_rest_is_fetched() {
    let fetched = Fetched::new(24 * MIB);
    let tap = Proxy::counting(&fetched.relay.url);
    let gate = fetched.cut_off_from(&tap.url);
    let before = tap.passed(Way::FromRelay);
    fetched.goes_on(&gate, "the rest").says("Going on with an earlier download: ");
    let passed = tap.passed(Way::FromRelay) - before;
    assert!(passed < 21 * MIB as u64, "at least 4 MiB of 24 had been noted, and {passed} bytes came now");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
}

#[test]
fn ctrl_c_tells_what_is_kept() {
    let fetched = Fetched::new(24 * MIB);
    let gate = Proxy::holding_answer(&fetched.relay.url, "/content ", 6 * MIB);
    let getting = fetched.held_up(&gate);
    getting.signal("INT");
    let error = getting.finish().fails(130, "interrupted");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("Stopped; ") && message.ends_with(" % of it is kept"), "{message}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.starts_with("To go on, run the same command again."), "{hint}");
    assert!(hint.contains(fetched.staging().file_name().unwrap().to_str().unwrap()), "{hint}");
    gate.open();
    fetched.goes_on(&gate, "after Ctrl-C").says("Going on with an earlier download: ");
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
    let fetched = Fetched::new(24 * MIB);
    for (case, damage) in damages {
        let gate = fetched.cut_off();
        damage(&fetched.staging());
        fetched.goes_on(&gate, case).says("Going on with an earlier download: ");
        fs::remove_dir_all(fetched.world.path("in")).unwrap();
    }
    assert_eq!(fetched.events("ticket"), damages.len());
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
    let fetched = Fetched::new(24 * MIB);
    for (case, damage) in damages {
        let gate = fetched.cut_off();
        damage(&fetched.staging());
        let outcome = fetched.goes_on(&gate, case);
        assert!(!outcome.stderr().contains("Going on"), "{case}: {outcome:?}");
        fs::remove_dir_all(fetched.world.path("in")).unwrap();
    }
    assert_eq!(fs::read(fetched.world.path("theirs")).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(fetched.world.path("elsewhere")).unwrap().count(), 0);
    assert_eq!(fetched.events("ticket"), damages.len());
}

#[test]
fn what_the_disk_failed_to_keep_is_fetched_again() {
    if !can_trace() {
        return;
    }
    let fetched = Fetched::new(24 * MIB);
    let gate = fetched.cut_off();
    let file = fetched.staging().join("files/case.bin");
    let failing = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "-P"];
    let get = [env!("CARGO_BIN_EXE_tested-share"), "get", &fetched.sent.through(&gate.url).link, "--yes"];
    let get = fetched.world.program("strace", failing).arg(file).args(get);
    let outcome = get.args(["--identity", "key.txt", "--output", "in"]).within(LIMIT).exits(10);
    outcome.says("case.bin could not be written");
    assert!(fetched.names().is_empty(), "a sync that failed is not made good by another one");
    fetched.goes_on(&gate, "on a disk that works again");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
}

fn change(path: &Path, damage: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    damage(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_relay_restarted_in_between_is_not_noticed() {
    let mut fetched = Fetched::new(24 * MIB);
    let gate = Proxy::holding_answer(&fetched.relay.url, "/content ", 6 * MIB);
    let getting = fetched.held_up(&gate);
    let address = fetched.relay.url.trim_start_matches("http://").to_owned();
    fetched.relay.kill();
    fetched.relay = fetched.world.relay_with(["--listen", &address]);
    gate.open();
    getting.finish().exits(0);
    fetched.whole("restarted");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
}

#[test]
fn a_relay_that_stays_away_leaves_what_was_fetched() {
    let mut fetched = Fetched::new(24 * MIB);
    let gate = Proxy::holding_answer(&fetched.relay.url, "/content ", 6 * MIB);
    let link = fetched.sent.through(&gate.url).link;
    let getting = fetched.get(&link).args(["--patience", "1s"]).start();
    gate.wait_until_stopped_times(2);
    let address = fetched.relay.url.trim_start_matches("http://").to_owned();
    fetched.relay.kill();
    gate.open();
    getting.finish().exits(3).says(" % of it is kept in ");
    fetched.relay = fetched.world.relay_with(["--listen", &address]);
    fetched.goes_on(&gate, "back again").says("Going on with an earlier download: ");
}

/// Files that are too many to be listed, and how many bytes each has.
const MANY: usize = 10_100;

fn bytes_of(number: usize) -> usize {
    number % 900
}

/// A download of many files that was cut off; the gate is open.
pub fn many_cut_off() -> (World, Relay, Proxy, Sent) {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    (0..MANY).for_each(|number| drop(world.file(many(number), noise(bytes_of(number)))));
    let sent = send_to(&world, &relay, &[key], [world.path("many")]);
    let gate = Proxy::holding_answer(&relay.url, "/content ", 3 * MIB);
    let sent = sent.through(&gate.url);
    let getting = get_one(&world, &sent).start();
    gate.wait_until_stopped_times(2);
    let noted = || TagFile::open(&staging(&world).join("tags")).is_ok_and(|tags| tags.count(1000).unwrap() >= 32);
    world.until(noted, "what has arrived is not noted");
    getting.signal("KILL");
    drop(getting);
    gate.open();
    (world, relay, gate, sent)
}

fn many(number: usize) -> String {
    format!("many/{}/{number}", number % 50)
}

#[test]
fn many_files_without_a_list_go_on_too() {
    let (world, _relay, _gate, sent) = many_cut_off();
    // As if it had been killed while it unpacked.
    fs::create_dir(staging(&world).join("files/many")).unwrap();
    fs::write(staging(&world).join("files/many/half"), "half").unwrap();
    let outcome = get_one(&world, &sent).arg("--json").within(LIMIT).exits(0);
    assert_eq!(outcome.json()[0]["bytes"], (0..MANY).map(bytes_of).sum::<usize>());
    assert!((0..MANY).all(|n| fs::read(world.path("in").join(many(n))).unwrap() == noise(bytes_of(n))));
    assert_eq!(files_below(&world.path("in")).len(), files_below(&world.path("many")).len() + 1);
}

#[test]
fn what_finds_no_free_name_is_kept() {
    let fetched = Fetched::new(2 * MIB);
    let taken = |number| match number {
        1 => "in/case.bin".to_owned(),
        number => format!("in/case ({number}).bin"),
    };
    (1..10_000).for_each(|number| drop(fetched.world.file(taken(number), "taken")));
    let outcome = fetched.get(&fetched.sent.link).within(LIMIT).exits(10).says("case.bin is in the way");
    let outcome = outcome.says("What was downloaded is kept in ");
    (1..10_000).for_each(|number| fs::remove_file(fetched.world.path(taken(number))).unwrap());
    assert!(outcome.stderr().contains(fetched.staging().file_name().unwrap().to_str().unwrap()), "{outcome:?}");
    let outcome = fetched.get(&fetched.sent.link).within(LIMIT).exits(0);
    outcome.says("Going on with an earlier download: 100 % of it is there.");
    fetched.whole("a name is free again");
    assert_eq!((fetched.events("ticket"), fetched.events("receipt")), (1, 1));
}

/// A download of one file that was cut off, from a relay whose clock can be set.
fn cut_off_before(expires: &str) -> (World, ClockedRelay, Proxy, Sent) {
    cut_off_with_clock(expires, "+0")
}

/// The same on a computer whose clock is this far off.
pub fn cut_off_with_clock(expires: &str, clock: &str) -> (World, ClockedRelay, Proxy, Sent) {
    let world = World::new();
    let relay = world.clocked_relay();
    let key = age_key(&world, "key.txt");
    let file = world.file("case.bin", noise(24 * MIB));
    let send =
        world.share(["send", "--json", "--once", "--expires", expires, "--recipient", &key, "--relay", &relay.url]);
    let link = send.arg(file).succeeds().json()[0]["link"].as_str().unwrap().to_owned();
    let gate = Proxy::holding_answer(&relay.url, "/content ", 6 * MIB);
    let sent = Sent { link, words: PathBuf::new() };
    let getting = get_one(&world, &sent.through(&gate.url)).clock(clock).start();
    gate.wait_until_stopped_times(2);
    let staging = fs::read_dir(world.path("in")).unwrap().next().unwrap().unwrap().path();
    let noted = || TagFile::open(&staging.join("tags")).is_ok_and(|tags| tags.count(1000).unwrap() >= 64);
    world.until(noted, "what has arrived is not noted");
    getting.signal("KILL");
    drop(getting);
    gate.open();
    (world, relay, gate, sent)
}

pub fn get_one(world: &World, sent: &Sent) -> Run {
    world.share(["get", &sent.link, "--yes", "--identity", "key.txt", "--output", "in"])
}

#[test]
fn a_share_that_expired_meanwhile_is_fetched_with_the_ticket_it_has() {
    let (world, relay, gate, sent) = cut_off_before("2h");
    relay.pass(Duration::from_secs(3 * 3600));
    get_one(&world, &sent).output().exits(5).says("It expired on ");
    get_one(&world, &sent.through(&gate.url)).within(LIMIT).exits(0).says("Going on with an earlier download: ");
    assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(24 * MIB));
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn a_share_whose_ticket_has_ended_too_is_over() {
    let (world, relay, gate, sent) = cut_off_before("2h");
    relay.pass(Duration::from_secs(25 * 3600));
    let outcome = get_one(&world, &sent.through(&gate.url)).clock("+25h").within(LIMIT).exits(5);
    outcome.says("It expired on ").says("What had been downloaded of it before is removed.");
    assert_eq!(files_below(&world.path("in")), [] as [PathBuf; 0]);
}

#[test]
fn a_ticket_that_ran_out_is_replaced_if_the_share_allows_it() {
    let (world, relay, gate, sent) = cut_off_before("7d");
    relay.pass(Duration::from_secs(25 * 3600));
    let outcome = get_one(&world, &sent.through(&gate.url)).within(LIMIT).exits(0);
    outcome.says("The earlier download had run out; going on counts as another one.").says("Going on with an earlier");
    assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(24 * MIB));
    assert_eq!(
        world.events(&sent),
        ["created", "ready", "ticket", "ticket_returned", "ticket", "receipt", "collected"]
    );
}

#[test]
fn a_share_taken_back_meanwhile_leaves_nothing() {
    let (world, _relay, gate, sent) = cut_off_before("7d");
    world.share(["revoke", &sent.link]).succeeds();
    let outcome = get_one(&world, &sent.through(&gate.url)).within(LIMIT).exits(5);
    outcome.says("The sender took it back on ").says("What had been downloaded of it before is removed.");
    assert_eq!(files_below(&world.path("in")), [] as [PathBuf; 0]);
}

/// The folder of the download that was cut off.
pub fn staging(world: &World) -> PathBuf {
    let items = fs::read_dir(world.path("in")).unwrap().map(|item| item.unwrap().path());
    items.into_iter().find(|path| path.join("journal.json").exists()).expect("a download was cut off")
}

/// Makes all in a folder look as if it was written so long ago.
pub fn age(folder: &Path, hours: i64) {
    let (now, time) = (SystemTime::now(), Duration::from_secs(hours.unsigned_abs() * 3600));
    let then = if hours < 0 { now + time } else { now - time };
    for path in files_below(folder).iter().filter(|path| path.is_file()) {
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }
}

#[test]
fn on_a_terminal_its_removal_is_offered_once_its_ticket_has_ended() {
    let (world, relay, _gate, _) = cut_off_before("7d");
    let staging = staging(&world);
    let small = world.file("small", "x");
    let key = fs::read_to_string(world.path("key.txt")).unwrap();
    let key = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let send = world.share(["send", "--json", "--expires", "7d", "--recipient", key, "--relay", &relay.url]).arg(small);
    let link = send.succeeds().json()[0]["link"].as_str().unwrap().to_owned();
    let command = format!("{} get {link} --identity key.txt --output in", env!("CARGO_BIN_EXE_tested-share"));
    age(&staging, 25);
    let question = "was never finished. Remove what is there of it";
    let outcome = on_a_terminal(&world, &command, "y\nn").exits(0);
    assert!(!outcome.stdout().contains(question), "its ticket still runs by the relay's clock: {outcome:?}");
    relay.pass(Duration::from_secs(25 * 3600));
    for (answer, stays) in [("y\nn", true), ("y\ny", false)] {
        let outcome = on_a_terminal(&world, &command, answer).exits(0);
        assert!(outcome.stdout().contains(question), "{outcome:?}");
        assert_eq!(staging.exists(), stays, "{outcome:?}");
    }
}
