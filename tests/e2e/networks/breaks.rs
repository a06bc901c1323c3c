//! Connections that break: reset, cut, half-closed or silent, at every place of a transfer; answers lost after the
//! relay did its work; relays that are restarted.

use std::time::{Duration, Instant};

use super::{Stage, long};
use crate::{
    interruptions::{Dice, rounds, signal},
    proxy::{Line, Place, Proxy, Trouble, Way},
    world::{Outcome, PATIENCE, Run},
};

const MIB: usize = 1 << 20;
/// Two parts.
const BYTES: usize = 9 * MIB;

/// The requests of `share send`, as their heads begin.
const SENDING: [&str; 5] = ["PUT /v1/shares/", "/header ", "/manifest ", "/parts/0 ", "/seal "];
/// Those of `share get`.
const GETTING: [&str; 5] = ["GET /v1/shares/", "/open ", "/tickets ", "/content ", "/receipt "];

fn sends_despite(stage: &Stage, place: Place, trouble: Trouble, times: usize) {
    let proxy = Proxy::troubling(&stage.relay.url, place, trouble, times);
    stage.sends(&proxy.url);
    assert_eq!(proxy.stopped(), times, "{place:?} {trouble:?}");
}

fn gets_despite(stage: &Stage, place: Place, trouble: Trouble, times: usize) {
    let proxy = Proxy::troubling(&stage.relay.url, place, trouble, times);
    stage.gets(&proxy.url);
    assert_eq!(proxy.stopped(), times, "{place:?} {trouble:?}");
}

#[test]
fn connections_that_nobody_takes() {
    let stage = Stage::new(MIB);
    for trouble in [Trouble::Reset, Trouble::Cut] {
        sends_despite(&stage, Place::Connecting, trouble, 3);
        gets_despite(&stage, Place::Connecting, trouble, 3);
    }
}

#[test]
fn answers_lost_after_the_relay_did_its_work() {
    let stage = Stage::new(MIB);
    for (index, (sending, getting)) in SENDING.into_iter().zip(GETTING).enumerate() {
        let trouble = if index % 2 == 0 { Trouble::Reset } else { Trouble::Cut };
        sends_despite(&stage, Place::Answer(sending, 0), trouble, 1);
        gets_despite(&stage, Place::Answer(getting, 0), trouble, 1);
    }
}

#[test]
fn sending_over_connections_that_break_in_the_middle() {
    let stage = Stage::new(BYTES);
    for trouble in [Trouble::Reset, Trouble::Cut, Trouble::HalfClose(Way::ToRelay), Trouble::HalfClose(Way::FromRelay)]
    {
        sends_despite(&stage, Place::Request("/parts/0 ", 5 * MIB), trouble, 1);
    }
    for request in SENDING {
        sends_despite(&stage, Place::Request(request, 0), Trouble::Reset, 1);
    }
}

#[test]
fn getting_over_connections_that_break_in_the_middle() {
    let stage = Stage::new(BYTES);
    for trouble in [Trouble::Reset, Trouble::Cut, Trouble::HalfClose(Way::ToRelay), Trouble::HalfClose(Way::FromRelay)]
    {
        gets_despite(&stage, Place::Answer("/content ", MIB), trouble, 2);
    }
    for request in GETTING {
        gets_despite(&stage, Place::Request(request, 0), Trouble::HalfClose(Way::ToRelay), 1);
    }
}

#[test]
fn a_line_that_breaks_by_chance() {
    let (stage, mut dice) = (Stage::new(BYTES), Dice::new());
    long("12 rounds of chance");
    for round in 0..rounds() {
        let (sending, request) = (dice.below(2) == 0, dice.below(5) as usize);
        let (bytes, times) = (dice.below(BYTES as u64) as usize, 1 + dice.below(3) as usize);
        let text = if sending { SENDING[request] } else { GETTING[request] };
        let place = match dice.below(2) {
            0 => Place::Request(text, bytes),
            _ => Place::Answer(text, bytes),
        };
        let trouble = match dice.below(4) {
            0 => Trouble::Cut,
            1 => Trouble::Reset,
            2 => Trouble::HalfClose(Way::ToRelay),
            _ => Trouble::HalfClose(Way::FromRelay),
        };
        eprintln!("round {round}: {} {place:?} {trouble:?} {times} times", if sending { "send" } else { "get" });
        let proxy = Proxy::troubling(&stage.relay.url, place, trouble, times);
        if sending { stage.sends(&proxy.url) } else { stage.gets(&proxy.url) }
    }
}

/// Runs a program over a line that takes seconds for it; in the middle the relay is ended in this way, and begins anew
/// behind the same address.
fn over_a_restart(stage: &mut Stage, way: Way, with: &str, run: impl FnOnce(&Stage, &str) -> Run) -> Outcome {
    let line = Line { bytes_per_second: Some(4 << 20), ..Line::default() };
    let proxy = Proxy::line(&stage.relay.url, line);
    let run = run(stage, &proxy.url);
    let running = std::thread::spawn(move || run.within(PATIENCE));
    assert!(proxy.wait_for(way, 2 << 20, || running.is_finished()), "{:?}", running.join());
    signal(&stage.relay.child, with);
    // Told to stop, it finishes what runs.
    stage.relay.child.wait().unwrap();
    stage.relay = stage.world.relay();
    proxy.leads_to(&stage.relay.url);
    running.join().unwrap()
}

#[test]
fn a_relay_restarted_in_mid_upload() {
    let mut stage = Stage::new(20 * MIB);
    for with in ["TERM", "KILL"] {
        let outcome = over_a_restart(&mut stage, Way::ToRelay, with, |stage, url| stage.send(url));
        let sent = stage.sent(&outcome).through(&stage.relay.url);
        stage.got(&sent, &stage.get(&sent).within(PATIENCE));
    }
}

#[test]
fn a_relay_restarted_in_mid_download() {
    let mut stage = Stage::new(20 * MIB);
    for with in ["TERM", "KILL"] {
        let sent = stage.sent(&stage.send(&stage.relay.url).within(PATIENCE));
        let outcome = over_a_restart(&mut stage, Way::FromRelay, with, |stage, url| stage.get(&sent.through(url)));
        stage.got(&sent, &outcome);
    }
}

/// Bytes stop while the connection stays open. The same with short time limits: `cli/tests/slow_relay.rs`.
#[test]
fn a_connection_that_stalls_is_noticed_in_time() {
    if !long("half a minute of silence for each place") {
        return;
    }
    let stage = Stage::new(BYTES);
    let silent = |place, trouble, limit: u64, sending: bool| {
        let proxy = Proxy::troubling(&stage.relay.url, place, trouble, 1);
        let begun = Instant::now();
        let minutes = Duration::from_secs(300);
        if sending {
            let sent = stage.sent(&stage.send(&proxy.url).within(minutes)).through(&stage.relay.url);
            stage.got(&sent, &stage.get(&sent).within(PATIENCE));
        } else {
            let sent = stage.sent(&stage.send(&stage.relay.url).within(PATIENCE));
            stage.got(&sent, &stage.get(&sent.through(&proxy.url)).within(minutes));
        }
        let took = begun.elapsed().as_secs();
        eprintln!("{place:?} {trouble:?}: {took} s");
        assert_eq!(proxy.stopped(), 1);
        // What else it does takes some seconds.
        assert!(took <= limit + 10, "{place:?} {trouble:?}: {took} s");
    };
    std::thread::scope(|scope| {
        for (place, trouble, limit, sending) in [
            (Place::Connecting, Trouble::Hold, 30, true),
            (Place::Connecting, Trouble::Hold, 30, false),
            (Place::Request("/header ", 0), Trouble::Swallow, 120, true),
            (Place::Request("/parts/0 ", MIB), Trouble::Hold, 30, true),
            (Place::Request("/parts/0 ", MIB), Trouble::Swallow, 120, true),
            (Place::Answer("/seal ", 0), Trouble::Hold, 30, true),
            (Place::Answer("/open ", 100), Trouble::Hold, 30, false),
            (Place::Request("/content ", 0), Trouble::Swallow, 30, false),
            (Place::Answer("/content ", MIB), Trouble::Hold, 30, false),
            (Place::Answer("/receipt ", 0), Trouble::Hold, 30, false),
        ] {
            scope.spawn(move || silent(place, trouble, limit, sending));
        }
    });
}
