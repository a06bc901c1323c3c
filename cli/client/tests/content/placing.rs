//! Final names: what is there already is kept, or replaced on request.

use super::*;

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
    let placed = place(&staging, None, output.path(), false).unwrap();
    assert_eq!(actual(&placed), [".env (2)", "a (3).txt", "empty (2)", "free", "v1.2 (2)"]);
    assert_eq!(placed[1].wanted, output.path().join("a.txt"));
    let after = listing(output.path());
    let kept = before.iter().all(|old| after.iter().any(|new| (&new.0, &new.1) == (&old.0, &old.1)));
    assert!(kept, "{after:?}");
    assert_eq!(fs::read(output.path().join("v1.2 (2)/new")).unwrap(), b"new");
    assert_eq!(fs::read_dir(staging).unwrap().count(), 0);
}

#[test]
fn a_long_name_does_not_grow_with_its_number() {
    // 255 bytes, the most of any; 143, the most on some file systems; and one that has room.
    for (name, numbered) in [
        (format!("{}.txt", "é".repeat(125)), format!("{} (2).txt", "é".repeat(123))),
        (format!("a.{}", "x".repeat(253)), format!("a.{} (2)", "x".repeat(249))),
        (format!("{}.txt", "x".repeat(139)), format!("{} (2).txt", "x".repeat(135))),
        (format!("{}.txt", "x".repeat(119)), format!("{} (2).txt", "x".repeat(119))),
    ] {
        let output = sandbox();
        write(output.path().join(&name), "old");
        let placed = place(&staged(output.path(), &[&name]), None, output.path(), false).unwrap();
        assert_eq!(actual(&placed), [numbered]);
    }
}

#[test]
fn force_replaces_files_and_merges_folders() {
    let output = sandbox();
    for old in ["a", "d/old", "d/both", "d/sub/old"] {
        write(output.path().join(old), "old");
    }
    let staging = staged(output.path(), &["a", "d/both", "d/new", "d/sub/new", "e/f"]);
    let placed = place(&staging, None, output.path(), true).unwrap();
    assert_eq!(actual(&placed), ["a", "d", "e"]);
    for (file, text) in [("a", "new"), ("d/old", "old"), ("d/both", "new"), ("d/new", "new"), ("d/sub/old", "old")] {
        assert_eq!(fs::read_to_string(output.path().join(file)).unwrap(), text, "{file}");
    }
    assert!(output.path().join("d/sub/new").exists() && output.path().join("e/f").exists());
}

#[test]
fn force_does_not_swap_a_file_and_a_folder_and_keeps_both() {
    for (old, new) in [("x", "x/file"), ("x/file", "x")] {
        let output = sandbox();
        write(output.path().join(old), "old");
        let staging = staged(output.path(), &[new]);
        let placed = place(&staging, None, output.path(), true).unwrap();
        assert_eq!(actual(&placed), ["x (2)"]);
        assert_eq!(fs::read_to_string(output.path().join(old)).unwrap(), "old");
        assert_eq!(fs::read_to_string(output.path().join(new.replace('x', "x (2)"))).unwrap(), "new");
    }
}

#[test]
fn what_cannot_be_merged_is_kept_beside() {
    let output = sandbox();
    write(output.path().join("d/b/old"), "old");
    let staging = staged(output.path(), &["d/a", "d/b", "d/c", "e"]);
    let placed = place(&staging, None, output.path(), true).unwrap();
    assert_eq!(actual(&placed), ["d", "d (2)", "e"]);
    for new in ["d/a", "d (2)/b", "d (2)/c", "e"] {
        assert_eq!(fs::read_to_string(output.path().join(new)).unwrap(), "new", "{new}");
    }
    assert_eq!(fs::read_to_string(output.path().join("d/b/old")).unwrap(), "old");
}

#[test]
fn only_the_names_asked_for_are_placed() {
    let output = sandbox();
    let staging = staged(output.path(), &["a", "b"]);
    let placed = place(&staging, Some(&["a".into()]), output.path(), false).unwrap();
    assert_eq!(actual(&placed), ["a"]);
    assert!(!output.path().join("b").exists());
    let absent = place(&staging, Some(&["b".into(), "gone".into(), "z".into()]), output.path(), false).unwrap_err();
    assert!(matches!(&absent, FilesError::Partly(saved, _) if saved.ends_with("/b")), "{absent:?}");
}

#[test]
fn what_is_in_the_way_is_found_beforehand() {
    let output = sandbox();
    for old in ["file", "d/sub/x", "d/file"] {
        write(output.path().join(old), "old");
    }
    let found = |paths: &[&str]| {
        let entry = |path: &&str| Entry {
            path: path.trim_end_matches('/').to_owned(),
            folder: path.ends_with('/'),
            size: 0,
            mtime: 0,
            executable: false,
            private: false,
            offset: 0,
        };
        find_in_the_way(&paths.iter().map(entry).collect::<Vec<_>>(), output.path())
    };
    for free in [&["d/", "d/file", "d/sub/", "d/sub/new"][..], &["file", "new/", "new/file/"], &["d2/", "d2/file"]] {
        assert!(found(free).is_ok(), "{free:?}");
    }
    for taken in [&["file/"][..], &["d"], &["d/", "d/sub"], &["d/", "d/file/", "d/file/x"]] {
        assert!(matches!(found(taken), Err(FilesError::InTheWay(_))), "{taken:?}");
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
                place(&staging, None, output.path(), false).unwrap()
            });
        }
    });
    let files = listing(output.path());
    let mut texts: Vec<_> = files.iter().filter_map(|file| file.1.clone()).collect();
    texts.sort();
    assert_eq!(texts, (0..8).flat_map(|n| [[b'0' + n]; 2]).collect::<Vec<_>>());
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_in_the_way_is_replaced_and_not_followed() {
        let output = sandbox();
        let precious = write(output.path().join("precious/file"), "mine");
        for (name, target) in [("a", "precious/file"), ("d", "precious"), ("gone", "nowhere")] {
            symlink(target, output.path().join(name)).unwrap();
        }
        let staging = staged(output.path(), &["a", "d/file", "gone"]);
        place(&staging, None, output.path(), true).unwrap();
        assert_eq!(fs::read(precious).unwrap(), b"mine");
        for name in ["a", "d/file", "gone"] {
            assert_eq!(fs::read(output.path().join(name)).unwrap(), b"new");
        }
        assert!(fs::symlink_metadata(output.path().join("d")).unwrap().is_dir());
        assert!(!output.path().join("nowhere").exists());
    }

    #[test]
    fn a_link_among_what_was_unpacked_is_refused() {
        let output = sandbox();
        let staging = staged(output.path(), &["a"]);
        symlink("/etc/passwd", staging.join("b")).unwrap();
        for force in [false, true] {
            assert!(matches!(place(&staging, Some(&["b".into()]), output.path(), force), Err(FilesError::InTheWay(_))));
        }
    }

    #[test]
    fn a_link_in_the_way_is_a_taken_name() {
        let output = sandbox();
        for name in ["a", "d"] {
            symlink("nowhere", output.path().join(name)).unwrap();
        }
        let staging = staged(output.path(), &["a", "d/file"]);
        let placed = place(&staging, None, output.path(), false).unwrap();
        assert_eq!(actual(&placed), ["a (2)", "d (2)"]);
        assert!(!output.path().join("nowhere").exists());
    }
}
