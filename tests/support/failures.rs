//! Commands that are to fail, and what makes them.

use crate::support::{
    program::Run,
    random::noise,
    test_env::{Sent, TestEnv, files_below},
};

/// Nobody listens on port 1 (tcpmux), and no system gives it to a program that asks for any port.
pub const NOWHERE: &str = "http://127.0.0.1:1";

/// Runs it in English and in Dutch, and asserts exit code, error object, sentence and hint. The Dutch words must be others.
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

/// That fetching it fails like this, and leaves nothing.
#[track_caller]
pub fn get_fails(env: &TestEnv, sent: &Sent, exit: i32, code: &str, says: &str, hint: &str) {
    fails(|| env.get(sent, "in"), exit, code, says, hint);
    assert_eq!(files_below(&env.path("in")), [] as [std::path::PathBuf; 0]);
}

/// Something sent, and a relay that has it.
pub fn send_something(env: &TestEnv, relay: &str, options: &[&str]) -> Sent {
    let file = env.file("case.bin", noise(100_000));
    env.send(relay, [file.to_str().unwrap()].iter().chain(options))
}

/// The words with one of them put in place of another: six words of the list, whose checksum is wrong.
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
