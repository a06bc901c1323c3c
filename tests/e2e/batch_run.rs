//! `share batch run`: rows become shares, links and words travel apart, and a bad row stops itself alone.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rustls::crypto::aws_lc_rs;

use crate::support::{
    PATIENCE,
    batch::{BatchFixture, read_csv, summary},
    fault_proxy::FaultProxy,
    machine::{PRIVATE_MOUNTS, can_mount},
    program::Outcome,
    test_env::{TestEnv, files_below},
};

#[test]
fn each_row_becomes_a_share_and_links_and_words_travel_apart() {
    let batch = BatchFixture::new();
    batch.env.file("dir/a.txt", "a");
    batch.env.file("dir/.hidden", "h");
    batch.jobs(
        "paths,key,name,to,recipient,message,expires,downloads,case\n\
         f0|dir/*.txt,w,J. Jansen,j@example.nl,,Hello,2d,3,Z-1\n\
         f1,k,,,KEY,,,,\n\
         dir,,,,KEY,,,,Z-3\n",
    );
    let outcome = batch.run().arg("--json").within(PATIENCE).exits(0);
    let told = summary(&outcome);
    assert_eq!((told["rows"].as_u64(), told["done"].as_u64()), (Some(3), Some(3)), "{told}");
    let results = batch.results();
    assert!(results.values().all(|line| line["status"] == "ready" && line["attempt"] == "1"), "{results:?}");
    let w = &results["w"];
    assert_eq!((&*w["name"], &*w["to"], &*w["case"], &*w["files"]), ("J. Jansen", "j@example.nl", "Z-1", "2"));
    assert!(w["expires"].ends_with('Z') && w["created"].ends_with('Z'), "{w:?}");
    let words = batch.words();
    assert_eq!(words.keys().collect::<Vec<_>>(), ["w"], "rows to keys have no words");
    let words_text = fs::read_to_string(batch.env.path("words.csv")).unwrap();
    let results_text = fs::read_to_string(batch.env.path("results.csv")).unwrap();
    assert!(!words_text.contains("http") && !results_text.contains(&words["w"]["words"]));
    assert!(!outcome.stdout().contains(&words["w"]["words"]) && !outcome.stderr().contains(&words["w"]["words"]));
    let mode = |name: &str| fs::metadata(batch.env.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("words.csv"), mode("results.csv") & 0o600), (0o600, 0o600));
    assert!(!batch.env.path("results.failed.csv").exists());

    batch.get("w", "in").exits(0);
    assert_eq!(fs::read_to_string(batch.env.path("in/f0")).unwrap(), "content of 0");
    assert_eq!(fs::read_to_string(batch.env.path("in/a.txt")).unwrap(), "a");
    batch.get("k", "in").exits(0);
    let hashed = results.keys().find(|key| *key != "w" && *key != "k").unwrap();
    batch.get(hashed, "in").exits(0);
    assert_eq!(fs::read_to_string(batch.env.path("in/dir/.hidden")).unwrap(), "h");
    let status = batch.env.share(["status", &w["link"], "--json"]).succeeds();
    assert!(status.stdout().contains("\"ready\""));
}

#[test]
fn a_bad_row_stops_itself_and_can_be_corrected() {
    let batch = BatchFixture::new();
    batch.jobs(
        "paths,key,to,recipient,message,expires,downloads\n\
         f0,good,,KEY,,,\n\
         gone,gone,,KEY,,,\n\
         *.none,pattern,,KEY,,,\n\
         f1,badkey,,age1nothing,,,\n\
         f1,address,no address,KEY,,,\n\
         f1,expires,,KEY,,soon,\n\
         f1,downloads,,KEY,,,many\n\
         f2,good,,KEY,,,\n\
         f1,over,,KEY,,,,,,,too,many,cells\n\
         f3,,,KEY,,,\n\
         f3,,,KEY,,,\n\
         f4,\"two\nlines\",,KEY,,,\n\
         f5,last,,KEY,,,\n",
    );
    let outcome = batch.run().arg("--json").within(PATIENCE).exits(13);
    let told = summary(&outcome);
    assert_eq!((told["rows"].as_u64(), told["done"].as_u64()), (Some(13), Some(3)), "{outcome:?}");
    let codes: Vec<(String, String)> = (outcome.json().iter())
        .filter(|row| row["event"] == "row" && row["status"] == "failed")
        .map(|row| (row["key"].as_str().unwrap().to_owned(), row["code"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(codes.len(), 10, "{codes:?}");
    for (key, code) in [("gone", "local_file"), ("pattern", "not_found"), ("badkey", "usage"), ("downloads", "usage")] {
        assert!(codes.iter().any(|(k, c)| k == key && c == code), "{key} {code}: {codes:?}");
    }
    let outcome = outcome.says("gone: ").says("The same key as in line 2").says("line 10: ");
    outcome.says("They are in ");

    assert_eq!(batch.results()["good"]["status"], "ready", "the second row of that key is not taken for the first");

    // The same rows, corrected in the file that they are in.
    let left = batch.env.path("results.failed.csv");
    let text = fs::read_to_string(&left).unwrap();
    assert!(text.starts_with("paths,key,name,to,recipient,message,expires,downloads,case,error\n"), "{text}");
    assert_eq!(fs::metadata(&left).unwrap().permissions().mode() & 0o777, 0o600);
    let header = "paths,key,recipient\n";
    let gone = read_csv_flexible(&left).into_iter().find(|cells| cells[1] == "gone").unwrap();
    assert!(Path::new(&gone[0]).is_absolute(), "{gone:?}");
    fs::write(batch.env.path("gone"), "here").unwrap();
    fs::write(&left, format!("{header}{},gone,{}\n", gone[0], batch.key)).unwrap();
    let again = ["batch", "run", "results.failed.csv", "--results", "results.csv", "--relay", &batch.relay.url];
    batch.env.share(again).within(PATIENCE).exits(0);
    assert!(!left.exists(), "nothing is left over");
    assert_eq!(batch.results()["gone"]["status"], "ready");
    assert_eq!(batch.states()["ready"], 4);

    // A row that was sent and is now a bad one is told, and its link stays.
    batch.jobs("paths,key,recipient,downloads\nf0,good,KEY,many\n");
    batch.run().within(PATIENCE).exits(13).says("many is no number of downloads");
    assert_eq!(batch.results()["good"]["status"], "ready");
}

fn read_csv_flexible(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn spreadsheets_and_programs_write_tables_in_their_own_ways() {
    let batch = BatchFixture::new();
    batch.jobs("");
    let excel = format!("\u{feff}Paths;Key;Recipient;Name\r\nf0;=1+1;{};-Jansen\r\n;;;\r\n", batch.key);
    batch.env.file("jobs.csv", excel);
    batch.run().within(PATIENCE).exits(0);
    let text = fs::read_to_string(batch.env.path("results.csv")).unwrap();
    assert!(text.contains("\n'=1+1,ready,f0,'-Jansen,"), "no cell runs in a spreadsheet: {text}");
    batch.run().arg("--json").within(PATIENCE).exits(0).says("");
    assert_eq!(batch.states()["ready"], 1, "the key is known again");

    let line = serde_json::json!({ "paths": ["f1", "f2"], "key": "=j", "recipient": batch.key, "downloads": 1 });
    batch.env.file("jobs.jsonl", format!("{line}\n"));
    let run = ["batch", "run", "jobs.jsonl", "--results", "results.jsonl", "--relay", &batch.relay.url];
    for _ in 0..2 {
        batch.env.share(run).within(PATIENCE).exits(0);
    }
    let text = fs::read_to_string(batch.env.path("results.jsonl")).unwrap();
    let results: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), 1);
    assert_eq!((results[0]["key"].as_str(), results[0]["files"].as_u64()), (Some("=j"), Some(2)));
    assert_eq!(batch.states()["ready"], 2);
}

#[test]
fn a_table_that_is_none_is_refused_before_anything_is_sent() {
    let batch = BatchFixture::new();
    for (text, says) in [
        (&b""[..], "has no column paths"),
        (b"key\nx\n", "has no column paths"),
        (b"paths,expire\nf0,1d\n", "a column expire that is not known"),
        (b"paths\n\xff\xff\n", "no text in UTF-8"),
    ] {
        batch.env.file("jobs.csv", text);
        let outcome = batch.run().output().says(says);
        assert!([2, 10].contains(&outcome.output.status.code().unwrap()), "{outcome:?}");
    }
    batch.jobs("paths,recipient\nf0,KEY\n");
    batch.env.file("results.csv", "name,place\nsomebody,elsewhere\n");
    batch.run().output().exits(2).says("has no column key");
    assert_eq!(fs::read_to_string(batch.env.path("results.csv")).unwrap(), "name,place\nsomebody,elsewhere\n");
    assert!(files_below(&batch.env.path("relay/shares")).is_empty());
}

#[test]
fn tables_that_are_mixed_up_are_refused_and_stay_as_they_are() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key\nf0,w\n");
    batch.run().within(PATIENCE).exits(0);
    let read = |name: &str| fs::read_to_string(batch.env.path(name)).unwrap();
    let before = (read("words.csv"), read("results.csv"), read("jobs.csv"));
    let run = |table: &str, results: &str, words: &str| {
        let run = ["batch", "run", table, "--results", results, "--words", words, "--relay", &batch.relay.url];
        batch.env.share(run).within(PATIENCE).exits(2);
        assert_eq!((read("words.csv"), read("results.csv"), read("jobs.csv")), before, "{results} {words}");
    };
    run("jobs.csv", "words.csv", "results.csv");
    run("jobs.csv", "words.csv", "other.csv");
    run("jobs.csv", "other.csv", "results.csv");
    run("jobs.csv", "jobs.csv", "words.csv");
    run("jobs.csv", "results.csv", "results.csv");
    let failed = ["batch", "run", "jobs.csv", "--results", "results.csv", "--words", "words.csv", "--failed", "f0"];
    batch.env.share(failed).args(["--relay", &batch.relay.url]).within(PATIENCE).exits(10);
    assert_eq!(read("f0"), "content of 0");
}

#[test]
fn results_that_a_spreadsheet_has_saved_are_still_results() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nf0,a,KEY\ngone,b,KEY\n");
    batch.run().within(PATIENCE).exits(13);
    let text = fs::read_to_string(batch.env.path("results.csv")).unwrap();
    let saved: String = text.lines().map(|line| line.replace(",false,", ",ONWAAR,") + ",\r\n").collect();
    let empty = ",".repeat(saved.lines().next().unwrap().matches(',').count());
    fs::write(batch.env.path("results.csv"), format!("\u{feff}{saved}{empty}\r\n")).unwrap();
    fs::write(batch.env.path("gone"), "here").unwrap();
    batch.run().within(PATIENCE).exits(0);
    assert_eq!(batch.states()["ready"], 2);
}

#[test]
fn words_go_nowhere_only_if_somebody_says_where() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key\nf0,w\n");
    let run = |options: &[&str]| {
        let files = ["batch", "run", "jobs.csv", "--results", "results.csv", "--relay", &batch.relay.url];
        batch.env.share(files).args(options).within(PATIENCE)
    };
    run(&[]).exits(13).says("words, and they have nowhere to go");
    run(&["--words-command", "true"]).exits(2).says("need --words, so that no words are lost");
    run(&["--words-file-per-row", "letters"]).exits(2).says("need --words, so that no words are lost");
    run(&["--words", "w.csv", "--words-command", "no-such-program"]).exits(2).says("no program no-such-program");
    assert!(!batch.env.path("relay/shares").exists() || files_below(&batch.env.path("relay/shares")).is_empty());
    let letters = ["--words", "words.csv", "--words-file-per-row", "letters"];
    run(&letters).exits(0);
    let file = batch.env.path("letters/w.txt");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let link = batch.results()["w"]["link"].clone();
    batch.env.share(["get", &link, "--yes", "--output", "in", "--passphrase-file"]).arg(&file).succeeds();

    // The letter of another night is not written over.
    let words = fs::read_to_string(&file).unwrap();
    let tomorrow =
        ["batch", "run", "jobs.csv", "--results", "tomorrow.csv", "--words", "t.csv", "--relay", &batch.relay.url];
    let again = || batch.env.share(tomorrow).args(["--words-file-per-row", "letters"]).within(PATIENCE);
    again().exits(13).says("letters/w.txt");
    assert_eq!(fs::read_to_string(&file).unwrap(), words);
    fs::remove_file(&file).unwrap();
    again().exits(0);
    assert_ne!(fs::read_to_string(&file).unwrap(), words);
}

/// A program that notes what it is given, in `taken`; without a `calm` file it fails, or kills its batch.
fn words_program(env: &TestEnv, script: &str) -> String {
    let path = env.file("take words.sh", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_program_is_handed_the_words_once_and_nothing_else() {
    let batch = BatchFixture::new();
    let token = batch.env.share_relay(["token", "add", "job", "--data"]).arg(batch.env.path("relay")).succeeds();
    let token = token.stdout().trim().lines().last().unwrap().to_owned();
    batch.jobs("paths,key,name,to,case\nf0,a,J. Jansen,j@example.nl,Z 1\nf1,b; rm -rf x,,,\n");
    let program = words_program(
        &batch.env,
        "read -r words\necho \"$SHARE_ROW_KEY|$SHARE_ROW_NAME|$SHARE_ROW_TO|$SHARE_ROW_CASE|$SHARE_TOKEN|$#|$words\" >> taken\n\
         [ -e calm ] || exit 7",
    );
    let run = || batch.run().env("SHARE_TOKEN", &token).args(["--words-command", &program]);
    run().within(PATIENCE).exits(13).says("has not taken the words: exit status: 7");
    assert_eq!(batch.words()["a"]["handed_over"], "failed");
    batch.env.file("calm", "");
    fs::remove_file(batch.env.path("taken")).unwrap();
    run().within(PATIENCE).exits(0);
    run().within(PATIENCE).exits(0);
    let words = batch.words();
    let mut taken: Vec<String> =
        fs::read_to_string(batch.env.path("taken")).unwrap().lines().map(str::to_owned).collect();
    taken.sort();
    let a = format!("a|J. Jansen|j@example.nl|Z 1||0|{}", words["a"]["words"]);
    let b = format!("b; rm -rf x||||||0|{}", words["b; rm -rf x"]["words"]).replace("||||||0", "|||||0");
    assert_eq!(taken, [a, b]);
}

#[test]
fn handing_over_that_was_begun_and_not_ended_is_reported_and_never_repeated() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key\nf0,a\n");
    let program = words_program(&batch.env, "echo taken >> taken; kill -KILL $PPID");
    let run = || batch.run().args(["--words-command", &program]).within(PATIENCE);
    assert_eq!(run().output.status.code(), None, "it was killed");
    for _ in 0..2 {
        let outcome = run().exits(13).says("nobody knows whether they arrived");
        outcome.says("write done, or nothing");
    }
    assert_eq!(fs::read_to_string(batch.env.path("taken")).unwrap(), "taken\n");
    // The words know, not the results.
    fs::remove_file(batch.env.path("results.csv")).unwrap();
    run().exits(13);
    let text = fs::read_to_string(batch.env.path("words.csv")).unwrap();
    fs::write(batch.env.path("words.csv"), text.replace(",begun,", ",done,")).unwrap();
    run().exits(0);
    assert_eq!(batch.states()["ready"], 1);
}

#[test]
fn a_program_that_a_signal_ended_may_have_passed_the_words_on() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key\nf0,a\n");
    let program = words_program(&batch.env, "echo taken >> taken; kill -KILL $$");
    let run = || batch.run().args(["--words-command", &program]).within(PATIENCE);
    run().exits(13).says("has not taken the words: signal: 9");
    run().exits(13).says("nobody knows whether they arrived");
    assert_eq!(fs::read_to_string(batch.env.path("taken")).unwrap(), "taken\n");
}

#[test]
fn several_runs_may_share_a_table_of_words_and_never_results() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key\nf0,a\n");
    batch.run().args(["--run", "monday"]).within(PATIENCE).exits(0);
    batch.run().args(["--run", "tuesday"]).within(PATIENCE).exits(2).says("results of another run");
    let monday = batch.words()["a"]["words"].clone();
    let tuesday =
        ["batch", "run", "jobs.csv", "--results", "t.csv", "--words", "words.csv", "--relay", &batch.relay.url];
    batch.env.share(tuesday).within(PATIENCE).exits(0);
    let words = read_csv(&batch.env.path("words.csv"));
    assert_eq!(words.len(), 2);
    assert!(words.iter().any(|line| line["words"] == monday), "{words:?}");
    assert_eq!(batch.states()["ready"], 2);
    batch.run().args(["--run", "monday"]).within(PATIENCE).exits(0);
}

#[test]
fn a_row_that_is_left_over_means_the_same_files_wherever_it_lies() {
    let batch = BatchFixture::new();
    batch.env.file("a[bc]/jobs.csv", format!("paths,key,recipient\ndoc.txt,a,{0}\n*.pdf,b,{0}\n", batch.key));
    batch.env.file("ab/doc.txt", "another one");
    batch.env.file("ab/x.pdf", "another one");
    let run = |table: &str| {
        let run = ["batch", "run", table, "--results", "results.csv", "--relay", &batch.relay.url];
        batch.env.share(run).within(PATIENCE)
    };
    run("a[bc]/jobs.csv").exits(13);
    run("results.failed.csv").exits(13);
    batch.env.file("a[bc]/doc.txt", "the right one");
    batch.env.file("a[bc]/y.pdf", "the right one");
    run("results.failed.csv").exits(0);
    for (key, name) in [("a", "doc.txt"), ("b", "y.pdf")] {
        batch.get(key, "in").exits(0);
        assert_eq!(fs::read_to_string(batch.env.path("in").join(name)).unwrap(), "the right one");
    }
}

#[test]
fn a_second_run_at_the_same_time_ends_at_once() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nf0,a,KEY\n");
    let proxy = FaultProxy::holding_request(&batch.relay.url, "/seal ");
    let first = batch.run_through(&proxy.url).start();
    proxy.wait_until_stopped();
    let outcome = batch.run().output().exits(14).says("is in use by another run");
    assert_eq!(outcome.stdout(), "");
    first.signal("KILL");
    first.finish();
    proxy.open();
    // The lock has gone with its process.
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_eq!(batch.states()["ready"], 1);
}

#[test]
fn it_ends_early_and_goes_on_later() {
    let batch = BatchFixture::new();
    let rows: String = (0..10).map(|n| format!("f{n},k{n},KEY\n")).collect();
    batch.jobs(&format!("paths,key,recipient\n{rows}"));
    let left = || read_csv(&batch.env.path("results.failed.csv")).len();

    let proxy = FaultProxy::holding_request(&batch.relay.url, "/seal ");
    let outcome = batch.run_through(&proxy.url).args(["--deadline", "2s", "--json"]).within(PATIENCE).exits(13);
    let told = summary(&outcome);
    assert_eq!((told["done"].as_u64(), told["not_begun"].as_u64()), (Some(0), Some(10)), "{outcome:?}");
    assert_eq!(left(), 10);
    outcome.says("Run the same command again");

    let running = batch.run_through(&proxy.url).start();
    proxy.wait_until_stopped_times(1 + proxy.faults_made());
    running.signal("INT");
    running.finish().exits(130).says("Stopped; run it again to go on");
    assert_eq!(left(), 10);
    proxy.open();
    batch.run_through(&proxy.url).within(PATIENCE).exits(0);
    assert_eq!(batch.states()["ready"], 10);
    assert!(batch.results().values().all(|line| line["attempt"] == "1"), "what was begun was gone on with");

    batch.jobs(&format!("paths,key,recipient\ngone,bad,KEY\n{}", rows.replace(",k", ",n")));
    let outcome = batch.run().args(["--fail-fast", "--jobs", "1", "--json"]).within(PATIENCE).exits(13);
    let told = summary(&outcome);
    assert_eq!((told["done"].as_u64(), told["not_begun"].as_u64()), (Some(0), Some(10)), "{outcome:?}");
}

#[test]
fn a_relay_that_is_away_or_refuses_is_told_at_once() {
    let mut batch = BatchFixture::new();
    batch.jobs("paths,key,recipient\nf0,a,KEY\nf1,b,KEY\n");
    batch.env.share_relay(["token", "add", "job", "--data"]).arg(batch.env.path("relay")).succeeds();
    let outcome = batch.run().arg("--json").within(PATIENCE).exits(9);
    assert_eq!(summary(&outcome)["not_begun"], 2);
    assert!(!fs::read_to_string(batch.env.path("results.csv")).unwrap().contains("failed"));
    batch.relay.kill();
    let outcome = batch.run().args(["--patience", "1s"]).within(PATIENCE).exits(3);
    outcome.says("cannot be reached");
    let unset = ["batch", "run", "jobs.csv", "--results", "results.csv"];
    batch.env.share(unset).output().exits(2).says("no relay to send through").says("SHARE_RELAY");
}

#[test]
fn checking_sends_nothing_and_finds_what_is_wrong() {
    let batch = BatchFixture::new();
    batch.jobs("paths,key,recipient,expires\nf0,a,KEY,\nf1,b,KEY,300d\ngone,c,KEY,\nf2,d,,\n");
    batch.env.file("12:30.txt", "x");
    let check = |options: &[&str]| {
        let check = ["batch", "run", "jobs.csv", "--check-only", "--relay", &batch.relay.url, "--json"];
        batch.env.share(check).args(options).within(PATIENCE)
    };
    let codes = |outcome: &Outcome| -> Vec<String> {
        let rows = outcome.json().into_iter().filter(|row| row["event"] == "row");
        rows.map(|row| row["code"].as_str().unwrap_or("ok").to_owned()).collect()
    };
    let outcome = check(&[]).exits(13);
    assert_eq!(codes(&outcome), ["ok", "expiry_too_long", "local_file", "usage"]);
    let outcome = check(&["--words", "words.csv"]).exits(13);
    assert_eq!(codes(&outcome), ["ok", "expiry_too_long", "local_file", "ok"]);
    batch.jobs("paths,key,recipient\nf0,a,KEY\n12:30.txt,b,KEY\n");
    assert_eq!(codes(&check(&[]).exits(13)), ["ok", "name_not_possible"]);
    check(&["--rename"]).exits(0);
    let there = files_below(&batch.env.path(""));
    assert!(!there.iter().any(|path| path.ends_with("words.csv") || path.ends_with("results.csv")), "{there:?}");
    assert!(!batch.env.path("relay/shares").exists() || files_below(&batch.env.path("relay/shares")).is_empty());
}

#[test]
fn a_template_is_a_table_to_begin_with() {
    let batch = BatchFixture::new();
    let outcome = batch.env.share(["batch", "new", "jobs.csv"]).succeeds();
    assert!(outcome.stdout().contains("jobs.csv"));
    batch.env.share(["batch", "new", "jobs.csv"]).output().exits(10).says("jobs.csv");
    batch.run().within(PATIENCE).exits(13).says("report.pdf");
    batch.env.file("report.pdf", "x");
    batch.run().within(PATIENCE).exits(0);
    assert_eq!(batch.results()["2026-0001"]["status"], "ready");
}

#[test]
fn without_a_home_and_on_a_read_only_system_behind_a_proxy_only_the_output_is_written() {
    let batch = BatchFixture::new();
    if !can_mount() {
        return;
    }
    batch.jobs("paths,key,recipient\nf0,k,KEY\nf1,w,\n");
    fs::create_dir(batch.env.path("out")).unwrap();
    let server = FaultProxy::tls(&batch.relay.url, aws_lc_rs::default_provider(), &batch.env, "relay.test");
    let office = FaultProxy::connect(&server.url);
    let run = || {
        let script = "mount --bind out out && mount -o remount,bind,ro / && cd . && exec \"$@\"";
        let files = ["batch", "run", "jobs.csv", "--results", "out/results.csv", "--words", "out/words.csv"];
        let run = batch.env.share(files).env("HOME", "/nonexistent").env("SHARE_RELAY", "https://relay.test");
        let run = run.env("https_proxy", &office.url).env("SSL_CERT_FILE", batch.env.path("cert.pem"));
        run.under(["unshare"].into_iter().chain(PRIVATE_MOUNTS).chain(["sh", "-c", script, "sh"])).within(PATIENCE)
    };
    run().exits(0).says("no home folder that can be written");
    run().exits(0);
    fs::remove_file(batch.env.path("out/results.csv")).unwrap();
    run().exits(0);
    assert_eq!(batch.states()["ready"], 2, "the secret beside the results is the same");
    assert!(files_below(&batch.env.path("home")).is_empty() && !Path::new("/nonexistent").exists());
    assert!(!office.tunnels().is_empty());
}
