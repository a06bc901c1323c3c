//! What lies on the relay opens without any of our code: with `age` and `tar`, and with the `age` crate.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::support::{
    PATIENCE,
    keys::{age_key, send_to, ssh_key},
    machine::need,
    random::noise,
    terminal::on_a_terminal,
    test_env::{Relay, Sent, TestEnv, files_below},
};

/// What opens age files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opener {
    /// The program, which is written in Go.
    Program,
    /// The crate of which rage consists. `share` makes headers with it, but no payload.
    Crate,
}

const OPENERS: [Opener; 2] = [Opener::Program, Opener::Crate];

/// What an age file sealed with words holds.
fn opened_with_words(env: &TestEnv, opener: Opener, file: &Path, sent: &Sent) -> Vec<u8> {
    if opener == Opener::Crate {
        let mut identity = age::scrypt::Identity::new(sent.passphrase().into());
        // By itself it allows for what this computer can do in a second.
        identity.set_max_work_factor(20);
        return opened_by_crate(file, &identity);
    }
    need("age");
    let plain = env.path("plain");
    // It makes no file for an empty plaintext.
    let _ = fs::remove_file(&plain);
    let command = format!("age -d -o {} {}", plain.display(), file.display());
    on_a_terminal(env, &command, &sent.passphrase()).exits(0);
    fs::read(plain).unwrap_or_default()
}

/// What an age file sealed to a key holds.
fn opened_with_key(env: &TestEnv, opener: Opener, file: &Path, key: &str) -> Vec<u8> {
    if opener == Opener::Crate {
        let text = fs::read_to_string(env.path(key)).unwrap();
        let secret = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
        return opened_by_crate(file, &secret.parse::<age::x25519::Identity>().unwrap());
    }
    need("age");
    let run = env.program("age", ["-d", "-i"]).arg(env.path(key)).arg(file);
    run.within(PATIENCE).exits(0).output.stdout
}

fn opened_by_crate(file: &Path, identity: &dyn age::Identity) -> Vec<u8> {
    let decryptor = age::Decryptor::new(fs::File::open(file).unwrap()).unwrap();
    let mut plain = Vec::new();
    decryptor.decrypt(std::iter::once(identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

fn content(relay: &Relay, sent: &Sent) -> PathBuf {
    relay.share(sent).join("content.age")
}

fn manifest(relay: &Relay, sent: &Sent) -> PathBuf {
    relay.share(sent).join("manifest.age")
}

#[test]
fn a_file_sealed_with_words() {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(8 * 1024 * 1024 + 12_345);
    let sent = env.send(&relay.url, [env.file("brief.pdf", &bytes)]);
    for opener in OPENERS {
        assert!(opened_with_words(&env, opener, &content(&relay, &sent), &sent) == bytes, "{opener:?}");
        let manifest = opened_with_words(&env, opener, &manifest(&relay, &sent), &sent);
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["entries"][0]["path"], "brief.pdf", "{opener:?}");
    }
}

#[test]
fn an_empty_file_sealed_with_words() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("leeg", "")]);
    for opener in OPENERS {
        assert_eq!(opened_with_words(&env, opener, &content(&relay, &sent), &sent), b"", "{opener:?}");
    }
}

#[test]
fn a_folder_unpacks_with_tar() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let long = format!("dossier/lang/{}/{}", "m".repeat(150), "n".repeat(200));
    let names = ["dossier/met spaties/een bestand.txt", "dossier/café Ångström 🏡.txt", "dossier/run.sh", &long];
    for (number, name) in names.iter().enumerate() {
        env.file(name, noise(number * 70_000));
    }
    fs::create_dir(env.path("dossier/leeg")).unwrap();
    fs::set_permissions(env.path("dossier/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    fs::File::options().write(true).open(env.path("dossier/run.sh")).unwrap().set_modified(old).unwrap();
    let loose = env.file("los.txt", "los");

    let sent = send_to(&env, &relay, &[key], [env.path("dossier"), loose]);
    for opener in OPENERS {
        let tar = env.file("content.tar", opened_with_key(&env, opener, &content(&relay, &sent), "key.txt"));
        let unpacked = env.path(format!("with-{opener:?}"));
        fs::create_dir(&unpacked).unwrap();
        env.program("tar", ["-x", "-f"]).arg(tar).arg("-C").arg(&unpacked).within(PATIENCE).exits(0);
        for name in names.into_iter().chain(["los.txt"]) {
            assert_eq!(fs::read(unpacked.join(name)).unwrap(), fs::read(env.path(name)).unwrap(), "{name}");
        }
        assert!(unpacked.join("dossier/leeg").is_dir());
        let expected = files_below(&env.path("dossier")).len() + 2;
        assert_eq!(files_below(&unpacked).len(), expected, "nothing more, nothing less");
        let script = fs::metadata(unpacked.join("dossier/run.sh")).unwrap();
        assert_eq!(script.modified().unwrap(), old);
        assert_eq!(script.permissions().mode() & 0o100, 0o100);
        let plain = fs::metadata(unpacked.join(names[0])).unwrap();
        assert_eq!(plain.permissions().mode() & 0o111, 0);
    }
}

#[test]
fn a_file_sealed_to_keys() {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(200_000);
    let keys = [age_key(&env, "key.txt"), ssh_key(&env, "id_ed25519", "")];
    let sent = send_to(&env, &relay, &keys, [env.file("brief.pdf", &bytes)]);
    for (opener, key) in [(Opener::Program, "key.txt"), (Opener::Crate, "key.txt"), (Opener::Program, "id_ed25519")] {
        assert!(opened_with_key(&env, opener, &content(&relay, &sent), key) == bytes, "{opener:?} {key}");
        let manifest = opened_with_key(&env, opener, &manifest(&relay, &sent), key);
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["entries"][0]["path"], "brief.pdf", "{opener:?} {key}");
    }
}

#[test]
fn standard_input_of_unknown_length() {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let bytes = noise(8 * 1024 * 1024 + 1);
    let run = env.share(["send", "-", "--name", "dump.sql", "--json", "--relay", &relay.url, "--recipient", &key]);
    let outcome = run.output_with_input(&bytes).exits(0);
    let sent = Sent { link: outcome.link(), words: PathBuf::new() };
    for opener in OPENERS {
        assert!(opened_with_key(&env, opener, &content(&relay, &sent), "key.txt") == bytes, "{opener:?}");
    }
}

#[test]
fn the_ciphertext_saved_is_what_the_relay_holds() {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(100_000);
    let sent = env.send(&relay.url, [env.file("brief.pdf", &bytes)]);
    let get = env.share(["get", &sent.link, "--json", "--passphrase-file"]).arg(&sent.words);
    let outcome = get.args(["--ciphertext", "saved.age"]).within(PATIENCE).exits(0);
    assert_eq!(outcome.json()[0]["event"], "saved");
    assert!(fs::read(env.path("saved.age")).unwrap() == fs::read(content(&relay, &sent)).unwrap());
    assert!(opened_with_words(&env, Opener::Program, &env.path("saved.age"), &sent) == bytes);

    let again = env.share(["get", &sent.link, "--passphrase-file"]).arg(&sent.words);
    again.args(["--ciphertext", "saved.age"]).within(PATIENCE).exits(10).says("saved.age exists already");
}

#[test]
fn other_words_do_not_open_it_with_stock_age() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("brief.pdf", "geheim")]);
    let other = env.send(&relay.url, [env.file("ander.pdf", "anders")]);
    need("age");
    let command = format!("age -d -o plain {}", content(&relay, &sent).display());
    let outcome = on_a_terminal(&env, &command, &other.passphrase()).exits(1);
    assert!(outcome.stdout().contains("incorrect passphrase"), "{outcome:?}");
}
