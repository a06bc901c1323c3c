//! Connections that break: reset, cut, half-closed or silent, at every place of a transfer; answers lost after the
//! relay did its work; relays that are restarted.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Fixture, long};
use crate::support::{
    MIB, PATIENCE, at_once,
    fault_proxy::{Direction, Fault, FaultProxy, Line, Place},
    interruption::signal,
    program::{Outcome, Run},
    random::{Dice, rounds},
};

/// Two parts.
const BYTES: usize = 9 * MIB;

/// The requests of `share send`, as their heads begin.
const SENDING: [&str; 5] = ["PUT /v1/shares/", "/header ", "/manifest ", "/parts/0 ", "/seal "];
/// Those of `share get`.
const GETTING: [&str; 5] = ["GET /v1/shares/", "/open ", "/tickets ", "/content ", "/receipt "];

fn sends_despite(fixture: &Fixture, place: Place, fault: Fault, times: usize) {
    let proxy = FaultProxy::with_fault(&fixture.relay.url, place, fault, times);
    fixture.sends(&proxy.url);
    assert_eq!(proxy.faults_made(), times, "{place:?} {fault:?}");
}

fn gets_despite(fixture: &Fixture, place: Place, fault: Fault, times: usize) {
    let proxy = FaultProxy::with_fault(&fixture.relay.url, place, fault, times);
    fixture.gets(&proxy.url);
    assert_eq!(proxy.faults_made(), times, "{place:?} {fault:?}");
}

#[test]
fn connections_that_nobody_takes() {
    at_once([Fault::Reset, Fault::Cut], |fault| {
        let fixture = Fixture::new(MIB);
        sends_despite(&fixture, Place::Connecting, fault, 3);
        gets_despite(&fixture, Place::Connecting, fault, 3);
    });
}

#[test]
fn answers_lost_after_the_relay_did_its_work() {
    let fixture = Fixture::new(MIB);
    for (index, (sending, getting)) in SENDING.into_iter().zip(GETTING).enumerate() {
        let fault = if index % 2 == 0 { Fault::Reset } else { Fault::Cut };
        sends_despite(&fixture, Place::Answer(sending, 0), fault, 1);
        gets_despite(&fixture, Place::Answer(getting, 0), fault, 1);
    }
}

#[test]
fn sending_over_connections_that_break_in_the_middle() {
    let fixture = Fixture::new(BYTES);
    for fault in
        [Fault::Reset, Fault::Cut, Fault::HalfClose(Direction::ToRelay), Fault::HalfClose(Direction::FromRelay)]
    {
        sends_despite(&fixture, Place::Request("/parts/0 ", 5 * MIB), fault, 1);
    }
    for request in SENDING {
        sends_despite(&fixture, Place::Request(request, 0), Fault::Reset, 1);
    }
}

#[test]
fn getting_over_connections_that_break_in_the_middle() {
    let fixture = Fixture::new(BYTES);
    for fault in
        [Fault::Reset, Fault::Cut, Fault::HalfClose(Direction::ToRelay), Fault::HalfClose(Direction::FromRelay)]
    {
        gets_despite(&fixture, Place::Answer("/content ", MIB), fault, 2);
    }
    for request in GETTING {
        gets_despite(&fixture, Place::Request(request, 0), Fault::HalfClose(Direction::ToRelay), 1);
    }
}

#[test]
fn a_line_that_breaks_by_chance() {
    let (fixture, mut dice) = (Fixture::new(BYTES), Dice::new());
    long("12 rounds of chance");
    for round in 0..rounds() {
        let (sending, request) = (dice.below(2) == 0, dice.below(5) as usize);
        let (bytes, times) = (dice.below(BYTES as u64) as usize, 1 + dice.below(3) as usize);
        let text = if sending { SENDING[request] } else { GETTING[request] };
        let place = match dice.below(2) {
            0 => Place::Request(text, bytes),
            _ => Place::Answer(text, bytes),
        };
        let fault = match dice.below(4) {
            0 => Fault::Cut,
            1 => Fault::Reset,
            2 => Fault::HalfClose(Direction::ToRelay),
            _ => Fault::HalfClose(Direction::FromRelay),
        };
        eprintln!("round {round}: {} {place:?} {fault:?} {times} times", if sending { "send" } else { "get" });
        let proxy = FaultProxy::with_fault(&fixture.relay.url, place, fault, times);
        if sending { fixture.sends(&proxy.url) } else { fixture.gets(&proxy.url) }
    }
}

/// Runs a program over a line that takes seconds for it; in the middle the relay is ended in this way, and begins anew
/// behind the same address.
fn over_a_restart(
    fixture: &mut Fixture,
    direction: Direction,
    with: &str,
    run: impl FnOnce(&Fixture, &str) -> Run,
) -> Outcome {
    let line = Line { bytes_per_second: Some(4 << 20), ..Line::default() };
    let proxy = FaultProxy::line(&fixture.relay.url, line);
    let run = run(fixture, &proxy.url);
    let running = thread::spawn(move || run.within(PATIENCE));
    assert!(proxy.wait_for(direction, 2 << 20, || running.is_finished()), "{:?}", running.join());
    signal(&fixture.relay.child, with);
    // Told to stop, it finishes what runs.
    fixture.relay.child.wait().unwrap();
    fixture.relay = fixture.env.relay();
    proxy.set_relay(&fixture.relay.url);
    running.join().unwrap()
}

#[test]
fn a_relay_restarted_in_mid_upload() {
    at_once(["TERM", "KILL"], |with| {
        let mut fixture = Fixture::new(20 * MIB);
        let outcome = over_a_restart(&mut fixture, Direction::ToRelay, with, |fixture, url| fixture.send(url));
        let sent = fixture.sent(&outcome).through(&fixture.relay.url);
        fixture.got(&sent, &fixture.get(&sent).within(PATIENCE));
    });
}

#[test]
fn a_relay_restarted_in_mid_download() {
    at_once(["TERM", "KILL"], |with| {
        let mut fixture = Fixture::new(20 * MIB);
        let sent = fixture.sent(&fixture.send(&fixture.relay.url).within(PATIENCE));
        let outcome =
            over_a_restart(&mut fixture, Direction::FromRelay, with, |fixture, url| fixture.get(&sent.through(url)));
        fixture.got(&sent, &outcome);
    });
}

/// Bytes stop while the connection stays open. The same with short time limits: `slow_relay`.
#[test]
fn a_connection_that_stalls_is_noticed_in_time() {
    if !long("half a minute of silence for each place") {
        return;
    }
    let fixture = Fixture::new(BYTES);
    let silent = |place, fault, limit: u64, sending: bool| {
        let proxy = FaultProxy::with_fault(&fixture.relay.url, place, fault, 1);
        let begun = Instant::now();
        let minutes = Duration::from_secs(300);
        if sending {
            let sent = fixture.sent(&fixture.send(&proxy.url).within(minutes)).through(&fixture.relay.url);
            fixture.got(&sent, &fixture.get(&sent).within(PATIENCE));
        } else {
            let sent = fixture.sent(&fixture.send(&fixture.relay.url).within(PATIENCE));
            fixture.got(&sent, &fixture.get(&sent.through(&proxy.url)).within(minutes));
        }
        let took = begun.elapsed().as_secs();
        eprintln!("{place:?} {fault:?}: {took} s");
        assert_eq!(proxy.faults_made(), 1);
        // What else it does takes some seconds.
        assert!(took <= limit + 10, "{place:?} {fault:?}: {took} s");
    };
    thread::scope(|scope| {
        for (place, fault, limit, sending) in [
            (Place::Connecting, Fault::Hold, 30, true),
            (Place::Connecting, Fault::Hold, 30, false),
            (Place::Request("/header ", 0), Fault::Swallow, 120, true),
            (Place::Request("/parts/0 ", MIB), Fault::Hold, 30, true),
            (Place::Request("/parts/0 ", MIB), Fault::Swallow, 120, true),
            (Place::Answer("/seal ", 0), Fault::Hold, 30, true),
            (Place::Answer("/open ", 100), Fault::Hold, 30, false),
            (Place::Request("/content ", 0), Fault::Swallow, 30, false),
            (Place::Answer("/content ", MIB), Fault::Hold, 30, false),
            (Place::Answer("/receipt ", 0), Fault::Hold, 30, false),
        ] {
            scope.spawn(move || silent(place, fault, limit, sending));
        }
    });
}
