//! Relays that lie: in heads, lengths, JSON and ciphertext. Each lie ends in an error of its own kind, within bounds;
//! nothing panics, nothing hangs, nothing gets a final name and nothing temporary stays.
//!
//! How slow a relay may be is tested against the library, with small limits (`slow_relay`).

mod answers;
mod ciphertext;
mod exit_codes;
mod senders;
mod texts;

use std::{fs, path::PathBuf, time::Instant};

use crate::support::{
    CHUNK, PATIENCE,
    fault_proxy::{FaultProxy, Reply},
    http::{Request, Response},
    keys::{age_key, send_to},
    program::{Outcome, Run},
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
};

/// A share to a key (so that no scrypt is waited for) on an honest relay, behind whatever lies.
struct Fixture {
    env: TestEnv,
    relay: Relay,
    sent: Sent,
    key: String,
    bytes: Vec<u8>,
}

impl Fixture {
    fn new() -> Self {
        Self::of(3 * CHUNK + 100)
    }

    fn of(bytes: usize) -> Self {
        let (env, relay) = TestEnv::with_relay();
        let bytes = noise(bytes);
        let key = age_key(&env, "key.txt");
        let sent = send_to(&env, &relay, std::slice::from_ref(&key), [env.file("case.bin", &bytes)]);
        Self { env, relay, sent, key, bytes }
    }

    fn get(&self, relay: &str, patience: &str) -> Run {
        let link = self.sent.through(relay).link;
        self.env.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "in", "--patience", patience])
    }

    /// Fetches through a relay that answers this call otherwise; all else is honest.
    fn lied_to(
        &self,
        call: &'static str,
        lie: impl Fn(&Request, Response) -> Reply + Send + Sync + 'static,
    ) -> Outcome {
        let server = FaultProxy::rewriting(&self.relay.url, move |request, response| match request.call() == call {
            true => lie(request, response),
            false => response.into(),
        });
        bounded(self.get(&server.url, "0s"))
    }

    /// Nothing was saved, nothing half done stays.
    #[track_caller]
    fn nothing_saved(&self, case: &str) {
        assert_eq!(files_below(&self.env.path("in")), [] as [PathBuf; 0], "{case}");
    }

    /// Fetches honestly, or at least truthfully, in spite of the lie.
    #[track_caller]
    fn all_saved(&self, case: &str) {
        assert!(fs::read(self.env.path("in/case.bin")).unwrap() == self.bytes, "{case}");
        assert_eq!(files_below(&self.env.path("in")).len(), 1, "{case}");
        fs::remove_file(self.env.path("in/case.bin")).unwrap();
    }
}

/// Runs to the end within the watchdog's time, without a panic or a raw control character on the terminal.
#[track_caller]
fn bounded(run: Run) -> Outcome {
    let outcome = run.within(PATIENCE);
    assert!(!outcome.stderr().contains("panicked"), "{outcome:?}");
    let raw = outcome.stderr().chars().any(|c| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(!raw, "raw control characters: {outcome:?}");
    outcome
}

/// A lie about one call: its name, and what is answered in place of the relay's own answer.
type Lie = (&'static str, fn(Response) -> Reply);

/// Fetches once through each lie, and expects this exit code and sentence.
#[track_caller]
fn each_ends_in(fixture: &Fixture, call: &'static str, (exit, sentence): (i32, &str), lies: &[Lie]) {
    for (name, lie) in lies {
        let (lie, begun) = (*lie, Instant::now());
        let outcome = fixture.lied_to(call, move |_, response| lie(response));
        eprintln!("{call}: {name}: {:?}", begun.elapsed());
        ends_in(&outcome, (exit, sentence), name);
        fixture.nothing_saved(name);
    }
}

#[track_caller]
fn ends_in(outcome: &Outcome, (exit, sentence): (i32, &str), name: &str) {
    assert_eq!(outcome.output.status.code(), Some(exit), "{name}: {outcome:?}");
    assert!(outcome.stderr().contains(sentence), "{name}: {sentence:?} is not said by {outcome:?}");
}

const UNREACHABLE: (i32, &str) = (3, "The relay cannot be reached, or the connection broke");
const NOT_A_RELAY: (i32, &str) = (3, "The answer is not that of a relay");
const ODD: (i32, &str) = (3, "answered with error 999");

fn odd() -> Reply {
    raw("HTTP/1.1 999 Odd", b"")
}

/// A raw answer of this head (without the last empty line) and body.
fn raw(head: &str, body: &[u8]) -> Reply {
    Reply::Raw([head.as_bytes(), b"\r\n\r\n", body].concat())
}

fn problem(fields: &str) -> Reply {
    let head = "HTTP/1.1 403 No\r\nContent-Type: application/problem+json\r\nConnection: close";
    let json = format!(r#"{{"type":"urn:x","title":"\u001b[2J\u202egpj.exe","status":403,{fields}}}"#);
    raw(head, json.as_bytes())
}

/// An answer without end.
fn endless(header: &str, start: &[u8], more: &[u8]) -> Reply {
    Reply::Endless([b"HTTP/1.1 200 OK\r\n", header.as_bytes(), b"\r\n\r\n", start].concat(), more.to_vec())
}

/// JSON with a field's value replaced.
fn set(json: &[u8], field: &str, value: &str) -> Vec<u8> {
    let text = std::str::from_utf8(json).unwrap();
    let from = text.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
    let to = from + text[from..].find([',', '}']).unwrap();
    format!("{}{value}{}", &text[..from], &text[to..]).into_bytes()
}

fn changed(response: Response, field: &str, value: &str) -> Reply {
    let body = set(&response.body, field, value);
    response.with_body(body).into()
}

/// An age file with a scrypt stanza of this work factor.
fn scrypt_file(log_n: u8) -> Vec<u8> {
    let (salt, body, mac) = ("A".repeat(22), "A".repeat(43), "A".repeat(43));
    let header = format!("age-encryption.org/v1\n-> scrypt {salt} {log_n}\n{body}\n--- {mac}\n");
    [header.as_bytes(), &[0; 64]].concat()
}
