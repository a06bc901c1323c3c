//! Shares to public keys: each key opens, no other does, and there are no words.

use std::{fs, path::PathBuf, time::Duration};

use crate::{
    round_trips::noise,
    stock_tools::{age_key, on_a_terminal, send_to, ssh_key},
    world::{Outcome, Relay, Run, Sent, World, files_below},
};

const LIMIT: Duration = Duration::from_secs(60);

/// Fetches with a key.
fn get(world: &World, sent: &Sent, key: &str, output: &str) -> Run {
    world.share(["get", &sent.link, "--yes", "--identity", key, "--output", output])
}

fn send_command(world: &World, relay: &Relay, arguments: &[&str]) -> Run {
    world.file("case.bin", noise(1000));
    world.share(["send", "case.bin", "--json", "--relay", &relay.url]).args(arguments)
}

#[track_caller]
fn sent(outcome: &Outcome) -> Sent {
    Sent { link: outcome.json()[0]["link"].as_str().unwrap().to_owned(), words: PathBuf::new() }
}

/// Nothing was saved, nor left half done.
#[track_caller]
fn nothing_in(world: &World, output: &str) {
    assert_eq!(files_below(&world.path(output)), [] as [PathBuf; 0]);
}

#[test]
fn two_recipients_with_different_keys() {
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(300_000);
    let keys = [age_key(&world, "key.txt"), ssh_key(&world, "id_ed25519", "")];
    let sent = send_to(&world, &relay, &keys, [world.file("case.bin", &bytes)]);
    for key in ["key.txt", "id_ed25519"] {
        get(&world, &sent, key, key.trim_end_matches(".txt").to_uppercase().as_str()).within(LIMIT).exits(0);
    }
    assert!(fs::read(world.path("KEY/case.bin")).unwrap() == bytes);
    assert!(fs::read(world.path("ID_ED25519/case.bin")).unwrap() == bytes);
}

#[test]
fn one_fits_of_several_identities() {
    let world = World::new();
    let relay = world.relay();
    age_key(&world, "other.txt");
    let key = age_key(&world, "key.txt");
    let sent = send_to(&world, &relay, &[key], [world.file("case.bin", "x")]);
    get(&world, &sent, "other.txt", "in").args(["--identity", "key.txt"]).within(LIMIT).exits(0);
    assert_eq!(fs::read(world.path("in/case.bin")).unwrap(), b"x");
}

#[test]
fn a_file_of_recipients() {
    let world = World::new();
    let relay = world.relay();
    let (one, two) = (age_key(&world, "one.txt"), ssh_key(&world, "two", ""));
    world.file("team.txt", format!("# the team\n{one}\n\n{two}\n"));
    let sent = sent(&send_command(&world, &relay, &["--recipients-file", "team.txt"]).within(LIMIT).exits(0));
    for key in ["one.txt", "two"] {
        get(&world, &sent, key, &format!("in-{key}")).within(LIMIT).exits(0);
        assert_eq!(fs::read(world.path(format!("in-{key}/case.bin"))).unwrap(), noise(1000));
    }
}

#[test]
fn a_bad_line_among_recipients_is_named() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    world.file("team.txt", format!("{key}\nnot a key\n"));
    let outcome = send_command(&world, &relay, &["--recipients-file", "team.txt"]).within(LIMIT).exits(10);
    outcome.says("The public keys in team.txt cannot be used").says("Line 2 cannot be used");
    assert!(!relay.data.join("shares").read_dir().unwrap().any(|_| true), "nothing was created");
}

#[test]
fn no_words_are_printed_or_asked() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let outcome = send_command(&world, &relay, &["--recipient", &key]).within(LIMIT).exits(0);
    assert!(outcome.json().iter().all(|line| line.get("words").is_none()), "{outcome:?}");
    let people = world.share(["send", "case.bin", "--relay", &relay.url, "--recipient", &key]).within(LIMIT).exits(0);
    assert!(people.stdout().contains("Link:") && !people.stdout().contains("Words:"), "{people:?}");
    get(&world, &sent(&outcome), "key.txt", "in").within(LIMIT).exits(0);

    let file = send_command(&world, &relay, &["--recipient", &key, "--passphrase-file", "words"]).within(LIMIT);
    file.exits(2).says("With public keys there are no words to write to a file");
    assert!(!world.path("words").exists());
}

#[test]
fn the_link_alone_gives_the_ciphertext_and_no_more() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let sent = send_to(&world, &relay, &[key], [world.file("case.bin", "geheim")]);
    world.share(["get", &sent.link, "--ciphertext", "saved.age"]).within(LIMIT).exits(0);
    assert!(fs::read(world.path("saved.age")).unwrap() == fs::read(relay.share(&sent).join("content.age")).unwrap());
    let outcome = world.share(["get", &sent.link, "--yes", "--output", "in"]).within(LIMIT).exits(2);
    outcome.says("This opens with a private key, not with words").says("--identity FILE");
    nothing_in(&world, "in");
}

#[test]
fn another_key_does_not_open_it() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    age_key(&world, "other.txt");
    ssh_key(&world, "other", "");
    let sent = send_to(&world, &relay, &[key], [world.file("case.bin", "geheim")]);
    for other in ["other.txt", "other"] {
        let outcome = get(&world, &sent, other, "in").within(LIMIT).exits(4);
        outcome.says("None of your private keys opens this");
        nothing_in(&world, "in");
    }
    // No download was spent on it: a key that fits still gets it.
    get(&world, &sent, "key.txt", "in").within(LIMIT).exits(0);
}

#[test]
fn a_wrong_key_spends_no_download() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    age_key(&world, "other.txt");
    let sent = sent(&send_command(&world, &relay, &["--recipient", &key, "--once"]).within(LIMIT).exits(0));
    get(&world, &sent, "other.txt", "in").within(LIMIT).exits(4);
    get(&world, &sent, "key.txt", "in").within(LIMIT).exits(0);
}

#[test]
fn words_and_keys_are_not_mixed_up() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let words = world.send(&relay.url, [world.file("case.bin", "x")]);
    get(&world, &words, "key.txt", "in").within(LIMIT).exits(2).says("opens with words, not with a key");
    let keys = send_to(&world, &relay, &[key], [world.path("case.bin")]);
    let keys = Sent { words: words.words, ..keys };
    world.get(&keys, "in").within(LIMIT).exits(2).says("This opens with a private key, not with words");
    nothing_in(&world, "in");
}

#[test]
fn a_protected_ssh_key_is_asked_for() {
    let world = World::new();
    let relay = world.relay();
    let key = ssh_key(&world, "id_ed25519", "open sesame");
    let sent = send_to(&world, &relay, &[key], [world.file("case.bin", "geheim")]);

    let refused = get(&world, &sent, "id_ed25519", "in").within(LIMIT).exits(10);
    refused.says("The key in id_ed25519 cannot be used").says("protected by a passphrase, and none was given");
    nothing_in(&world, "in");

    let share = env!("CARGO_BIN_EXE_tested-share");
    let command = format!("{share} get {} --yes --identity id_ed25519 --output in", sent.link);
    let wrong = on_a_terminal(&world, &command, "open barley").exits(10);
    assert!(wrong.stdout().contains("The passphrase does not open the private key"), "{wrong:?}");
    nothing_in(&world, "in");

    let right = on_a_terminal(&world, &command, "open sesame").exits(0);
    assert!(right.stdout().contains("Passphrase for id_ed25519:"), "{right:?}");
    assert_eq!(fs::read(world.path("in/case.bin")).unwrap(), b"geheim");
}

#[test]
fn what_is_not_a_usable_public_key_is_refused() {
    let world = World::new();
    let relay = world.relay();
    age_key(&world, "key.txt");
    let secret = fs::read_to_string(world.path("key.txt")).unwrap();
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
        let outcome = send_command(&world, &relay, &["--recipient", key]).within(LIMIT).exits(2);
        assert!(sentence.split('|').any(|sentence| outcome.stderr().contains(sentence)), "{key:?}: {outcome:?}");
        assert!(!outcome.stderr().contains('\u{1b}') && !outcome.stderr().contains(secret), "{outcome:?}");
    }
}

#[test]
fn a_key_file_of_no_use_is_named() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let sent = send_to(&world, &relay, std::slice::from_ref(&key), [world.file("case.bin", "x")]);
    world.file("public.txt", &key);
    world.file("empty.txt", "");
    world.file("noise.txt", noise(100_000));
    world.file("plugin.txt", "AGE-PLUGIN-YUBIKEY-1QQPQQQQZQQQQQQQQQQQQQQQQQQQ\n");
    for file in ["public.txt", "empty.txt", "noise.txt", "plugin.txt", "missing.txt"] {
        let outcome = get(&world, &sent, file, "in").within(LIMIT).exits(10);
        outcome.says(&format!("The key in {file} cannot be used"));
        nothing_in(&world, "in");
    }
}

#[test]
fn words_for_a_share_to_keys_are_a_mistake() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let sent = send_to(&world, &relay, &[key], [world.file("case.bin", "x")]);
    let words = world.file("words", "one-two");
    for option in [["--output", "in"], ["--ciphertext", "saved.age"]] {
        let get = world.share(["get", &sent.link, "--json", "--yes", "--identity", "key.txt"]).args(option);
        let error = get.arg("--passphrase-file").arg(&words).output().fails(2, "usage");
        assert_eq!(error["message"], "This opens with a private key, not with words");
    }
    assert!(!world.path("in").exists() && !world.path("saved.age").exists());
}
