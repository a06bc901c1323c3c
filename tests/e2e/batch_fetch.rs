//! `share batch fetch`: the share of each row is saved exactly once, in a folder of its own, whatever ends a run.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde_json::Value;
use share_client::{secret::sha256, state::private_file::UNFINISHED_PREFIX};

use crate::support::{
    PATIENCE,
    failures::NOWHERE,
    fault_proxy::FaultProxy,
    keys::{age_key, ssh_key},
    machine::can_trace,
    program::{Outcome, Run},
    random::{Dice, noise, rounds},
    terminal::on_a_terminal,
    test_env::{Relay, Sent, TestEnv, files_below},
    until,
};

/// Shares that were sent by `share batch run` to one key, and their recipient.
struct Fixture {
    env: TestEnv,
    relay: Relay,
    key: String,
}

impl Fixture {
    /// Shares of these files, each with the number of its bytes as its key.
    fn new(sizes: impl Iterator<Item = usize>) -> Self {
        let (env, relay) = TestEnv::with_relay();
        let key = age_key(&env, "key.txt");
        let fixture = Self { env, relay, key };
        let rows = sizes.map(|size| {
            fixture.env.file(format!("files/{size}.bin"), noise(size));
            format!("files/{size}.bin,{size},{}\n", fixture.key)
        });
        let table = format!("paths,key,recipient\n{}", rows.collect::<String>());
        fixture.send("sent.jsonl", &table).exits(0);
        fixture
    }

    /// Sends what a table asks for, and writes what became of it to these results.
    fn send(&self, results: &str, table: &str) -> Outcome {
        self.env.file("jobs.csv", table);
        let run = self.env.share(["batch", "run", "jobs.csv", "--words", "words.csv", "--results", results, "--json"]);
        run.args(["--relay", &self.relay.url]).within(PATIENCE)
    }

    /// The command that fetches these links.
    fn fetch(&self, links: &str) -> Run {
        let run = self.env.share(["batch", "fetch", links, "--results", "got.jsonl", "--output", "in", "--json"]);
        run.args(["--identity", "key.txt"])
    }

    /// The same shares by way of this proxy.
    fn through(&self, proxy: &FaultProxy) -> &'static str {
        let text = fs::read_to_string(self.env.path("sent.jsonl")).unwrap();
        self.env.file("through.jsonl", text.replace(&self.relay.url, &proxy.url));
        "through.jsonl"
    }

    fn sent(&self) -> BTreeMap<String, Sent> {
        let sent = |line: Value| Sent { link: line["link"].as_str().unwrap().to_owned(), words: PathBuf::new() };
        lines(&self.env.path("sent.jsonl")).into_iter().map(|(key, line)| (key, sent(line))).collect()
    }

    /// Asserts that every share is there once and whole, that its line says what was saved, and that its sender sees one
    /// download and one receipt.
    #[track_caller]
    fn assert_each_once(&self) {
        let (sent, got) = (self.sent(), lines(&self.env.path("got.jsonl")));
        assert!(sent.keys().eq(got.keys()), "{got:?}");
        for (key, sent) in sent {
            let (line, bytes) = (&got[&key], noise(key.parse().unwrap()));
            let folder = self.env.path("in").join(&key);
            assert_eq!(files_below(&folder), [folder.join(format!("{key}.bin"))], "{line}");
            assert!(fs::read(folder.join(format!("{key}.bin"))).unwrap() == bytes, "{line}");
            assert_eq!((&line["status"], &line["files"]), (&"received".into(), &1.into()), "{line}");
            assert_eq!(line["bytes"].as_u64(), Some(bytes.len() as u64), "{line}");
            assert_eq!(line["sha256"], sha256(&bytes).to_string(), "{line}");
            assert_eq!(line["directory"].as_str().unwrap(), folder.to_str().unwrap(), "{line}");
            assert_eq!(line["fingerprint"].as_str().unwrap().len(), 64, "{line}");
            assert!(line["received"].as_str().unwrap().ends_with('Z'), "{line}");
            assert_eq!(self.events(&sent), (1, 1), "{key}");
        }
        assert_eq!(kept(&self.env), [] as [PathBuf; 0]);
    }

    /// Fetches again until the relay has all receipts: a run waits for it no longer than two seconds.
    #[track_caller]
    fn until_told(&self, links: &str) {
        until("all receipts are sent", || {
            let told = kept(&self.env).is_empty();
            told || self.fetch(links).within(PATIENCE).exits(0).json().is_empty()
        });
    }

    /// How many downloads and receipts the sender of a share sees.
    fn events(&self, sent: &Sent) -> (usize, usize) {
        let events = self.env.events(sent);
        let count = |kind: &str| events.iter().filter(|event| *event == kind).count();
        (count("ticket"), count("receipt"))
    }
}

/// The last line of each key.
fn lines(path: &Path) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["key"].as_str().unwrap().to_owned(), line)).collect()
}

/// What is kept to finish downloads later; but not what was being written when a program was killed, which goes after a
/// day.
fn kept(env: &TestEnv) -> Vec<PathBuf> {
    let is_whole = |path: &PathBuf| !path.file_name().unwrap().to_str().unwrap().starts_with(UNFINISHED_PREFIX);
    files_below(&env.path("home/.local/share/share/tickets")).into_iter().filter(is_whole).collect()
}

/// Rows done, done before, and failed.
#[track_caller]
fn counts(outcome: &Outcome) -> [u64; 3] {
    let told = outcome.json().into_iter().rev().find(|event| event["event"] == "summary");
    let told = told.unwrap_or_else(|| panic!("no summary: {outcome:?}"));
    ["done", "before", "failed"].map(|name| told[name].as_u64().unwrap())
}

/// The codes of the rows that failed, by their keys.
fn failures(outcome: &Outcome) -> BTreeMap<String, String> {
    let failed = outcome.json().into_iter().filter(|event| event["status"] == "failed");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    failed.map(|event| (text(&event["key"]), text(&event["code"]))).collect()
}

#[test]
fn forty_shares_are_fetched_and_none_of_them_again() {
    let fixture = Fixture::new((1..=40).map(|number| number * 5000));
    let outcome = fixture.fetch("sent.jsonl").within(PATIENCE).exits(0);
    assert_eq!(counts(&outcome), [40, 0, 0]);
    let row = outcome.json().into_iter().find(|event| event["key"] == "5000").unwrap();
    assert_eq!((&row["event"], &row["status"], &row["before"]), (&"row".into(), &"received".into(), &false.into()));
    assert_eq!(row["sha256"], sha256(&noise(5000)).to_string());
    fixture.assert_each_once();
    // Where they lie they are the recipient's.
    fs::remove_dir_all(fixture.env.path("in/5000")).unwrap();
    let again = fixture.fetch("sent.jsonl").within(PATIENCE).exits(0);
    assert_eq!(counts(&again), [0, 40, 0]);
    assert!(!fixture.env.path("in/5000").exists());
    assert!(fixture.sent().values().all(|sent| fixture.events(sent) == (1, 1)));
}

#[test]
fn killed_at_any_moment_each_is_saved_once_and_told_once() {
    let fixture = Fixture::new((1..=40).map(|number| number * 40_000));
    let (mut dice, mut killed_between) = (Dice::new(), 0);
    for _ in 0..rounds() {
        let mut fetching = fixture.fetch("sent.jsonl").start();
        fetching.event();
        thread::sleep(Duration::from_millis(dice.below(60)));
        fetching.signal("KILL");
        drop(fetching);
        killed_between += u64::from(!kept(&fixture.env).is_empty());
    }
    eprintln!("{killed_between} of {} were killed in the middle of a row", rounds());
    assert!(killed_between > 0);
    let outcome = fixture.fetch("sent.jsonl").within(PATIENCE).exits(0);
    assert_eq!(counts(&outcome)[..2].iter().sum::<u64>(), 40, "{outcome:?}");
    fixture.until_told("sent.jsonl");
    fixture.assert_each_once();
}

/// Runs it until it makes this system call on its results.
fn killed_at(fixture: &Fixture, call: &str) {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL"));
    let results = fixture.env.path("got.jsonl");
    let strace =
        ["strace", "-f", "-qq", "-o", "/dev/null", "-P", results.to_str().unwrap(), "-e", &trace, "-e", &inject];
    let outcome = fixture.fetch("sent.jsonl").under(strace).within(PATIENCE);
    assert!(!outcome.output.status.success(), "it did not come to {call}: {outcome:?}");
}

#[test]
fn killed_before_or_after_it_notes_a_row_the_next_run_finishes() {
    if !can_trace() {
        return;
    }
    let fixture = Fixture::new([40_000].into_iter());
    killed_at(&fixture, "write");
    assert!(fixture.env.path("in/40000/40000.bin").exists(), "it is saved before it is noted");
    assert_eq!(fs::read(fixture.env.path("got.jsonl")).unwrap(), b"");
    assert_eq!(fixture.events(&fixture.sent()["40000"]), (1, 0));
    killed_at(&fixture, "fdatasync");
    assert_eq!(lines(&fixture.env.path("got.jsonl"))["40000"]["status"], "received");
    assert_eq!(fixture.events(&fixture.sent()["40000"]), (1, 0), "it is noted before the sender is told");
    assert_eq!(counts(&fixture.fetch("sent.jsonl").within(PATIENCE).exits(0)), [0, 1, 0]);
    fixture.until_told("sent.jsonl");
    fixture.assert_each_once();
}

#[test]
fn a_receipt_is_sent_by_the_next_run_although_the_files_have_moved_on() {
    let fixture = Fixture::new([1000, 2000].into_iter());
    let proxy = FaultProxy::holding_request(&fixture.relay.url, "/receipt ");
    let fetching = fixture.fetch(fixture.through(&proxy)).start();
    proxy.wait_until_stopped_times(2);
    fetching.signal("KILL");
    drop(fetching);
    proxy.open();
    fs::rename(fixture.env.path("in/1000"), fixture.env.path("taken")).unwrap();
    assert_eq!(counts(&fixture.fetch("through.jsonl").within(PATIENCE).exits(0)), [0, 2, 0]);
    fixture.until_told("through.jsonl");
    assert!(fixture.sent().values().all(|sent| fixture.events(sent) == (1, 1)));
    assert!(!fixture.env.path("in/1000").exists());
}

#[test]
fn a_large_one_that_was_cut_off_goes_on_where_it_was() {
    let fixture = Fixture::new([12_000_000].into_iter());
    let proxy = FaultProxy::holding_answer(&fixture.relay.url, "/content ", 2_000_000);
    let fetching = fixture.fetch(fixture.through(&proxy)).start();
    proxy.wait_until_stopped();
    // The lock goes with its process: it need not be removed.
    fixture.fetch("through.jsonl").within(PATIENCE).fails(14, "already_running");
    fetching.signal("INT");
    let outcome = fetching.finish();
    assert_eq!(counts(&outcome.exits(130)), [0, 0, 0]);
    proxy.open();
    assert_eq!(counts(&fixture.fetch("through.jsonl").within(PATIENCE).exits(0)), [1, 0, 0]);
    let sent = fixture.sent();
    assert_eq!(fixture.events(&sent["12000000"]), (1, 1));
    assert_eq!(fs::read(fixture.env.path("in/12000000/12000000.bin")).unwrap(), noise(12_000_000));
}

#[test]
fn results_of_a_sender_do_as_they_are_and_a_bad_row_stops_itself() {
    let fixture = Fixture::new([100].into_iter());
    for name in ["open", "gone", "words"] {
        fixture.env.file(name, name);
    }
    let key = &fixture.key;
    let jobs = format!("paths,key,recipient\nopen,=open,{key}\ngone,gone,{key}\nnone,none,{key}\nwords,words,\n");
    fixture.send("sent.csv", &jobs).exits(13);
    let table = fs::read_to_string(fixture.env.path("sent.csv")).unwrap();
    let of = |key: &str| table.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    let link = |line: &str| line.split(',').find(|cell| cell.starts_with("http")).unwrap().to_owned();
    fixture.env.share(["revoke", &link(&of("gone,"))]).succeeds();

    let outcome = fixture.fetch("sent.csv").within(PATIENCE).exits(13);
    assert_eq!(counts(&outcome), [1, 0, 2], "{outcome:?}");
    let expected = [("gone", "revoked"), ("words", "needs_words")];
    assert!(failures(&outcome).iter().map(|(key, code)| (&**key, &**code)).eq(expected), "{outcome:?}");
    assert_eq!(fs::read(fixture.env.path("in/=open/open")).unwrap(), b"open");
    let items = fs::read_dir(fixture.env.path("in")).unwrap().map(|item| item.unwrap().file_name());
    assert_eq!(items.collect::<Vec<_>>(), ["=open"], "what fails leaves no folder");
    let got = lines(&fixture.env.path("got.jsonl"));
    assert_eq!((&got["gone"]["code"], &got["gone"]["retryable"]), (&"revoked".into(), &false.into()));

    let (open, words) = (link(&of("'=open,")), link(&of("words,")));
    let damaged = format!("{}_", &open[..open.len() - 1]);
    let table = format!(
        "key,link,note\n=open,{open},x\nup/../../p,{open},\n..,{open},\nNUL,{open},\nWords,{words},\nwords,{words},\n\
         odd,{damaged},\n,nothing,\ntoo,{open},many,cells\n"
    );
    fixture.env.file("links.csv", table);
    let outcome = fixture.fetch("links.csv").within(PATIENCE).exits(13);
    assert_eq!(counts(&outcome), [0, 1, 8], "{outcome:?}");
    let codes = failures(&outcome);
    let code = |key: &str| codes[key].as_str();
    assert!(["up/../../p", "..", "NUL"].iter().all(|key| code(key) == "bad_key"), "{codes:?}");
    assert_eq!((code("words"), code("Words")), ("key_twice", "needs_words"));
    assert_eq!((code("odd"), code("line 10")), ("link_damaged", "usage"), "{codes:?}");
    let left = fs::read_to_string(fixture.env.path("got.failed.csv")).unwrap();
    assert!(left.starts_with("link,key,error\n") && !left.contains("open,x"), "{left}");
    assert!(!fixture.env.path("p").exists() && files_below(&fixture.env.path("in")).len() == 2);

    // Corrected, it runs as it is.
    let corrected = left.lines().filter(|line| line.starts_with("link,") || line.contains("/p"));
    let corrected: String = corrected.map(|line| line.replace("up/../../p", "p") + "\n").collect();
    fixture.env.file("got.failed.csv", corrected);
    let outcome = fixture.fetch("got.failed.csv").within(PATIENCE).exits(0);
    assert_eq!(counts(&outcome), [1, 0, 0], "{outcome:?}");
    assert!(!fixture.env.path("got.failed.csv").exists() && fixture.env.path("in/p/open").exists());
}

#[test]
fn without_its_results_it_overwrites_nothing() {
    let fixture = Fixture::new([1000, 2000].into_iter());
    fixture.fetch("sent.jsonl").within(PATIENCE).exits(0);
    fs::remove_file(fixture.env.path("got.jsonl")).unwrap();
    fs::write(fixture.env.path("in/1000/1000.bin"), "mine").unwrap();
    fs::remove_dir_all(fixture.env.path("in/2000")).unwrap();
    fixture.env.file("in/2000/.share-0123456789abcdef.part/lock", "");
    let outcome = fixture.fetch("sent.jsonl").within(PATIENCE).exits(13);
    assert_eq!(failures(&outcome), BTreeMap::from([("1000".to_owned(), "folder_not_empty".to_owned())]));
    assert!(outcome.stderr().contains("put the results back"), "{outcome:?}");
    assert_eq!(fs::read(fixture.env.path("in/1000/1000.bin")).unwrap(), b"mine");
    assert_eq!(files_below(&fixture.env.path("in")).len(), 4);
    let sent = fixture.sent();
    assert_eq!((fixture.events(&sent["1000"]), fixture.events(&sent["2000"])), ((1, 1), (2, 2)));
}

#[test]
fn a_key_that_was_received_is_not_taken_for_another_link() {
    let fixture = Fixture::new([1000, 2000].into_iter());
    fixture.fetch("sent.jsonl").within(PATIENCE).exits(0);
    let other = &fixture.sent()["2000"].link;
    fixture.env.file("links.csv", format!("key,link\n1000,{other}\n"));
    let outcome = fixture.fetch("links.csv").within(PATIENCE).exits(13);
    assert_eq!(failures(&outcome)["1000"], "key_of_other_link");
    assert_eq!(counts(&fixture.fetch("sent.jsonl").within(PATIENCE).exits(0)), [0, 2, 0], "its line stays");
}

#[test]
fn a_relay_that_is_away_keeps_no_row_of_another_from_being_fetched() {
    let fixture = Fixture::new([1000].into_iter());
    let away = fixture.sent()["1000"].through(NOWHERE).link;
    let rows: String = (0..9).map(|number| format!("{number},{away}\n")).collect();
    fixture.env.file("links.csv", format!("key,link\n{rows}last,{}\n", fixture.sent()["1000"].link));
    let run = fixture.fetch("links.csv").args(["--jobs", "1", "--patience", "1s"]);
    let outcome = run.within(PATIENCE).exits(13);
    assert_eq!(counts(&outcome), [1, 0, 2], "{outcome:?}");
    assert!(fixture.env.path("in/last/1000.bin").exists());
    let failed = &lines(&fixture.env.path("got.jsonl"))["0"];
    assert_eq!((&failed["code"], &failed["retryable"]), (&"unreachable".into(), &true.into()), "{failed}");
    assert_eq!(fs::read_to_string(fixture.env.path("got.failed.csv")).unwrap().lines().count(), 10);
}

#[test]
fn a_passphrase_is_asked_for_once_and_only_on_a_terminal() {
    let fixture = Fixture::new([1000].into_iter());
    let key = ssh_key(&fixture.env, "id_ed25519", "open sesame");
    let key = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let file = "files/1000.bin";
    fixture.send("ssh.csv", &format!("paths,key,recipient\n{file},a,{key}\n{file},b,{key}\n")).exits(0);
    let run = fixture.env.share(["batch", "fetch", "ssh.csv", "--results", "got.csv", "--output", "in", "--json"]);
    run.args(["--identity", "id_ed25519"]).within(PATIENCE).fails(10, "key_file");
    assert!(!fixture.env.path("in").exists() && !fixture.env.path("got.csv").exists());

    let share = env!("CARGO_BIN_EXE_tested-share");
    let command = format!("{share} batch fetch ssh.csv --results got.csv --output in --identity id_ed25519");
    let outcome = on_a_terminal(&fixture.env, &command, "open sesame").exits(0);
    assert_eq!(outcome.stdout().matches("Passphrase for id_ed25519:").count(), 1, "{outcome:?}");
    assert!(["a", "b"].iter().all(|key| fixture.env.path("in").join(key).join("1000.bin").exists()));
}

#[test]
fn without_a_home_what_it_takes_to_go_on_lies_beside_the_results() {
    let fixture = Fixture::new([1000].into_iter());
    let proxy = FaultProxy::holding_request(&fixture.relay.url, "/receipt ");
    let links = fixture.through(&proxy);
    let fetching = fixture.fetch(links).env("HOME", "/dev/null").start();
    proxy.wait_until_stopped();
    fetching.signal("KILL");
    drop(fetching);
    proxy.open();
    assert_eq!(files_below(&fixture.env.path("got.jsonl.state/tickets")).len(), 2);
    let outcome = fixture.fetch(links).env("HOME", "/dev/null").within(PATIENCE).exits(0);
    assert_eq!(counts(&outcome), [0, 1, 0]);
    assert_eq!(fixture.events(&fixture.sent()["1000"]), (1, 1));
}
