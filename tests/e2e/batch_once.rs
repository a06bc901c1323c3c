//! A batch that is killed, cut off, corrected or robbed of its files sends each row exactly once.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use crate::support::{
    MIB, PATIENCE,
    batch::{BatchFixture, summary},
    fault_proxy::{Direction, FaultProxy},
    interruption::signal_after_bytes,
    keys::age_key,
    program::Run,
    random::{Dice, noise},
    test_env::files_below,
    until,
};

/// Journals of uploads on this computer.
fn uploads(batch: &BatchFixture) -> PathBuf {
    batch.env.path("home/.local/share/share/uploads")
}

/// A run that is killed while its only row is half sent.
fn killed_half_way(batch: &BatchFixture, jobs: &str) -> FaultProxy {
    batch.jobs(jobs);
    batch.env.file("large", noise(20 * MIB));
    let proxy = FaultProxy::holding_request(&batch.relay.url, "/parts/2 ");
    let running = batch.run_through(&proxy.url).start();
    proxy.wait_until_stopped();
    if jobs.contains("\nlarge,a\n") {
        // With words one block after another is sealed.
        until("all but one part are there", || stored(batch) >= 16 * MIB as u64);
    }
    running.signal("KILL");
    running.finish();
    proxy.open();
    proxy
}

/// Bytes that the relay holds.
fn stored(batch: &BatchFixture) -> u64 {
    let files = files_below(&batch.env.path("relay/shares"));
    files.iter().filter_map(|path| fs::metadata(path).ok()).filter(|m| m.is_file()).map(|m| m.len()).sum()
}

#[test]
fn what_was_half_sent_is_gone_on_with() {
    let batch = BatchFixture::new();
    let proxy = killed_half_way(&batch, "paths,key\nlarge,a\n");
    let words = batch.words()["a"]["words"].clone();
    let before = proxy.passed(Direction::ToRelay);
    let outcome = batch.run_through(&proxy.url).arg("--json").within(PATIENCE).exits(0);
    assert_eq!(summary(&outcome)["done"], 1);
    assert!(proxy.passed(Direction::ToRelay) - before < 16 * MIB as u64, "only the rest was sent");
    assert_eq!(batch.words()["a"]["words"], words, "the words are those that were given");
    assert_eq!(batch.results()["a"]["attempt"], "1");
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 1)]);
    batch.get("a", "in").exits(0);
    assert!(fs::read(batch.env.path("in/large")).unwrap() == noise(20 * MIB));
}

#[test]
fn without_its_journal_it_is_taken_back_and_sent_anew_with_other_words() {
    let batch = BatchFixture::new();
    let proxy = killed_half_way(&batch, "paths,key\nlarge,a\n");
    let words = batch.words()["a"]["words"].clone();
    fs::remove_dir_all(uploads(&batch)).unwrap();
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_ne!(batch.words()["a"]["words"], words);
    assert_eq!((&*batch.results()["a"]["attempt"], &*batch.words()["a"]["attempt"]), ("2", "2"));
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 1), ("revoked".to_owned(), 1)]);
    batch.get("a", "in").exits(0);
    // The relay alone knows of the second attempt now.
    fs::remove_file(batch.env.path("results.csv")).unwrap();
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_eq!(batch.results()["a"]["attempt"], "2");
    assert_eq!(batch.states()["ready"], 1);
}

#[test]
fn a_row_that_was_corrected_while_half_sent_goes_to_the_right_recipient_only() {
    let batch = BatchFixture::new();
    let other = age_key(&batch.env, "other.txt");
    let proxy = killed_half_way(&batch, &format!("paths,key,recipient\nlarge,a,{other}\n"));
    batch.jobs("paths,key,recipient\nlarge,a,KEY\n");
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 1), ("revoked".to_owned(), 1)]);
    batch.get("a", "in").exits(0);
    assert!(files_below(&uploads(&batch)).is_empty(), "nothing is left to go on with");
}

#[test]
fn results_that_are_lost_send_nothing_twice_and_words_that_are_lost_are_told() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nf0,w,\nf1,k,KEY\n");
    batch.run().within(PATIENCE).exits(0);
    let links = |key: &str| batch.results()[key]["link"].clone();
    let before = [links("w"), links("k")];
    fs::remove_file(batch.env.path("results.csv")).unwrap();
    let outcome = batch.run().arg("--json").within(PATIENCE).exits(0);
    let told = summary(&outcome);
    assert_eq!((told["done"].as_u64(), told["before"].as_u64()), (Some(0), Some(2)), "{told}");
    assert_eq!(before, [links("w"), links("k")]);
    fs::remove_file(batch.env.path("words.csv")).unwrap();
    for _ in 0..2 {
        batch.run().within(PATIENCE).exits(13).says("w: The row was sent, but its words").says("share revoke http");
    }
    assert_eq!(batch.states()["ready"], 2);
    // Another run is another night.
    fs::remove_file(batch.env.path("results.csv")).unwrap();
    batch.run().args(["--run", "tomorrow"]).within(PATIENCE).exits(0);
    assert_eq!(batch.states()["ready"], 4);
}

#[test]
fn a_share_that_the_batch_itself_took_back_is_not_taken_for_sent() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient,message\nf0,a,KEY,one\n");
    // The relay seals, and its answer is lost.
    let proxy = FaultProxy::holding_answer(&batch.relay.url, "/seal ", 0);
    let running = batch.run_through(&proxy.url).start();
    proxy.wait_until_stopped();
    until("the share is ready", || batch.states().contains_key("ready"));
    running.signal("KILL");
    running.finish();
    proxy.open();
    // Corrected, and its file is away for a run.
    batch.jobs("paths,key,recipient,message\nf0,a,KEY,two\n");
    let again = || batch.run_through(&proxy.url).within(PATIENCE);
    fs::rename(batch.env.path("f0"), batch.env.path("away")).unwrap();
    again().exits(13);
    fs::rename(batch.env.path("away"), batch.env.path("f0")).unwrap();
    again().exits(0);
    assert_eq!(batch.results()["a"]["status"], "ready");
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 1), ("revoked".to_owned(), 1)]);
    assert!(batch.get("a", "in").exits(0).stderr().contains("two"));
}

#[test]
fn a_last_line_without_its_end_is_kept() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key\nf0,a\nf1,b\n");
    batch.run().within(PATIENCE).exits(0);
    let (words, results) = (batch.words(), batch.results());
    for name in ["words.csv", "results.csv"] {
        let text = fs::read_to_string(batch.env.path(name)).unwrap();
        fs::write(batch.env.path(name), text.trim_end()).unwrap();
    }
    batch.run().within(PATIENCE).exits(0);
    assert_eq!((batch.words(), batch.results()), (words, results));
    // One that was cut off in the middle is not.
    let text = fs::read_to_string(batch.env.path("results.csv")).unwrap();
    fs::write(batch.env.path("results.csv"), &text[..text.len() - 20]).unwrap();
    batch.run().within(PATIENCE).exits(0);
    assert_eq!(batch.states()["ready"], 2);
}

#[test]
fn collected_and_revoked_count_as_sent() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient,downloads\nf0,collected,KEY,1\nf1,revoked,KEY,\nf2,ready,KEY,\n");
    batch.run().within(PATIENCE).exits(0);
    batch.get("collected", "in").exits(0);
    batch.env.share(["revoke", &batch.results()["revoked"]["link"]]).succeeds();
    fs::remove_file(batch.env.path("results.csv")).unwrap();
    batch.run().within(PATIENCE).exits(0);
    for (key, line) in batch.results() {
        assert_eq!(key, line["status"]);
    }
    assert_eq!(batch.states()["ready"], 1);
}

#[test]
fn an_unfinished_share_that_somebody_took_back_is_not_sent_again() {
    let batch = BatchFixture::new();
    let proxy = killed_half_way(&batch, "paths,key,recipient\nlarge,a,KEY\n");
    let listed = batch.env.share(["list", "--json"]).succeeds().json();
    let link = listed[0]["link"].as_str().unwrap().to_owned();
    batch.env.share(["revoke", &link]).succeeds();
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_eq!(batch.results()["a"]["status"], "revoked");
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("revoked".to_owned(), 1)]);
}

#[test]
fn files_that_changed_since_are_reported_and_not_sent_under_the_same_key() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nf0,a,KEY\nf1,b,KEY\n");
    batch.run().within(PATIENCE).exits(0);
    batch.env.file("f0", "something else of another length");
    fs::remove_file(batch.env.path("f1")).unwrap();
    let outcome = batch.run().arg("--json").within(PATIENCE).exits(13).says("a: The files or the message are not");
    let failed = outcome.json().into_iter().find(|row| row["status"] == "failed").unwrap();
    assert_eq!((failed["key"].as_str(), failed["retryable"].as_bool()), (Some("a"), Some(false)));
    assert_eq!(batch.results()["a"]["status"], "ready", "its link is still there");
    assert_eq!(batch.states()["ready"], 2);
    batch.get("a", "in").exits(0);
    assert_eq!(fs::read_to_string(batch.env.path("in/f0")).unwrap(), "content of 0");
}

#[test]
fn new_files_under_old_keys_are_reported_although_the_results_are_gone() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nf0,a,KEY\nf1,b,KEY\nf2,c,KEY\n");
    batch.run().within(PATIENCE).exits(0);
    fs::remove_file(batch.env.path("results.csv")).unwrap();
    batch.env.file("f0", "another length");
    let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
    File::options().write(true).open(batch.env.path("f1")).unwrap().set_modified(tomorrow).unwrap();
    for _ in 0..2 {
        let outcome = batch.run().arg("--json").within(PATIENCE).exits(13);
        let failures = summary(&outcome)["failures"].to_string();
        assert_eq!(failures.matches("changed_since_sent").count(), 2, "{failures}");
    }
    assert_eq!(batch.states()["ready"], 3);
    // Taken back by hand, what was sent is told as what it is.
    batch.env.share(["revoke", &batch.results()["c"]["link"]]).succeeds();
    batch.run().within(PATIENCE).exits(13);
    assert_eq!(batch.results()["c"]["status"], "revoked");
}

#[test]
fn a_file_that_changes_while_it_is_sent_fails_its_row_and_is_sent_as_it_is_then() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nlarge,a,KEY\n");
    // More than is read ahead.
    batch.env.file("large", noise(64 * MIB));
    let proxy = FaultProxy::holding_request(&batch.relay.url, "/parts/");
    let running = batch.run_through(&proxy.url).start();
    proxy.wait_until_stopped();
    batch.env.file("large", vec![1; 64 * MIB]);
    proxy.open();
    running.finish().exits(13).says("a: ").says("changed");
    assert_eq!(batch.results()["a"]["code"], "file_changed");
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_eq!((&*batch.results()["a"]["status"], &*batch.results()["a"]["attempt"]), ("ready", "2"));
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 1), ("revoked".to_owned(), 1)]);
    batch.get("a", "in").exits(0);
    assert!(fs::read(batch.env.path("in/large")).unwrap() == vec![1; 64 * MIB]);
}

#[test]
fn a_half_sent_file_that_has_grown_is_sent_whole() {
    let batch = BatchFixture::new();
    let proxy = killed_half_way(&batch, "paths,key,recipient\nlarge,a,KEY\n");
    let whole = [noise(20 * MIB), b"more".to_vec()].concat();
    batch.env.file("large", &whole);
    let again = || batch.run_through(&proxy.url).within(PATIENCE);
    if again().output.status.code() == Some(13) {
        again().exits(0);
    }
    batch.get("a", "in").exits(0);
    assert!(fs::read(batch.env.path("in/large")).unwrap() == whole);
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 1), ("revoked".to_owned(), 1)]);
}

#[test]
fn a_relay_that_goes_away_in_between_costs_nothing() {
    let mut batch = BatchFixture::new();
    let rows: String = (0..10).map(|n| format!("f{n},k{n},KEY\n")).collect();
    batch.jobs(&format!("paths,key,recipient\n{rows}"));
    let proxy = FaultProxy::holding_request(&batch.relay.url, "/seal ");
    let running = batch.run_through(&proxy.url).args(["--patience", "1s"]).start();
    proxy.wait_until_stopped_times(2);
    let address = batch.relay.address().to_owned();
    batch.relay.kill();
    proxy.relay_is_gone();
    let outcome = running.finish().exits(13);
    assert!(outcome.stderr().contains("cannot be reached"), "{outcome:?}");
    batch.relay = batch.env.relay_with(["--listen", &address]);
    proxy.set_relay(&batch.relay.url);
    let outcome = batch.run_through(&proxy.url).arg("--json").within(PATIENCE).exits(0);
    let told = summary(&outcome);
    assert_eq!(told["done"].as_u64().unwrap() + told["before"].as_u64().unwrap(), 10, "{told}");
    assert_eq!(batch.states().into_iter().collect::<Vec<_>>(), [("ready".to_owned(), 10)]);
    assert!(batch.results().values().all(|line| line["attempt"] == "1"));
}

/// Rows of the batch that is killed again and again, and how many of them have words.
const ROWS: usize = 1000;
const WITH_WORDS: usize = 16;

#[test]
fn a_thousand_rows_killed_ten_times_are_sent_once_each() {
    let batch = BatchFixture::new();
    let sizes = [0, 1, 900, 70_000, 300_000, 2 * MIB, 9 * MIB];
    let size = |row: usize| if row.is_multiple_of(100) { sizes[row / 100 % 7] } else { sizes[row % 5] };
    let mut table = "paths,key,recipient\n".to_owned();
    for row in 0..ROWS {
        let mut content = noise(size(row));
        content.extend_from_slice(row.to_string().as_bytes());
        batch.env.file(format!("files/{row}"), content);
        let key = if row % (ROWS / WITH_WORDS) == 1 { "" } else { &batch.key };
        table.push_str(&format!("files/{row},r{row},{key}\n"));
    }
    batch.jobs(&table);
    let (mut dice, tap) = (Dice::new(), FaultProxy::counting(&batch.relay.url));
    let (total, killed) = (80 * MIB as u64, AtomicU64::new(0));
    let run = || -> Run { batch.run_through(&tap.url) };
    for round in 0..10 {
        if round % 3 == 2 && batch.env.path("results.csv").exists() {
            fs::remove_file(batch.env.path("results.csv")).unwrap();
        }
        let output = signal_after_bytes(run(), &tap, Direction::ToRelay, dice.below(total / 8), "KILL");
        killed.fetch_add(u64::from(output.status.code().is_none()), Ordering::Relaxed);
    }
    eprintln!("{} of 10 runs were killed", killed.load(Ordering::Relaxed));
    run().within(10 * PATIENCE).exits(0);
    let results = batch.results();
    assert_eq!(results.len(), ROWS);
    assert!(results.values().all(|line| line["status"] == "ready"));
    let links: BTreeSet<_> = results.values().map(|line| &line["link"]).collect();
    let states = batch.states();
    assert_eq!((links.len(), states["ready"]), (ROWS, ROWS), "each recipient gets exactly one share: {states:?}");
    assert_eq!(states.get("uploading"), None, "{states:?}");
    let left = files_below(&uploads(&batch));
    assert!(left.is_empty(), "nothing is left to go on with: {left:?}");

    // Every one of them opens: those with words here, the others in one batch.
    let words = batch.words();
    for (key, line) in &words {
        let file = batch.env.file("one.words", &line["words"]);
        let get = ["get", &results[key]["link"], "--yes", "--output", "words", "--passphrase-file"];
        batch.env.share(get).arg(file).within(PATIENCE).exits(0);
    }
    assert!(words.len() >= WITH_WORDS);
    fetch_all(&batch);
    for row in 0..ROWS {
        let sent = fs::read(batch.env.path(format!("files/{row}"))).unwrap();
        let folder = if words.contains_key(&format!("r{row}")) { "words".to_owned() } else { format!("in/r{row}") };
        assert!(fs::read(batch.env.path(folder).join(row.to_string())).unwrap() == sent, "row {row}");
    }
}

/// Fetches all that is for the recipient's key into a folder for each row; rows with words fail.
fn fetch_all(batch: &BatchFixture) {
    let fetch =
        ["batch", "fetch", "results.csv", "--results", "fetched.csv", "--output", "in", "--identity", "key.txt"];
    batch.env.share(fetch).within(10 * PATIENCE).exits(13);
}
