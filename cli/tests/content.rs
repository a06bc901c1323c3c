//! Files to content and back, through the library as a sender and a recipient use it, and through stock tar.
#![allow(missing_docs)]

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use share::content::{
    ContentError, Manifest,
    error::Fault,
    manifest::{Kind, MAX_LISTED, MAX_MTIME, clean_message},
    names::NameError,
    pack::Packed,
    place::{Placed, place},
    unpack::unpack,
    walk::{SkipReason, Walked, walk},
};
use tempfile::TempDir;

fn sandbox() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file, and the folders it is in.
fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    path.to_owned()
}

fn set_time(path: &Path, time: SystemTime) {
    File::open(path).unwrap().set_modified(time).unwrap();
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn pack(paths: &[PathBuf]) -> Packed {
    Packed::new(walk(paths, false).unwrap().sources).unwrap()
}

fn content(packed: &Packed) -> Vec<u8> {
    let mut content = vec![0xaa; packed.length() as usize];
    packed.read_at(0, &mut content).unwrap();
    content
}

/// The manifest as the recipient gets it.
fn manifest(packed: &Packed) -> Manifest {
    let sent = packed.manifest([7; 16], Some("a message".to_owned()));
    let read = Manifest::parse(&sent.to_json()).unwrap();
    assert_eq!(sent, read);
    read
}

/// Sends the paths and gives the directory in which they arrive.
fn round_trip(paths: &[PathBuf]) -> TempDir {
    let packed = pack(paths);
    let output = sandbox();
    let staging = output.path().join(".staging");
    fs::create_dir(&staging).unwrap();
    unpack(&content(&packed)[..], &manifest(&packed), &staging).unwrap();
    place(&staging, output.path(), false).unwrap();
    fs::remove_dir(&staging).unwrap();
    output
}

/// All there is below a folder: path, bytes (none for a folder), seconds of the last change, executable.
fn listing(root: &Path) -> Vec<(String, Option<Vec<u8>>, u64, bool)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for child in fs::read_dir(folder).unwrap() {
            let path = child.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let bytes = metadata.is_file().then(|| fs::read(&path).unwrap());
            let seconds = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let executable = metadata.is_file() && share::system::is_executable(&metadata);
            found.push((path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), bytes, seconds, executable));
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A folder with everything that may be difficult.
fn difficult(root: &Path) -> PathBuf {
    let folder = root.join("holiday 2026");
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("one byte", b"x"),
        ("block", &[1; 512]),
        ("block and a byte", &[2; 513]),
        ("many blocks", &[3; 100_000]),
        ("sub/sub/deep.txt", b"deep"),
        ("sub.txt", b"sorts before and after sub"),
        ("sub sub", b"sorts between"),
        ("Überraschung 🎉 👩‍💻.txt", b"emoji"),
        ("日本語/文書.txt", b"japanese"),
    ] {
        write(folder.join(name), bytes);
    }
    write(folder.join("n".repeat(200)), "two hundred characters");
    write(folder.join(vec!["long"; 40].join("/")), "long path");
    let script = write(folder.join("run.sh"), "#!/bin/sh\n");
    share::system::set_executable(&File::open(&script).unwrap()).unwrap();
    set_time(&script, at(1_234_567_890));
    fs::create_dir(folder.join("nothing in it")).unwrap();
    set_time(&folder.join("nothing in it"), at(1_000_000_000));
    set_time(&folder.join("sub"), at(1_100_000_000));
    folder
}

#[test]
fn one_file_travels_as_its_own_bytes() {
    let sandbox = sandbox();
    let file = write(sandbox.path().join("a.bin"), [5; 70_000]);
    let packed = pack(std::slice::from_ref(&file));
    assert_eq!((packed.kind(), packed.length()), (Kind::File, 70_000));
    assert_eq!(content(&packed), fs::read(&file).unwrap());
    assert_eq!(listing(round_trip(&[file]).path()), listing(sandbox.path()));
}

#[test]
fn an_empty_file_and_an_empty_folder_travel() {
    let sandbox = sandbox();
    let file = write(sandbox.path().join("empty"), "");
    assert_eq!(listing(round_trip(&[file]).path()), listing(sandbox.path()));
    let folder = sandbox.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let output = round_trip(&[folder]);
    assert_eq!(listing(output.path()).len(), 1);
}

#[test]
fn folders_and_files_come_back_as_they_were() {
    let sandbox = sandbox();
    let folder = difficult(sandbox.path());
    let file = write(sandbox.path().join("beside.txt"), "beside");
    let output = round_trip(&[folder, file]);
    assert_eq!(listing(output.path()), listing(sandbox.path()));
}

#[test]
fn three_thousand_small_files_come_back() {
    let sandbox = sandbox();
    let folder = sandbox.path().join("many");
    for n in 0..3_000 {
        write(folder.join(format!("{}/{}/{n}.txt", n % 7, n % 13)), n.to_string());
    }
    let output = round_trip(&[folder]);
    assert_eq!(listing(output.path()), listing(sandbox.path()));
}

#[test]
fn more_files_than_a_manifest_lists_come_back() {
    let sandbox = sandbox();
    let folder = sandbox.path().join("many");
    fs::create_dir(&folder).unwrap();
    for n in 0..MAX_LISTED {
        File::create(folder.join(n.to_string())).unwrap();
    }
    let packed = pack(std::slice::from_ref(&folder));
    let totals = manifest(&packed);
    assert_eq!((totals.entries.len(), totals.files, totals.folders), (0, MAX_LISTED as u64, 1));
    assert_eq!(listing(round_trip(&[folder]).path()), listing(sandbox.path()));
}

#[test]
fn decomposed_names_arrive_composed() {
    let sandbox = sandbox();
    let file = write(sandbox.path().join("re\u{301}sume\u{301}"), "cv");
    let output = round_trip(&[file]);
    assert_eq!(listing(output.path())[0].0, "r\u{e9}sum\u{e9}");
}

#[test]
fn reading_anywhere_gives_what_reading_through_gives() {
    let sandbox = sandbox();
    let folder = difficult(sandbox.path());
    let packed = pack(&[folder]);
    let whole = content(&packed);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let reads: Vec<(usize, usize)> = (0..2_000)
        .map(|n| {
            let offset = random(whole.len() + 1);
            let longest = if n % 2 == 0 { 600 } else { 30_000 };
            (offset, random(longest.min(whole.len() - offset) + 1))
        })
        .collect();
    let (packed, whole) = (&packed, &whole);
    std::thread::scope(|scope| {
        for reads in reads.chunks(500) {
            scope.spawn(move || {
                for &(offset, length) in reads {
                    let mut buffer = vec![0xaa; length];
                    packed.read_at(offset as u64, &mut buffer).unwrap();
                    assert!(buffer == whole[offset..][..length], "{length} bytes at {offset}");
                }
            });
        }
    });
}

#[test]
fn reading_past_the_end_is_an_error() {
    let sandbox = sandbox();
    let packed = pack(&[write(sandbox.path().join("a"), "hello")]);
    assert!(packed.read_at(5, &mut []).is_ok());
    assert!(packed.read_at(0, &mut [0; 6]).is_err());
    assert!(packed.read_at(u64::MAX, &mut [0; 6]).is_err());
}

/// Offsets lead to the bytes: what a client needs that fetches one file of many.
#[test]
fn offsets_in_the_manifest_lead_to_the_bytes() {
    let sandbox = sandbox();
    let folder = difficult(sandbox.path());
    let packed = pack(&[folder]);
    let whole = content(&packed);
    for entry in manifest(&packed).entries.iter().filter(|entry| !entry.folder) {
        let bytes = &whole[entry.offset as usize..][..entry.size as usize];
        assert!(bytes == fs::read(sandbox.path().join(&entry.path)).unwrap(), "{}", entry.path);
    }
}

/// Runs stock tar on the content and gives what it prints.
fn stock_tar(arguments: &[&str], content: &[u8]) -> String {
    let mut tar = Command::new("tar")
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tar is installed");
    tar.stdin.take().unwrap().write_all(content).unwrap();
    let output = tar.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn stock_tar_unpacks_it() {
    let sandbox = sandbox();
    let folder = difficult(sandbox.path());
    let output = self::sandbox();
    stock_tar(&["-x", "-C", output.path().to_str().unwrap()], &content(&pack(&[folder])));
    assert_eq!(listing(output.path()), listing(sandbox.path()));
}

#[test]
fn stock_tar_lists_it() {
    let sandbox = sandbox();
    let folder = sandbox.path().join("d");
    let script = write(folder.join("run.sh"), "#!/bin/sh\n");
    share::system::set_executable(&File::open(&script).unwrap()).unwrap();
    write(folder.join("é"), "hello");
    for path in [&script, &folder.join("é"), &folder] {
        set_time(path, at(1_234_567_890));
    }
    let listed = stock_tar(&["-tv", "--numeric-owner"], &content(&pack(&[folder])));
    let words: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        words,
        [
            ["drwxr-xr-x", "0/0", "0", "2009-02-13", "23:31", "d/"],
            ["-rwxr-xr-x", "0/0", "10", "2009-02-13", "23:31", "d/run.sh"],
            ["-rw-r--r--", "0/0", "5", "2009-02-13", "23:31", "d/\\303\\251"],
        ]
        .map(|line| line.map(|word| if word.ends_with("251") { "d/é" } else { word }).to_vec())
    );
}

/// A file larger than a ustar header can say, with another behind it: no byte of it is written or read.
#[test]
fn a_file_of_nine_gibibytes_has_its_place() {
    const SIZE: u64 = 9 << 30;
    let sandbox = sandbox();
    let large = sandbox.path().join("a large one");
    File::create(&large).unwrap().set_len(SIZE).unwrap();
    let small = write(sandbox.path().join("b"), "hello");
    let packed = pack(&[large, small]);
    let manifest = manifest(&packed);
    assert_eq!(manifest.entries[0].offset, 1536);
    assert_eq!(manifest.entries[1].offset, 1536 + SIZE + 512);
    assert_eq!(packed.length(), 1536 + SIZE + 512 + 512 + 1024);

    let tar = sandbox.path().join("sparse.tar");
    let mut file = File::create(&tar).unwrap();
    let mut head = vec![0; 1536];
    packed.read_at(0, &mut head).unwrap();
    file.write_all(&head).unwrap();
    let mut tail = vec![0; 2048];
    packed.read_at(1536 + SIZE, &mut tail).unwrap();
    file.seek(SeekFrom::Start(1536 + SIZE)).unwrap();
    file.write_all(&tail).unwrap();
    let listed = Command::new("tar").args(["-tvf", tar.to_str().unwrap()]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let sizes: Vec<_> = listed.lines().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(sizes, [&SIZE.to_string(), "5"]);
}

#[test]
fn times_that_a_tar_cannot_hold_are_brought_within_its_limits() {
    let sandbox = sandbox();
    for (name, time) in [("past", UNIX_EPOCH - Duration::from_secs(5)), ("future", at(MAX_MTIME + 5))] {
        set_time(&write(sandbox.path().join("d").join(name), ""), time);
    }
    let packed = pack(&[sandbox.path().join("d")]);
    let entries = manifest(&packed).entries;
    // Some file systems keep no such time themselves.
    let kept = fs::metadata(sandbox.path().join("d/future")).unwrap().modified().unwrap();
    let kept = kept.duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!((entries[1].mtime, entries[2].mtime), (kept.min(MAX_MTIME), 0));
}

// What changes while it is sent.

/// A file of five bytes, found and then changed; reading it must name it.
fn changed_after(name: &str, change: impl FnOnce(&Path)) {
    let sandbox = sandbox();
    let file = write(sandbox.path().join(name), "hello");
    set_time(&file, at(1_000_000_000));
    let packed = pack(std::slice::from_ref(&file));
    change(&file);
    match packed.read_at(0, &mut [0; 5]).unwrap_err() {
        ContentError::Changed(path) => assert!(path.ends_with(name), "{path}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_grows_stops_the_send() {
    changed_after("grows", |file| {
        File::options().append(true).open(file).unwrap().write_all(b"!").unwrap();
        set_time(file, at(1_000_000_000));
    });
}

#[test]
fn a_file_that_shrinks_stops_the_send() {
    changed_after("shrinks", |file| {
        File::options().write(true).open(file).unwrap().set_len(4).unwrap();
    });
}

#[test]
fn a_file_that_is_rewritten_stops_the_send() {
    changed_after("rewritten", |file| {
        fs::write(file, "HELLO").unwrap();
    });
}

#[test]
fn a_file_that_is_removed_stops_the_send() {
    changed_after("removed", |file| fs::remove_file(file).unwrap());
}

#[test]
fn a_change_is_found_in_the_middle_of_a_tar_too() {
    let sandbox = sandbox();
    for name in ["a", "b", "c"] {
        write(sandbox.path().join("d").join(name), [0; 3_000]);
    }
    let packed = pack(&[sandbox.path().join("d")]);
    fs::write(sandbox.path().join("d/b"), [0; 2_999]).unwrap();
    let mut whole = vec![0; packed.length() as usize];
    assert!(matches!(packed.read_at(0, &mut whole), Err(ContentError::Changed(path)) if path.ends_with("b")));
}

// What is found.

fn paths(walked: &Walked) -> Vec<&str> {
    walked.sources.iter().map(|source| source.entry.path.as_str()).collect()
}

#[test]
fn the_order_does_not_depend_on_the_arguments() {
    let sandbox = sandbox();
    let arguments = ["b", "C", "a/y", "a"].map(|name| sandbox.path().join(name));
    for file in ["b", "C", "a/y", "a/X", "a b"] {
        write(sandbox.path().join(file), "");
    }
    let walked = walk(&arguments, false).unwrap();
    assert_eq!(paths(&walked), ["a", "a/X", "a/y", "b", "C", "y"]);
}

#[test]
fn two_arguments_of_one_name_are_refused() {
    let sandbox = sandbox();
    let (one, other) = (write(sandbox.path().join("x/Report.pdf"), ""), write(sandbox.path().join("y/report.pdf"), ""));
    match walk(&[one, other], false).unwrap_err() {
        ContentError::SameName(one, other) => {
            assert!(one.ends_with("x/Report.pdf") && other.ends_with("y/report.pdf"), "{one} {other}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_is_sent_by_its_name_however_it_is_given() {
    let sandbox = sandbox();
    write(sandbox.path().join("holiday/sub/a"), "");
    for argument in ["holiday", "holiday/", "holiday/.", "holiday/sub/.."] {
        let walked = walk(&[sandbox.path().join(argument)], false).unwrap();
        assert_eq!(paths(&walked), ["holiday", "holiday/sub", "holiday/sub/a"], "{argument}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let sandbox = sandbox();
    let missing = sandbox.path().join("miss\u{1b}ing");
    match walk(&[missing], false).unwrap_err() {
        ContentError::NotFound(path) => assert!(path.ends_with("miss\\u{1b}ing")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(walk(&[], false), Err(ContentError::NothingToSend)));
}

#[test]
fn a_name_that_would_be_refused_later_is_refused_at_once() {
    let sandbox = sandbox();
    for (name, expected) in [("a:b", NameError::Character(':')), ("nul", NameError::Device), ("a.", NameError::Ending)]
    {
        let folder = sandbox.path().join("d");
        let file = write(folder.join(name), "");
        match walk(&[folder], false).unwrap_err() {
            ContentError::ForbiddenName(path, error) => assert!(path.ends_with(name) && error == expected, "{path}"),
            other => panic!("{other:?}"),
        }
        fs::remove_file(file).unwrap();
    }
}

#[cfg(unix)]
mod on_unix {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn the_root_has_no_name() {
        assert!(matches!(walk(&["/".into()], false), Err(ContentError::Nameless(path)) if path == "/"));
    }

    #[test]
    fn a_name_that_is_not_unicode_is_named() {
        let sandbox = sandbox();
        let file = write(sandbox.path().join("d").join(OsStr::from_bytes(b"caf\xe9")), "");
        for argument in [sandbox.path().join("d"), file] {
            match walk(&[argument], false).unwrap_err() {
                ContentError::NotUnicode(path) => assert!(path.ends_with("caf\u{fffd}")),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn names_that_differ_in_case_only_are_refused() {
        let sandbox = sandbox();
        for name in ["README", "readme"] {
            write(sandbox.path().join("d").join(name), "");
        }
        assert!(matches!(walk(&[sandbox.path().join("d")], false), Err(ContentError::SameName(..))));
    }

    fn skipped(walked: &Walked) -> Vec<(&str, SkipReason)> {
        walked.skipped.iter().map(|skipped| (skipped.path.as_str(), skipped.reason)).collect()
    }

    /// A folder with every kind of link, a pipe, and an ordinary file.
    fn with_links(root: &Path) -> PathBuf {
        let folder = root.join("d");
        write(folder.join("file"), "hello");
        write(root.join("elsewhere/inner"), "inner");
        symlink("file", folder.join("to-file")).unwrap();
        symlink("../elsewhere", folder.join("to-folder")).unwrap();
        symlink(".", folder.join("to-above")).unwrap();
        symlink("to-itself", folder.join("to-itself")).unwrap();
        symlink("nowhere", folder.join("to-nothing")).unwrap();
        assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
        folder
    }

    #[test]
    fn links_and_pipes_are_named_and_left_out() {
        let sandbox = sandbox();
        let mut walked = walk(&[with_links(sandbox.path())], false).unwrap();
        assert_eq!(paths(&walked), ["d", "d/file"]);
        walked.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        let link = |name| (name, SkipReason::Link);
        assert_eq!(
            skipped(&walked),
            [
                ("d/pipe", SkipReason::Special),
                link("d/to-above"),
                link("d/to-file"),
                link("d/to-folder"),
                link("d/to-itself"),
                link("d/to-nothing"),
            ]
        );
    }

    #[test]
    fn links_are_followed_on_request_and_loops_end() {
        let sandbox = sandbox();
        let mut walked = walk(&[with_links(sandbox.path())], true).unwrap();
        assert_eq!(paths(&walked), ["d", "d/file", "d/to-file", "d/to-folder", "d/to-folder/inner"]);
        walked.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(
            skipped(&walked),
            [
                ("d/pipe", SkipReason::Special),
                ("d/to-above", SkipReason::Loop),
                ("d/to-itself", SkipReason::Broken),
                ("d/to-nothing", SkipReason::Broken),
            ]
        );
    }

    #[test]
    fn a_link_that_is_named_is_followed_under_its_own_name() {
        let sandbox = sandbox();
        let folder = with_links(sandbox.path());
        let walked = walk(&[folder.join("to-file"), folder.join("to-folder")], false).unwrap();
        assert_eq!(paths(&walked), ["to-file", "to-folder", "to-folder/inner"]);
        assert!(matches!(walk(&[folder.join("to-nothing")], false), Err(ContentError::NotFound(_))));
    }

    #[test]
    fn a_pipe_that_is_named_is_refused_without_waiting() {
        let sandbox = sandbox();
        let pipe = with_links(sandbox.path()).join("pipe");
        assert!(matches!(walk(&[pipe], false), Err(ContentError::Special(_))));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_hides_its_length_is_refused() {
        assert!(matches!(walk(&["/proc/version".into()], false), Err(ContentError::Special(_))));
    }

    #[test]
    fn a_link_in_the_way_is_replaced_and_not_followed() {
        let output = sandbox();
        let precious = write(output.path().join("precious/file"), "mine");
        for (name, target) in [("a", "precious/file"), ("d", "precious"), ("gone", "nowhere")] {
            symlink(target, output.path().join(name)).unwrap();
        }
        let staging = staged(output.path(), &["a", "d/file", "gone"]);
        place(&staging, output.path(), true).unwrap();
        assert_eq!(fs::read(precious).unwrap(), b"mine");
        for name in ["a", "d/file", "gone"] {
            assert_eq!(fs::read(output.path().join(name)).unwrap(), b"new");
        }
        assert!(fs::symlink_metadata(output.path().join("d")).unwrap().is_dir());
        assert!(!output.path().join("nowhere").exists());
    }

    #[test]
    fn a_link_in_the_way_is_a_taken_name() {
        let output = sandbox();
        for name in ["a", "d"] {
            symlink("nowhere", output.path().join(name)).unwrap();
        }
        let staging = staged(output.path(), &["a", "d/file"]);
        let placed = place(&staging, output.path(), false).unwrap();
        assert_eq!(actual(&placed), ["a (2)", "d (2)"]);
        assert!(!output.path().join("nowhere").exists());
    }
}

// Final names.

/// A staging directory with these files, each saying `new`.
fn staged(output: &Path, files: &[&str]) -> PathBuf {
    let staging = output.join(".staging");
    for file in files {
        write(staging.join(file), "new");
    }
    staging
}

fn actual(placed: &[Placed]) -> Vec<String> {
    placed.iter().map(|placed| placed.actual.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_taken_name_gets_a_number_and_nothing_is_overwritten() {
    let output = sandbox();
    for taken in ["a.txt", "a (2).txt", ".env", "v1.2/old", "empty/x"] {
        write(output.path().join(taken), "old");
    }
    fs::remove_file(output.path().join("empty/x")).unwrap();
    let before = listing(output.path());
    let staging = staged(output.path(), &["a.txt", ".env", "v1.2/new", "empty/new", "free"]);
    let placed = place(&staging, output.path(), false).unwrap();
    assert_eq!(actual(&placed), [".env (2)", "a (3).txt", "empty (2)", "free", "v1.2 (2)"]);
    assert_eq!(placed[1].wanted, output.path().join("a.txt"));
    let after = listing(output.path());
    let kept = before.iter().all(|old| after.iter().any(|new| (&new.0, &new.1) == (&old.0, &old.1)));
    assert!(kept, "{after:?}");
    assert_eq!(fs::read(output.path().join("v1.2 (2)/new")).unwrap(), b"new");
    assert_eq!(fs::read_dir(staging).unwrap().count(), 0);
}

#[test]
fn a_numbered_name_is_not_longer_than_a_name_may_be() {
    let output = sandbox();
    let name = format!("{}.txt", "é".repeat(125));
    write(output.path().join(&name), "old");
    let placed = place(&staged(output.path(), &[&name]), output.path(), false).unwrap();
    assert_eq!(actual(&placed), [format!("{} (2).txt", "é".repeat(123))]);
}

#[test]
fn force_replaces_files_and_merges_folders() {
    let output = sandbox();
    for old in ["a", "d/old", "d/both", "d/sub/old"] {
        write(output.path().join(old), "old");
    }
    let staging = staged(output.path(), &["a", "d/both", "d/new", "d/sub/new", "e/f"]);
    let placed = place(&staging, output.path(), true).unwrap();
    assert_eq!(actual(&placed), ["a", "d", "e"]);
    for (file, text) in [("a", "new"), ("d/old", "old"), ("d/both", "new"), ("d/new", "new"), ("d/sub/old", "old")] {
        assert_eq!(fs::read_to_string(output.path().join(file)).unwrap(), text, "{file}");
    }
    assert!(output.path().join("d/sub/new").exists() && output.path().join("e/f").exists());
}

#[test]
fn force_does_not_swap_a_file_and_a_folder() {
    for (old, new) in [("x", "x/file"), ("x/file", "x")] {
        let output = sandbox();
        write(output.path().join(old), "old");
        let staging = staged(output.path(), &[new]);
        assert!(matches!(place(&staging, output.path(), true), Err(ContentError::InTheWay(_))));
        assert_eq!(fs::read_to_string(output.path().join(old)).unwrap(), "old");
    }
}

#[test]
fn eight_recipients_of_one_name_at_once_get_eight_files() {
    let output = sandbox();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let staging = output.path().join(format!(".staging{n}"));
            write(staging.join("a.txt"), n.to_string());
            write(staging.join("d/file"), n.to_string());
            scope.spawn(|| {
                let staging = staging;
                place(&staging, output.path(), false).unwrap()
            });
        }
    });
    let files = listing(output.path());
    let mut texts: Vec<_> = files.iter().filter_map(|file| file.1.clone()).collect();
    texts.sort();
    assert_eq!(texts, (0..8).flat_map(|n| [[b'0' + n]; 2]).collect::<Vec<_>>());
}

// Manifests and messages.

#[test]
fn a_manifest_is_plain_json() {
    let manifest = Manifest::of_stream("dump.sql", 5, [0xab; 16], Some("hi\nthere".to_owned())).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&manifest.to_json()).unwrap();
    let mtime = json["entries"][0]["mtime"].as_u64().unwrap();
    assert!(mtime > 1_700_000_000);
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1, "kind": "file", "nonce": "ab".repeat(16), "length": 5, "files": 1, "folders": 0, "bytes": 5,
            "entries": [{ "path": "dump.sql", "size": 5, "mtime": mtime, "offset": 0 }],
            "message": "hi\nthere",
        })
    );
    assert_eq!(Manifest::parse(&manifest.to_json()).unwrap(), manifest);
}

#[test]
fn a_manifest_with_fields_of_later_versions_is_read() {
    let manifest = Manifest::of_stream("a", 0, [0; 16], None).unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&manifest.to_json()).unwrap();
    json["colour"] = serde_json::json!({ "of": ["balloon", null] });
    json["entries"][0]["taste"] = serde_json::json!(1.5);
    assert_eq!(Manifest::parse(json.to_string().as_bytes()).unwrap(), manifest);
}

#[test]
fn a_stream_has_a_name_like_a_file() {
    let name = |name| Manifest::of_stream(name, 0, [0; 16], None);
    assert_eq!(name("re\u{301}sume\u{301}").unwrap().entries[0].path, "r\u{e9}sum\u{e9}");
    for forbidden in ["", "..", "a/b", "a\\b", "CON", "a\u{202e}b"] {
        assert!(matches!(name(forbidden), Err(ContentError::ForbiddenName(..))), "{forbidden:?}");
    }
}

#[test]
fn a_list_of_names_too_long_to_seal_becomes_totals() {
    let sandbox = sandbox();
    let mut folder = sandbox.path().join("d");
    for _ in 0..3 {
        folder.push("ü".repeat(125));
    }
    for n in 0..5_000 {
        write(folder.join(format!("{n:0>200}")), "");
    }
    let json = pack(&[sandbox.path().join("d")]).manifest([0; 16], None).to_json();
    let manifest = Manifest::parse(&json).unwrap();
    assert_eq!((manifest.entries.len(), manifest.files, manifest.folders), (0, 5_000, 4));
}

#[test]
fn a_message_travels_with_plain_line_ends() {
    assert_eq!(clean_message("one\r\n\ttwo\n\n").unwrap(), "one\n\ttwo");
    assert!(matches!(clean_message("\u{1b}[2J"), Err(ContentError::MessageCharacter('\u{1b}'))));
    assert!(clean_message(&"é".repeat(32 * 1024)).is_ok());
    assert!(matches!(clean_message(&"é".repeat(32 * 1024 + 1)), Err(ContentError::MessageLong)));
}

#[test]
fn errors_are_sentences_and_name_their_cause() {
    share::i18n::choose(Some(share::i18n::Language::En));
    let error = ContentError::Archive("a".to_owned(), Fault::Name(NameError::Device));
    let fault = std::error::Error::source(&error).unwrap();
    assert!(error.to_string().contains("“a”") && fault.to_string() == "it holds a forbidden name", "{error} {fault}");
    assert!(fault.source().unwrap().to_string().contains("Windows"));
}

#[test]
fn a_reader_that_gives_one_byte_at_a_time_is_read_whole() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }
    let sandbox = sandbox();
    let folder = sandbox.path().join("d");
    write(folder.join("grüße"), [9; 1_000]);
    let packed = pack(&[folder]);
    let output = self::sandbox();
    unpack(Slow(&content(&packed)), &manifest(&packed), output.path()).unwrap();
    assert_eq!(listing(output.path()), listing(sandbox.path()));
}
