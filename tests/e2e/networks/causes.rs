//! Causes that last are told at once, as what they are; those that pass are tried again; and what a proxy merely frames
//! anew is taken as it is.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use flate2::{Compression, write::GzEncoder};

use super::{Stage, busy::pass_on};
use crate::{
    failures::{NOWHERE, fails},
    http::{Reply, Request, Response, Server, in_one_chunk},
    round_trips::noise,
    world::{PATIENCE, Run},
};

/// The options of a send to this relay, without words.
fn sending(stage: &Stage, relay: &str) -> Run {
    stage.world.share(["send", "case.bin", "--recipient", &stage.key, "--relay", relay])
}

/// TLS before the stage's relay, for `relay.test`; what to trust is `cert.pem`.
fn tls(stage: &Stage) -> Server {
    let relay = stage.relay.url.clone();
    Server::tls(&stage.world, "relay.test", move |request| pass_on(&relay, request))
}

#[test]
fn without_a_proxy_a_certificate_is_refused_at_once() {
    let stage = Stage::new(1000);
    let server = tls(&stage);
    let url = server.url.replace("http:", "https:");
    let refused = |run: &dyn Fn() -> Run| {
        fails(run, 3, "untrusted", "The relay's certificate is not accepted (", "Check the relay's address");
    };
    refused(&|| sending(&stage, &url));
    // Trusted, but for another name.
    refused(&|| sending(&stage, &url).env("SSL_CERT_FILE", stage.world.path("cert.pem")));
    let trusted = || sending(&stage, &url).env("SSL_CERT_FILE", stage.world.path("cert.pem"));
    refused(&|| trusted().clock("+40d"));
    assert_eq!(server.requests().len(), 0);
    fails(
        || sending(&stage, &stage.relay.url.replace("http:", "https:")),
        3,
        "no_tls",
        "secure connection",
        "speak TLS",
    );
}

#[test]
fn a_proxy_that_wants_a_password_is_asked_once() {
    let stage = Stage::new(1000);
    let office = Server::start(|_| Response::empty(407).with("Proxy-Authenticate", "Basic realm=\"office\"").into());
    let address = office.url.replace("http://", "http://jan:geheim@");
    let send = || sending(&stage, "https://relay.test").env("https_proxy", &address);
    let told = format!("(through the proxy {} of https_proxy)", office.url);
    fails(send, 3, "proxy_password", &told, "no account is locked");
    assert_eq!(office.requests().len(), 2, "once each time");
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let stage = Stage::new(1000);
    let through = |variable: &'static str, proxy: &'static str| {
        sending(&stage, "https://relay.test").args(["--patience", "0s"]).env(variable, proxy)
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

/// A proxy that speaks SOCKS 5 (RFC 1928) and leads to this address, whatever it is asked for. Tells how often.
fn socks(target: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("socks5h://{}", listener.local_addr().unwrap());
    let (target, asked) = (target.trim_start_matches("http://").to_owned(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let (target, counted) = (target.clone(), Arc::clone(&counted));
            // A client that goes away in the middle is no fault of the test.
            thread::spawn(move || -> io::Result<()> {
                let (mut head, mut name) = ([0; 2], [0; 256]);
                client.read_exact(&mut head)?;
                client.read_exact(&mut name[..usize::from(head[1])])?;
                client.write_all(&[5, 0])?;
                let mut request = [0; 5];
                client.read_exact(&mut request)?;
                client.read_exact(&mut name[..usize::from(request[4]) + 2])?;
                assert_eq!((request[3], &name[..10]), (3, &b"relay.test"[..]), "the proxy resolves the name");
                counted.fetch_add(1, Ordering::SeqCst);
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
                let mut relay = TcpStream::connect(target)?;
                let (mut back, mut to) = (client.try_clone()?, relay.try_clone()?);
                thread::spawn(move || io::copy(&mut client, &mut to));
                io::copy(&mut relay, &mut back).map(drop)
            });
        }
    });
    (url, asked)
}

#[test]
fn a_socks_proxy_is_used() {
    let stage = Stage::new(1000);
    let server = tls(&stage);
    let (proxy, asked) = socks(&server.url);
    let run =
        |run: Run| run.env("all_proxy", &proxy).env("SSL_CERT_FILE", stage.world.path("cert.pem")).within(PATIENCE);
    let sent = stage.sent(&run(stage.send("https://relay.test")));
    stage.got(&sent, &run(stage.get(&sent)));
    assert!(asked.load(Ordering::SeqCst) > 0);
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
    let stage = Stage::new(1000);
    for status in PASSING.into_iter().chain(["200 OK"]) {
        for call in ["header", "manifest", "parts/0", "seal", "open", "tickets", "content", "receipt"] {
            let (relay, hits) = (stage.relay.url.clone(), AtomicUsize::new(0));
            let gateway = Server::start(move |request| {
                match request.call() == call && hits.fetch_add(1, Ordering::SeqCst) == 0 {
                    true => Reply::Raw(login_page(status)),
                    false => pass_on(&relay, request),
                }
            });
            match call {
                "header" | "manifest" | "parts/0" | "seal" => stage.sends(&gateway.url),
                _ => stage.gets(&gateway.url),
            }
            assert_eq!(gateway.count(call), 2, "{status} to {call}");
        }
    }
}

#[test]
fn what_never_was_a_relay_is_told_at_once() {
    let stage = Stage::new(1000);
    for (status, says) in
        [("200 OK", "is not that of a relay"), ("302 Found\r\nLocation: http://login.example/", "another address")]
    {
        let site = Server::start(move |_| Reply::Raw(login_page(status)));
        let before = || site.requests().len();
        fails(|| sending(&stage, &site.url), 3, "bad_answer", says, "A login page of a network");
        assert_eq!(before(), 2, "{status}: once each time");
    }
    let link = stage.sent(&stage.send(&stage.relay.url).within(PATIENCE)).link;
    fails(|| sending(&stage, &link), 2, "relay_url", "This is the link of a share", "Its relay is ");
}

#[test]
fn a_resume_while_the_network_is_away_says_to_try_again() {
    let stage = Stage::new(20 << 20);
    let (relay, away) = (stage.relay.url.clone(), Arc::new(AtomicBool::new(false)));
    let is_away = Arc::clone(&away);
    let gateway = Server::start(move |request| match request.call() {
        _ if is_away.load(Ordering::SeqCst) => Reply::Raw(login_page("200 OK")),
        "parts/1" => Reply::Raw(login_page("502 Bad Gateway")),
        _ => pass_on(&relay, request),
    });
    let cut = stage.send(&gateway.url).args(["--patience", "0s"]).within(PATIENCE);
    cut.exits(3).says("Go on with: share resume");
    away.store(true, Ordering::SeqCst);
    let outcome = stage.world.share(["resume", "--patience", "0s"]).within(PATIENCE).exits(3);
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
    let stage = Stage::new(20 << 20);
    let sent = stage.sent(&stage.send(&stage.relay.url).within(PATIENCE));
    for how in ["chunked", "http10", "weak", "unnamed", "gzip"] {
        let proxy = Server::before(&stage.relay.url, move |request, answer| match request.call() {
            "content" => framed_anew(how, answer),
            _ => answer.into(),
        });
        let through = sent.through(&proxy.url);
        let (out, sealed) = (stage.world.path(how), stage.world.path(format!("{how}.age")));
        let get = || stage.world.share(["get", &through.link, "--yes", "--identity", "key.txt"]);
        get().arg("--output").arg(&out).within(PATIENCE).exits(0);
        assert!(std::fs::read(out.join("case.bin")).unwrap() == noise(20 << 20), "{how}");
        get().arg("--ciphertext").arg(&sealed).within(PATIENCE).exits(0);
        let length = std::fs::metadata(&sealed).unwrap().len();
        assert!(length > 20 << 20, "{how}: {length}");
    }
}

/// Passes a request on with its body in chunks.
fn in_chunks(relay: &str, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(relay.trim_start_matches("http://"))?;
    let kept = |name: &str| !["content-length", "connection"].iter().any(|gone| name.eq_ignore_ascii_case(gone));
    let headers = request.headers.iter().filter(|(name, _)| kept(name));
    let headers: String = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (method, path) = (&request.method, &request.path);
    let head = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    for chunk in request.body.chunks(100_000) {
        stream.write_all(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())?;
    }
    stream.write_all(b"0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map(|_| answer)
}

#[test]
fn requests_that_a_proxy_sends_on_in_chunks_are_taken() {
    let stage = Stage::new(20 << 20);
    let relay = stage.relay.url.clone();
    let proxy = Server::start(move |request| match request.body.is_empty() {
        true => pass_on(&relay, request),
        false => Reply::Raw(in_chunks(&relay, request).unwrap_or_default()),
    });
    stage.sends(&proxy.url);
    // Of a length that nobody knows beforehand.
    let send = ["send", "-", "--name", "case.bin", "--json", "--recipient", &stage.key, "--relay", &proxy.url];
    let sent = stage.sent(&stage.world.share(send).output_with_input(&stage.bytes)).through(&stage.relay.url);
    stage.got(&sent, &stage.get(&sent).within(PATIENCE));
}
