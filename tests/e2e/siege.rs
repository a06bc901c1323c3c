//! Crowds that ask for nothing: connections without a request, with half a head, with a body that never comes. They give
//! way to whoever asks for something, at the relay itself and through the web servers of docs/operating.md.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use share_relay_api::{Bytes32, ShareId, paths};

use crate::support::{
    http::{Request, Response, host, take_ticket},
    test_env::TestEnv,
    until,
    web_server::{Nginx, WebServer, free_address},
};

/// Files that the relay may open: half as many connections have a place.
const OPEN_FILES: usize = 256;
/// Connections that the crowd keeps open, and opens again as soon as they are closed.
const CROWD: usize = 200;
/// How long a person waits at most, on a busy computer.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn silent_connections_give_way() {
    besiege(|_| Vec::new());
}

#[test]
fn half_heads_give_way() {
    besiege(|_| b"GET /healthz HTTP/1.1\r\nHost:".to_vec());
}

#[test]
fn bodies_that_never_come_give_way() {
    besiege(body_that_never_comes);
}

#[test]
fn a_restart_in_the_middle_of_a_slow_download_is_short() {
    let (env, relay) = TestEnv::with_relay();
    let file = env.file("large.bin", vec![7; 24 << 20]);
    let sent = env.send(&relay.url, [&file]);
    let ticket = Bytes32([9; 32]);
    assert_eq!(take_ticket(&relay.url, &sent, &sent.proof(), &ticket).status, 200);
    let ask = |url: &str, from: u64| {
        let mut stream = TcpStream::connect(host(url)).unwrap();
        let request = Request::get(paths::content(&sent.share_id())).bearer(ticket);
        stream.write_all(&request.with("Range", format!("bytes={from}-")).bytes(url)).unwrap();
        stream
    };
    let mut slow = ask(&relay.url, 0);
    slow.read_exact(&mut [0; 1000]).unwrap();

    env.program("kill", ["-TERM", &relay.child.id().to_string()]).output().exits(0);
    let told = Instant::now();
    let next = env.relay();
    assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
    let mut begun = Vec::new();
    // It ended early, with an error or without.
    let _ = slow.read_to_end(&mut begun);
    assert!(begun.len() < 24 << 20);
    let mut rest = Vec::new();
    ask(&next.url, 20 << 20).read_to_end(&mut rest).unwrap();
    let rest = Response::parse(&rest);
    assert!(rest.status == 206 && rest.body.len() > 4 << 20, "{}", rest.body.len());
}

fn body_that_never_comes(number: usize) -> Vec<u8> {
    let mut random = [3; 12];
    random[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let open = paths::open(&ShareId::from_random(random));
    format!("POST {open} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{").into_bytes()
}

/// nginx as docs/operating.md has it before a relay.
const NGINX: Nginx = Nginx {
    http: "limit_conn_zone $binary_remote_addr zone=address:10m;",
    server: "limit_conn address 1000; client_header_timeout 15s; client_body_timeout 30s;",
    location: "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_request_buffering off; \
        proxy_buffering off; client_max_body_size 0; proxy_read_timeout 120s; proxy_send_timeout 120s;",
};

/// A crowd opens connections that begin with `opening`, to the relay and to the web servers before one.
fn besiege(opening: impl Fn(usize) -> Vec<u8> + Sync) {
    besieged(&opening, None);
    besieged(&opening, Some(|env, relay| WebServer::nginx(env, relay, NGINX)));
    besieged(&opening, Some(WebServer::caddy));
}

/// A person sends and receives, and an operator looks, while the crowd is there. With a web server, all but the operator
/// go through it; nothing is done where it is not installed.
fn besieged(opening: &(impl Fn(usize) -> Vec<u8> + Sync), web_server: Option<fn(&TestEnv, &str) -> Option<WebServer>>) {
    let env = TestEnv::new();
    let operator = free_address();
    let few_files = format!("ulimit -n {OPEN_FILES}; exec \"$@\"");
    let relay = env.start_relay(|run| {
        let listening = ["--listen", "127.0.0.1:0", "--metrics-listen", &operator.to_string()];
        run.args(listening).under(["sh", "-c", &few_files, "sh"])
    });
    let server = web_server.map(|start| start(&env, &relay.url));
    let url = match &server {
        None => &relay.url,
        Some(Some(server)) => &server.url,
        Some(None) => return,
    };
    let file = env.file("letter.txt", b"what must arrive");
    let (is_over, opened) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| keep_open(host(url), opening, &is_over, &opened));
        let over = Over(&is_over);
        until("the crowd is there", || opened.load(Ordering::Relaxed) >= CROWD);
        let sent = env.send(url, [&file]);
        env.get(&sent, "got").within(PATIENCE).exits(0);
        assert_eq!(std::fs::read(env.path("got/letter.txt")).unwrap(), b"what must arrive");
        assert_eq!(Request::get(paths::HEALTHZ).send(url).status, 204);
        let own = format!("http://{operator}");
        for (path, status) in [(paths::HEALTHZ, 204), (paths::READYZ, 200), ("/v1", 404)] {
            assert_eq!(Request::get(path).send(&own).status, status, "{path}");
        }
        let metrics = Request::get(paths::METRICS).send(&own);
        let metrics = String::from_utf8(metrics.body).unwrap();
        eprintln!("{}", metrics.lines().filter(|line| line.contains("connections")).collect::<Vec<_>>().join("\n"));
        assert!(metrics.contains("share_relay_connections_shed_total "), "{metrics}");
        drop(over);
    });
}

/// Tells the crowd that it is over, also when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Keeps connections open until it is over.
fn keep_open(host: &str, opening: impl Fn(usize) -> Vec<u8>, is_over: &AtomicBool, opened: &AtomicUsize) {
    let connect = |number: usize| -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect_timeout(&host.parse().unwrap(), Duration::from_secs(1))?;
        stream.write_all(&opening(number))?;
        stream.set_nonblocking(true)?;
        opened.fetch_add(1, Ordering::Relaxed);
        Ok(stream)
    };
    let mut crowd: Vec<Option<TcpStream>> = (0..CROWD).map(|_| None).collect();
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        for stream in &mut crowd {
            let is_open = stream.as_mut().is_some_and(|stream| {
                stream
                    .read(&mut [0; 256])
                    .map_or_else(|error| error.kind() == io::ErrorKind::WouldBlock, |read| read > 0)
            });
            if !is_open {
                number += 1;
                *stream = connect(number).ok();
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}
