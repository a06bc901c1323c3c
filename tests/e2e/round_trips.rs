//! What was sent is what arrives, byte for byte, whatever its size, shape or name.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::world::{World, files_below};

/// Bytes that repeat nowhere in a file of test size.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[track_caller]
fn file_round_trip(length: usize) {
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(length);
    let file = world.file("out/case.bin", &bytes);
    let sent = world.send(&relay.url, [file]);
    world.get(&sent, "in").succeeds();
    assert!(fs::read(world.path("in/case.bin")).unwrap() == bytes, "{length} bytes came back changed");
    assert_eq!(files_below(&world.path("in")), [world.path("in/case.bin")]);
}

const CHUNK: usize = 64 * 1024;
const PART: usize = 128 * CHUNK;

#[test]
fn empty_file() {
    file_round_trip(0);
}

#[test]
fn one_byte() {
    file_round_trip(1);
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
        let world = World::new();
        let relay = world.relay();
        let words = world.path("words");
        let send = world.share(["send", "-", "--name", "export.csv", "--json", "--relay", &relay.url]);
        let outcome = send.arg("--passphrase-file").arg(&words).output_with_input(&noise(length)).exits(0);
        let sent = crate::world::Sent { link: outcome.json()[0]["link"].as_str().unwrap().to_owned(), words };
        world.get(&sent, "in").succeeds();
        assert!(fs::read(world.path("in/export.csv")).unwrap() == noise(length), "{length}");
    }
}

#[test]
fn standard_output() {
    let world = World::new();
    let relay = world.relay();
    let bytes = noise(PART + 7);
    let sent = world.send(&relay.url, [world.file("case.bin", &bytes)]);
    let get = world.share(["get", &sent.link, "--yes", "--output", "-", "--passphrase-file"]).arg(&sent.words);
    assert!(get.succeeds().output.stdout == bytes);
}

#[test]
fn folders_names_times_and_bits() {
    let world = World::new();
    let relay = world.relay();
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
        world.file(name, noise(number * 1000));
    }
    fs::create_dir_all(world.path("dossier/lege map")).unwrap();
    fs::set_permissions(world.path("dossier/script.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(world.path("dossier/script.sh")).unwrap().set_modified(old).unwrap();

    let sent = world.send(&relay.url, [world.path("dossier")]);
    world.get(&sent, "in").succeeds();

    let relative = |root: &str| -> Vec<_> {
        let root = world.path(root);
        files_below(&root).iter().map(|path| path.strip_prefix(&root).unwrap().to_owned()).collect()
    };
    assert_eq!(relative("in/dossier"), relative("dossier"));
    for name in names {
        assert_eq!(fs::read(world.path("in").join(name)).unwrap(), fs::read(world.path(name)).unwrap(), "{name}");
    }
    let script = fs::metadata(world.path("in/dossier/script.sh")).unwrap();
    assert_eq!(script.modified().unwrap(), old);
    assert_ne!(script.permissions().mode() & 0o100, 0);
    let plain = fs::metadata(world.path("in/dossier/leeg/niets")).unwrap();
    assert_eq!(plain.permissions().mode() & 0o111, 0);
}

#[test]
fn three_thousand_small_files() {
    let world = World::new();
    let relay = world.relay();
    for number in 0..3000 {
        world.file(format!("many/{}/{}/{number}.txt", number % 7, number % 31), noise(number % 300));
    }
    let sent = world.send(&relay.url, [world.path("many")]);
    world.get(&sent, "in").succeeds();
    for number in 0..3000 {
        let path = format!("many/{}/{}/{number}.txt", number % 7, number % 31);
        assert_eq!(fs::read(world.path("in").join(path)).unwrap(), noise(number % 300), "{number}");
    }
    assert_eq!(files_below(&world.path("in")).len(), files_below(&world.path("many")).len() + 1);
}

#[test]
fn five_gibibytes_in_little_memory() {
    let world = World::new();
    let relay = world.relay();
    let length: u64 = 5 << 30;
    let path = world.path("big.img");
    let mut file = fs::File::create(&path).unwrap();
    file.set_len(length).unwrap();
    for place in [0, length / 2, length - 9] {
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(b"landmark!").unwrap();
    }
    drop(file);
    let sent_kib =
        peak_kib(&world, &["send", "--json", "--relay", &relay.url, "--passphrase-file", "words", "big.img"]);
    let link = fs::read_to_string(world.path("stdout")).unwrap();
    let link: serde_json::Value = serde_json::from_str(link.lines().next().unwrap()).unwrap();
    let link = link["link"].as_str().unwrap();
    let got_kib = peak_kib(&world, &["get", link, "--yes", "--passphrase-file", "words", "--output", "in"]);
    let relay_kib = peak_of(relay.child.id());
    // Not by a macro, whose output a test that passes does not show.
    let mut screen = std::io::stderr();
    writeln!(screen, "peak memory for 5 GiB: send {sent_kib} KiB, get {got_kib} KiB, relay {relay_kib} KiB").unwrap();
    assert!(same_bytes(&path, &world.path("in/big.img")));
    for kib in [sent_kib, got_kib, relay_kib] {
        assert!(kib < 150 * 1024, "{kib} KiB");
    }
}

/// Runs `share`, its output in the file `stdout`, and gives its peak memory in KiB.
fn peak_kib(world: &World, arguments: &[&str]) -> u64 {
    let mut run = world.share(arguments);
    run.command.stdout(fs::File::create(world.path("stdout")).unwrap());
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

/// `VmHWM` of a process in KiB; 0 if it has just ended.
pub fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn same_bytes(one: &Path, other: &Path) -> bool {
    std::process::Command::new("cmp").arg(one).arg(other).status().unwrap().success()
}
