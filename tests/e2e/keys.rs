//! Shares to public keys: each key opens, no other does, and there are no words.

use std::{fs, path::PathBuf};

use crate::support::{
    PATIENCE,
    keys::{age_key, send_to, ssh_key},
    program::{Outcome, Run},
    random::noise,
    terminal::on_a_terminal,
    test_env::{Relay, Sent, TestEnv, files_below},
};

fn get(env: &TestEnv, sent: &Sent, key: &str, output: &str) -> Run {
    env.share(["get", &sent.link, "--yes", "--identity", key, "--output", output])
}

fn send_command(env: &TestEnv, relay: &Relay, arguments: &[&str]) -> Run {
    env.file("case.bin", noise(1000));
    env.share(["send", "case.bin", "--json", "--relay", &relay.url]).args(arguments)
}

#[track_caller]
fn sent(outcome: &Outcome) -> Sent {
    Sent { link: outcome.link(), words: PathBuf::new() }
}

/// Nothing was saved, nor left half done.
#[track_caller]
fn nothing_in(env: &TestEnv, output: &str) {
    assert_eq!(files_below(&env.path(output)), [] as [PathBuf; 0]);
}

#[test]
fn two_recipients_with_different_keys() {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(300_000);
    let keys = [age_key(&env, "key.txt"), ssh_key(&env, "id_ed25519", "")];
    let sent = send_to(&env, &relay, &keys, [env.file("case.bin", &bytes)]);
    for key in ["key.txt", "id_ed25519"] {
        get(&env, &sent, key, key.trim_end_matches(".txt").to_uppercase().as_str()).within(PATIENCE).exits(0);
    }
    assert!(fs::read(env.path("KEY/case.bin")).unwrap() == bytes);
    assert!(fs::read(env.path("ID_ED25519/case.bin")).unwrap() == bytes);
}

#[test]
fn one_fits_of_several_identities() {
    let (env, relay) = TestEnv::with_relay();
    age_key(&env, "other.txt");
    let key = age_key(&env, "key.txt");
    let sent = send_to(&env, &relay, &[key], [env.file("case.bin", "x")]);
    get(&env, &sent, "other.txt", "in").args(["--identity", "key.txt"]).within(PATIENCE).exits(0);
    assert_eq!(fs::read(env.path("in/case.bin")).unwrap(), b"x");
}

#[test]
fn a_file_of_recipients() {
    let (env, relay) = TestEnv::with_relay();
    let (one, two) = (age_key(&env, "one.txt"), ssh_key(&env, "two", ""));
    env.file("team.txt", format!("# the team\n{one}\n\n{two}\n"));
    let sent = sent(&send_command(&env, &relay, &["--recipients-file", "team.txt"]).within(PATIENCE).exits(0));
    for key in ["one.txt", "two"] {
        get(&env, &sent, key, &format!("in-{key}")).within(PATIENCE).exits(0);
        assert_eq!(fs::read(env.path(format!("in-{key}/case.bin"))).unwrap(), noise(1000));
    }
}

#[test]
fn a_bad_line_among_recipients_is_named() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    env.file("team.txt", format!("{key}\nnot a key\n"));
    let outcome = send_command(&env, &relay, &["--recipients-file", "team.txt"]).within(PATIENCE).exits(10);
    outcome.says("The public keys in team.txt cannot be used").says("Line 2 cannot be used");
    assert!(!relay.data.join("shares").read_dir().unwrap().any(|_| true), "nothing was created");
}

#[test]
fn no_words_are_printed_or_asked() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let outcome = send_command(&env, &relay, &["--recipient", &key]).within(PATIENCE).exits(0);
    assert!(outcome.json().iter().all(|line| line.get("words").is_none()), "{outcome:?}");
    let people = env.share(["send", "case.bin", "--relay", &relay.url, "--recipient", &key]).within(PATIENCE).exits(0);
    assert!(people.stdout().contains("Link:") && !people.stdout().contains("Words:"), "{people:?}");
    get(&env, &sent(&outcome), "key.txt", "in").within(PATIENCE).exits(0);

    let file = send_command(&env, &relay, &["--recipient", &key, "--passphrase-file", "words"]).within(PATIENCE);
    file.exits(2).says("With public keys there are no words to write to a file");
    assert!(!env.path("words").exists());
}

#[test]
fn the_link_alone_gives_the_ciphertext_and_no_more() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let sent = send_to(&env, &relay, &[key], [env.file("case.bin", "geheim")]);
    env.share(["get", &sent.link, "--ciphertext", "saved.age"]).within(PATIENCE).exits(0);
    assert!(fs::read(env.path("saved.age")).unwrap() == fs::read(relay.share(&sent).join("content.age")).unwrap());
    let outcome = env.share(["get", &sent.link, "--yes", "--output", "in"]).within(PATIENCE).exits(2);
    outcome.says("This opens with a private key, not with words").says("--identity FILE");
    nothing_in(&env, "in");
}

#[test]
fn another_key_does_not_open_it() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    age_key(&env, "other.txt");
    ssh_key(&env, "other", "");
    let sent = send_to(&env, &relay, &[key], [env.file("case.bin", "geheim")]);
    for other in ["other.txt", "other"] {
        let outcome = get(&env, &sent, other, "in").within(PATIENCE).exits(4);
        outcome.says("None of your private keys opens this");
        nothing_in(&env, "in");
    }
    // No download was spent on it: a key that fits still gets it.
    get(&env, &sent, "key.txt", "in").within(PATIENCE).exits(0);
}

#[test]
fn a_wrong_key_spends_no_download() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    age_key(&env, "other.txt");
    let sent = sent(&send_command(&env, &relay, &["--recipient", &key, "--once"]).within(PATIENCE).exits(0));
    get(&env, &sent, "other.txt", "in").within(PATIENCE).exits(4);
    get(&env, &sent, "key.txt", "in").within(PATIENCE).exits(0);
}

#[test]
fn words_and_keys_are_not_mixed_up() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let words = env.send(&relay.url, [env.file("case.bin", "x")]);
    get(&env, &words, "key.txt", "in").within(PATIENCE).exits(2).says("opens with words, not with a key");
    let keys = send_to(&env, &relay, &[key], [env.path("case.bin")]);
    let keys = Sent { words: words.words, ..keys };
    env.get(&keys, "in").within(PATIENCE).exits(2).says("This opens with a private key, not with words");
    nothing_in(&env, "in");
}

#[test]
fn a_protected_ssh_key_is_asked_for() {
    let (env, relay) = TestEnv::with_relay();
    let key = ssh_key(&env, "id_ed25519", "open sesame");
    let sent = send_to(&env, &relay, &[key], [env.file("case.bin", "geheim")]);

    let refused = get(&env, &sent, "id_ed25519", "in").within(PATIENCE).exits(10);
    refused.says("The key in id_ed25519 cannot be used").says("protected by a passphrase, and none was given");
    nothing_in(&env, "in");

    let share = env!("CARGO_BIN_EXE_tested-share");
    let command = format!("{share} get {} --yes --identity id_ed25519 --output in", sent.link);
    let wrong = on_a_terminal(&env, &command, "open barley").exits(10);
    assert!(wrong.stdout().contains("The passphrase does not open the private key"), "{wrong:?}");
    nothing_in(&env, "in");

    let right = on_a_terminal(&env, &command, "open sesame").exits(0);
    assert!(right.stdout().contains("Passphrase for id_ed25519:"), "{right:?}");
    assert_eq!(fs::read(env.path("in/case.bin")).unwrap(), b"geheim");
}

#[test]
fn what_is_not_a_usable_public_key_is_refused() {
    let (env, relay) = TestEnv::with_relay();
    age_key(&env, "key.txt");
    let secret = fs::read_to_string(env.path("key.txt")).unwrap();
    let secret = secret.lines().last().unwrap();
    // A plugin's recipient, made of its name: bech32 of no bytes.
    let plugin = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t";
    let cases = [
        (plugin, "share does not start other programs"),
        (secret, "This is a private key; keep it to yourself"),
        ("age1qqqqqq", "This is not a public key"),
        ("ssh-ed25519 AAAA", "cannot be encrypted to|not a public key"),
        ("\u{1b}[2Jage1", "This is not a public key"),
        ("", "This is not a public key"),
    ];
    for (key, sentence) in cases {
        let outcome = send_command(&env, &relay, &["--recipient", key]).within(PATIENCE).exits(2);
        assert!(sentence.split('|').any(|sentence| outcome.stderr().contains(sentence)), "{key:?}: {outcome:?}");
        assert!(!outcome.stderr().contains('\u{1b}') && !outcome.stderr().contains(secret), "{outcome:?}");
    }
}

#[test]
fn a_key_file_of_no_use_is_named() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let sent = send_to(&env, &relay, std::slice::from_ref(&key), [env.file("case.bin", "x")]);
    env.file("public.txt", &key);
    env.file("empty.txt", "");
    env.file("noise.txt", noise(100_000));
    env.file("plugin.txt", "AGE-PLUGIN-YUBIKEY-1QQPQQQQZQQQQQQQQQQQQQQQQQQQ\n");
    for file in ["public.txt", "empty.txt", "noise.txt", "plugin.txt", "missing.txt"] {
        let outcome = get(&env, &sent, file, "in").within(PATIENCE).exits(10);
        outcome.says(&format!("The key in {file} cannot be used"));
        nothing_in(&env, "in");
    }
}

#[test]
fn words_for_a_share_to_keys_are_a_mistake() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let sent = send_to(&env, &relay, &[key], [env.file("case.bin", "x")]);
    let words = env.file("words", "one-two");
    for option in [["--output", "in"], ["--ciphertext", "saved.age"]] {
        let get = env.share(["get", &sent.link, "--json", "--yes", "--identity", "key.txt"]).args(option);
        let error = get.arg("--passphrase-file").arg(&words).output().fails(2, "usage");
        assert_eq!(error["message"], "This opens with a private key, not with words");
    }
    assert!(!env.path("in").exists() && !env.path("saved.age").exists());
}
