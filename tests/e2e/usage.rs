//! Mistakes on the command line: told before anything is sent, fetched or asked.

use crate::support::{
    failures::{NOWHERE, fails, send_something},
    test_env::TestEnv,
};

#[test]
fn nobody_at_a_terminal() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let says = "A question must be answered, but nobody is at a terminal";
    fails(|| env.share(["get", &sent.link]), 2, "usage", says, "with --passphrase-file FILE");
    let get = || env.share(["get", &sent.link, "--output", "in", "--passphrase-file"]).arg(&sent.words);
    fails(get, 2, "usage", says, "with --yes");
    assert_eq!(env.events(&sent), ["created", "ready"]);
    assert!(!env.path("in").exists());
    env.share_relay(["token", "add", "anna", "--data"]).arg(env.path("relay")).succeeds();
    fails(|| env.share(["login", &relay.url]), 2, "usage", says, "with --token-file FILE");
}

#[test]
fn standard_input_and_its_name() {
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let says = "give - as the only path, and --name NAME";
    fails(|| env.share(["send", "-", "--relay", NOWHERE]), 2, "usage", says, "");
    fails(|| env.share(["send", "-", "case.bin", "--name", "x", "--relay", NOWHERE]), 2, "usage", says, "");
    let send = ["send", "case.bin", "--name", "x", "--relay", NOWHERE];
    fails(|| env.share(send), 2, "usage", "--name is for standard input only", "");
}

#[test]
fn plain_http_to_the_internet() {
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let (says, hint) = ("relay.example is named with http://", "Use https://.");
    fails(|| env.share(["send", "case.bin", "--relay", "http://relay.example"]), 2, "relay_url", says, hint);
    fails(|| env.share(["config", "set", "relay", "http://relay.example"]), 2, "relay_url", says, hint);
    fails(|| env.share(["login", "http://relay.example"]), 2, "relay_url", says, hint);
    let link = format!("http://relay.example/s/{}", share_relay_api::ShareId::from_random([3; 12]));
    fails(|| env.share(["get", &link]), 2, "not_a_link", says, hint);
    let hint = "An address looks like https://relay.example";
    fails(|| env.share(["send", "case.bin", "--relay", "ftp://x"]), 2, "relay_url", "not the address of a relay", hint);
    let says = "This is not a link of share";
    fails(|| env.share(["get", "https://relay.example/about"]), 2, "not_a_link", says, "A link looks like");
}

#[test]
fn times_that_are_none() {
    let env = TestEnv::new();
    env.file("case.bin", "x");
    for (time, says) in [
        ("soon", "soon is not a time that share understands"),
        ("-1d", "-1d is not a time that share understands"),
        ("17:00", "17:00 is not a time that share understands"),
        ("2026-12-24T", "2026-12-24T is not a time that share understands"),
        ("0d", "0d is not a time to come"),
        ("24-12-1960 17:00", "24-12-1960 17:00 is not a time to come"),
    ] {
        let expires = format!("--expires={time}");
        let send = || env.share(["send", "case.bin", &expires, "--relay", NOWHERE]);
        fails(send, 2, "usage", says, "Write 12h, 7d, 2w");
    }
    let send = ["send", "case.bin", "--patience", "long", "--relay", NOWHERE];
    fails(|| env.share(send), 2, "usage", "long is not a time such as 30s", "");
}

#[test]
fn keys_that_are_none() {
    let env = TestEnv::new();
    env.file("case.bin", "x");
    let send = |key: &str| env.share(["send", "case.bin", "--relay", NOWHERE, "--recipient", key]);
    let says = "That is not a key it can be encrypted to";
    fails(|| send("age1nonsense"), 2, "usage", says, "");
    let outcome = send("AGE-SECRET-KEY-1QQQQQQ").arg("--json").output();
    let message = outcome.fails(2, "usage")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("This is a private key; keep it to yourself"), "{message}");
    assert!(!message.contains("QQQQQQ"), "{message}");
}

#[test]
fn what_clap_refuses_is_an_object_too() {
    let env = TestEnv::new();
    let impossible: [&[&str]; 6] = [
        &["send"],
        &["send", "x", "--words", "5"],
        &["send", "x", "--downloads", "0"],
        &["send", "x", "--once", "--downloads", "2"],
        &["get"],
        &["fetch"],
    ];
    for arguments in impossible {
        let outcome = env.share(arguments).arg("--json").output().exits(2);
        let lines = outcome.json();
        assert_eq!(lines.len(), 1, "{outcome:?}");
        assert_eq!((lines[0]["event"].as_str(), lines[0]["exit"].as_i64()), (Some("error"), Some(2)), "{outcome:?}");
        assert!(!lines[0]["message"].as_str().unwrap().is_empty());
        let people = env.share(arguments).output().exits(2);
        assert!(people.stdout().is_empty() && people.stderr().contains("error: "), "{people:?}");
    }
    let clash = env.share(["send", "x", "--once", "--downloads", "2", "--json"]).output().json();
    let sentence = "the argument '--once' cannot be used with '--downloads <N>'";
    assert_eq!(clash[0]["message"], sentence);
    let missing = env.share(["send", "--json"]).output().json();
    assert_eq!(missing[0]["message"], "the following required arguments were not provided: <PATH>...");
    let help = env.share(["--help", "--json"]).succeeds();
    assert!(help.stdout().contains("Usage: "));
}

#[test]
fn standard_output_carries_one_thing() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let get = |options: &[&str]| env.share(["get", &sent.link, "--passphrase-file"]).arg(&sent.words).args(options);
    fails(|| get(&["--output", "-"]), 2, "usage", "Standard output can carry the file or JSON, not both.", "");
    fails(|| get(&["--ciphertext", "-"]), 2, "usage", "--ciphertext needs the name of a file", "");
    assert_eq!(env.events(&sent), ["created", "ready"]);
}
