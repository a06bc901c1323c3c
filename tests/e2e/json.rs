//! What programs are told: with `--json` nothing but objects, as `docs/json` describes them; without it nothing but the
//! result; and never a question.

use std::{collections::BTreeSet, fs, process::Stdio};

use serde_json::Value;

use crate::support::{
    PATIENCE,
    failures::{NOWHERE, send_something},
    keys::{age_key, send_to, ssh_key},
    program::{Outcome, Run},
    schemas,
    test_env::TestEnv,
};

/// Events that programs print in other tests than the one below.
const ELSEWHERE: [&str; 1] = ["watching"];

#[test]
fn every_command_prints_objects_that_have_a_schema() {
    let (env, relay) = TestEnv::with_relay();
    let (sent, other) = (send_something(&env, &relay.url, &[]), send_something(&env, &relay.url, &[]));
    let (link, words) = (sent.link.as_str(), sent.words.to_str().unwrap());
    let get = |options: &[&'static str]| [&["get", link, "--yes", "--passphrase-file", words], options].concat();
    let mut seen = BTreeSet::new();
    let mut run = |arguments: &[&str], exit: i32| {
        let objects = env.share(arguments).arg("--json").output().exits(exit).json();
        assert!(!objects.is_empty(), "{arguments:?}");
        seen.extend(objects.iter().map(|object| object["event"].as_str().unwrap().to_owned()));
    };
    run(&["send", "case.bin", "--relay", &relay.url], 0);
    run(&get(&["--list"]), 0);
    run(&get(&["--ciphertext", "case.age"]), 0);
    run(&get(&["--output", "in"]), 0);
    run(&["status", link], 0);
    run(&["list"], 0);
    run(&["unlock", link], 0);
    run(&["revoke", link], 0);
    run(&["status", link], 0);
    run(&["login", &relay.url], 0);
    run(&["config", "show"], 0);
    run(&["config", "set", "relay", &relay.url], 0);
    run(&["doctor", "--relay", &relay.url], 0);
    run(&["batch", "new", "jobs.csv"], 0);
    run(&["batch", "run", "jobs.csv", "--check-only", "--relay", &relay.url], 13);
    run(&["batch", "run", "jobs.csv", "--results", "results.csv", "--relay", &relay.url], 13);
    run(&["resume"], 10);
    run(&["get", &other.link], 2);
    run(&["fetch"], 2);
    seen.extend(ELSEWHERE.map(str::to_owned));
    assert_eq!(seen, schemas::events().map(str::to_owned).collect());
}

#[test]
fn a_schema_says_what_each_field_is_and_lets_no_other_pass() {
    for event in schemas::events() {
        let text = fs::read(format!("{}/{event}.schema.json", schemas::FOLDER)).unwrap();
        let schema: Value = serde_json::from_slice(&text).unwrap();
        let fields = &schema["properties"];
        assert_eq!((&schema["title"], &fields["event"]["const"]), (&event.into(), &event.into()));
        assert_eq!(fields["version"]["const"], 1, "{event}");
        assert!(schema["required"].as_array().unwrap().iter().any(|name| name == "version"), "{event}");
        assert_is_strict(&schema, event);
    }
    assert!(schemas::check(br#"{"event":"revoked","version":1,"link":"x"}"#).is_ok());
    for wrong in [
        &br#"{"event":"revoked","version":2,"link":"x"}"#[..],
        br#"{"event":"revoked","link":"x"}"#,
        br#"{"event":"revoked","version":1,"link":"x","more":1}"#,
        br#"{"event":"unheard_of","version":1}"#,
        br#"{"event":"created","version":1,"id":"kpr8bss642z4k21n8fht","link":"x","expires":"1795335879"}"#,
        br#"{"event":"created","version":1,"id":"kpr8bss642z4k21n8fht","link":"x","expires":"2026-11-30T01:00:00+01:00"}"#,
        b"revoked",
    ] {
        assert!(schemas::check(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
    }
}

/// Every object in a schema describes each of its fields, and allows no others.
fn assert_is_strict(schema: &Value, place: &str) {
    if schema["type"] == "object" {
        assert_eq!(schema["additionalProperties"], false, "{place}");
        for (name, field) in schema["properties"].as_object().unwrap() {
            assert!(field["description"].as_str().is_some_and(|text| text.ends_with(['.', ')'])), "{place}: {name}");
        }
    }
    match schema {
        Value::Object(inner) => {
            inner.iter().for_each(|(name, inner)| assert_is_strict(inner, &format!("{place}/{name}")))
        }
        Value::Array(inner) => inner.iter().for_each(|inner| assert_is_strict(inner, place)),
        _ => {}
    }
}

/// Runs a command that has an input which never says anything: a question would wait for ever.
fn unattended(mut run: Run) -> Outcome {
    run.command.stdin(Stdio::piped());
    run.within(PATIENCE)
}

#[test]
fn without_a_terminal_a_question_is_an_error_and_nothing_is_printed() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    env.file("folder/12:30.txt", "x");
    let protected = ssh_key(&env, "id_ed25519", "secret");
    let to_key = send_to(&env, &relay, &[protected], [env.path("case.bin")]);
    env.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds();
    let words = sent.words.to_str().unwrap();
    for (arguments, exit) in [
        (&["send", "case.bin"][..], 2),
        (&["send", "folder", "--relay", NOWHERE], 10),
        (&["get", &sent.link], 2),
        (&["get", &sent.link, "--passphrase-file", words], 2),
        (&["get", &sent.link, "--passphrase-file", words, "--output", "-"], 2),
        (&["get", &to_key.link, "--yes", "--identity", "id_ed25519"], 10),
        (&["login", &relay.url], 2),
        (&["resume"], 10),
        (&["status", "x"], 2),
        (&["doctor"], 2),
    ] {
        let outcome = unattended(env.share(arguments)).exits(exit).says("share: ");
        assert_eq!(outcome.stdout(), "", "{outcome:?}");
        unattended(env.share(arguments).arg("--json")).exits(exit);
    }
    assert_eq!(env.events(&sent), ["created", "ready"]);
}

#[test]
fn without_a_terminal_standard_output_has_the_result_alone() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let prints = |arguments: &[&str], expected: &str| {
        let outcome = unattended(env.share(arguments)).exits(0);
        assert_eq!(outcome.stdout(), expected, "{outcome:?}");
    };
    env.file("case.txt", "the content\n");
    let sent = unattended(env.share(["send", "case.txt", "--relay", &relay.url, "--recipient", &key])).exits(0);
    let link = sent.stdout().trim().strip_prefix("Link:  ").unwrap().to_owned();
    assert_eq!(sent.stdout(), format!("Link:  {link}\n"));
    let told = unattended(env.share(["send", "case.txt", "--relay", &relay.url])).exits(0).stdout();
    assert!(told.lines().count() == 2 && told.contains("\nWords: "), "{told}");

    let get = |options: &[&'static str]| [&["get", &link, "--yes", "--identity", "key.txt"], options].concat();
    prints(&get(&["--output", "-"]), "the content\n");
    prints(&get(&["--ciphertext", "case.age"]), "case.age\n");
    prints(&get(&["--output", "in"]), "in/case.txt\n");
    assert!(unattended(env.share(get(&["--list"]))).exits(0).stdout().contains("case.txt  12 B\n"));
    for arguments in [&["status", &link][..], &["list"]] {
        assert!(unattended(env.share(arguments)).exits(0).stdout().contains(&link));
    }
    prints(&["unlock", &link], "Unlocked. The recipient can try again.\n");
    let remembered = format!("From now on, share sends through {}.\n", relay.url);
    prints(&["login", &relay.url], &remembered);
    prints(&["config", "set", "relay", &relay.url], &remembered);
    prints(&["config", "show"], &format!("Relay: {}\n", relay.url));
    assert_eq!(unattended(env.share(["doctor"])).exits(0).stdout().lines().count(), 1);
    let revoked = unattended(env.share(["revoke", &link])).exits(0).stdout();
    assert!(revoked.starts_with("Taken back.") && revoked.lines().count() == 1, "{revoked}");
}
