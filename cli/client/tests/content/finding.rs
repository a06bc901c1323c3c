//! What is found to send, what is left out, and what changes meanwhile.

use super::*;

/// A file of five bytes, found and then changed; what reading it gives, and whether it counts as touched.
fn changed_after(name: &str, change: impl FnOnce(&Path)) -> (Result<[u8; 5], FilesError>, bool) {
    let sandbox = sandbox();
    let file = write(sandbox.path().join(name), "hello");
    set_time(&file, at(1_000_000_000));
    let packed = pack(std::slice::from_ref(&file));
    change(&file);
    let mut bytes = [0; 5];
    let read = read_at(&packed, 0, &mut bytes).map(|()| bytes);
    assert_eq!(packed.lost().len(), usize::from(read.is_err()));
    (read, packed.touched() == [0])
}

#[test]
fn of_a_file_that_grows_the_beginning_is_read() {
    let (read, touched) = changed_after("grows", |file| {
        File::options().append(true).open(file).unwrap().write_all(b"!").unwrap();
        set_time(file, at(1_000_000_000));
    });
    assert!(read.unwrap() == *b"hello" && touched);
}

#[test]
fn a_file_that_was_written_to_is_read_and_noted() {
    let (read, touched) = changed_after("rewritten", |file| fs::write(file, "HELLO").unwrap());
    assert!(read.unwrap() == *b"HELLO" && touched);
    let (read, touched) = changed_after("touched", |file| set_time(file, at(1_000_000_001)));
    assert!(read.unwrap() == *b"hello" && touched);
    let (read, touched) = changed_after("left alone", |_| ());
    assert!(read.unwrap() == *b"hello" && !touched);
}

#[test]
fn a_file_that_shrinks_or_is_removed_is_named() {
    let shrink = |file: &Path| File::options().write(true).open(file).unwrap().set_len(4).unwrap();
    for (name, (read, _)) in [
        ("shrinks", changed_after("shrinks", shrink)),
        ("removed", changed_after("removed", |file| fs::remove_file(file).unwrap())),
    ] {
        assert!(matches!(read, Err(FilesError::Changed(path)) if path.ends_with(name)));
    }
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
    assert!(matches!(read_at(&packed, 0, &mut whole), Err(FilesError::Changed(path)) if path.ends_with("b")));
    packed.look_again();
    assert_eq!(packed.lost().iter().map(|source| source.entry.path.as_str()).collect::<Vec<_>>(), ["d/b"]);
}

#[test]
fn a_piece_is_known_again_whatever_became_of_its_neighbours() {
    let sandbox = sandbox();
    for name in ["a", "b"] {
        write(sandbox.path().join("d").join(name), name.repeat(100));
    }
    let packed = pack(&[sandbox.path().join("d")]);
    let mut piece = [0; 100];
    assert_eq!(packed.second_reader().is_same_piece(1, 0, &mut piece).unwrap(), None);
    content(&packed);
    fs::remove_file(sandbox.path().join("d/b")).unwrap();
    assert_eq!(packed.second_reader().is_same_piece(1, 0, &mut piece).unwrap(), Some(true));
    fs::write(sandbox.path().join("d/a"), "b".repeat(100)).unwrap();
    assert_eq!(packed.second_reader().is_same_piece(1, 0, &mut piece).unwrap(), Some(false));
    assert!(packed.second_reader().is_same_piece(2, 0, &mut piece).is_err());
}

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
    assert_eq!(paths(&walked), ["C", "a", "a/X", "a/y", "b", "y"]);
}

#[test]
fn the_order_is_that_of_bytes_folder_by_folder() {
    let sandbox = sandbox();
    let folder = sandbox.path().join("d");
    for file in ["a/b", "a b", "a.b", "Y", "é", "z", "ｅ", "😀"] {
        write(folder.join(file), "");
    }
    let walked = walk(&[folder], false).unwrap();
    assert_eq!(paths(&walked), ["d", "d/Y", "d/a", "d/a/b", "d/a b", "d/a.b", "d/z", "d/é", "d/ｅ", "d/😀"]);
}

/// What gets another name: the end of its path here, its path in the share, and why.
fn renamed(walked: &Walked) -> Vec<(&str, &str, &Why)> {
    walked
        .renamed
        .iter()
        .map(|renamed| (renamed.path.rsplit('/').next().unwrap(), renamed.name.as_str(), &renamed.why))
        .collect()
}

#[test]
fn all_that_needs_another_name_is_told_at_once() {
    let sandbox = sandbox();
    for file in ["12:30.txt", "sub/new \u{378}.txt", "sub/nul", "ok"] {
        write(sandbox.path().join("d").join(file), "");
    }
    let walked = walk(&[sandbox.path().join("d")], false).unwrap();
    let forbidden =
        [NameError::Character(':'), NameError::Device, NameError::Unassigned('\u{378}')].map(Why::Forbidden);
    assert_eq!(
        renamed(&walked),
        [
            ("12:30.txt", "d/12.30.txt", &forbidden[0]),
            ("nul", "d/sub/_nul", &forbidden[1]),
            ("new \u{378}.txt", "d/sub/new _.txt", &forbidden[2]),
        ]
    );
    assert_eq!(paths(&walked), ["d", "d/12.30.txt", "d/ok", "d/sub", "d/sub/_nul", "d/sub/new _.txt"]);
}

#[test]
fn all_that_cannot_be_sent_is_told_at_once() {
    let sandbox = sandbox();
    let deep = sandbox.path().join(vec!["x"; 101].join("/"));
    write(deep.join("file"), "");
    let arguments = [sandbox.path().join("x"), sandbox.path().join("absent"), sandbox.path().join("gone")];
    let walked = walk(&arguments, false).unwrap();
    let errors: Vec<_> = walked.refused.iter().map(|refused| &refused.error).collect();
    assert!(
        matches!(&errors[..], [FilesError::NotFound(a), FilesError::NotFound(b), FilesError::Format(FormatError::ForbiddenName(_, NameError::Deep))]
            if a.ends_with("absent") && b.ends_with("gone")),
        "{errors:?}"
    );
}

#[test]
fn the_folder_of_an_unfinished_download_is_left_out_and_what_looks_like_one_is_refused() {
    let sandbox = sandbox();
    write(sandbox.path().join("d/.share-0123456789abcdef.part/files/half"), "");
    write(sandbox.path().join("d/file"), "");
    let walked = walk(&[sandbox.path().join("d")], false).unwrap();
    assert_eq!((paths(&walked), walked.skipped[0].reason), (vec!["d", "d/file"], SkipReason::Unfinished));
    for name in [".SHARE-0123456789abcdef.part", ".\u{17f}hare-0123456789abcdef.part"] {
        let file = write(sandbox.path().join(name), "");
        let walked = walk(&[file], false).unwrap();
        assert_eq!(walked.renamed[0].why, Why::Forbidden(NameError::Staging), "{name}");
    }
}

#[test]
fn of_two_arguments_of_one_name_the_second_gets_a_number() {
    let sandbox = sandbox();
    let (one, other) = (write(sandbox.path().join("x/Report.pdf"), ""), write(sandbox.path().join("y/report.pdf"), ""));
    let walked = walk(&[other, one], false).unwrap();
    assert_eq!(paths(&walked), ["Report.pdf", "report (2).pdf"]);
    assert!(matches!(renamed(&walked)[..], [("report.pdf", _, Why::Same(other))] if other.ends_with("x/Report.pdf")));
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
    match &walk(&[missing], false).unwrap().refused[0].error {
        FilesError::NotFound(path) => assert!(path.ends_with("miss\\u{1b}ing")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(walk(&[], false), Err(FilesError::NothingToSend)));
}

#[cfg(unix)]
mod on_unix {
    use std::{
        ffi::OsStr,
        os::unix::{ffi::OsStrExt, fs::symlink},
    };

    use super::*;

    #[test]
    fn the_root_has_no_name() {
        assert!(matches!(refused("/".into()), FilesError::Nameless(path) if path == "/"));
    }

    #[test]
    fn a_name_that_is_not_unicode_is_made_visible() {
        let sandbox = sandbox();
        let file = write(sandbox.path().join("d").join(OsStr::from_bytes(b"caf\xe9")), "");
        for (argument, name) in [(sandbox.path().join("d"), "d/caf%E9"), (file, "caf%E9")] {
            let walked = walk(&[argument], false).unwrap();
            assert_eq!(renamed(&walked), [("caf\u{fffd}", name, &Why::NotUnicode)]);
        }
    }

    #[test]
    fn of_names_that_differ_in_case_only_the_second_gets_a_number() {
        let sandbox = sandbox();
        // In the order of bytes, others stand between the two.
        for name in ["README", "Setup", "readme"] {
            write(sandbox.path().join("d").join(name), "");
        }
        let walked = walk(&[sandbox.path().join("d")], false).unwrap();
        assert_eq!(paths(&walked), ["d", "d/README", "d/Setup", "d/readme (2)"]);
    }

    fn refused(path: PathBuf) -> FilesError {
        walk(&[path], false).unwrap().refused.remove(0).error
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
        assert!(matches!(refused(folder.join("to-nothing")), FilesError::NotFound(_)));
    }

    #[test]
    fn a_pipe_that_is_named_is_refused_without_waiting() {
        let sandbox = sandbox();
        let pipe = with_links(sandbox.path()).join("pipe");
        assert!(matches!(refused(pipe), FilesError::Special(_)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_hides_its_length_is_refused() {
        assert!(matches!(refused("/proc/version".into()), FilesError::Special(_)));
    }
}
