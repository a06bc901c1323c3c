//! What is found to send, what is left out, and what changes meanwhile.

use super::*;

/// A file of five bytes, found and then changed; reading it must name it.
fn changed_after(name: &str, change: impl FnOnce(&Path)) {
    let sandbox = sandbox();
    let file = write(sandbox.path().join(name), "hello");
    set_time(&file, at(1_000_000_000));
    let packed = pack(std::slice::from_ref(&file));
    change(&file);
    match read_at(&packed, 0, &mut [0; 5]).unwrap_err() {
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
    assert!(matches!(read_at(&packed, 0, &mut whole), Err(ContentError::Changed(path)) if path.ends_with("b")));
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

#[test]
fn a_character_that_unicode_has_not_assigned_is_not_sent() {
    let sandbox = sandbox();
    let file = write(sandbox.path().join("d/new \u{378}.txt"), "");
    for argument in [sandbox.path().join("d"), file] {
        match walk(&[argument], false).unwrap_err() {
            ContentError::ForbiddenName(path, NameError::Unassigned('\u{378}')) => assert!(path.ends_with(".txt")),
            other => panic!("{other:?}"),
        }
    }
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
        assert!(matches!(walk(&[file], false), Err(ContentError::ForbiddenName(_, NameError::Staging))), "{name}");
    }
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
    use std::{
        ffi::OsStr,
        os::unix::{ffi::OsStrExt, fs::symlink},
    };

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
        // In the order of bytes, others stand between the two.
        for name in ["README", "Setup", "readme"] {
            write(sandbox.path().join("d").join(name), "");
        }
        match walk(&[sandbox.path().join("d")], false).unwrap_err() {
            ContentError::SameName(one, other) => assert_eq!(one.to_lowercase(), other.to_lowercase()),
            other => panic!("{other:?}"),
        }
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
}
