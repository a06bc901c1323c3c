//! Answers that are not what the protocol says.

use std::time::{Duration, Instant};

use super::{
    Fixture, NOT_A_RELAY, ODD, UNREACHABLE, bounded, changed, each_ends_in, endless, odd, problem, raw, scrypt_file,
    set,
};
use crate::support::{
    fault_proxy::{FaultProxy, Reply},
    http::{Request, Response},
    keys::age_key,
    random::noise,
    test_env::TestEnv,
};

#[test]
fn json_that_lies() {
    let lies: &[super::Lie] = &[
        ("no JSON", |_| Response::of_json("hello").into()),
        ("an empty answer", |_| Response::of_json("").into()),
        ("204", |_| Response::empty(204).into()),
        ("a web page", |_| Response::of_json("<html>Log in to the Wi-Fi</html>").into()),
        ("deep JSON", |_| Response::of_json("[".repeat(500_000)).into()),
        ("deep JSON in a field", |_| Response::of_json(r#"{"x":"#.repeat(100_000)).into()),
        ("a negative number", |r| changed(r, "payload_bytes", "-1")),
        ("a huge number", |r| changed(r, "payload_bytes", "1e999")),
        ("a number with a fraction", |r| changed(r, "payload_bytes", "5.0")),
        ("null for a field", |r| changed(r, "payload_bytes", "null")),
        ("a field twice", |r| changed(r, "payload_bytes", "5,\"payload_bytes\":5")),
        ("an unknown field twice", |r| changed(r, "payload_bytes", "5,\"x\":5,\"x\":5")),
        ("a list in the place of an object", |_| {
            Response::of_json(r#"["ready","keys",1,1,9,216,5,65552,5,10,null,null]"#).into()
        }),
        ("an object in the place of a text", |r| changed(r, "kind", r#"{"keys":null}"#)),
        ("a byte order mark", |r| Response::of_json([b"\xef\xbb\xbf", &r.body[..]].concat()).into()),
        ("a number beyond 64 bits", |r| changed(r, "expires_at", "99999999999999999999999")),
        ("an unknown state", |r| changed(r, "state", "\"\\u001b[2J\"")),
        ("no UTF-8", |_| Response::of_json(&b"{\"state\":\"\xff\xfe\"}"[..]).into()),
        ("half of it", |r| Response::of_json(&r.body[..r.body.len() / 2]).into()),
        ("something after it", |r| Response::of_json([&r.body[..], b"{}"].concat()).into()),
        ("endless JSON", |_| endless("Content-Type: application/json", b"[", &b"0,".repeat(9999))),
        ("a length too short", |r| raw("HTTP/1.1 200 OK\r\nContent-Length: 9", &r.body)),
    ];
    let fixture = Fixture::new();
    each_ends_in(&fixture, "status", NOT_A_RELAY, lies);
    let tickets: &[super::Lie] = &[
        ("no JSON", |_| Response::of_json("ok").into()),
        ("a negative time", |_| Response::of_json(r#"{"expires_at":-1}"#).into()),
        ("a list", |_| Response::of_json("[1795422279]").into()),
    ];
    each_ends_in(&fixture, "tickets", NOT_A_RELAY, tickets);
}

#[test]
fn heads_that_lie() {
    let bodies: &[super::Lie] = &[
        ("a length too long", |r| raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}", r.body.len() + 9), &r.body)),
        ("bad chunks", |_| raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n")),
        ("a huge chunk", |_| raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", b"ffffffffffffffff\r\n{}")),
    ];
    let heads: &[super::Lie] = &[
        ("a negative length", |r| raw("HTTP/1.1 200 OK\r\nContent-Length: -5", &r.body)),
        ("the largest length", |r| raw("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615", &r.body)),
        ("a length beyond that", |r| raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999", &r.body)),
        ("two lengths", |r| raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6", &r.body)),
        ("status 099", |_| raw("HTTP/1.1 099 Odd", b"")),
        ("another protocol", |_| Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
        ("HTTP/9", |_| Reply::Raw(b"HTTP/9.9 200 OK\r\n\r\n{}".to_vec())),
        ("noise", |_| Reply::Raw(noise(100_000))),
        ("a thousand headers", |_| raw(&format!("HTTP/1.1 200 OK{}", "\r\nX: y".repeat(1000)), b"{}")),
        ("an endless header", |_| Reply::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'y'; 65_536])),
        ("endless headers", |_| Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(1000))),
        ("nothing", |_| Reply::nothing()),
        ("half a head", |_| Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-".to_vec())),
        ("100 and nothing", |_| Reply::Raw(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())),
    ];
    let fixture = Fixture::new();
    for call in ["status", "open", "tickets"] {
        each_ends_in(&fixture, call, UNREACHABLE, bodies);
    }
    for call in ["status", "open", "tickets", "content"] {
        each_ends_in(&fixture, call, UNREACHABLE, heads);
        each_ends_in(&fixture, call, ODD, &[("status 999", |_| odd())]);
        let upgrade: super::Lie =
            ("status 101", |_| raw("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade", b""));
        each_ends_in(&fixture, call, (3, "answered with error 101"), &[upgrade]);
    }
}

#[test]
fn problems_that_lie() {
    const MOST: &str = "18446744073709551615";
    let of = |call, exit, sentence, lie: fn(Response) -> Reply, fixture: &Fixture| {
        each_ends_in(fixture, call, (exit, sentence), &[(sentence, lie)]);
    };
    let fixture = &Fixture::new();
    for call in ["status", "open"] {
        let hostile: fn(Response) -> Reply = |_| problem(r#""code":"\u001b]0;pwned\u0007""#);
        of(call, 3, "The relay refused (unknown_code)", hostile, fixture);
        of(call, 3, "answered with error 403", |_| problem(r#""x":1"#), fixture);
        of(call, 3, "answered with error 403", |_| problem(r#""code":["expired"]"#), fixture);
        of(call, 3, "answered with error 403", |_| problem(r#""code":"expired","at":null"#), fixture);
        of(call, 3, "answered with error 403", |_| problem(r#""code":"expired","code":"locked""#), fixture);
        of(
            call,
            3,
            "answered with error 403",
            |_| Reply::Endless(b"HTTP/1.1 403 No\r\n\r\n".to_vec(), vec![b'x'; 65_536]),
            fixture,
        );
        of(
            call,
            5,
            "It expired on 18446744073709551615",
            |_| problem(&format!(r#""code":"expired","at":{MOST}"#)),
            fixture,
        );
        of(call, 6, "It is locked until", |_| problem(&format!(r#""code":"locked","locked_until":{MOST}"#)), fixture);
        of(
            call,
            7,
            "(100 %)",
            |_| problem(&format!(r#""code":"not_ready","stored_bytes":{MOST},"total_bytes":1"#)),
            fixture,
        );
        of(
            call,
            7,
            "has not finished uploading",
            |_| problem(r#""code":"not_ready","stored_bytes":5,"total_bytes":0"#),
            fixture,
        );
        of(call, 4, "tries are left", |_| problem(r#""code":"wrong_proof","tries_left":4294967295"#), fixture);
        of(
            call,
            3,
            "answered with error 503",
            |_| raw(&format!("HTTP/1.1 503 Busy\r\nRetry-After: {MOST}"), b""),
            fixture,
        );
        of(call, 3, "answered with error 503", |_| raw("HTTP/1.1 503 Busy\r\nRetry-After: soon", b""), fixture);
    }
}

#[test]
fn a_relay_that_asks_to_wait_longer_than_patience_is_asked_once() {
    let fixture = Fixture::new();
    let busy = "HTTP/1.1 503 Busy\r\nContent-Type: application/problem+json\r\nRetry-After: 18446744073709551615\r\nConnection: close";
    let json = r#"{"type":"urn:x","title":"x","status":503,"code":"too_busy"}"#;
    let server = FaultProxy::answering(move |_| raw(busy, json.as_bytes()));
    let begun = Instant::now();
    bounded(fixture.get(&server.url, "1s")).exits(3).says("The relay is too busy");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(server.count("status"), 1);
}

#[test]
fn numbers_that_would_overflow_change_nothing() {
    let fixture = Fixture::new();
    let outcome = fixture.lied_to("status", |_, response| {
        let lied =
            set(&set(&response.body, "header_bytes", "18446744073709551615"), "payload_bytes", "18446744073709551615");
        Response::of_json(set(&lied, "expires_at", "18446744073709551615")).into()
    });
    outcome.exits(0);
    fixture.all_saved("what counts is authenticated");
}

#[test]
fn informational_answers_before_the_real_one_are_passed_over() {
    let fixture = Fixture::new();
    let outcome = fixture.lied_to("status", |_, response| {
        let before = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(20);
        Reply::Raw([before, response.bytes()].concat())
    });
    outcome.exits(0);
    fixture.all_saved("100 and 103");
}

#[test]
fn redirects_are_never_followed() {
    let fixture = Fixture::new();
    let elsewhere = FaultProxy::answering(|_| Response::of_json("{}").into());
    for call in ["status", "open", "tickets", "content"] {
        for status in [300, 301, 302, 303, 304, 307, 308] {
            let target = elsewhere.url.clone();
            let outcome = fixture.lied_to(call, move |request, _| {
                Response::empty(status).with("Location", &format!("{target}{}", request.path)).into()
            });
            // Once the relay has answered, a temporary one is what the login page of a network does.
            let says = match (call, status) {
                ("status", _) | (_, 300 | 301 | 304 | 308) => "The answer points to another address",
                _ => "Something on the way answers instead of the relay",
            };
            outcome.exits(3).says(says);
            fixture.nothing_saved(call);
        }
    }
    let target = elsewhere.url.clone();
    let relay = FaultProxy::answering(move |request| {
        Response::empty(307).with("Location", &format!("{target}{}", request.path)).into()
    });
    let send = fixture.env.share(["send", "case.bin", "--relay", &relay.url, "--patience", "0s"]);
    bounded(send).exits(3).says("The answer points to another address");
    assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
}

#[test]
fn too_much_work_is_refused_quickly() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("case.bin", "geheim")]);
    for factor in [21, 30, 63] {
        let server = FaultProxy::rewriting(&relay.url, move |request, response| match request.call() {
            "open" => response.with_body(scrypt_file(factor)).into(),
            _ => response.into(),
        });
        let begun = Instant::now();
        bounded(env.get(&sent.through(&server.url), "in")).exits(8).says(&format!("too much work: 2^{factor}"));
        assert!(begun.elapsed() < Duration::from_secs(20), "2^{factor}: {:?}", begun.elapsed());
        assert!(!env.path("in").exists());
    }
}

#[test]
fn a_kind_that_is_not_true_gets_nowhere() {
    let (env, relay) = TestEnv::with_relay();
    age_key(&env, "key.txt");
    let sent = env.send(&relay.url, [env.file("case.bin", "geheim")]);
    let server = FaultProxy::rewriting(&relay.url, |request, response| match request.call() {
        "status" => changed(response, "kind", "\"keys\""),
        _ => response.into(),
    });
    let link = sent.through(&server.url);
    bounded(env.get(&link, "in")).exits(2).says("This opens with a private key, not with words");
    let with_key = env.share(["get", &link.link, "--yes", "--identity", "key.txt", "--output", "in"]);
    bounded(with_key).exits(3).says("The relay refused (bad_request)");
    assert!(!env.path("in").exists());
}

#[test]
fn an_unfinished_share_called_ready_gives_nothing() {
    let fixture = Fixture::new();
    let create =
        r#"{"manage_key_hash":"HASH","header_bytes":216,"payload_bytes":100,"part_bytes":65552,"expires_in":3600}"#;
    let create = create.replace("HASH", &"00".repeat(32));
    let id = share_relay_api::ShareId::from_random([7; 12]);
    let made = Request::put(share_relay_api::paths::share(&id)).body(create).send(&fixture.relay.url);
    assert_eq!(made.status, 201);
    let server = FaultProxy::rewriting(&fixture.relay.url, |request, response| match request.call() {
        "status" => changed(response, "state", "\"ready\""),
        _ => response.into(),
    });
    let link = format!("{}/s/{id}", server.url);
    let get = fixture.env.share(["get", &link, "--yes", "--identity", "key.txt", "--output", "in", "--patience", "1s"]);
    bounded(get).exits(7).says("The sender has not finished uploading yet");
    fixture.nothing_saved("not ready");
}

#[test]
fn a_receipt_that_is_not_taken_loses_nothing() {
    let fixture = Fixture::new();
    let lies: [fn() -> Reply; 4] = [
        Reply::nothing,
        odd,
        || problem(r#""code":"\u001b[2J""#),
        || raw("HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/", b""),
    ];
    for lie in lies {
        let outcome = fixture.lied_to("receipt", move |_, _| lie());
        outcome.exits(0).says("All is saved, but the sender could not be told");
        fixture.all_saved("receipt");
    }
}
