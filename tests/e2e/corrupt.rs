//! Whatever happens to the bytes at the relay is found out before anything has its name.

use std::fs;

use crate::support::{
    failures::{fails, get_fails},
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
};

/// Bytes of the age header for words (age-encryption.org/v1: scrypt stanza and MAC), and of the nonce after it.
const HEADER: usize = 150;
const NONCE: usize = 16;
const SEALED_CHUNK: usize = 65_536 + 16;

struct Damaged {
    env: TestEnv,
    relay: Relay,
    sent: Sent,
}

impl Damaged {
    /// Three chunks and a bit, at a relay whose disk lies.
    fn new() -> Self {
        let (env, relay) = TestEnv::with_relay();
        let sent = env.send(&relay.url, [env.file("case.bin", noise(3 * 65_536 + 100))]);
        Self { env, relay, sent }
    }

    /// Changes the file at the relay, and asserts what a recipient is told.
    #[track_caller]
    fn by(&self, file: &str, damage: impl FnOnce(&mut Vec<u8>), code: &str, says: &str) {
        let path = self.relay.share(&self.sent).join(file);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let hint = if code == "corrupt" { "Nothing was saved. Try again" } else { HOPELESS };
        get_fails(&self.env, &self.sent, 8, code, says, hint);
        let kinds = self.env.events(&self.sent);
        assert!(!kinds.iter().any(|kind| kind == "receipt"), "{kinds:?}");
    }
}

const NOT_THE_CONTENT: &str = "What the relay gives out is not what was sent";
const CHANGED: &str = "The content was changed or damaged after it was sealed (at chunk ";
const MISSING: &str = "What the relay has stored is damaged";
const HOPELESS: &str = "Nothing was saved, and trying again does not help.";

#[test]
fn header() {
    Damaged::new().by("content.age", |bytes| bytes[30] ^= 1, "corrupt", NOT_THE_CONTENT);
}

#[test]
fn header_mac() {
    Damaged::new().by("content.age", |bytes| bytes[HEADER - 3] ^= 1, "corrupt", NOT_THE_CONTENT);
}

#[test]
fn nonce() {
    Damaged::new().by("content.age", |bytes| bytes[HEADER] ^= 1, "corrupt", NOT_THE_CONTENT);
}

#[test]
fn first_chunk() {
    Damaged::new().by("content.age", |bytes| bytes[HEADER + NONCE] ^= 1, "corrupt", &format!("{CHANGED}0)"));
}

#[test]
fn last_chunk() {
    let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    Damaged::new().by("content.age", flip, "corrupt", &format!("{CHANGED}3)"));
}

#[test]
fn chunks_in_another_order() {
    let swap = |bytes: &mut Vec<u8>| {
        let (first, second) = bytes[HEADER + NONCE..].split_at_mut(SEALED_CHUNK);
        first.swap_with_slice(&mut second[..SEALED_CHUNK]);
    };
    Damaged::new().by("content.age", swap, "corrupt", &format!("{CHANGED}0)"));
}

#[test]
fn truncated_content() {
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(HEADER + NONCE + 2 * SEALED_CHUNK);
    Damaged::new().by("content.age", cut, "content_damaged", MISSING);
}

#[test]
fn empty_content() {
    Damaged::new().by("content.age", Vec::clear, "content_damaged", MISSING);
}

#[test]
fn lost_content() {
    let damaged = Damaged::new();
    fs::remove_file(damaged.relay.share(&damaged.sent).join("content.age")).unwrap();
    get_fails(&damaged.env, &damaged.sent, 8, "content_damaged", MISSING, HOPELESS);
}

#[test]
fn manifest() {
    let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    Damaged::new().by("manifest.age", flip, "corrupt", CHANGED);
}

#[test]
fn truncated_manifest() {
    Damaged::new().by("manifest.age", |bytes| bytes.truncate(HEADER), "content_damaged", MISSING);
}

#[test]
fn content_of_another_share() {
    let damaged = Damaged::new();
    let other = damaged.env.send(&damaged.relay.url, [damaged.env.file("other.bin", noise(3 * 65_536 + 100))]);
    let theirs = fs::read(damaged.relay.share(&other).join("content.age")).unwrap();
    damaged.by("content.age", |bytes| *bytes = theirs, "corrupt", NOT_THE_CONTENT);
}

#[test]
fn a_whole_other_share_under_this_link() {
    let Damaged { env, relay, sent } = Damaged::new();
    let other = env.send(&relay.url, [env.file("other.bin", noise(3 * 65_536 + 100))]);
    for file in ["content.age", "manifest.age"] {
        fs::copy(relay.share(&other).join(file), relay.share(&sent).join(file)).unwrap();
    }
    // The relay let the words in, and yet they do not open it.
    fails(|| env.get(&sent, "in"), 4, "words_wrong", "These words do not open it", "");
    assert!(files_below(&env.path("in")).is_empty());
}

#[test]
fn undamaged_again_it_opens() {
    let Damaged { env, relay, sent } = Damaged::new();
    let path = relay.share(&sent).join("content.age");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    env.get(&sent, "in").output().exits(8);
    fs::write(&path, whole).unwrap();
    env.get(&sent, "in").succeeds();
}
