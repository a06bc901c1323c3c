//! Files to content and back, through the library as a sender and a recipient use it, and through stock tar.
#![allow(missing_docs)]

mod finding;
mod manifests;
mod placing;
mod scattering;

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use share_client::files::{
    ContentReader, FilesError,
    content_writer::Found,
    place::{Placed, find_in_the_way, place},
    renaming::Why,
    unpack::unpack,
    walk::{SkipReason, Walked, walk},
};
use share_format::{
    FormatError,
    entry::{Entry, MAX_MTIME},
    manifest::{Kind, MAX_LISTED, Manifest, clean_message, clean_sender},
    names::NameError,
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

fn pack(paths: &[PathBuf]) -> ContentReader {
    ContentReader::new(walk(paths, false).unwrap().sources).unwrap()
}

fn read_at(packed: &ContentReader, offset: u64, buffer: &mut [u8]) -> Result<(), FilesError> {
    let mut reader = packed.reader();
    reader.read_at(offset, buffer)?;
    reader.finish()
}

fn content(packed: &ContentReader) -> Vec<u8> {
    let mut content = vec![0xaa; packed.length() as usize];
    read_at(packed, 0, &mut content).unwrap();
    content
}

/// The manifest as the recipient gets it.
fn manifest(packed: &ContentReader) -> Manifest {
    let sent = packed.manifest([7; 16], Some("a message".to_owned()));
    let read = Manifest::parse(&sent.to_json(), &[0xff; 16]).unwrap();
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
    place(&staging, None, output.path(), false).unwrap();
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
            let executable = metadata.is_file() && share_client::system::is_executable(&metadata);
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
    // As long as a path may be, with the folder's name before it.
    write(folder.join(vec!["l".repeat(97); 7].join("/")).join("l".repeat(101)), "longest path");
    let script = write(folder.join("run.sh"), "#!/bin/sh\n");
    share_client::system::set_executable(&File::open(&script).unwrap()).unwrap();
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
                let mut reader = packed.reader();
                for &(offset, length) in reads {
                    let mut buffer = vec![0xaa; length];
                    reader.read_at(offset as u64, &mut buffer).unwrap();
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
    assert!(read_at(&packed, 5, &mut []).is_ok());
    assert!(read_at(&packed, 0, &mut [0; 6]).is_err());
    assert!(read_at(&packed, u64::MAX, &mut [0; 6]).is_err());
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
    share_client::system::set_executable(&File::open(&script).unwrap()).unwrap();
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
    read_at(&packed, 0, &mut head).unwrap();
    file.write_all(&head).unwrap();
    let mut tail = vec![0; 2048];
    read_at(&packed, 1536 + SIZE, &mut tail).unwrap();
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

/// As where a file system takes two names for one that no rule of ours finds.
#[test]
fn what_has_a_name_already_is_neither_written_nor_entered() {
    for name in ["file", "folder/file"] {
        let sandbox = sandbox();
        write(sandbox.path().join("sent").join(name), "new");
        let packed = pack(&[sandbox.path().join("sent").join(name.split('/').next().unwrap())]);
        let there = write(sandbox.path().join("output").join(name), "old");
        match unpack(&content(&packed)[..], &manifest(&packed), &sandbox.path().join("output")).unwrap_err() {
            FilesError::NameTaken(path) => assert!(name.starts_with(&path), "{path}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(there).unwrap(), b"old");
    }
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

/// Path, and the rights of owner, group and others, of all below a folder.
#[cfg(unix)]
fn rights(root: &Path) -> Vec<(String, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let listed = listing(root).into_iter();
    listed
        .map(|(path, ..)| (path.clone(), fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777))
        .collect()
}

#[cfg(unix)]
#[test]
fn what_was_private_arrives_private_and_the_rest_as_the_umask_gives_it() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = sandbox();
    let set =
        |path: &str, mode| fs::set_permissions(sandbox.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    for (path, mode) in [
        ("keys/id", 0o600),
        ("keys/read only", 0o400),
        ("keys/run", 0o700),
        ("keys/group", 0o640),
        ("public/all", 0o666),
        ("public/read only", 0o444),
        ("public/run", 0o755),
    ] {
        write(sandbox.path().join(path), "x");
        set(path, mode);
    }
    set("keys", 0o700);
    set("public", 0o755);
    let plain = write(sandbox.path().join("plain"), "x");
    let umask = 0o777 & !(fs::metadata(plain).unwrap().permissions().mode() | 0o111);
    let expected = [
        ("keys", 0o700),
        ("keys/group", 0o666 & !umask),
        ("keys/id", 0o600),
        ("keys/read only", 0o600),
        ("keys/run", 0o700),
        ("public", 0o777 & !umask),
        ("public/all", 0o666 & !umask),
        ("public/read only", 0o666 & !umask),
        ("public/run", 0o777 & !umask),
    ]
    .map(|(path, mode)| (path.to_owned(), mode));

    let paths = [sandbox.path().join("keys"), sandbox.path().join("public")];
    assert_eq!(rights(round_trip(&paths).path()), expected);
    let packed = pack(&paths);
    let scattered = self::sandbox();
    let held = std::sync::Arc::new(share_client::system::HeldFolder::open(scattered.path()).unwrap());
    let scatter = share_client::files::ContentWriter::create(&manifest(&packed), held, Found::Nothing).unwrap();
    scatter.write_at(0, &content(&packed)).unwrap();
    scatter.finish().unwrap();
    assert_eq!(rights(scattered.path()), expected);
    for (file, mode) in [("keys/id", 0o600), ("keys/run", 0o700), ("public/all", 0o666 & !umask)] {
        let output = round_trip(&[sandbox.path().join(file)]);
        assert_eq!(rights(output.path()), [(file.rsplit('/').next().unwrap().to_owned(), mode)]);
    }
}

/// Bytes that a file takes on disk.
#[cfg(unix)]
fn room(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(&fs::metadata(path).unwrap()) * 512
}

#[cfg(unix)]
#[test]
fn holes_stay_holes_however_they_come() {
    const BYTES: u64 = 16 << 20;
    let sandbox = sandbox();
    let image = write(sandbox.path().join("disk.img"), "");
    let mut file = File::options().write(true).open(&image).unwrap();
    file.set_len(BYTES).unwrap();
    file.seek(SeekFrom::Start(BYTES / 3)).unwrap();
    file.write_all(b"used").unwrap();
    let sent = fs::read(&image).unwrap();
    // Alone, where blocks of content are those of the file, and in a tar, where they are not.
    for paths in [vec![image.clone()], vec![image.clone(), write(sandbox.path().join("a"), "x")]] {
        let packed = pack(&paths);
        let (manifest, content) = (manifest(&packed), content(&packed));
        let staging = self::sandbox();
        unpack(&content[..], &manifest, staging.path()).unwrap();
        let unpacked = staging.path().join("disk.img");
        assert!(fs::read(&unpacked).unwrap() == sent);
        assert!(room(&unpacked) <= 64 << 10, "{} bytes unpacked", room(&unpacked));

        let scattered = self::sandbox();
        let held = std::sync::Arc::new(share_client::system::HeldFolder::open(scattered.path()).unwrap());
        let path = scattered.path().join("disk.img");
        for found in [Found::Nothing, Found::Leftovers] {
            let scatter = share_client::files::ContentWriter::create(&manifest, held.clone(), found).unwrap();
            for (number, piece) in content.chunks(65_536).enumerate() {
                scatter.write_at(number as u64 * 65_536, piece).unwrap();
            }
            scatter.finish().unwrap();
            assert!(fs::read(&path).unwrap() == sent);
            assert!(room(&path) <= 64 << 10, "{} bytes scattered", room(&path));
        }
    }
}
