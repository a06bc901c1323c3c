//! Two hundred transfers at once, each on a connection of its own: none fails, and the relay's memory stays bounded.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::json;
use share_relay_api::{Bytes32, ShareId, limits::SEALED_CHUNK_BYTES, paths};

use crate::support::{
    http::{Request, Response, host},
    machine::peak_of,
    test_env::TestEnv,
    until,
};

const TRANSFERS: usize = 200;
/// Bytes of a part, about 4 MiB: what each upload brings.
const PART: usize = 64 * SEALED_CHUNK_BYTES as usize;
/// Parts of what all download: more than the system buffers for a connection.
const PARTS: u64 = 2;
const HEADER: &[u8] = b"header and nonce";
const KEY: Bytes32 = Bytes32([7; 32]);

/// What one transfer does: it begins, stops half-way until all have begun, and goes on in its own time.
#[derive(Clone, Copy)]
enum Transfer {
    Upload,
    Download,
    SlowDownload,
}

#[test]
fn two_hundred_downloads_at_once_all_succeed() {
    crowd(|_| Transfer::Download);
}

#[test]
fn two_hundred_uploads_at_once_all_succeed() {
    crowd(|_| Transfer::Upload);
}

#[test]
fn two_hundred_transfers_up_and_down_fast_and_slow_all_succeed() {
    crowd(|number| match number % 4 {
        0 | 1 => Transfer::Upload,
        2 => Transfer::Download,
        _ => Transfer::SlowDownload,
    });
}

fn crowd(kind: impl Fn(usize) -> Transfer) {
    let (_env, relay) = TestEnv::with_relay();
    let begun = AtomicUsize::new(0);
    let half_way = || {
        begun.fetch_add(1, Ordering::Relaxed);
        until("all have begun", || begun.load(Ordering::Relaxed) == TRANSFERS);
    };
    let payload: Vec<u8> = (0..PART).map(|i| (i % 251) as u8).collect();
    let shared = id(255);
    begin(&relay.url, shared, PARTS);
    (0..PARTS).for_each(|part| upload(&relay.url, shared, part, &payload, || ()));
    thread::scope(|scope| {
        for number in 0..TRANSFERS {
            let (kind, url, half_way, payload) = (kind(number), &relay.url, &half_way, &payload);
            scope.spawn(move || match kind {
                Transfer::Upload => {
                    begin(url, id(number), 1);
                    upload(url, id(number), 0, payload, half_way);
                }
                Transfer::Download => download(url, shared, number, payload, 1 << 20, half_way),
                Transfer::SlowDownload => download(url, shared, number, payload, 1000, half_way),
            });
        }
    });
    let (most, bound) = (peak_of(relay.child.id()).div_ceil(1024), 60 + TRANSFERS as u64);
    eprintln!("the relay's memory with {TRANSFERS} transfers: {most} MiB of {bound}");
    assert!(most <= bound, "{most} MiB");
}

fn id(number: usize) -> ShareId {
    let mut random = [9; 12];
    random[..8].copy_from_slice(&(number as u64).to_be_bytes());
    ShareId::from_random(random)
}

/// Creates a share with its header and manifest.
fn begin(url: &str, id: ShareId, parts: u64) {
    let wanted = json!({
        "manage_key_hash": share_client::secret::sha256(&KEY.0), "header_bytes": HEADER.len(), "payload_bytes": PART as u64 * parts, "part_bytes": PART, "expires_in": 3600,
    });
    assert_eq!(Request::put(paths::share(&id)).json(&wanted).send(url).status, 201);
    for path in [paths::header(&id), paths::manifest(&id)] {
        assert_eq!(status(&mut send(url, &path, HEADER, || ())), 204);
    }
}

fn upload(url: &str, id: ShareId, part: u64, payload: &[u8], half_way: impl FnOnce()) {
    assert_eq!(status(&mut send(url, &paths::part(&id, part), payload, half_way)), 204);
}

/// Sends a body, half of it at first.
fn send(url: &str, path: &str, body: &[u8], half_way: impl FnOnce()) -> TcpStream {
    let mut stream = TcpStream::connect(host(url)).unwrap();
    let request = Request::put(path).bearer(KEY).body(body).bytes(url);
    let (first, rest) = request.split_at(request.len() - body.len() / 2);
    stream.write_all(first).unwrap();
    half_way();
    stream.write_all(rest).unwrap();
    stream
}

fn status(stream: &mut TcpStream) -> u16 {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Response::parse(&answer).status
}

/// Takes a ticket and downloads everything, in pieces of this size.
fn download(url: &str, id: ShareId, number: usize, payload: &[u8], piece: usize, half_way: impl FnOnce()) {
    let ticket = Bytes32([number as u8; 32]);
    let wanted = json!({ "ticket_hash": share_client::secret::sha256(&ticket.0) });
    Request::post(paths::tickets(&id)).json(&wanted).send(url).json();
    let mut stream = TcpStream::connect(host(url)).unwrap();
    stream.write_all(&Request::get(paths::content(&id)).bearer(ticket).bytes(url)).unwrap();
    let mut answer = vec![0; 1000];
    stream.read_exact(&mut answer).unwrap();
    half_way();
    while Read::take(&mut stream, piece as u64).read_to_end(&mut answer).unwrap() > 0 {}
    let answer = Response::parse(&answer);
    assert!(answer.status == 200 && answer.body == [HEADER, &payload.repeat(PARTS as usize)].concat());
}
