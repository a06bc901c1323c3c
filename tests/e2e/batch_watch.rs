//! `share batch watch`: what is put into a folder is sent exactly once, however it arrives and whatever happens in between.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{
    MIB, PATIENCE,
    batch::{BatchFixture, read_csv},
    fault_proxy::{Direction, FaultProxy},
    interruption::signal_after_bytes,
    machine::{PRIVATE_MOUNTS, can_mount},
    program::{Run, Started},
    random::{Dice, noise},
    test_env::files_below,
    until,
};

/// The watched folder `out`, whose rules name the recipient's key.
struct WatchFixture {
    batch: BatchFixture,
}

impl WatchFixture {
    fn new() -> Self {
        let fixture = Self { batch: BatchFixture::new() };
        fixture.rules(&format!("recipient = \"{}\"\n", fixture.batch.key));
        fixture
    }

    fn rules(&self, text: &str) {
        self.put("share-batch.toml", text);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.batch.env.path("out").join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.batch.env.file(Path::new("out").join(name), bytes);
    }

    /// As a program does that renames what is complete.
    fn put_by_rename(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.put(&format!("{name}.part"), bytes);
        fs::rename(self.path(&format!("{name}.part")), self.path(name)).unwrap();
    }

    /// As a program does that marks what is complete.
    fn put_with_mark(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.put(name, bytes);
        self.put(&format!("{}.ready", name.split('/').next().unwrap()), "");
    }

    /// The command, through this relay.
    fn watch_through(&self, relay: &str, settle: &str) -> Run {
        let watch = ["batch", "watch", "out", "--json", "--patience", "1s", "--settle", settle, "--relay", relay];
        self.batch.env.share(watch)
    }

    /// Started, and watching.
    fn start_through(&self, relay: &str, settle: &str) -> Started {
        let mut watching = self.watch_through(relay, settle).start();
        assert_eq!(watching.event()["event"], "watching");
        watching
    }

    fn start(&self, settle: &str) -> Started {
        self.start_through(&self.batch.relay.url, settle)
    }

    /// Waits until these are in `sent/`, and nothing else is in the folder.
    #[track_caller]
    fn until_sent(&self, names: &[&str]) {
        for name in names {
            until(name, || self.path("sent").join(name).exists());
        }
        let left: Vec<_> = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let ours = ["share-batch.toml", "sent", "failed", ".share-batch.lock"];
        let left: Vec<_> = left.iter().filter(|name| !ours.iter().any(|ours| *name == ours)).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    fn report(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(&format!("{name}.json"))).unwrap()).unwrap()
    }

    /// The links in `sent/`, each once.
    fn links(&self) -> BTreeSet<String> {
        let reports = fs::read_dir(self.path("sent")).unwrap().map(|entry| entry.unwrap().file_name());
        let names = reports.map(|name| name.into_string().unwrap());
        let reports = names.filter(|name| name.ends_with(".json") && !name.starts_with('.'));
        let links: Vec<_> =
            reports.map(|name| self.report(&format!("sent/{}", name.trim_end_matches(".json")))).collect();
        let count = links.len();
        let links: BTreeSet<_> = links.iter().map(|report| report["link"].as_str().unwrap().to_owned()).collect();
        assert_eq!(links.len(), count, "each has a share of its own");
        links
    }

    /// Fetches the share of a report into a folder.
    #[track_caller]
    fn get(&self, report: &str, output: &str) {
        let link = self.report(report)["link"].as_str().unwrap().to_owned();
        let get = ["get", &link, "--yes", "--identity", "key.txt", "--output", output];
        self.batch.env.share(get).within(PATIENCE).exits(0);
    }

    /// The states of all shares that the relay has ever had.
    fn states(&self) -> Vec<(String, usize)> {
        self.batch.states().into_iter().collect()
    }
}

fn ready(count: usize) -> Vec<(String, usize)> {
    vec![("ready".to_owned(), count)]
}

fn stop(watching: Started) {
    watching.signal("TERM");
    watching.finish().exits(0);
}

#[test]
fn each_way_of_arriving_is_sent_once_while_the_relay_is_away_for_a_while() {
    let mut watch = WatchFixture::new();
    let proxy = FaultProxy::holding_request(&watch.batch.relay.url, "/seal ");
    let watching = watch.start_through(&proxy.url, "10s");
    watch.put_by_rename("first", "first");
    proxy.wait_until_stopped();
    let address = watch.batch.relay.address().to_owned();
    watch.batch.relay.kill();
    proxy.relay_is_gone();

    watch.put_by_rename("renamed", "renamed");
    watch.batch.env.file("made/in/a folder", "moved");
    fs::rename(watch.batch.env.path("made"), watch.path("moved folder")).unwrap();
    watch.put_with_mark("marked", "marked");
    watch.put_with_mark("marked folder/a/b", "b");
    watch.put("settled", "settled");
    let slow = noise(60_000);
    let mut writer = File::create(watch.path("slow")).unwrap();
    for piece in slow.chunks(1000) {
        writer.write_all(piece).unwrap();
        // How slow the writer is.
        thread::sleep(Duration::from_millis(200));
    }
    drop(writer);

    watch.batch.relay = watch.batch.env.relay_with(["--listen", &address]);
    proxy.set_relay(&watch.batch.relay.url);
    let names = ["first", "renamed", "moved folder", "marked", "marked folder", "settled", "slow"];
    watch.until_sent(&names);
    stop(watching);
    assert_eq!(watch.states(), ready(names.len()));
    assert_eq!(watch.links().len(), names.len());
    for name in names {
        watch.get(&format!("sent/{name}"), "in");
        assert!(watch.report(&format!("sent/{name}"))["attempt"] == 1, "what was begun was gone on with");
    }
    let content = |name: &str| fs::read(watch.batch.env.path("in").join(name)).unwrap();
    assert_eq!(content("moved folder/in/a folder"), b"moved");
    assert_eq!(content("marked folder/a/b"), b"b");
    assert!(content("slow") == slow, "all of it");
}

/// How often the watch is killed, and how many files arrive before each time.
const ROUNDS: usize = 10;
const FILES: usize = 5;

#[test]
fn killed_again_and_again_it_sends_each_exactly_once() {
    let watch = WatchFixture::new();
    let (mut dice, tap) = (Dice::new(), FaultProxy::counting(&watch.batch.relay.url));
    let mut contents = BTreeMap::new();
    for round in 0..ROUNDS {
        for file in 0..FILES {
            let name = format!("{round}-{file}");
            let content = noise(if file == 0 { 3 * MIB } else { 1000 * file + round });
            match file {
                1 => watch.put_with_mark(&name, &content),
                2 => watch.put_by_rename(&name, &content),
                _ => watch.put(&name, &content),
            }
            contents.insert(name, content);
        }
        let after = dice.below(2 * MIB as u64);
        let output = signal_after_bytes(watch.watch_through(&tap.url, "1s"), &tap, Direction::ToRelay, after, "KILL");
        assert_eq!(output.status.code(), None, "it was killed");
    }
    let watching = watch.start_through(&tap.url, "1s");
    let names: Vec<&str> = contents.keys().map(String::as_str).collect();
    watch.until_sent(&names);
    stop(watching);
    assert_eq!(watch.states(), ready(names.len()));
    assert_eq!(watch.links().len(), names.len());
    let journals = files_below(&watch.batch.env.path("home/.local/share/share/uploads"));
    assert!(journals.is_empty(), "nothing is left to go on with: {journals:?}");
    for (name, content) in &contents {
        watch.get(&format!("sent/{name}"), "in");
        assert!(&fs::read(watch.batch.env.path("in").join(name)).unwrap() == content, "{name}");
    }
}

#[test]
fn the_same_name_with_other_content_is_another_share_and_the_same_file_is_not() {
    let watch = WatchFixture::new();
    let mut watching = watch.start("1s");
    watch.put_by_rename("report.pdf", "monday");
    watch.until_sent(&["report.pdf"]);
    watch.put_by_rename("report.pdf", "tuesday");
    watch.until_sent(&["report (2).pdf"]);
    assert_eq!((watching.event()["before"].clone(), watching.event()["before"].clone()), (false.into(), false.into()));
    fs::rename(watch.path("sent/report.pdf"), watch.path("report.pdf")).unwrap();
    let again = watching.event();
    assert_eq!((&again["status"], &again["before"]), (&"ready".into(), &true.into()), "{again}");
    watch.until_sent(&["report.pdf"]);
    stop(watching);
    assert_eq!(watch.states(), ready(2));
    watch.get("sent/report.pdf", "in");
    assert_eq!(fs::read_to_string(watch.batch.env.path("in/report.pdf")).unwrap(), "monday");
}

#[test]
fn what_takes_its_place_while_it_is_sent_is_sent_too() {
    let watch = WatchFixture::new();
    let proxy = FaultProxy::holding_request(&watch.batch.relay.url, "/seal ");
    let watching = watch.start_through(&proxy.url, "1s");
    watch.put_by_rename("a", "one");
    proxy.wait_until_stopped();
    watch.put_by_rename("a", "another one");
    proxy.open();
    watch.until_sent(&["a (2)"]);
    stop(watching);
    assert_eq!(watch.states(), ready(2));
    assert_eq!(watch.links().len(), 2, "both are told");
    watch.get("sent/a (2)", "in");
    assert_eq!(fs::read_to_string(watch.batch.env.path("in/a")).unwrap(), "another one");
}

#[test]
fn what_grows_while_it_is_sent_is_taken_back_and_sent_whole() {
    let watch = WatchFixture::new();
    let proxy = FaultProxy::holding_request(&watch.batch.relay.url, "/parts/0 ");
    let watching = watch.start_through(&proxy.url, "1s");
    watch.put_by_rename("log", "one\n");
    proxy.wait_until_stopped();
    File::options().append(true).open(watch.path("log")).unwrap().write_all(b"two\n").unwrap();
    proxy.open();
    watch.until_sent(&["log"]);
    stop(watching);
    assert_eq!(watch.states(), [("ready".to_owned(), 1), ("revoked".to_owned(), 1)]);
    watch.get("sent/log", "in");
    assert_eq!(fs::read_to_string(watch.batch.env.path("in/log")).unwrap(), "one\ntwo\n");
}

#[test]
fn stopped_in_the_middle_it_goes_on_at_the_next_start() {
    let watch = WatchFixture::new();
    let proxy = FaultProxy::holding_request(&watch.batch.relay.url, "/seal ");
    let watching = watch.start_through(&proxy.url, "1s");
    watch.put_by_rename("a", "one");
    proxy.wait_until_stopped();
    stop(watching);
    assert!(watch.path("a").exists());
    proxy.open();
    let watching = watch.start_through(&proxy.url, "1s");
    watch.until_sent(&["a"]);
    stop(watching);
    assert_eq!(watch.states(), ready(1));
    assert_eq!(watch.report("sent/a")["attempt"], 1);
}

#[test]
fn what_cannot_be_sent_is_put_aside_with_the_reason_and_links_stay() {
    let watch = WatchFixture::new();
    let mut watching = watch.start("1s");
    symlink("/etc/hostname", watch.path("link")).unwrap();
    watch.put_with_mark("12:30.txt", "bad name");
    let row = watching.event();
    assert_eq!((&row["status"], &row["code"]), (&"failed".into(), &"name_not_possible".into()), "{row}");
    assert!(watch.path("failed/12:30.txt").exists() && !watch.path("12:30.txt.ready").exists());
    let report = watch.report("failed/12:30.txt");
    assert_eq!((&report["name"], &report["retryable"]), (&"12:30.txt".into(), &false.into()), "{report}");
    assert!(report["message"].as_str().is_some_and(|text| !text.is_empty()) && report["link"].is_null(), "{report}");
    assert!(report["hint"].as_str().is_some_and(|hint| !hint.contains("--")), "no option helps here: {report}");
    // Corrected, it is sent.
    fs::rename(watch.path("failed/12:30.txt"), watch.path("12.30.txt")).unwrap();
    assert_eq!(watching.event()["status"], "ready");
    assert!(watch.path("sent/12.30.txt").exists() && watch.path("link").is_symlink());
    watching.signal("TERM");
    watching.finish().exits(0).says("link: It is neither file nor folder");
}

#[test]
fn rules_that_are_broken_stop_it_until_they_are_mended() {
    let watch = WatchFixture::new();
    fs::rename(watch.path("share-batch.toml"), watch.path(".good")).unwrap();
    let relay = watch.batch.relay.url.clone();
    let at_start = || watch.watch_through(&relay, "1s").within(PATIENCE).exits(2);
    at_start().says("share-batch.toml cannot be read").says("recipient = ");
    watch.rules("recipient = \"x\"\nexpire = \"7d\"\n");
    at_start().says("Line 2 of share-batch.toml").says("expire");
    watch.rules("words = \"out/words.csv\"\n");
    at_start().says("Words may not be kept in the watched folder");

    fs::rename(watch.path(".good"), watch.path("share-batch.toml")).unwrap();
    let logging = watch.watch_through(&relay, "1s").under(["sh", "-c", "exec \"$@\" 2> log", "sh"]);
    let watching = logging.start();
    watch.put_by_rename("first", "first");
    watch.until_sent(&["first"]);
    watch.rules("recipient = ");
    let log = || fs::read_to_string(watch.batch.env.path("log")).unwrap();
    until("it is told", || log().contains("Nothing more is taken until that is mended"));
    watch.put_by_rename("second", "second");
    watch.put_by_rename(".mended", format!("recipient = \"{}\"\nexpires = \"2d\"\n", watch.batch.key));
    assert!(watch.path("second").exists());
    fs::rename(watch.path(".mended"), watch.path("share-batch.toml")).unwrap();
    watch.until_sent(&["second"]);
    assert_eq!(log().matches("Nothing more is taken").count(), 1);
    stop(watching);
    assert_eq!(watch.states(), ready(2));
}

#[test]
fn words_go_into_a_table_outside_and_never_into_reports() {
    let watch = WatchFixture::new();
    watch.rules("words = \"words.csv\"\nmessage = \"Hello\"\ndownloads = 2\n");
    let watching = watch.start("1s");
    watch.put_by_rename("letter", "for you");
    watch.until_sent(&["letter"]);
    watching.signal("TERM");
    let outcome = watching.finish().exits(0);
    let (report, table) = (watch.report("sent/letter"), watch.batch.env.path("words.csv"));
    assert_eq!(fs::metadata(&table).unwrap().permissions().mode() & 0o777, 0o600);
    let line = read_csv(&table).pop().unwrap();
    assert_eq!(report["key"], line["key"]);
    assert!(!report.to_string().contains(&line["words"]) && !outcome.stdout().contains(&line["words"]));
    let words = watch.batch.env.file("letter.words", &line["words"]);
    let get = ["get", report["link"].as_str().unwrap(), "--yes", "--output", "in", "--passphrase-file"];
    watch.batch.env.share(get).arg(words).within(PATIENCE).exits(0).says("Hello");
    assert_eq!(fs::read_to_string(watch.batch.env.path("in/letter")).unwrap(), "for you");
}

#[test]
fn a_second_watch_of_the_same_folder_ends_at_once() {
    let watch = WatchFixture::new();
    let watching = watch.start("1s");
    let second = watch.watch_through(&watch.batch.relay.url, "1s").within(PATIENCE);
    second.fails(14, "already_running");
    watching.signal("KILL");
    watching.finish();
    stop(watch.start("1s"));
}

#[test]
fn a_full_disk_keeps_what_was_sent_where_it_is_until_there_is_room() {
    let watch = WatchFixture::new();
    if !can_mount() {
        return;
    }
    let mount =
        "cp out/share-batch.toml . && mount -t tmpfs -o size=1m none out && cp share-batch.toml out && exec \"$@\"";
    let run = watch.watch_through(&watch.batch.relay.url, "1s");
    let mut watching =
        run.under(["unshare"].into_iter().chain(PRIVATE_MOUNTS).chain(["sh", "-c", mount, "sh"])).start();
    assert_eq!(watching.event()["event"], "watching");
    let root = format!("/proc/{}/root{}", watching.child.id(), watch.path("").display());
    let path = |name: &str| Path::new(&root).join(name);
    fs::write(path("a.part"), noise(10_000)).unwrap();
    let mut filler = File::create(path(".filler")).unwrap();
    while filler.write_all(&[1; 4096]).is_ok() {}
    drop(filler);
    fs::rename(path("a.part"), path("a")).unwrap();
    until("it is sent", || watch.batch.env.path("relay/shares").exists() && watch.states() == ready(1));
    until("it was tried to report", || path("sent").exists());
    assert!(path("a").exists() && !path("sent/a").exists() && !path("sent/a.json").exists());
    fs::remove_file(path(".filler")).unwrap();
    until("it is moved", || path("sent/a").exists());
    assert!(path("sent/a.json").exists() && !path("a").exists());
    watching.signal("TERM");
    watching.finish().exits(0).says("cannot be moved to sent/ yet");
    assert_eq!(watch.states(), ready(1));
}
