//! What was sent is what arrives, byte for byte, whatever its size, shape or name.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::support::{
    CHUNK, PART,
    downloads::get_one,
    keys::{age_key, send_to},
    machine::peak_of,
    random::noise,
    schemas,
    test_env::{Sent, TestEnv, files_below},
};

/// Sends a file of this length to a key, and fetches it. Words are in `empty_file` and `one_byte`; elsewhere they would
/// only cost time.
#[track_caller]
fn file_round_trip(length: usize) {
    let (env, relay) = TestEnv::with_relay();
    let key = age_key(&env, "key.txt");
    let bytes = noise(length);
    let sent = send_to(&env, &relay, &[key], [env.file("out/case.bin", &bytes)]);
    get_one(&env, &sent).succeeds();
    arrived(&env, &bytes);
}

#[test]
fn empty_file() {
    with_words(0);
}

#[test]
fn one_byte() {
    with_words(1);
}

fn with_words(length: usize) {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(length);
    let sent = env.send(&relay.url, [env.file("out/case.bin", &bytes)]);
    env.get(&sent, "in").succeeds();
    arrived(&env, &bytes);
}

#[track_caller]
fn arrived(env: &TestEnv, bytes: &[u8]) {
    assert!(fs::read(env.path("in/case.bin")).unwrap() == bytes, "{} bytes came back changed", bytes.len());
    assert_eq!(files_below(&env.path("in")), [env.path("in/case.bin")]);
}

#[test]
fn around_a_chunk() {
    [CHUNK - 1, CHUNK, CHUNK + 1].into_iter().for_each(file_round_trip);
}

#[test]
fn around_a_part() {
    [PART - 1, PART, PART + 1].into_iter().for_each(file_round_trip);
}

#[test]
fn around_three_parts() {
    [3 * PART - 1, 3 * PART, 3 * PART + 1].into_iter().for_each(file_round_trip);
}

#[test]
fn standard_input() {
    for length in [0, 1, PART - 1, PART, PART + 1, 2 * PART + 12_345] {
        let (env, relay) = TestEnv::with_relay();
        let key = age_key(&env, "key.txt");
        let send = env.share(["send", "-", "--name", "case.bin", "--json", "--relay", &relay.url, "--recipient", &key]);
        let outcome = send.output_with_input(&noise(length)).exits(0);
        let link = outcome.link();
        get_one(&env, &Sent { link, words: PathBuf::new() }).succeeds();
        arrived(&env, &noise(length));
    }
}

#[test]
fn standard_output() {
    let (env, relay) = TestEnv::with_relay();
    let bytes = noise(PART + 7);
    let sent = env.send(&relay.url, [env.file("case.bin", &bytes)]);
    let get = env.share(["get", &sent.link, "--yes", "--output", "-", "--passphrase-file"]).arg(&sent.words);
    assert!(get.succeeds().output.stdout == bytes);
}

#[test]
fn folders_names_times_and_bits() {
    let (env, relay) = TestEnv::with_relay();
    let long = "n".repeat(200);
    let names = [
        "dossier/met spaties/een bestand.txt",
        "dossier/accenten/café Ångström.txt",
        "dossier/emoji/🏡 familie 👨‍👩‍👧 ❤️.txt",
        "dossier/leeg/niets",
        &format!("dossier/lang/{long}"),
        "dossier/script.sh",
    ];
    for (number, name) in names.iter().enumerate() {
        env.file(name, noise(number * 1000));
    }
    fs::create_dir_all(env.path("dossier/lege map")).unwrap();
    fs::set_permissions(env.path("dossier/script.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(env.path("dossier/script.sh")).unwrap().set_modified(old).unwrap();

    let sent = env.send(&relay.url, [env.path("dossier")]);
    env.get(&sent, "in").succeeds();

    let relative = |root: &str| -> Vec<_> {
        let root = env.path(root);
        files_below(&root).iter().map(|path| path.strip_prefix(&root).unwrap().to_owned()).collect()
    };
    assert_eq!(relative("in/dossier"), relative("dossier"));
    for name in names {
        assert_eq!(fs::read(env.path("in").join(name)).unwrap(), fs::read(env.path(name)).unwrap(), "{name}");
    }
    let script = fs::metadata(env.path("in/dossier/script.sh")).unwrap();
    assert_eq!(script.modified().unwrap(), old);
    assert_ne!(script.permissions().mode() & 0o100, 0);
    let plain = fs::metadata(env.path("in/dossier/leeg/niets")).unwrap();
    assert_eq!(plain.permissions().mode() & 0o111, 0);
}

#[test]
fn three_thousand_small_files() {
    let (env, relay) = TestEnv::with_relay();
    for number in 0..3000 {
        env.file(format!("many/{}/{}/{number}.txt", number % 7, number % 31), noise(number % 300));
    }
    let sent = env.send(&relay.url, [env.path("many")]);
    env.get(&sent, "in").succeeds();
    for number in 0..3000 {
        let path = format!("many/{}/{}/{number}.txt", number % 7, number % 31);
        assert_eq!(fs::read(env.path("in").join(path)).unwrap(), noise(number % 300), "{number}");
    }
    assert_eq!(files_below(&env.path("in")).len(), files_below(&env.path("many")).len() + 1);
}

#[test]
fn five_gibibytes_in_little_memory() {
    let (env, relay) = TestEnv::with_relay();
    let length: u64 = 5 << 30;
    let path = env.path("big.img");
    let mut file = fs::File::create(&path).unwrap();
    file.set_len(length).unwrap();
    for place in [0, length / 2, length - 9] {
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(b"landmark!").unwrap();
    }
    drop(file);
    let sent_kib = peak_kib(&env, &["send", "--json", "--relay", &relay.url, "--passphrase-file", "words", "big.img"]);
    let told = fs::read_to_string(env.path("stdout")).unwrap();
    told.lines().for_each(|line| schemas::check(line.as_bytes()).unwrap());
    let link: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    let link = link["link"].as_str().unwrap();
    let got_kib = peak_kib(&env, &["get", link, "--yes", "--passphrase-file", "words", "--output", "in"]);
    let relay_kib = peak_of(relay.child.id());
    // Not by a macro, whose output a test that passes does not show.
    let mut screen = std::io::stderr();
    writeln!(screen, "peak memory for 5 GiB: send {sent_kib} KiB, get {got_kib} KiB, relay {relay_kib} KiB").unwrap();
    assert!(same_bytes(&path, &env.path("in/big.img")));
    // 128 MiB are scrypt's, and up to 15 the program's own code and what it reads of the file.
    for kib in [sent_kib, got_kib, relay_kib] {
        assert!(kib < 156 * 1024, "{kib} KiB");
    }
}

/// Runs `share`, its output in the file `stdout`, and gives its peak memory in KiB.
fn peak_kib(env: &TestEnv, arguments: &[&str]) -> u64 {
    let mut run = env.share(arguments);
    run.command.stdout(fs::File::create(env.path("stdout")).unwrap());
    let mut child = run.command.spawn().unwrap();
    let mut peak = 0;
    // The kernel keeps the peak only while the process lives, so it is read until it ends.
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?}: {status}");
            return peak;
        }
        peak = peak.max(peak_of(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn same_bytes(one: &Path, other: &Path) -> bool {
    std::process::Command::new("cmp").arg(one).arg(other).status().unwrap().success()
}
