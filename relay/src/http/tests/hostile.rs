//! Clients that are slow, greedy or malformed end within bounds and harm nobody else.

use std::time::Duration;

use super::*;

const SOON: Duration = Duration::from_millis(250);

async fn impatient(dir: &TempDir) -> Server {
    let limits = Limits {
        first_byte: SOON,
        body_idle: SOON,
        body_bytes_per_second: u64::MAX,
        discard: SOON,
        connection_idle: 2 * SOON,
        ..Limits::default()
    };
    Server::start_with(dir, Config { limits, ..config() }).await
}

/// Sends the first bytes, then the others again and again, until the server lets the connection go.
async fn drip(server: &Server, first: &'static [u8], then: &'static [u8]) {
    let (mut reading, mut writing) = server.connect().await.into_split();
    let dripping = tokio::spawn(async move {
        writing.write_all(first).await.unwrap();
        while writing.write_all(then).await.is_ok() {
            tokio::time::sleep(SOON / 20).await;
        }
    });
    let _ = reading.read_to_end(&mut Vec::new()).await;
    dripping.await.unwrap();
}

fn manage_head(method: &str, path: &str, length: usize) -> String {
    head(method, path, &[("authorization", &bearer(MANAGE_KEY))], Some(length))
}

#[tokio::test]
async fn silent_and_half_spoken_clients_are_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir).await;
    let openings: [&[u8]; 7] = [
        b"",
        b"P",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"GET /v1 HTTP/1.1\r\nhost: x\r\n",
        b"GET /v1 HTTP/1.1\r\nhost: x\r\n\r\n",
    ];
    for opening in openings {
        // Returns only because the relay closes the connection.
        server.raw(opening).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_drips_is_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir).await;
    drip(&server, b"GET /v1 HTTP/1.1\r\nx: ", b"x").await;
}

#[tokio::test]
async fn pings_do_not_keep_a_connection() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir).await;
    drip(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", b"\0\0\x08\x06\0\0\0\0\0pingping").await;
}

#[tokio::test]
async fn a_refused_body_that_drips_is_answered_and_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { discard: SOON, ..Limits::default() };
    let server = Server::start_with(&dir, Config { limits, ..config() }).await;
    let (mut reading, mut writing) = server.connect().await.into_split();
    let head = head("PUT", &paths::part(&id(), 0), &[], Some(8 << 20)).replace("connection: close\r\n", "");
    let dripping = tokio::spawn(async move {
        writing.write_all(head.as_bytes()).await.unwrap();
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SOON / 20).await;
        }
    });
    let mut reply = Vec::new();
    let _ = reading.read_to_end(&mut reply).await;
    assert_eq!(Reply::parse(&reply).code(), Code::NotFound);
    dripping.await.unwrap();
}

#[tokio::test]
async fn bodies_that_stop_are_timed_out_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir).await;
    server.begin(&request()).await;
    let length = SEALED_CHUNK_BYTES as usize;
    for sent in [0, 1, length - 1] {
        let head = manage_head("PUT", &paths::part(&id(), 0), length);
        let reply = server.raw([head.as_bytes(), &vec![0; sent]].concat()).await;
        assert_eq!(Reply::parse(&reply).code(), Code::Timeout, "after {sent} bytes");
    }
    for path in [paths::header(&id()), paths::share(&id())] {
        let reply = server.raw(manage_head("PUT", &path, 20) + "x").await;
        assert_eq!(Reply::parse(&reply).status, 408, "{path}");
    }
    let held = server.manage("GET", &paths::parts(&id()), b"").await;
    assert_eq!(held.body, b"{\"held\":[]}");
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_worth_sending_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir).await;
    server.begin(&request()).await;
    let mut stream = server.connect().await;
    let head = manage_head("PUT", &paths::part(&id(), 0), SEALED_CHUNK_BYTES as usize);
    stream.write_all(&[head.as_bytes(), b"not all"].concat()).await.unwrap();
    // Half closed: the answer still comes.
    stream.shutdown().await.unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    assert_eq!(Reply::parse(&reply).code(), Code::Timeout);
}

#[tokio::test]
async fn a_body_that_drips_for_ever_ends_in_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir).await;
    server.begin(&request()).await;
    let (mut reading, mut writing) = server.connect().await.into_split();
    let head = manage_head("PUT", &paths::part(&id(), 0), SEALED_CHUNK_BYTES as usize);
    let dripping = tokio::spawn(async move {
        writing.write_all(head.as_bytes()).await.unwrap();
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SOON / 20).await;
        }
    });
    let mut reply = Vec::new();
    let _ = reading.read_to_end(&mut reply).await;
    assert_eq!(Reply::parse(&reply).code(), Code::Timeout);
    dripping.await.unwrap();
}

#[tokio::test]
async fn uploads_that_break_off_hold_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&request()).await;
    let head = manage_head("PUT", &paths::part(&id(), 0), SEALED_CHUNK_BYTES as usize);
    for sent in [0, 1, 60_000, SEALED_CHUNK_BYTES as usize - 1] {
        let mut stream = server.connect().await;
        stream.write_all(&[head.as_bytes(), &vec![7; sent]].concat()).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert_eq!(server.manage("GET", &paths::parts(&id()), b"").await.body, b"{\"held\":[]}");
    assert_eq!(server.put_part(0).await.status, 204);
    assert_eq!(server.manage("GET", &paths::parts(&id()), b"").await.body, b"{\"held\":[[0,1]]}");
}

#[tokio::test]
async fn a_body_announced_too_large_is_refused_before_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&request()).await;
    let huge = "99999999999999999";
    for (method, path) in [
        ("PUT", paths::manifest(&id())),
        ("PUT", paths::part(&id(), 0)),
        ("PUT", paths::share(&id())),
        ("POST", paths::open(&id())),
        ("POST", paths::tickets(&id())),
        ("POST", paths::seal(&id())),
        ("POST", paths::receipt(&id())),
    ] {
        let headers = [("authorization", &*bearer(MANAGE_KEY)), ("content-length", huge)];
        let reply = server.raw(head(method, &path, &headers, None)).await;
        assert!([411, 413].contains(&Reply::parse(&reply).status), "{method} {path}");
    }
}

#[tokio::test]
async fn an_endless_chunked_body_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let begin = head("PUT", &paths::share(&id()), &[("transfer-encoding", "chunked")], None);
    let (mut reading, mut writing) = server.connect().await.into_split();
    let endless = tokio::spawn(async move {
        writing.write_all(begin.as_bytes()).await.unwrap();
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        while writing.write_all(&chunk).await.is_ok() {}
    });
    let mut reply = Vec::new();
    let _ = reading.read_to_end(&mut reply).await;
    endless.await.unwrap();
    if !reply.is_empty() {
        assert_eq!(Reply::parse(&reply).code(), Code::TooLarge);
    }
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_gets_its_refusal_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let headers = [("expect", "100-continue"), ("content-length", "8390656")];
    let reply = server.raw(head("PUT", &paths::part(&id(), 0), &headers, None)).await;
    assert_eq!(Reply::parse(&reply).code(), Code::NotFound, "and not asked to continue");
}

#[tokio::test]
async fn a_refused_upload_still_gets_to_read_why() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let body = vec![0; 8 << 20];
    assert_eq!(server.manage("PUT", &paths::part(&id(), 0), &body).await.code(), Code::NotFound);
}

#[tokio::test]
async fn heads_that_are_huge_or_nonsense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let heads = [
        format!("GET /v1 HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(1 << 20)),
        format!("GET /v1 HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
        "GET /v1 HTTP/9.9\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        "POST /v1 HTTP/1.1\r\ncontent-length: -5\r\nhost: x\r\n\r\n".to_owned(),
        "POST /v1 HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\nhost: x\r\n\r\n".to_owned(),
    ];
    for head in heads {
        let reply = server.raw(&head).await;
        let line = String::from_utf8_lossy(&reply[..reply.len().min(20)]).into_owned();
        assert!(reply.is_empty() || line.starts_with("HTTP/1.1 4"), "{line}");
    }
    assert_eq!(server.get(paths::HEALTHZ).await.status, 204);
}

#[tokio::test]
async fn who_comes_to_a_full_relay_is_answered_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let server =
        Server::start_with(&dir, Config { limits: Limits { connections: 4, ..Limits::default() }, ..config() }).await;
    let mut idle = Vec::new();
    for _ in 0..12 {
        idle.push(server.connect().await);
        assert_eq!(server.get(paths::HEALTHZ).await.status, 204);
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { connections: 2, connection_idle: SOON, ..Limits::default() };
    let server = Server::start_with(&dir, Config { limits, ..config() }).await;
    let idle = [server.connect().await, server.connect().await, server.connect().await];
    assert_eq!(server.get(paths::HEALTHZ).await.status, 204, "once idle ones are let go");
    drop(idle);
}
