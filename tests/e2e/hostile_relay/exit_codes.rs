//! What a relay answers never ends in exit code 1, which is for mistakes of our own.

use std::time::{Duration, Instant};

use share_relay_api::{Code, Problem};

use super::{Fixture, PATIENCE, bounded, ends_in, raw};
use crate::support::{
    fault_proxy::{FaultProxy, Reply},
    http::Response,
    program::Outcome,
};

/// An error answer as a relay gives it.
fn problem(code: Code) -> Reply {
    let problem = Problem::new(code);
    let answer = Response::empty(problem.status).with_body(serde_json::to_vec(&problem).unwrap());
    answer.with("Content-Type", "application/problem+json").into()
}

/// Runs the command that makes this call, through a relay that answers it so; all else is honest.
fn answered(fixture: &Fixture, call: &'static str, answer: impl Fn() -> Reply + Send + Sync + 'static) -> Outcome {
    let server = FaultProxy::intercepting(&fixture.relay.url, move |request| (request.call() == call).then(&answer));
    let send = || {
        let send = fixture.env.share(["send", "--json", "--relay", &server.url, "--recipient", &fixture.key]);
        send.args(["--patience", "0s", "case.bin"])
    };
    match call {
        "create" | "header" | "manifest" | "parts/0" | "seal" => bounded(send()),
        "events" | "unlock" | "revoke" => {
            let link = send().within(PATIENCE).exits(0).link();
            let command = if call == "events" { "status" } else { call };
            bounded(fixture.env.share([command, &link, "--json"]))
        }
        _ => bounded(fixture.get(&server.url, "0s").arg("--json")),
    }
}

#[test]
fn every_call_has_an_end_of_its_own_for_errors_that_only_a_broken_relay_gives() {
    const RECIPIENTS: [&str; 4] = ["status", "open", "tickets", "content"];
    const SENDERS: [&str; 8] = ["create", "header", "manifest", "parts/0", "seal", "events", "unlock", "revoke"];
    let fixture = Fixture::new();
    let codes = [
        (Code::BadRequest, 3, "The relay refused (bad_request)"),
        (Code::Unknown, 3, "The relay refused (unknown_code)"),
        (Code::Internal, 3, "The relay failed"),
        (Code::Conflict, 8, "The relay holds something different from what was sent"),
        (Code::PartsMissing, 8, "The relay has lost a part"),
        (Code::StorageMissing, 3, "The relay's storage is not there at the moment"),
        (Code::StorageFailing, 3, "The relay cannot write anything down at the moment"),
        (Code::RecordDamaged, 8, "What the relay has written down about this share is damaged"),
    ];
    for call in RECIPIENTS.into_iter().chain(SENDERS) {
        for (code, exit, sentence) in codes {
            let outcome = answered(&fixture, call, move || problem(code));
            ends_in(&outcome, (exit, sentence), &format!("{code} to {call}"));
            outcome.fails(exit, code.as_str());
            fixture.nothing_saved(call);
        }
    }
}

#[test]
fn content_cut_far_short_is_tampering() {
    let fixture = Fixture::new();
    let cut: [fn() -> Reply; 2] = [
        || problem(Code::RangeNotSatisfiable),
        || raw("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */100\r\nContent-Length: 0", b""),
    ];
    for answer in cut {
        let outcome = answered(&fixture, "content", answer);
        outcome.fails(8, "corrupt");
        ends_in(&outcome, (8, "What the relay gives out is not what was sent"), "from the start");
        fixture.nothing_saved("cut");
    }
    // To any other call it means nothing.
    answered(&fixture, "status", || problem(Code::RangeNotSatisfiable)).fails(3, "range_not_satisfiable");
}

#[test]
fn a_relay_that_fails_for_ever_is_out_of_reach_once_patience_ends() {
    let fixture = Fixture::new();
    for call in ["status", "content"] {
        let server = FaultProxy::intercepting(&fixture.relay.url, move |request| {
            (request.call() == call).then(|| problem(Code::Internal))
        });
        let begun = Instant::now();
        bounded(fixture.get(&server.url, "2s")).exits(3).says("The relay failed").says("hint: Try again later.");
        assert!(begun.elapsed() >= Duration::from_secs(2) && server.count(call) > 1, "{:?}", begun.elapsed());
        fixture.nothing_saved(call);
    }
}

#[test]
fn an_upload_that_the_relay_holds_otherwise_is_not_gone_on_with() {
    let fixture = Fixture::new();
    let outcome = answered(&fixture, "header", || problem(Code::Conflict));
    outcome.says("The share was taken back").says("hint: Send it again.");
    bounded(fixture.env.share(["resume"])).exits(10).says("There is no unfinished upload");
}
