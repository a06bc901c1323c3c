//! Interrupted uploads, and the state that a sender stores about them.

use std::{fs, path::PathBuf};

use serde_json::Value;
use share_relay_api::limits::SEALED_CHUNK_BYTES;

use crate::support::{
    PART,
    clocked_relay::ClockedRelay,
    fault_proxy::FaultProxy,
    http::public_status,
    program::{Outcome, Run},
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
    until,
};

pub const BYTES: usize = 5 * PART + 12_345;

/// Bytes that the relay stores for a full part.
pub const SEALED_PART: u64 = 128 * SEALED_CHUNK_BYTES;

/// The stored files of unfinished uploads.
pub fn journals(env: &TestEnv) -> Vec<PathBuf> {
    files_below(&env.path("home/.local/share/share/uploads"))
}

/// Waits until the header is stored, from when on the upload can be resumed.
#[track_caller]
pub fn until_header_is_kept(env: &TestEnv) {
    let is_kept = || journals(env).iter().any(|path| path.ends_with("header"));
    until("the header is kept", is_kept);
}

/// Kills a sender whose upload the proxy holds up, and returns the link.
pub fn killed_at(proxy: &FaultProxy, env: &TestEnv, send: Run) -> String {
    let mut sending = send.start();
    let link = sending.link();
    proxy.wait_until_stopped();
    until_header_is_kept(env);
    sending.signal("KILL");
    sending.finish();
    proxy.open();
    link
}

/// An interrupted upload to a relay whose clock can be set.
pub fn cut_off_upload() -> (TestEnv, ClockedRelay, FaultProxy, Sent) {
    let env = TestEnv::new();
    let relay = env.clocked_relay();
    let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
    env.file("case.bin", noise(BYTES));
    let link = killed_at(&proxy, &env, send_case(&env, &proxy.url, &[]));
    let sent = Sent { link, words: env.path("words") };
    (env, relay, proxy, sent)
}

/// An upload that was stopped at a proxy.
pub struct StoppedUpload {
    pub env: TestEnv,
    pub relay: Relay,
    pub proxy: FaultProxy,
    pub sent: Sent,
}

impl StoppedUpload {
    /// Begins to send a file, and sends this signal once part 3 is held up at the proxy and the relay holds all others:
    /// every part has been encrypted by then, and one is missing.
    pub fn by(signal: &str, options: &[&str]) -> (Self, Outcome) {
        let (env, relay) = TestEnv::with_relay();
        let proxy = FaultProxy::holding_request(&relay.url, "/parts/3 ");
        env.file("case.bin", noise(BYTES));
        let mut sending = send_case(&env, &proxy.url, options).start();
        let link = sending.link();
        let stopped = Self { sent: Sent { link, words: env.path("words") }, env, relay, proxy };
        stopped.proxy.wait_until_stopped();
        until("all parts but one are held", || stopped.missing_bytes() == SEALED_PART);
        until_header_is_kept(&stopped.env);
        sending.signal(signal);
        let outcome = sending.finish();
        stopped.proxy.open();
        (stopped, outcome)
    }

    /// The same command again, with these options.
    pub fn send(&self, options: &[&str]) -> Run {
        send_case(&self.env, &self.proxy.url, options)
    }

    pub fn missing_bytes(&self) -> u64 {
        let status = self.relay_says();
        status["payload_bytes"].as_u64().unwrap() - status["stored_bytes"].as_u64().unwrap()
    }

    pub fn has(&self, file: &str) -> bool {
        journals(&self.env).iter().any(|path| path.file_name().unwrap() == file)
    }

    /// Changes the relay's address in the journal.
    pub fn set_journal_relay(&self, relay: &str) {
        let record = journals(&self.env).into_iter().find(|path| path.ends_with("journal.json")).unwrap();
        let text = fs::read_to_string(&record).unwrap().replace(&self.proxy.url, relay);
        fs::write(&record, text).unwrap();
    }

    /// Asserts that the upload is complete: the recipient gets the same file, and no journal is left.
    #[track_caller]
    pub fn assert_complete(&self) {
        assert_eq!(journals(&self.env), [] as [PathBuf; 0]);
        self.env.get(&self.sent.through(&self.relay.url), "in").succeeds();
        assert!(fs::read(self.env.path("in/case.bin")).unwrap() == noise(BYTES));
    }

    pub fn relay_says(&self) -> Value {
        public_status(&self.relay.url, &self.sent.through(&self.relay.url))
    }
}

/// `share send` of the same file with the words in a file, and these options.
pub fn send_case(env: &TestEnv, relay: &str, options: &[&str]) -> Run {
    let run = env.share(["send", "--json", "--relay", relay, "--passphrase-file", "words", "case.bin"]);
    run.args(options)
}

#[track_caller]
pub fn created_event(outcome: &Outcome) -> Value {
    outcome.json().remove(0)
}
