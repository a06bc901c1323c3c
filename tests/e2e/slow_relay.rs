//! Relays that are slow, silent or drip: each call ends in bounded time. With small limits, so that no test waits.

use std::{
    net::{TcpListener, TcpStream},
    ops::Deref,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::StreamExt;
use share_client::{
    api::{Client, ClientError, Limits},
    secret::Secret,
};
use share_format::link::RelayUrl;
use share_relay_api::{OpenShare, ShareId};

use crate::support::fault_proxy::{Fault, FaultProxy, Place, Reply};

/// Limits for these tests: some tenths of a second.
fn limits() -> Limits {
    let short = Duration::from_millis(300);
    Limits {
        connect: short,
        call: Duration::from_millis(900),
        manifest: Duration::from_millis(900),
        stall: short,
        stall_bytes: 1024,
        hand_over: short,
        answer: short,
        slow: short,
    }
}

/// A client, and the relay that it has.
struct Slow {
    client: Client,
    _relay: FaultProxy,
}

impl Slow {
    fn new(limits: Limits, relay: FaultProxy) -> Self {
        Self { client: Client::with_limits(&RelayUrl::parse(&relay.url).unwrap(), limits).unwrap(), _relay: relay }
    }

    /// The relay sends these bytes, and then nothing.
    fn silent(start: &'static [u8]) -> Self {
        Self::new(limits(), FaultProxy::answering(move |_| Reply::Silent(start.to_vec())))
    }

    /// The relay sends these bytes, then the second ones every 20 ms.
    fn dripping(start: &'static [u8], more: &'static [u8]) -> Self {
        Self::dripping_within(limits(), start, more)
    }

    fn dripping_within(limits: Limits, start: &'static [u8], more: &'static [u8]) -> Self {
        Self::new(limits, FaultProxy::answering(move |_| Reply::Dripping(start.to_vec(), more.to_vec())))
    }
}

impl Deref for Slow {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

fn id() -> ShareId {
    ShareId::from_random([1; 12])
}

#[track_caller]
fn stalled<T>(result: Result<T, ClientError>, begun: Instant) {
    assert!(matches!(result, Err(ClientError::Stalled)), "{:?}", result.err());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_small_call_ends_whatever_drips() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let begun = Instant::now();
    stalled(Slow::silent(b"").status(&id()).await, begun);
    stalled(Slow::silent(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{").status(&id()).await, begun);
    stalled(Slow::dripping(b"", b"H").status(&id()).await.map_err(not_http), begun);
    stalled(Slow::dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y").status(&id()).await, begun);
    stalled(Slow::dripping(HEAD, b" ").status(&id()).await, begun);
    stalled(Slow::dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n").status(&id()).await, begun);
}

/// Bytes that are not HTTP may be found out before time is up, which is as good.
fn not_http(error: ClientError) -> ClientError {
    match error {
        ClientError::Unreachable(_) => ClientError::Stalled,
        other => other,
    }
}

#[tokio::test]
async fn a_manifest_that_drips_is_given_up() {
    let begun = Instant::now();
    let open = OpenShare { proof: None };
    stalled(Slow::silent(b"").open(&id(), &open).await, begun);
    stalled(Slow::silent(b"HTTP/1.1 200 OK\r\n\r\nage").open(&id(), &open).await, begun);
    stalled(Slow::dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x").open(&id(), &open).await, begun);
    stalled(Slow::dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x").open(&id(), &open).await, begun);
}

#[tokio::test]
async fn an_error_that_drips_is_given_up() {
    let begun = Instant::now();
    let open = OpenShare { proof: None };
    let result = Slow::dripping(b"HTTP/1.1 403 No\r\n\r\n", b"x").open(&id(), &open).await;
    assert!(matches!(result, Err(ClientError::Status { status: 403, .. })), "{result:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn content_that_drips_is_given_up() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 1000000\r\n\r\n";
    let ticket = Secret::random().unwrap();
    for client in [Slow::silent(HEAD), Slow::dripping(HEAD, b"x")] {
        let begun = Instant::now();
        let mut content = client.content(&id(), &ticket, None, None).await.unwrap();
        let end = loop {
            match content.body.next().await.unwrap() {
                Ok(_) => continue,
                Err(error) => break error,
            }
        };
        stalled::<()>(Err(end), begun);
    }
}

#[tokio::test]
async fn content_that_comes_fast_enough_is_taken() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 100000\r\n\r\n";
    // A busy computer may let the server wait as well.
    let limits = Limits { stall: Duration::from_secs(2), ..limits() };
    let client = Slow::dripping_within(limits, HEAD, &[b'x'; 800]);
    let ticket = Secret::random().unwrap();
    let content = client.content(&id(), &ticket, None, None).await.unwrap();
    let bytes = content.body.fold(0, async |sum, bytes| sum + bytes.unwrap().len()).await;
    assert_eq!(bytes, 100_000, "although it took longer than the limits of a standstill");
}

#[tokio::test]
async fn a_part_nobody_reads_is_given_up() {
    let manage = Secret::random().unwrap();
    let part = Bytes::from(vec![7; 32 * 1024 * 1024]);
    let begun = Instant::now();
    let relay = FaultProxy::with_fault("", Place::Connecting, Fault::Hold, 1);
    stalled(Slow::new(limits(), relay).put_part(&id(), &manage, 0, part, |_| {}).await, begun);
}

#[tokio::test]
async fn a_part_that_is_never_answered_is_given_up() {
    let manage = Secret::random().unwrap();
    let begun = Instant::now();
    stalled(Slow::silent(b"").put_part(&id(), &manage, 0, Bytes::from_static(b"part"), |_| {}).await, begun);
    let dripping = Slow::dripping(b"HTTP/1.1 204 OK\r\nX: ", b"y");
    stalled(dripping.put_part(&id(), &manage, 0, Bytes::from_static(b"part"), |_| {}).await, begun);
}

#[tokio::test]
async fn a_connection_nobody_accepts_is_given_up() {
    // A listener whose queue is full: further connections get no answer.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let waiting: Vec<_> =
        (0..200).map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok()).collect();
    let client = Client::with_limits(&RelayUrl::parse(&format!("http://{address}")).unwrap(), limits()).unwrap();
    let begun = Instant::now();
    let result = client.status(&id()).await;
    assert!(matches!(result, Err(ClientError::Unreachable(_) | ClientError::Stalled)), "{result:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    drop(waiting);
}
