//! What lies on the relay opens without any of our code: with `age` and `tar`, and with the `age` crate.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::{
    round_trips::noise,
    world::{Outcome, Relay, Sent, World, files_below},
};

/// How long a stock program may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What opens age files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opener {
    /// The program, which is written in Go.
    Program,
    /// The crate of which rage consists. `share` makes headers with it, but no payload.
    Crate,
}

const OPENERS: [Opener; 2] = [Opener::Program, Opener::Crate];

/// Fails the test where a program it needs is not installed; to skip it would hide that nothing was tested.
#[track_caller]
pub fn need(program: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(there, "{program} is not installed: run tests/run.sh, which sets up what the tests need");
}

/// An age identity in `key.txt`; gives its public key.
pub fn age_key(world: &World, name: &str) -> String {
    need("age-keygen");
    let file = world.path(name);
    world.program("age-keygen", ["-o"]).arg(&file).succeeds();
    world.program("age-keygen", ["-y"]).arg(&file).succeeds().stdout().trim().to_owned()
}

/// An ssh-ed25519 key with this passphrase; gives its public key.
pub fn ssh_key(world: &World, name: &str, passphrase: &str) -> String {
    need("ssh-keygen");
    world.program("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(world.path(name)).succeeds();
    fs::read_to_string(world.path(format!("{name}.pub"))).unwrap().trim().to_owned()
}

/// Runs a shell command on a terminal of its own, with this line typed.
pub fn on_a_terminal(world: &World, command: &str, typed: &str) -> Outcome {
    need("script");
    let run = world.program("timeout", ["60", "script", "-qec", command, "/dev/null"]);
    run.output_with_input(format!("{typed}\n").as_bytes())
}

/// What an age file sealed with words holds.
fn opened_with_words(world: &World, opener: Opener, file: &Path, sent: &Sent) -> Vec<u8> {
    if opener == Opener::Crate {
        let mut identity = age::scrypt::Identity::new(sent.passphrase().into());
        // By itself it allows for what this computer can do in a second.
        identity.set_max_work_factor(20);
        return opened_by_crate(file, &identity);
    }
    need("age");
    let plain = world.path("plain");
    // It makes no file for an empty plaintext.
    let _ = fs::remove_file(&plain);
    let command = format!("age -d -o {} {}", plain.display(), file.display());
    on_a_terminal(world, &command, &sent.passphrase()).exits(0);
    fs::read(plain).unwrap_or_default()
}

/// What an age file sealed to a key holds.
fn opened_with_key(world: &World, opener: Opener, file: &Path, key: &str) -> Vec<u8> {
    if opener == Opener::Crate {
        let text = fs::read_to_string(world.path(key)).unwrap();
        let secret = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
        return opened_by_crate(file, &secret.parse::<age::x25519::Identity>().unwrap());
    }
    need("age");
    let run = world.program("age", ["-d", "-i"]).arg(world.path(key)).arg(file);
    run.within(LIMIT).exits(0).output.stdout
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
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(8 * 1024 * 1024 + 12_345);
    let sent = world.send(&relay.url, [world.file("brief.pdf", &bytes)]);
    for opener in OPENERS {
        assert!(opened_with_words(&world, opener, &content(&relay, &sent), &sent) == bytes, "{opener:?}");
        let manifest = opened_with_words(&world, opener, &manifest(&relay, &sent), &sent);
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["entries"][0]["path"], "brief.pdf", "{opener:?}");
    }
}

#[test]
fn an_empty_file_sealed_with_words() {
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("leeg", "")]);
    for opener in OPENERS {
        assert_eq!(opened_with_words(&world, opener, &content(&relay, &sent), &sent), b"", "{opener:?}");
    }
}

#[test]
fn a_folder_unpacks_with_tar() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let long = format!("dossier/lang/{}/{}", "m".repeat(150), "n".repeat(200));
    let names = ["dossier/met spaties/een bestand.txt", "dossier/café Ångström 🏡.txt", "dossier/run.sh", &long];
    for (number, name) in names.iter().enumerate() {
        world.file(name, noise(number * 70_000));
    }
    fs::create_dir(world.path("dossier/leeg")).unwrap();
    fs::set_permissions(world.path("dossier/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    fs::File::options().write(true).open(world.path("dossier/run.sh")).unwrap().set_modified(old).unwrap();
    let loose = world.file("los.txt", "los");

    let sent = send_to(&world, &relay, &[key], [world.path("dossier"), loose]);
    for opener in OPENERS {
        let tar = world.file("content.tar", opened_with_key(&world, opener, &content(&relay, &sent), "key.txt"));
        let unpacked = world.path(format!("with-{opener:?}"));
        fs::create_dir(&unpacked).unwrap();
        world.program("tar", ["-x", "-f"]).arg(tar).arg("-C").arg(&unpacked).within(LIMIT).exits(0);
        for name in names.into_iter().chain(["los.txt"]) {
            assert_eq!(fs::read(unpacked.join(name)).unwrap(), fs::read(world.path(name)).unwrap(), "{name}");
        }
        assert!(unpacked.join("dossier/leeg").is_dir());
        let expected = files_below(&world.path("dossier")).len() + 2;
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
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(200_000);
    let keys = [age_key(&world, "key.txt"), ssh_key(&world, "id_ed25519", "")];
    let sent = send_to(&world, &relay, &keys, [world.file("brief.pdf", &bytes)]);
    for (opener, key) in [(Opener::Program, "key.txt"), (Opener::Crate, "key.txt"), (Opener::Program, "id_ed25519")] {
        assert!(opened_with_key(&world, opener, &content(&relay, &sent), key) == bytes, "{opener:?} {key}");
        let manifest = opened_with_key(&world, opener, &manifest(&relay, &sent), key);
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["entries"][0]["path"], "brief.pdf", "{opener:?} {key}");
    }
}

#[test]
fn standard_input_of_unknown_length() {
    let world = World::new();
    let relay = world.relay();
    let key = age_key(&world, "key.txt");
    let bytes = noise(8 * 1024 * 1024 + 1);
    let run = world.share(["send", "-", "--name", "dump.sql", "--json", "--relay", &relay.url, "--recipient", &key]);
    let outcome = run.output_with_input(&bytes).exits(0);
    let sent = Sent { link: outcome.json()[0]["link"].as_str().unwrap().to_owned(), words: PathBuf::new() };
    for opener in OPENERS {
        assert!(opened_with_key(&world, opener, &content(&relay, &sent), "key.txt") == bytes, "{opener:?}");
    }
}

#[test]
fn the_ciphertext_saved_is_what_the_relay_holds() {
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(100_000);
    let sent = world.send(&relay.url, [world.file("brief.pdf", &bytes)]);
    let get = world.share(["get", &sent.link, "--json", "--passphrase-file"]).arg(&sent.words);
    let outcome = get.args(["--ciphertext", "saved.age"]).within(LIMIT).exits(0);
    assert_eq!(outcome.json()[0]["event"], "saved");
    assert!(fs::read(world.path("saved.age")).unwrap() == fs::read(content(&relay, &sent)).unwrap());
    assert!(opened_with_words(&world, Opener::Program, &world.path("saved.age"), &sent) == bytes);

    let again = world.share(["get", &sent.link, "--passphrase-file"]).arg(&sent.words);
    again.args(["--ciphertext", "saved.age"]).within(LIMIT).exits(10).says("saved.age exists already");
}

#[test]
fn other_words_do_not_open_it_with_stock_age() {
    let world = World::new();
    let relay = world.relay();
    let sent = world.send(&relay.url, [world.file("brief.pdf", "geheim")]);
    let other = world.send(&relay.url, [world.file("ander.pdf", "anders")]);
    need("age");
    let command = format!("age -d -o plain {}", content(&relay, &sent).display());
    let outcome = on_a_terminal(&world, &command, &other.passphrase()).exits(1);
    assert!(outcome.stdout().contains("incorrect passphrase"), "{outcome:?}");
}

/// Sends to public keys.
pub fn send_to<I: IntoIterator<Item = PathBuf>>(world: &World, relay: &Relay, keys: &[String], paths: I) -> Sent {
    let mut run = world.share(["send", "--json", "--relay", &relay.url]).args(paths);
    for key in keys {
        run = run.args(["--recipient", key]);
    }
    let lines = run.within(LIMIT).exits(0).json();
    assert_eq!(lines[1]["event"], "ready");
    Sent { link: lines[0]["link"].as_str().unwrap().to_owned(), words: PathBuf::new() }
}
