//! Assertions about commands that fail, and what these tests need.

use crate::support::{
    program::Run,
    random::noise,
    test_env::{Sent, TestEnv, files_below},
};

/// An address at which no relay listens: port 1 (tcpmux) is not in use, and never assigned as a free port.
pub const NOWHERE: &str = "http://127.0.0.1:1";

/// Runs a command in English and in Dutch, and asserts its exit code, error object, sentence and hint. The Dutch texts
/// must differ from the English ones.
#[track_caller]
pub fn fails(run: impl Fn() -> Run, exit: i32, code: &str, says: &str, hint: &str) {
    let english = run().args(["--json", "--lang", "en"]).output();
    let error = english.fails(exit, code);
    assert!(error["message"].as_str().unwrap().contains(says), "{says:?} is not in {error}");
    assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{hint:?} is not in {error}");
    assert_eq!(error.get("hint").is_none(), hint.is_empty(), "{error}");
    let dutch = run().args(["--json", "--lang", "nl"]).output().fails(exit, code);
    assert!(!dutch["message"].as_str().unwrap().contains(says), "{dutch}");
    assert!(hint.is_empty() || !dutch["hint"].as_str().unwrap().contains(hint), "{dutch}");
}

/// Asserts that downloading a share fails like this and leaves no files.
#[track_caller]
pub fn get_fails(env: &TestEnv, sent: &Sent, exit: i32, code: &str, says: &str, hint: &str) {
    fails(|| env.get(sent, "in"), exit, code, says, hint);
    assert_eq!(files_below(&env.path("in")), [] as [std::path::PathBuf; 0]);
}

/// Sends a file of random bytes.
pub fn send_something(env: &TestEnv, relay: &str, options: &[&str]) -> Sent {
    let file = env.file("case.bin", noise(100_000));
    env.send(relay, [file.to_str().unwrap()].iter().chain(options))
}

/// The passphrase with one word replaced by another of its words, so that its checksum is wrong.
pub fn mistyped(words: &str) -> String {
    let words: Vec<&str> = words.split('-').collect();
    let pairs = (0..words.len()).flat_map(|to| (0..words.len()).map(move |from| (to, from)));
    let changed = pairs.map(|(to, from)| {
        let mut changed = words.clone();
        changed[to] = words[from];
        changed.join("-")
    });
    let refused = |words: &String| share_format::words::Passphrase::read(words).is_err();
    changed.into_iter().find(refused).expect("of 30 changes the checksum finds 28")
}
