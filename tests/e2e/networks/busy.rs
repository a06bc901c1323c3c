//! Relays and proxies that answer, but not with what was asked for: busy, behind a gateway that fails, behind an
//! office's proxy that buffers everything and lets only so much through.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::Fixture;
use crate::support::{
    MIB, PATIENCE, at_once,
    failures::{NOWHERE, fails},
    fault_proxy::{FaultProxy, Reply},
    http::Response,
    program::Run,
    test_env::Sent,
    web_server::{Nginx, WebServer},
};

/// A server before the relay that refuses each call once, and notes how long the client then leaves it alone.
struct Refusing {
    server: FaultProxy,
    left_alone: Arc<Mutex<Vec<Duration>>>,
}

impl Refusing {
    fn start(relay: &str, refusal: &'static str) -> Self {
        let left_alone = Arc::new(Mutex::new(Vec::new()));
        let (noted, refused) = (Arc::clone(&left_alone), Mutex::new(HashMap::new()));
        let server = FaultProxy::intercepting(relay, move |request| {
            let call = (request.method.clone(), request.path.clone());
            let Some(at) = refused.lock().unwrap().insert(call, Instant::now()) else {
                return Some(Reply::Raw(refusal.as_bytes().to_vec()));
            };
            noted.lock().unwrap().push(at.elapsed());
            None
        });
        Self { server, left_alone }
    }

    fn shortest_wait(&self) -> Duration {
        let left_alone = self.left_alone.lock().unwrap();
        assert!(left_alone.len() >= 4, "{left_alone:?}");
        left_alone.iter().min().unwrap().to_owned()
    }
}

#[test]
fn retry_after_is_obeyed() {
    const DATE: &str =
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:39 GMT\r\nContent-Length: 0\r\n";
    let refusals = [
        "HTTP/1.1 429 Slow\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        format!("HTTP/1.1 503 Busy\r\n{DATE}Connection: close\r\n\r\n"),
        "HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Type: application/problem+json\r\nContent-Length: 60\r\nConnection: close\r\n\r\n{\"type\":\"urn:x\",\"title\":\"x\",\"status\":503,\"code\":\"too_busy\"}".to_owned(),
    ];
    at_once(refusals, |refusal| {
        let fixture = Fixture::new(1000);
        let refusal: &'static str = refusal.leak();
        let refusing = Refusing::start(&fixture.relay.url, refusal);
        fixture.sends(&refusing.server.url);
        assert!(refusing.shortest_wait() >= Duration::from_secs(2), "{refusal}");
        let refusing = Refusing::start(&fixture.relay.url, refusal);
        fixture.gets(&refusing.server.url);
        assert!(refusing.shortest_wait() >= Duration::from_secs(2), "{refusal}");
    });
}

#[test]
fn a_gateway_that_fails_now_and_then() {
    let refusals = [
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<h1>Sorry.</h1>",
        "HTTP/1.1 503 Unavailable\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Be right back.</h1>",
        "HTTP/1.1 504 Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 429 Slow\r\nRetry-After: soon\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ];
    at_once(refusals, |refusal| {
        let fixture = Fixture::new(1000);
        fixture.sends(&Refusing::start(&fixture.relay.url, refusal).server.url);
        fixture.gets(&Refusing::start(&fixture.relay.url, refusal).server.url);
    });
}

#[test]
fn who_asks_to_be_left_alone_for_longer_than_patience_is() {
    let fixture = Fixture::new(1000);
    let server =
        FaultProxy::answering(|_| Response::empty(429).with("Retry-After", "3600").with("Content-Length", "0").into());
    let outcome = fixture.send(&server.url).within(PATIENCE);
    let error = outcome.fails(3, "unreachable");
    assert_eq!(
        error["hint"],
        "It asks to be left alone for 1h. Try again after that, or allow more time with --patience."
    );
    assert_eq!(server.requests().len(), 1);
}

/// A proxy that takes each request and each answer whole before it passes it on, and lets this much through at once.
fn buffering(relay: &str, most: usize) -> FaultProxy {
    let relay = relay.to_owned();
    FaultProxy::answering(move |request| {
        if request.body.len() > most {
            return Response::empty(413).into();
        }
        let Ok(answer) = request.forward(&relay) else { return Response::empty(502).into() };
        let mut bytes = answer.bytes();
        bytes.truncate(most);
        Reply::Raw(bytes)
    })
}

#[test]
fn a_proxy_that_buffers_and_cuts_at_ten_mebibytes() {
    let fixture = Fixture::new(25 * MIB);
    let proxy = buffering(&fixture.relay.url, 10 * MIB);
    fixture.sends(&proxy.url);
    fixture.gets(&proxy.url);
    assert!(proxy.count("content") >= 3, "each answer is cut, and goes on where it was");
}

#[test]
fn a_web_server_that_buffers_and_lets_ten_mebibytes_through() {
    let fixture = Fixture::new(25 * MIB);
    // Set up as someone does who changed nothing but the size of a body.
    let settings = Nginx { server: "client_max_body_size 10m;", ..Nginx::default() };
    let Some(nginx) = WebServer::nginx(&fixture.env, &fixture.relay.url, settings) else { return };
    fixture.sends(&nginx.url);
    fixture.gets(&nginx.url);
}

#[test]
fn an_office_proxy_that_only_makes_tunnels() {
    let fixture = Fixture::new(MIB);
    let server = fixture.tls();
    let office = FaultProxy::connect(&server.url);
    let run = |run: Run| {
        let run = run.env("https_proxy", &office.url).env("http_proxy", NOWHERE);
        run.env("SSL_CERT_FILE", fixture.env.path("cert.pem")).within(PATIENCE)
    };
    let sent = fixture.sent(&run(fixture.send("https://relay.test")));
    assert!(sent.link.starts_with("https://relay.test/s/"), "{}", sent.link);
    // The relay's own name leads nowhere but through the proxy, and its own address never does.
    fixture.got(&sent, &run(fixture.get(&sent)));
    let tunnels = office.tunnels();
    assert!(!tunnels.is_empty() && tunnels.iter().all(|line| line == "CONNECT relay.test:443 HTTP/1.1"), "{tunnels:?}");
}

/// It stays as it is however often it is asked, so it is told at once.
#[test]
fn a_certificate_that_nobody_trusts() {
    let fixture = Fixture::new(1000);
    let server = fixture.tls();
    let office = FaultProxy::connect(&server.url);
    let send = ["send", "case.bin", "--recipient", &fixture.key, "--relay", "https://relay.test"];
    let send = || fixture.env.share(send).env("https_proxy", &office.url);
    fails(send, 3, "untrusted", "The relay's certificate is not accepted (", "Check the relay's address");
    assert_eq!((office.tunnels().len(), server.requests().len()), (2, 0), "asked once each time");
}

#[test]
fn a_relay_on_this_network_is_reached_without_the_office_proxy() {
    let fixture = Fixture::new(1000);
    let without = |run: Run| run.env("http_proxy", NOWHERE).env("https_proxy", NOWHERE).env("all_proxy", NOWHERE);
    let sent: Sent = fixture.sent(&without(fixture.send(&fixture.relay.url)).within(PATIENCE));
    fixture.got(&sent, &without(fixture.get(&sent)).within(PATIENCE));
}
