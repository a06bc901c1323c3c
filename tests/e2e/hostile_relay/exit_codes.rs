//! What a relay answers never ends in exit code 1, which is for mistakes of our own.

use std::time::{Duration, Instant};

use share_relay_api::{Code, Problem};

use super::{Stage, WATCHDOG, bounded, ends_in, raw};
use crate::{
    http::{self, Reply, Response, Server},
    world::Outcome,
};

/// An error answer as a relay gives it.
fn problem(code: Code) -> Reply {
    let problem = Problem::new(code);
    let answer = Response { status: problem.status, headers: Vec::new(), body: serde_json::to_vec(&problem).unwrap() };
    answer.with("Content-Type", "application/problem+json").into()
}

/// Runs the command that makes this call, through a relay that answers it so; all else is honest.
fn answered(stage: &Stage, call: &'static str, answer: impl Fn() -> Reply + Send + Sync + 'static) -> Outcome {
    let server = Server::start({
        let relay = stage.relay.url.clone();
        move |request| match request.call() == call {
            true => answer(),
            false => http::forward(&relay, request).map_or(Reply::Raw(Vec::new()), Reply::from),
        }
    });
    let send = || {
        let send = stage.world.share(["send", "--json", "--relay", &server.url, "--recipient", &stage.key]);
        send.args(["--patience", "0s", "case.bin"])
    };
    match call {
        "create" | "header" | "manifest" | "parts/0" | "seal" => bounded(send()),
        "events" | "unlock" | "revoke" => {
            let link = send().within(WATCHDOG).exits(0).json()[0]["link"].as_str().unwrap().to_owned();
            let command = if call == "events" { "status" } else { call };
            bounded(stage.world.share([command, &link, "--json"]))
        }
        _ => bounded(stage.get(&server.url, "0s").arg("--json")),
    }
}

#[test]
fn every_call_has_an_end_of_its_own_for_errors_that_only_a_broken_relay_gives() {
    const RECIPIENTS: [&str; 4] = ["status", "open", "tickets", "content"];
    const SENDERS: [&str; 8] = ["create", "header", "manifest", "parts/0", "seal", "events", "unlock", "revoke"];
    let stage = Stage::new();
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
            let outcome = answered(&stage, call, move || problem(code));
            ends_in(&outcome, (exit, sentence), &format!("{code} to {call}"));
            outcome.fails(exit, code.as_str());
            stage.nothing_saved(call);
        }
    }
}

#[test]
fn content_cut_far_short_is_tampering() {
    let stage = Stage::new();
    let cut: [fn() -> Reply; 2] = [
        || problem(Code::RangeNotSatisfiable),
        || raw("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */100\r\nContent-Length: 0", b""),
    ];
    for answer in cut {
        let outcome = answered(&stage, "content", answer);
        outcome.fails(8, "corrupt");
        ends_in(&outcome, (8, "What the relay gives out is not what was sent"), "from the start");
        stage.nothing_saved("cut");
    }
    // To any other call it means nothing.
    answered(&stage, "status", || problem(Code::RangeNotSatisfiable)).fails(3, "range_not_satisfiable");
}

#[test]
fn a_relay_that_fails_for_ever_is_out_of_reach_once_patience_ends() {
    let stage = Stage::new();
    for call in ["status", "content"] {
        let server = Server::before(&stage.relay.url, move |request, response| match request.call() == call {
            true => problem(Code::Internal),
            false => response.into(),
        });
        let begun = Instant::now();
        bounded(stage.get(&server.url, "2s")).exits(3).says("The relay failed").says("hint: Try again later.");
        assert!(begun.elapsed() >= Duration::from_secs(2) && server.count(call) > 1, "{:?}", begun.elapsed());
        stage.nothing_saved(call);
    }
}

#[test]
fn an_upload_that_the_relay_holds_otherwise_is_not_gone_on_with() {
    let stage = Stage::new();
    let outcome = answered(&stage, "header", || problem(Code::Conflict));
    outcome.says("The share was taken back").says("hint: Send it again.");
    bounded(stage.world.share(["resume"])).exits(10).says("There is no unfinished upload");
}
