//! Manifests and contents that are not what was sent, whole or from where a download goes on.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use super::{
    CHUNK, Fixture, Lie, NOT_A_RELAY, UNREACHABLE, bounded, each_ends_in, endless, ends_in, problem, raw, scrypt_file,
};
use crate::support::{
    fault_proxy::{FaultProxy, Reply},
    http::{Request, Response, in_one_chunk},
    keys::send_to,
    program::Outcome,
    random::noise,
};

const SEALED_CHUNK: usize = CHUNK + 16;
const NOT_AN_AGE_FILE: (i32, &str) = (8, "This is not an age file");
const NOT_WHAT_WAS_SENT: (i32, &str) = (8, "What the relay gives out is not what was sent");
const CHANGED: (i32, &str) = (8, "The content was changed or damaged after it was sealed");
const GIVES_OUT_ELSE: (i32, &str) = (8, "The relay now gives out something different from");

#[test]
fn lies_in_the_manifest() {
    let fixture = Fixture::new();
    let lied = |end, lies: &[Lie]| each_ends_in(&fixture, "open", end, lies);
    lied(
        NOT_AN_AGE_FILE,
        &[
            ("nothing", |r| r.with_body("").into()),
            ("a web page", |r| r.with_body("<html>".repeat(100)).into()),
            ("stanzas without end", |r| {
                r.with_body([&b"age-encryption.org/v1\n"[..], &b"-> x\n\n".repeat(60_000)].concat()).into()
            }),
        ],
    );
    lied(NOT_A_RELAY, &[("endless", |_| endless("X: y", b"age-encryption.org/v1\n", &[b'x'; 65_536]))]);
    lied((4, "None of your private keys opens this"), &[("another recipient", |r| flipped(r, |_| 40))]);
    lied(
        (8, "The beginning of the file was changed"),
        &[("a changed MAC", |r| flipped(r, |file| header_len(file) - 10))],
    );
    lied(
        (8, "The content ends too early"),
        &[("no nonce", |r| shortened(r, header_len)), ("no tag", |r| shortened(r, |file| header_len(file) + 20))],
    );
    lied(
        CHANGED,
        &[
            ("the last byte changed", |r| flipped(r, |file| file.len() - 1)),
            ("the nonce changed", |r| flipped(r, header_len)),
            ("one byte less", |r| shortened(r, |file| file.len() - 1)),
            ("one byte more", |r| extended(r, b"x")),
        ],
    );
    lied(UNREACHABLE, &[("cut off", |r| content(&r, r.body.len(), &r.body[..99])), ("closed", |_| Reply::nothing())]);
    lied(
        (8, "This opens with words, not with a key"),
        &[("sealed with words", |r| r.with_body(scrypt_file(10)).into())],
    );
}

#[test]
fn lies_in_the_head_of_the_content() {
    let fixture = Fixture::new();
    let lied = |end, lies: &[Lie]| each_ends_in(&fixture, "content", end, lies);
    lied(
        (3, "(length)"),
        &[("no length, and more", |r| raw("HTTP/1.1 200 OK\r\nConnection: close", &[&r.body[..], b"x"].concat()))],
    );
    lied((3, "(status)"), &[("206 unasked", |r| as_status(r.with("Content-Range", "bytes 0-9/10"), 206))]);
    lied(NOT_A_RELAY, &[("204", |_| raw("HTTP/1.1 204 None\r\nETag: \"x\"\r\nContent-Length: 0", b""))]);
    lied(
        NOT_WHAT_WAS_SENT,
        &[
            ("a length too short", |r| content(&r, r.body.len() - 1, &r.body)),
            ("a length too long", |r| content(&r, r.body.len() + 1, &r.body)),
            ("a length of nothing", |r| content(&r, 0, b"")),
            ("a huge length", |r| content(&r, usize::MAX >> 1, &r.body)),
            ("endless", |r| Reply::Endless(head(&r, usize::MAX >> 1), vec![0; 65_536])),
            ("endless, of the right length", |r| Reply::Endless(head(&r, r.body.len()), vec![0; 65_536])),
        ],
    );
    lied(
        UNREACHABLE,
        &[
            ("the largest length", |r| content(&r, usize::MAX, &r.body)),
            ("a cut", |r| content(&r, r.body.len(), &r.body[..100_000])),
            ("a cut at once", |r| content(&r, r.body.len(), b"")),
            ("chunks that end", |r| raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", &in_one_chunk(&r.body[..99]))),
            ("no length, and less", |r| raw("HTTP/1.1 200 OK\r\nConnection: close", &r.body[..99])),
        ],
    );
}

#[test]
fn changed_ciphertext() {
    let fixture = Fixture::new();
    let lied = |end, lies: &[Lie]| each_ends_in(&fixture, "content", end, lies);
    lied(
        NOT_WHAT_WAS_SENT,
        &[
            ("first byte", |r| flipped(r, |_| 0)),
            ("header", |r| flipped(r, |_| 60)),
            ("header's MAC", |r| flipped(r, |file| header_len(file) - 10)),
            ("nonce", |r| flipped(r, |file| chunk(file, 0) - 1)),
            ("truncated by a byte", |r| shortened(r, |file| file.len() - 1)),
            ("truncated by the last chunk", |r| shortened(r, |file| chunk(file, 3))),
            ("nothing but header and nonce", |r| shortened(r, |file| chunk(file, 0))),
            ("nothing", |r| shortened(r, |_| 0)),
            ("extended by a byte", |r| extended(r, b"x")),
            ("extended by a chunk", |r| pieces(r, &[(0, 3), (2, 3), (3, 4)])),
        ],
    );
    lied(
        CHANGED,
        &[
            ("first chunk", |r| flipped(r, |file| chunk(file, 0))),
            ("first tag", |r| flipped(r, |file| chunk(file, 1) - 1)),
            ("a chunk between", |r| flipped(r, |file| chunk(file, 1) + 999)),
            ("last chunk", |r| flipped(r, |file| chunk(file, 3))),
            ("last tag", |r| flipped(r, |file| file.len() - 1)),
            ("reordered", |r| pieces(r, &[(1, 2), (0, 1), (2, 4)])),
            ("a chunk twice", |r| pieces(r, &[(0, 1), (0, 1), (2, 4)])),
            ("the last chunk first", |r| pieces(r, &[(3, 4), (0, 3)])),
            ("zeros", |r| zeroed(r, |file| chunk(file, 0))),
            ("zeros for the last chunk", |r| zeroed(r, |file| chunk(file, 3))),
        ],
    );
    bounded(fixture.get(&fixture.relay.url, "0s")).exits(0);
    fixture.all_saved("unchanged");
}

#[test]
fn another_share_in_its_place() {
    let fixture = Fixture::new();
    let other = send_to(
        &fixture.env,
        &fixture.relay,
        std::slice::from_ref(&fixture.key),
        [fixture.env.file("case.bin", noise(fixture.bytes.len()))],
    );
    let of = |sent, name| fs::read(fixture.relay.share(sent).join(name)).unwrap();
    // The last one even opens, as both are sealed with one key; but it is no manifest.
    let swaps = [
        ("open", of(&other, "manifest.age"), NOT_WHAT_WAS_SENT),
        ("content", of(&other, "content.age"), NOT_WHAT_WAS_SENT),
        ("content", of(&fixture.sent, "manifest.age"), NOT_WHAT_WAS_SENT),
        ("open", of(&fixture.sent, "content.age"), (8, "The list of what is inside this share is wrong")),
    ];
    for (call, swapped, end) in swaps {
        let outcome = fixture.lied_to(call, move |_, response| response.with_body(swapped.clone()).into());
        ends_in(&outcome, end, call);
        fixture.nothing_saved(call);
    }
}

/// A sender's mistake that gives plaintexts away to whoever has both files; what comes from such a program is not taken.
#[test]
fn one_nonce_for_both_files() {
    use share_format::envelope::{Opener, header_len, open_bytes, open_header, read_identities, seal_bytes};
    let fixture = Fixture::new();
    let stored = |name| fs::read(fixture.relay.share(&fixture.sent).join(name)).unwrap();
    let (manifest, content) = (stored("manifest.age"), stored("content.age"));
    let (header, manifest) = manifest.split_at(header_len(&manifest).unwrap().unwrap());
    let identities = read_identities(&fixture.env.path("key.txt"), &mut || None).unwrap();
    let file_key = open_header(header, &Opener::Identities(identities)).unwrap();
    let json = open_bytes(&file_key, manifest).unwrap();
    let sealed_with = |nonce: &[u8]| seal_bytes(header, nonce.try_into().unwrap(), &file_key, &json);
    assert_eq!(sealed_with(&manifest[..16]), stored("manifest.age"));
    let alike = sealed_with(&content[header.len()..][..16]);
    let outcome = fixture.lied_to("open", move |_, response| response.with_body(alike.clone()).into());
    ends_in(&outcome, (8, "sealed with the same nonce"), "one nonce");
    fixture.nothing_saved("one nonce");
}

/// Cuts the first connection after `CUT` bytes; then answers as `lie` says.
fn resumed(
    fixture: &Fixture,
    lie: impl Fn(&Request, Response) -> Reply + Send + Sync + 'static,
) -> (Outcome, FaultProxy) {
    const CUT: usize = 100_000;
    let tries = AtomicUsize::new(0);
    let server = FaultProxy::rewriting(&fixture.relay.url, move |request, response| match request.call() {
        "content" if tries.fetch_add(1, Ordering::SeqCst) == 0 => {
            content(&response, response.body.len(), &response.body[..CUT])
        }
        "content" => lie(request, response),
        _ => response.into(),
    });
    (bounded(fixture.get(&server.url, "2s")), server)
}

#[test]
fn an_honest_resume_goes_on_where_it_stopped() {
    let fixture = Fixture::new();
    let (outcome, server) = resumed(&fixture, |_, response| response.into());
    outcome.exits(0);
    fixture.all_saved("resumed");
    let second = server.requests().into_iter().filter(|request| request.call() == "content").nth(1).unwrap();
    assert!(second.header("range").unwrap().starts_with("bytes=100000-"), "{second:?}");
    assert!(second.header("if-range").is_some());
    assert_eq!(server.count("tickets"), 1);
}

#[test]
fn a_resume_that_lies() {
    let fixture = Fixture::new();
    let lied = |end, lies: &[Lie]| {
        for (name, lie) in lies {
            let lie = *lie;
            let (outcome, _) = resumed(&fixture, move |_, response| lie(response));
            ends_in(&outcome, end, name);
            fixture.nothing_saved(name);
        }
    };
    lied(
        GIVES_OUT_ELSE,
        &[
            ("another ETag", |r| r.with("ETag", "\"other\"").into()),
            ("the whole", |r| as_status(r, 200)),
            ("another total", |r| range(r, "/", "/9")),
        ],
    );
    lied(
        (3, "(Content-Range)"),
        &[
            ("no range", |r| r.without("content-range").into()),
            ("another range", |r| r.with("Content-Range", "bytes 0-99/100").into()),
            ("an earlier start", |r| range(r, "100000-", "99999-")),
            ("an unknown total", |r| range(r, "/", "/*")),
            ("a later end", |r| {
                r.with("Content-Range", "bytes 100000-299999/300000").with_body(vec![0; 200_000]).into()
            }),
            ("an overflowing range", |r| r.with("Content-Range", "bytes 100000-18446744073709551615/0").into()),
        ],
    );
    lied((3, "(Content-Length)"), &[("fewer bytes", |r| r.with_body("x").into())]);
    lied(CHANGED, &[("other bytes", |r| zeroed(r, |_| 0))]);
    lied((5, "The sender took it back on"), &[("gone", |_| problem(r#""code":"revoked","at":1795336876"#))]);
}

#[test]
fn lies_on_one_of_several_connections() {
    // Twelve runs in three segments.
    let fixture = Fixture::of(192 * CHUNK);
    let lied = |end, name, lie: fn(usize, &Request, Response) -> Reply| {
        let answers = AtomicUsize::new(0);
        let outcome = fixture.lied_to("content", move |request, response| {
            lie(answers.fetch_add(1, Ordering::SeqCst), request, response)
        });
        ends_in(&outcome, end, name);
        fixture.nothing_saved(name);
    };
    lied(GIVES_OUT_ELSE, "another ETag each", |number, _, response| {
        response.with("ETag", &format!("\"{number}\"")).into()
    });
    lied(NOT_WHAT_WAS_SENT, "another total", |_, _, response| range(response, "/", "/9"));
    lied(CHANGED, "zeros on all but the first", |_, request, response| match request.header("range").unwrap() {
        beginning if beginning.starts_with("bytes=0-") => response.into(),
        _ => zeroed(response, |_| 0),
    });
    lied(CHANGED, "the last byte changed", |_, _, response| {
        let is_last = response.header("content-range").is_some_and(is_to_the_end);
        if is_last { flipped(response, |file| file.len() - 1) } else { response.into() }
    });
    bounded(fixture.get(&fixture.relay.url, "0s")).exits(0);
    fixture.all_saved("unchanged");
}

/// Whether `bytes <start>-<end - 1>/<total>` goes to the end.
fn is_to_the_end(range: &str) -> bool {
    let (span, total) = range.split_once('/').unwrap();
    let last: u64 = span.split_once('-').unwrap().1.parse().unwrap();
    last + 1 == total.parse::<u64>().unwrap()
}

#[test]
fn a_download_that_is_always_cut_ends_with_patience() {
    let fixture = Fixture::new();
    let server = FaultProxy::rewriting(&fixture.relay.url, |request, response| match request.call() {
        "content" => {
            let head = response.clone().with("Content-Length", &response.body.len().to_string()).head();
            Reply::Raw([head, response.body[..1].to_vec()].concat())
        }
        _ => response.into(),
    });
    let begun = Instant::now();
    bounded(fixture.get(&server.url, "1s")).exits(3).says(UNREACHABLE.1);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    fixture.nothing_saved("cut");
}

fn flipped(mut response: Response, at: fn(&[u8]) -> usize) -> Reply {
    let at = at(&response.body);
    // Another byte, but in a header's base64 still one of its characters.
    response.body[at] = if response.body[at] == b'A' { b'B' } else { b'A' };
    response.into()
}

fn shortened(mut response: Response, length: fn(&[u8]) -> usize) -> Reply {
    let length = length(&response.body);
    response.body.truncate(length);
    response.into()
}

fn zeroed(mut response: Response, from: fn(&[u8]) -> usize) -> Reply {
    let from = from(&response.body);
    response.body[from..].fill(0);
    response.into()
}

fn extended(mut response: Response, more: &[u8]) -> Reply {
    response.body.extend_from_slice(more);
    response.into()
}

/// Header and nonce, then these ranges of chunks.
fn pieces(response: Response, ranges: &[(usize, usize)]) -> Reply {
    let file = &response.body;
    let mut body = file[..chunk(file, 0)].to_vec();
    ranges.iter().for_each(|(from, to)| body.extend_from_slice(&file[chunk(file, *from)..chunk(file, *to)]));
    response.with_body(body).into()
}

fn as_status(mut response: Response, status: u16) -> Reply {
    response.status = status;
    response.into()
}

fn range(response: Response, from: &str, to: &str) -> Reply {
    let range = response.header("content-range").unwrap().replace(from, to);
    response.with("Content-Range", &range).into()
}

fn header_len(age_file: &[u8]) -> usize {
    share_format::envelope::header_len(age_file).unwrap().unwrap()
}

/// Where a chunk begins, or the file ends.
fn chunk(file: &[u8], number: usize) -> usize {
    (header_len(file) + share_format::envelope::NONCE + number * SEALED_CHUNK).min(file.len())
}

/// The head of a content answer that promises this length.
fn head(response: &Response, length: usize) -> Vec<u8> {
    response.clone().with("Content-Length", &length.to_string()).with("Connection", "close").head()
}

fn content(response: &Response, length: usize, body: &[u8]) -> Reply {
    Reply::Raw([head(response, length), body.to_vec()].concat())
}
