//! Causes that last are told at once, as what they are; those that pass are tried again; and what a proxy merely frames
//! anew is taken as it is.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use flate2::{Compression, write::GzEncoder};

use super::Fixture;
use crate::support::{
    PATIENCE, at_once,
    failures::{NOWHERE, fails},
    fault_proxy::{FaultProxy, Reply},
    http::{Request, Response, host, in_one_chunk},
    program::Run,
    random::noise,
};

/// The options of a send to this relay, without words.
fn sending(fixture: &Fixture, relay: &str) -> Run {
    fixture.env.share(["send", "case.bin", "--recipient", &fixture.key, "--relay", relay])
}

#[test]
fn without_a_proxy_a_certificate_is_refused_at_once() {
    let fixture = Fixture::new(1000);
    let server = fixture.tls();
    let url = server.url.replace("http:", "https:");
    let refused = |run: &dyn Fn() -> Run| {
        fails(run, 3, "untrusted", "The relay's certificate is not accepted (", "Check the relay's address");
    };
    refused(&|| sending(&fixture, &url));
    // Trusted, but for another name.
    refused(&|| sending(&fixture, &url).env("SSL_CERT_FILE", fixture.env.path("cert.pem")));
    let trusted = || sending(&fixture, &url).env("SSL_CERT_FILE", fixture.env.path("cert.pem"));
    refused(&|| trusted().clock("+40d"));
    assert_eq!(server.requests().len(), 0);
    fails(
        || sending(&fixture, &fixture.relay.url.replace("http:", "https:")),
        3,
        "no_tls",
        "secure connection",
        "speak TLS",
    );
}

#[test]
fn a_proxy_that_wants_a_password_is_asked_once() {
    let fixture = Fixture::new(1000);
    let office =
        FaultProxy::answering(|_| Response::empty(407).with("Proxy-Authenticate", "Basic realm=\"office\"").into());
    let address = office.url.replace("http://", "http://jan:geheim@");
    let send = || sending(&fixture, "https://relay.test").env("https_proxy", &address);
    let told = format!("(through the proxy {} of https_proxy)", office.url);
    fails(send, 3, "proxy_password", &told, "no account is locked");
    assert_eq!(office.requests().len(), 2, "once each time");
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let fixture = Fixture::new(1000);
    let through = |variable: &'static str, proxy: &'static str| {
        sending(&fixture, "https://relay.test").args(["--patience", "0s"]).env(variable, proxy)
    };
    let told = "(through the proxy http://127.0.0.1:1 of https_proxy)";
    fails(|| through("https_proxy", NOWHERE), 3, "unreachable", told, "Check the proxy's address");
    let send = || through("ALL_PROXY", "socks5h://127.0.0.1:1");
    fails(send, 3, "unreachable", "socks5h://127.0.0.1:1 of ALL_PROXY", "Check the proxy's address");
    for wrong in ["ftp://proxy:21", "socks6://proxy", "proxy proxy"] {
        fails(|| through("HTTPS_PROXY", wrong), 2, "proxy", "HTTPS_PROXY does not name a proxy", "It must be");
    }
    let send = || through("HTTPS_PROXY", "ftp://proxy").env("NO_PROXY", "relay.test");
    fails(send, 3, "unreachable", "cannot be reached", "network connection");
}

#[test]
fn a_socks_proxy_is_used() {
    let fixture = Fixture::new(1000);
    let server = fixture.tls();
    let socks = FaultProxy::socks(&server.url);
    let address = socks.url.replace("http://", "socks5h://");
    let run =
        |run: Run| run.env("all_proxy", &address).env("SSL_CERT_FILE", fixture.env.path("cert.pem")).within(PATIENCE);
    let sent = fixture.sent(&run(fixture.send("https://relay.test")));
    fixture.got(&sent, &run(fixture.get(&sent)));
    let asked = socks.tunnels();
    assert!(!asked.is_empty() && asked.iter().all(|host| host == "relay.test"), "{asked:?}");
}

/// What gateways and networks answer when they do not let a request through for once.
const PASSING: [&str; 9] = [
    "520 Unknown",
    "521 Down",
    "522 Timeout",
    "523 Origin",
    "524 Slow",
    "529 Overloaded",
    "511 Login",
    "421 Misdirected",
    "302 Found\r\nLocation: http://login.example/",
];
const LOGIN_PAGE: &str = "<html><title>Welcome</title>Please log in</html>";

fn login_page(status: &str) -> Vec<u8> {
    let length = LOGIN_PAGE.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close");
    format!("{head}\r\n\r\n{LOGIN_PAGE}").into_bytes()
}

#[test]
fn one_answer_of_something_on_the_way_ends_no_transfer() {
    at_once(PASSING.into_iter().chain(["200 OK"]), |status| {
        let fixture = Fixture::new(1000);
        for call in ["header", "manifest", "parts/0", "seal", "open", "tickets", "content", "receipt"] {
            let hits = AtomicUsize::new(0);
            let gateway = FaultProxy::intercepting(&fixture.relay.url, move |request| {
                let first = request.call() == call && hits.fetch_add(1, Ordering::SeqCst) == 0;
                first.then(|| Reply::Raw(login_page(status)))
            });
            match call {
                "header" | "manifest" | "parts/0" | "seal" => fixture.sends(&gateway.url),
                _ => fixture.gets(&gateway.url),
            }
            assert_eq!(gateway.count(call), 2, "{status} to {call}");
        }
    });
}

#[test]
fn what_never_was_a_relay_is_told_at_once() {
    let fixture = Fixture::new(1000);
    for (status, says) in
        [("200 OK", "is not that of a relay"), ("302 Found\r\nLocation: http://login.example/", "another address")]
    {
        let site = FaultProxy::answering(move |_| Reply::Raw(login_page(status)));
        let before = || site.requests().len();
        fails(|| sending(&fixture, &site.url), 3, "bad_answer", says, "A login page of a network");
        assert_eq!(before(), 2, "{status}: once each time");
    }
    let link = fixture.sent(&fixture.send(&fixture.relay.url).within(PATIENCE)).link;
    fails(|| sending(&fixture, &link), 2, "relay_url", "This is the link of a share", "Its relay is ");
}

#[test]
fn a_resume_while_the_network_is_away_says_to_try_again() {
    let fixture = Fixture::new(20 << 20);
    let away = Arc::new(AtomicBool::new(false));
    let is_away = Arc::clone(&away);
    let gateway = FaultProxy::intercepting(&fixture.relay.url, move |request| match request.call() {
        _ if is_away.load(Ordering::SeqCst) => Some(Reply::Raw(login_page("200 OK"))),
        "parts/1" => Some(Reply::Raw(login_page("502 Bad Gateway"))),
        _ => None,
    });
    let cut = fixture.send(&gateway.url).args(["--patience", "0s"]).within(PATIENCE);
    cut.exits(3).says("Go on with: share resume");
    away.store(true, Ordering::SeqCst);
    let outcome = fixture.env.share(["resume", "--patience", "0s"]).within(PATIENCE).exits(3);
    assert!(!outcome.stderr().contains("cannot go on"), "{outcome:?}");
    outcome.says("Go on with: share resume");
}

/// What proxies do to answers that they pass on whole.
fn framed_anew(how: &str, answer: Response) -> Reply {
    let body = answer.body.clone();
    let plain = answer.without("Content-Length").without("Connection").with("Connection", "close");
    Reply::Raw(match how {
        "chunked" => [plain.with("Transfer-Encoding", "chunked").head(), in_one_chunk(&body)].concat(),
        "http10" => {
            let head = String::from_utf8(plain.head()).unwrap().replacen("HTTP/1.1", "HTTP/1.0", 1);
            [head.into_bytes(), body].concat()
        }
        "weak" => {
            let etag = format!("W/{}", plain.header("etag").unwrap());
            plain.with("ETag", &etag).with_body(body).bytes()
        }
        "unnamed" => plain.without("ETag").with_body(body).bytes(),
        "gzip" => {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&body).unwrap();
            plain.with("Content-Encoding", "gzip").with_body(packed.finish().unwrap()).bytes()
        }
        other => unreachable!("{other}"),
    })
}

#[test]
fn answers_that_a_proxy_frames_anew_are_taken() {
    let fixture = Fixture::new(20 << 20);
    let sent = fixture.sent(&fixture.send(&fixture.relay.url).within(PATIENCE));
    for how in ["chunked", "http10", "weak", "unnamed", "gzip"] {
        let proxy = FaultProxy::rewriting(&fixture.relay.url, move |request, answer| match request.call() {
            "content" => framed_anew(how, answer),
            _ => answer.into(),
        });
        let through = sent.through(&proxy.url);
        let (out, sealed) = (fixture.env.path(how), fixture.env.path(format!("{how}.age")));
        let get = || fixture.env.share(["get", &through.link, "--yes", "--identity", "key.txt"]);
        get().arg("--output").arg(&out).within(PATIENCE).exits(0);
        assert!(std::fs::read(out.join("case.bin")).unwrap() == noise(20 << 20), "{how}");
        get().arg("--ciphertext").arg(&sealed).within(PATIENCE).exits(0);
        let length = std::fs::metadata(&sealed).unwrap().len();
        assert!(length > 20 << 20, "{how}: {length}");
    }
}

/// Passes a request on with its body in chunks.
fn in_chunks(relay: &str, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(host(relay))?;
    let mut kept = request.clone();
    let gone = ["host", "content-length", "connection"];
    kept.headers.retain(|(name, _)| !gone.iter().any(|gone| name.eq_ignore_ascii_case(gone)));
    stream.write_all(format!("{}Transfer-Encoding: chunked\r\n\r\n", kept.head(relay)).as_bytes())?;
    for chunk in request.body.chunks(100_000) {
        stream.write_all(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())?;
    }
    stream.write_all(b"0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map(|_| answer)
}

#[test]
fn requests_that_a_proxy_sends_on_in_chunks_are_taken() {
    let fixture = Fixture::new(20 << 20);
    let relay = fixture.relay.url.clone();
    let proxy = FaultProxy::intercepting(&fixture.relay.url, move |request| {
        (!request.body.is_empty()).then(|| Reply::Raw(in_chunks(&relay, request).unwrap_or_default()))
    });
    fixture.sends(&proxy.url);
    // Of a length that nobody knows beforehand.
    let send = ["send", "-", "--name", "case.bin", "--json", "--recipient", &fixture.key, "--relay", &proxy.url];
    let sent = fixture.sent(&fixture.env.share(send).output_with_input(&fixture.bytes)).through(&fixture.relay.url);
    fixture.got(&sent, &fixture.get(&sent).within(PATIENCE));
}
