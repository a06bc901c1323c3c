//! Content that comes in any order.

use std::{fs, sync::Arc, thread};

use share_client::{files::ContentWriter, system::HeldFolder};

use super::*;

/// A folder of this sandbox to scatter into.
fn folder(sandbox: &TempDir, name: &str) -> (PathBuf, Arc<HeldFolder>) {
    let path = sandbox.path().join(name);
    fs::create_dir_all(&path).unwrap();
    let held = Arc::new(HeldFolder::open(&path).unwrap());
    (path, held)
}

/// Writes it in pieces of this size, every third by one of three threads, backwards.
fn write_all(scatter: &ContentWriter, content: &[u8], piece: usize) {
    let write = |third: usize| {
        for start in (third * piece..content.len()).step_by(3 * piece).collect::<Vec<_>>().into_iter().rev() {
            scatter.write_at(start as u64, &content[start..content.len().min(start + piece)]).unwrap();
        }
    };
    thread::scope(|scope| (0..3).for_each(|third| drop(scope.spawn(move || write(third)))));
}

#[test]
fn arrives_as_unpacked_in_order() {
    let sandbox = sandbox();
    let packed = pack(&[difficult(sandbox.path()), write(sandbox.path().join("big"), vec![9; 3_000_000])]);
    let (manifest, content) = (manifest(&packed), content(&packed));
    let (in_order, _) = folder(&sandbox, "in order");
    unpack(&content[..], &manifest, &in_order).unwrap();
    for piece in [511, 65_536, 1 << 20] {
        let (path, held) = folder(&sandbox, &format!("pieces of {piece}"));
        let scatter = ContentWriter::create(&manifest, held, Found::Nothing).unwrap();
        write_all(&scatter, &content, piece);
        scatter.sync_some().unwrap();
        let mut back = vec![0xaa; content.len()];
        back.chunks_mut(4099).enumerate().for_each(|(n, chunk)| scatter.read_at(n as u64 * 4099, chunk).unwrap());
        assert!(back == content);
        scatter.finish().unwrap();
        assert_eq!(listing(&path), listing(&in_order), "pieces of {piece}");
    }
}

#[test]
fn one_file_and_nothing_are_content_too() {
    let sandbox = sandbox();
    for length in [0, 1, 100_000] {
        let packed = pack(&[write(sandbox.path().join(format!("{length}.bin")), vec![5; length])]);
        let (path, held) = folder(&sandbox, &format!("out {length}"));
        let scatter = ContentWriter::create(&manifest(&packed), held, Found::Nothing).unwrap();
        write_all(&scatter, &content(&packed), 1000);
        assert!(scatter.write_at(length as u64, b"x").is_err(), "past the end");
        assert!(scatter.read_at(length as u64, &mut [0]).is_err(), "past the end");
        scatter.finish().unwrap();
        assert_eq!(fs::read(path.join(format!("{length}.bin"))).unwrap(), vec![5; length]);
    }
}

#[test]
fn goes_on_in_what_was_left_and_creates_nothing_over_it() {
    let sandbox = sandbox();
    let packed = pack(&[difficult(sandbox.path())]);
    let (manifest, content) = (manifest(&packed), content(&packed));
    let (path, held) = folder(&sandbox, "out");
    write_all(&ContentWriter::create(&manifest, Arc::clone(&held), Found::Nothing).unwrap(), &content, 5000);
    let again = ContentWriter::create(&manifest, Arc::clone(&held), Found::Nothing);
    assert!(matches!(again.map(drop), Err(FilesError::NameTaken(_))), "all is there");
    let first = path.join(&manifest.entries.iter().find(|entry| entry.size > 1000).unwrap().path);
    fs::write(&first, vec![1; 200_000]).unwrap();
    fs::remove_dir_all(path.join("holiday 2026/sub")).unwrap();
    let scatter = ContentWriter::create(&manifest, Arc::clone(&held), Found::Leftovers).unwrap();
    write_all(&scatter, &content, 5000);
    scatter.finish().unwrap();
    let (in_order, _) = folder(&sandbox, "in order");
    unpack(&content[..], &manifest, &in_order).unwrap();
    assert_eq!(listing(&path), listing(&in_order));
}

#[cfg(unix)]
#[test]
fn follows_no_link_that_somebody_left() {
    let sandbox = sandbox();
    let packed = pack(&[difficult(sandbox.path())]);
    let manifest = manifest(&packed);
    let theirs = write(sandbox.path().join("theirs/file"), "theirs");
    for (name, target) in [("holiday 2026", theirs.parent().unwrap()), ("holiday 2026/one byte", &theirs)] {
        let (path, held) = folder(&sandbox, &format!("out {}", name.len()));
        if name.contains('/') {
            fs::create_dir(path.join("holiday 2026")).unwrap();
        }
        std::os::unix::fs::symlink(target, path.join(name)).unwrap();
        assert!(ContentWriter::create(&manifest, held, Found::Leftovers).is_err(), "{name}");
    }
    assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(theirs.parent().unwrap()).unwrap().count(), 1);
}
