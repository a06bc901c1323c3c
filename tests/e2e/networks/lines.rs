//! Lines that are long or thin.

use std::time::{Duration, Instant};

use super::Stage;
use crate::{
    proxy::{Line, Proxy},
    world::{PATIENCE, World},
};

const MIB: usize = 1 << 20;

#[test]
fn a_line_around_the_world() {
    let stage = Stage::new(3 * MIB);
    let line = Line { delay: Duration::from_millis(150), ..Line::default() };
    let proxy = Proxy::line(&stage.relay.url, line);
    let begun = Instant::now();
    stage.sends(&proxy.url);
    eprintln!("send, 300 ms there and back: {:?}", begun.elapsed());
    let begun = Instant::now();
    stage.gets(&proxy.url);
    eprintln!("get, 300 ms there and back: {:?}", begun.elapsed());
}

#[test]
fn words_and_small_calls_around_the_world() {
    let world = World::new();
    let relay = world.relay();
    let line = Line { delay: Duration::from_millis(150), ..Line::default() };
    let proxy = Proxy::line(&relay.url, line);
    let sent = world.send(&proxy.url, [world.file("case.bin", "x")]);
    world.get(&sent, "in").within(PATIENCE).exits(0);
    assert_eq!(world.events(&sent), ["created", "ready", "ticket", "receipt"]);
    world.share(["revoke", &sent.link]).within(PATIENCE).exits(0);
    assert_eq!(world.status(&sent)["state"], "revoked");
}

/// A thin line with buffers before it: what a program has handed over is on its way for long. `wires::` has one whose
/// buffers are those of a real connection.
#[test]
fn a_thin_line() {
    let stage = Stage::new(MIB);
    let line = Line { bytes_per_second: Some(256 * 1024), delay: Duration::from_millis(50) };
    let proxy = Proxy::line(&stage.relay.url, line);
    stage.sends(&proxy.url);
    stage.gets(&proxy.url);
}
