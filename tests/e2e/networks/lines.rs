//! Lines that are long or thin.

use std::time::{Duration, Instant};

use super::Fixture;
use crate::support::{
    MIB, PATIENCE,
    fault_proxy::{FaultProxy, Line},
    test_env::TestEnv,
};

#[test]
fn a_line_around_the_world() {
    let fixture = Fixture::new(3 * MIB);
    let line = Line { delay: Duration::from_millis(150), ..Line::default() };
    let proxy = FaultProxy::line(&fixture.relay.url, line);
    let begun = Instant::now();
    fixture.sends(&proxy.url);
    eprintln!("send, 300 ms there and back: {:?}", begun.elapsed());
    let begun = Instant::now();
    fixture.gets(&proxy.url);
    eprintln!("get, 300 ms there and back: {:?}", begun.elapsed());
}

#[test]
fn words_and_small_calls_around_the_world() {
    let (env, relay) = TestEnv::with_relay();
    let line = Line { delay: Duration::from_millis(150), ..Line::default() };
    let proxy = FaultProxy::line(&relay.url, line);
    let sent = env.send(&proxy.url, [env.file("case.bin", "x")]);
    env.get(&sent, "in").within(PATIENCE).exits(0);
    assert_eq!(env.events(&sent), ["created", "ready", "ticket", "receipt"]);
    env.share(["revoke", &sent.link]).within(PATIENCE).exits(0);
    assert_eq!(env.status(&sent)["state"], "revoked");
}

/// A thin line with buffers before it: what a program has handed over is on its way for long. `wires::` has one whose
/// buffers are those of a real connection.
#[test]
fn a_thin_line() {
    let fixture = Fixture::new(MIB);
    let line = Line { bytes_per_second: Some(256 * 1024), delay: Duration::from_millis(50) };
    let proxy = FaultProxy::line(&fixture.relay.url, line);
    fixture.sends(&proxy.url);
    fixture.gets(&proxy.url);
}
