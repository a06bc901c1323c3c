//! Paths as long as they may be, and folders that lie deep: what cannot be saved there is told before a download is taken.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::{
    PATIENCE,
    downloads::{many_cut_off, staging},
    failures::{NOWHERE, fails},
    machine::can_trace,
    test_env::{Relay, Sent, TestEnv},
};

/// A path of as many bytes as the format allows.
fn longest() -> PathBuf {
    let folders: PathBuf = (1..8).map(|number| number.to_string().repeat(99)).collect();
    let path = folders.join("l".repeat(100));
    assert_eq!(path.as_os_str().len(), 800);
    path
}

/// What is sent: a file with the longest path, and so many others beside it.
fn sent_with(others: usize) -> (TestEnv, Relay, Sent) {
    let (env, relay) = TestEnv::with_relay();
    let file = env.file(longest(), "far below");
    (0..others).for_each(|number| drop(fs::write(file.with_file_name(number.to_string()), "")));
    let sent = env.send(&relay.url, [env.path("1".repeat(99))]);
    (env, relay, sent)
}

/// A folder, not there yet, whose path has so many bytes.
fn deep(env: &TestEnv, bytes: usize) -> PathBuf {
    let mut path = env.path("deep");
    while path.as_os_str().len() < bytes {
        let left = bytes - path.as_os_str().len() - 1;
        // No name may be empty in the end.
        path.push("d".repeat(if left <= 200 { left } else { 150 }));
    }
    assert_eq!(path.as_os_str().len(), bytes);
    path
}

fn is_there(output: &Path) -> bool {
    fs::read(output.join(longest())).is_ok_and(|bytes| bytes == b"far below")
}

/// Listed, and too many to be.
const OTHERS: [usize; 2] = [0, 10_000];

#[test]
fn why_paths_cannot_be_sent_is_told_of_each_in_the_language_that_is_spoken() {
    let env = TestEnv::new();
    let deep: PathBuf = std::iter::repeat_n("d", 101).collect();
    for name in ["one", "two"] {
        env.file(Path::new(name).join(&deep), "x");
    }
    let send = || env.share(["send", "one", "two", "--relay", NOWHERE]);
    fails(send, 10, "local_file", "2 files or folders cannot be sent", "Shorten the path");
    for (language, why) in [("en", "it is more than 100 folders deep"), ("nl", "zit meer dan 100 mappen diep")] {
        let told = send().args(["--lang", language]).output().stderr();
        assert_eq!(told.matches(why).count(), 2, "{told}");
    }
}

#[test]
fn the_longest_path_arrives_however_it_is_saved() {
    for others in OTHERS {
        let (env, _relay, sent) = sent_with(others);
        for options in [&[][..], &["--force"]] {
            env.get(&sent, "in").args(options).within(PATIENCE).exits(0);
            assert!(is_there(&env.path("in")), "{others} {options:?}");
        }
        env.get(&sent, "in").within(PATIENCE).exits(0);
        let numbered = env.path("in").join(format!("{} (2)", "1".repeat(99)));
        assert!(numbered.join(longest().strip_prefix("1".repeat(99)).unwrap()).exists(), "{others}");
    }
}

#[test]
fn a_folder_that_lies_too_deep_costs_no_download() {
    for others in OTHERS {
        let (env, _relay, sent) = sent_with(others);
        let too_deep = deep(&env, 3_300);
        let hint = "Choose a folder with a shorter path, or on another disk.";
        fails(|| env.get(&sent, &too_deep), 10, "name_not_possible", "the system could not follow it", hint);
        assert_eq!(env.events(&sent), ["created", "ready"], "{others}");
        assert!(!env.path("deep").exists(), "{others}");
        let shorter = deep(&env, 3_200);
        env.get(&sent, &shorter).within(PATIENCE).exits(0);
        assert!(is_there(&shorter), "{others}");
    }
}

#[test]
fn what_cannot_be_unpacked_here_is_not_said_to_go_on_here() {
    if !can_trace() {
        return;
    }
    let (env, _relay, _proxy, sent) = many_cut_off();
    let staging = staging(&env);
    let failing =
        ["-f", "-qq", "-o", "/dev/null", "-e", "trace=openat", "-e", "inject=openat:error=ENAMETOOLONG", "-P"];
    let get = [env!("CARGO_BIN_EXE_tested-share"), "get", &sent.link, "--yes", "--identity", "key.txt"];
    let file = staging.join("files/many/7/1007");
    // As the program may name it, from the root or from where it runs.
    let relative = file.strip_prefix(env.path("")).unwrap();
    let run = env.program("strace", failing).arg(&file).arg("-P").arg(relative).args(get);
    let outcome = run.args(["--output", "in"]).within(PATIENCE).exits(10);
    let outcome =
        outcome.says("many/7/1007 cannot have its name in this place").says("so what was downloaded is removed");
    assert!(!outcome.stderr().contains("goes on from there"), "{outcome:?}");
    assert!(!staging.exists());
    let elsewhere = env.share(["get", &sent.link, "--yes", "--identity", "key.txt", "--output", "elsewhere"]);
    elsewhere.within(PATIENCE).exits(0);
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt"]);
}
