//! Secrets of programs: sender tokens from the environment, and whatever is read from a file also from a file descriptor.
//! None is ever an argument.

use std::fs;

use crate::support::{
    failures::{fails, send_something},
    fault_proxy::FaultProxy,
    http::public_status,
    keys::{age_key, send_to},
    program::Run,
    test_env::{Relay, Sent, TestEnv},
    uploads::{journals, send_case},
};

/// A relay that asks for a token, and the token.
fn guarded() -> (TestEnv, Relay, String) {
    let (env, relay) = TestEnv::with_relay();
    let token = env.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds().stdout();
    env.file("case.bin", "x");
    (env, relay, token.trim().to_owned())
}

fn send(env: &TestEnv, relay: &Relay) -> Run {
    // Fails only where there is none.
    let _ = fs::remove_file(env.path("words"));
    env.share(["send", "case.bin", "--relay", &relay.url, "--passphrase-file", "words"])
}

#[test]
fn the_environment_gives_it() {
    let (env, relay, token) = guarded();
    send(&env, &relay).arg("--json").output().fails(9, "token_required");
    send(&env, &relay).env("SHARE_TOKEN", &token).succeeds();
    env.file("token", format!("{token}\n"));
    send(&env, &relay).env("SHARE_TOKEN_FILE", "token").succeeds();
    send(&env, &relay).env("SHARE_TOKEN", &token).env("SHARE_TOKEN_FILE", "").succeeds();
    assert!(!env.path("home/.config").exists(), "it is not remembered");
}

#[test]
fn the_environment_comes_before_what_is_remembered() {
    let (env, relay, token) = guarded();
    env.share(["login", &relay.url]).env("SHARE_TOKEN", &token).succeeds();
    send(&env, &relay).succeeds();
    let wrong = "5".repeat(64);
    let refused = send(&env, &relay).arg("--json").env("SHARE_TOKEN", &wrong).output();
    let error = refused.fails(9, "token_required");
    assert!(error["message"].as_str().unwrap().starts_with("The relay does not know this sender token"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("SHARE_TOKEN"), "{error}");
    env.share(["login", &relay.url]).env("SHARE_TOKEN", &wrong).output().exits(9);
    // An option is nearer than the environment.
    env.file("token", &token);
    env.share(["login", &relay.url, "--token-file", "token"]).env("SHARE_TOKEN", &wrong).succeeds();
    send(&env, &relay).succeeds();
}

#[test]
fn what_is_no_token_is_told_without_being_repeated() {
    let (env, relay, token) = guarded();
    let almost = &token[1..];
    env.file("token", almost);
    let login = |env: &TestEnv, relay: &Relay| env.share(["login", &relay.url]);
    for run in [send, login] {
        let with = |variables: &[(&str, &str)]| {
            variables.iter().fold(run(&env, &relay), |run, (name, value)| run.env(name, value))
        };
        let malformed = "is no sender token, which has 64 hexadecimal digits";
        fails(|| with(&[("SHARE_TOKEN", almost)]), 2, "usage", &format!("What SHARE_TOKEN gives {malformed}"), "");
        fails(
            || with(&[("SHARE_TOKEN_FILE", "token")]),
            2,
            "usage",
            &format!("SHARE_TOKEN_FILE gives {malformed}"),
            "",
        );
        let both = [("SHARE_TOKEN", &*token), ("SHARE_TOKEN_FILE", "token")];
        fails(|| with(&both), 2, "usage", "SHARE_TOKEN and SHARE_TOKEN_FILE are both set", "");
        fails(|| with(&[("SHARE_TOKEN_FILE", "-")]), 2, "usage", "cannot be - for standard input", "");
        // The token itself, put where its file belongs.
        let unreadable = with(&[("SHARE_TOKEN_FILE", &token)]).arg("--json").output();
        let error = unreadable.fails(10, "local_file");
        assert!(error["message"].as_str().unwrap().starts_with("The file that SHARE_TOKEN_FILE names cannot be read"));
        for outcome in [unreadable, with(&[("SHARE_TOKEN", almost)]).output()] {
            assert!(!outcome.stdout().contains(almost) && !outcome.stderr().contains(almost), "{outcome:?}");
        }
    }
    assert!(journals(&env).is_empty() && !env.path("words").exists());
}

#[test]
fn an_upload_goes_on_with_the_token_of_the_environment() {
    for options in
        [&["resume", "--json"][..], &["send", "case.bin", "--resume", "--json", "--passphrase-file", "words"]]
    {
        let (env, relay, token) = guarded();
        let proxy = FaultProxy::holding_request(&relay.url, "PUT /v1/shares/");
        let sending = send_case(&env, &proxy.url, &[]).env("SHARE_TOKEN", &token).start();
        proxy.wait_until_stopped();
        sending.signal("KILL");
        sending.finish();
        // Past the proxy, which still holds the request that creates the share.
        let journal = journals(&env).into_iter().find(|path| path.ends_with("journal.json")).unwrap();
        fs::write(&journal, fs::read_to_string(&journal).unwrap().replace(&proxy.url, &relay.url)).unwrap();
        let run = env.share(options).env("SHARE_RELAY", &relay.url).env("SHARE_TOKEN", &token);
        let told = run.succeeds().json();
        assert_eq!((&told[0]["resumed"], &told[1]["event"]), (&true.into(), &"ready".into()));
        let sent = Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words: env.path("words") };
        assert_eq!(public_status(&relay.url, &sent)["state"], "ready");
    }
}

/// The same program, with a pipe that gives this file as file descriptor 3.
fn with_descriptor(run: Run, file: &str) -> Run {
    run.under(["bash", "-c", &format!("exec \"$@\" 3< <(cat {file})"), "bash"])
}

#[test]
fn a_file_descriptor_is_a_file() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let words = sent.words.to_str().unwrap();
    let get = |output: &str| {
        env.share(["get", &sent.link, "--yes", "--json", "--output", output, "--passphrase-file", "/dev/fd/3"])
    };
    with_descriptor(get("in"), words).succeeds();
    env.file("wrong", "apple apple apple");
    with_descriptor(get("wrong-words"), "wrong").output().fails(4, "words_malformed");
    let key = age_key(&env, "key.txt");
    let to_key = send_to(&env, &relay, &[key], [env.path("case.bin")]);
    let get = env.share(["get", &to_key.link, "--yes", "--output", "key-in", "--identity", "/dev/fd/3"]);
    with_descriptor(get, "key.txt").succeeds();
    assert!(env.path("in/case.bin").exists() && env.path("key-in/case.bin").exists());

    let (env, relay, token) = guarded();
    env.file("token", &token);
    with_descriptor(env.share(["login", &relay.url, "--token-file", "/dev/fd/3"]), "token").succeeds();
    let run = send(&env, &relay).env("SHARE_TOKEN_FILE", "/dev/fd/3");
    with_descriptor(run, "token").succeeds();
}
