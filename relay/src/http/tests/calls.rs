//! Each call.

use share_relay_api::{Created, Events, PartsHeld, ShareStatus, State, Ticket};

use super::*;

#[tokio::test]
async fn a_share_goes_the_whole_way() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&CreateShare { downloads: Some(1), ..request() }).await;
    let status: ShareStatus = server.get(&paths::share(&id())).await.json();
    assert_eq!((status.state, status.stored_bytes, status.downloads_left), (State::Ready, PAYLOAD, Some(1)));
    let opened = server.open(PROOF).await;
    assert_eq!((opened.status, opened.body.as_slice()), (200, MANIFEST));
    assert_eq!(opened.header("content-type"), Some("application/octet-stream"));
    assert_eq!(server.take(PROOF, TICKET).await.json::<Ticket>().expires_at, 1000 + 24 * 3600);
    let content = server.content(TICKET, &[]).await;
    assert_eq!((content.status, content.body == all_content()), (200, true));
    assert_eq!(server.receipt(TICKET).await.status, 204);
    assert_eq!(server.receipt(TICKET).await.status, 204, "the same again");
    let gone = server.get(&paths::share(&id())).await;
    assert_eq!((gone.status, gone.code(), gone.json::<Problem>().at), (410, Code::Collected, Some(1000)));
    let events: Events = server.manage("GET", &paths::events(&id()), b"").await.json();
    assert_eq!((events.state, events.events.len()), (State::Collected, 5));
    server.stop().await;
}

/// Where a test's log goes.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_that_opens_a_share_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    // For the whole process, because other tests have met the same log statements without a subscriber. What they
    // log meanwhile must be free of secrets as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    server.open(99).await;
    server.open(PROOF).await;
    server.take(PROOF, TICKET).await;
    server.content(TICKET, &[("range", "bytes=0-9")]).await;
    server.receipt(TICKET).await;
    server.get("/s/a-name?and=query").await;
    server.call("PURGE\u{41}", "/v1/shares/x", &[], b"").await;
    server.manage("DELETE", &paths::share(&id()), b"").await;
    server.stop().await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let routes = ["/v1/shares/{id}/content", "/v1/shares/{id}/tickets", "/s/{id}"];
    assert!(routes.iter().all(|route| text.contains(&format!("\"route\":\"{route}\""))), "{text}");
    assert!(text.contains(&format!("\"share\":\"{}\"", &id().to_string()[..6])), "{text}");
    let secrets = [1, 2, 3, 99].map(|n| secret(n).to_string());
    let hashes = [1, 2, 3, 99].map(|n| digest::of_secret(&secret(n)).to_string());
    let others = [id().to_string(), "a-name".into(), "query".into(), "PURGE".into(), "Bearer".into()];
    for forbidden in secrets.iter().chain(&hashes).chain(&others) {
        assert!(!text.contains(forbidden.as_str()), "{forbidden} in {text}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    server.take(PROOF, TICKET).await;
    let io = hyper_util::rt::TokioIo::new(server.connect().await);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (client, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let ask = |method: &str, path: String| {
        let request = hyper::Request::builder().method(method).uri(format!("http://relay{path}"));
        let request =
            request.header("authorization", bearer(TICKET)).body(http_body_util::Empty::<bytes::Bytes>::new());
        let mut client = client.clone();
        async move { client.send_request(request.unwrap()).await.unwrap() }
    };
    let (status, whole) = tokio::join!(ask("GET", paths::share(&id())), ask("GET", paths::content(&id())));
    assert_eq!((status.status(), whole.status()), (hyper::StatusCode::OK, hyper::StatusCode::OK));
    let whole = http_body_util::BodyExt::collect(whole.into_body()).await.unwrap().to_bytes();
    assert!(whole == all_content());
    let head = ask("HEAD", paths::content(&id())).await;
    assert_eq!(head.headers()["content-length"], all_content().len().to_string());
    let head = http_body_util::BodyExt::collect(head.into_body()).await.unwrap().to_bytes();
    assert!(head.is_empty());
}

#[tokio::test]
async fn whatever_is_on_disk_of_a_sealed_share_is_an_age_file() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    let share = dir.path().join("shares").join(id().as_str());
    assert!(std::fs::read(share.join("content.age")).unwrap() == all_content());
    assert_eq!(std::fs::read(share.join("manifest.age")).unwrap(), MANIFEST);
}

#[tokio::test]
async fn repeating_a_request_changes_nothing_and_another_is_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    server.clock.pass(1000);
    let again = server.manage("PUT", &paths::share(&id()), &json(&request())).await;
    assert_eq!((again.status, again.json::<Created>().created_at), (200, 1000));
    let other = CreateShare { downloads: Some(7), ..request() };
    assert_eq!(server.manage("PUT", &paths::share(&id()), &json(&other)).await.code(), Code::Conflict);
    for (path, bytes) in [(paths::header(&id()), HEADER), (paths::manifest(&id()), MANIFEST)] {
        assert_eq!(server.manage("PUT", &path, bytes).await.status, 204);
        let mut other = bytes.to_vec();
        other[0] ^= 1;
        assert_eq!(server.manage("PUT", &path, &other).await.code(), Code::Conflict, "{path}");
    }
    assert_eq!(server.put_part(0).await.status, 204);
    assert_eq!(server.seal().await.status, 204);
    let first: Ticket = server.take(PROOF, TICKET).await.json();
    server.clock.pass(1000);
    assert_eq!(server.take(PROOF, TICKET).await.json::<Ticket>(), first);
    assert!(server.content(TICKET, &[]).await.body == all_content());
}

#[tokio::test]
async fn parts_are_made_smaller_as_long_as_none_is_held_or_on_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let sized = |chunks| CreateShare { part_bytes: chunks * SEALED_CHUNK_BYTES, ..request() };
    let create = async |chunks| server.manage("PUT", &paths::share(&id()), &json(&sized(chunks))).await;
    server.begin(&sized(4)).await;
    // A part that is on its way once the relay has asked for its bytes, and is then cut off.
    let mut stream = server.connect().await;
    let headers = [("authorization", &*bearer(MANAGE_KEY)), ("expect", "100-continue")];
    stream.write_all(head("PUT", &paths::part(&id(), 0), &headers, Some(PAYLOAD as usize)).as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 25]).await.unwrap();
    stream.write_all(&[7; 100_000]).await.unwrap();
    assert_eq!(create(2).await.code(), Code::TooBusy);
    stream.shutdown().await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    let mut smaller = create(2).await;
    while smaller.status == 503 {
        smaller = create(2).await;
    }
    assert_eq!((smaller.status, smaller.json::<Created>().created_at), (200, 1000));
    assert_eq!(create(2).await.status, 200);
    assert_eq!(create(4).await.code(), Code::Conflict);
    assert_eq!(
        server.manage("PUT", &paths::part(&id(), 0), &vec![0; PAYLOAD as usize]).await.code(),
        Code::WrongLength
    );
    assert_eq!(create(1).await.status, 200);
    assert_eq!(server.get(&paths::share(&id())).await.json::<ShareStatus>().part_bytes, SEALED_CHUNK_BYTES);
    for number in [2, 0, 1] {
        assert_eq!(server.put_part(number).await.status, 204);
    }
    assert_eq!(server.seal().await.status, 204);
    server.take(PROOF, TICKET).await;
    assert!(server.content(TICKET, &[]).await.body == all_content());
}

#[tokio::test]
async fn parts_stay_as_they_are_once_one_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let large = CreateShare { part_bytes: 2 * SEALED_CHUNK_BYTES, ..request() };
    server.begin(&large).await;
    assert_eq!(server.manage("PUT", &paths::part(&id(), 1), &part(2)).await.status, 204);
    assert_eq!(server.manage("PUT", &paths::share(&id()), &json(&request())).await.code(), Code::Conflict);
    assert_eq!(server.manage("PUT", &paths::share(&id()), &json(&large)).await.status, 200);
}

#[tokio::test]
async fn held_parts_are_told_and_missing_ones_keep_it_from_being_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    assert_eq!(server.manage("PUT", &paths::share(&id()), &json(&request())).await.status, 201);
    assert_eq!(server.put_part(2).await.status, 204);
    assert_eq!(server.put_part(0).await.status, 204);
    let held: PartsHeld = server.manage("GET", &paths::parts(&id()), b"").await.json();
    assert_eq!(held.held, [(0, 1), (2, 3)]);
    let status: ShareStatus = server.get(&paths::share(&id())).await.json();
    assert_eq!((status.state, status.stored_bytes), (State::Uploading, SEALED_CHUNK_BYTES + LAST));
    assert_eq!(server.seal().await.code(), Code::PartsMissing);
    let early = server.open(PROOF).await;
    assert_eq!(early.code(), Code::NotReady);
    assert_eq!(early.json::<Problem>().stored_bytes, Some(SEALED_CHUNK_BYTES + LAST));
    assert_eq!(early.json::<Problem>().total_bytes, Some(PAYLOAD));
    assert_eq!(server.take(PROOF, TICKET).await.code(), Code::NotReady);
}

#[tokio::test]
async fn a_stream_of_unknown_length_is_sealed_with_its_length() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&CreateShare { payload_bytes: None, ..request() }).await;
    for number in 0..3 {
        assert_eq!(server.take(PROOF, TICKET).await.code(), Code::NotReady);
        assert_eq!(server.put_part(number).await.status, 204);
    }
    let wrong = server.manage("POST", &paths::seal(&id()), b"{\"payload_bytes\":131105}").await;
    assert_eq!(wrong.code(), Code::PartsMissing);
    assert_eq!(server.seal().await.status, 204);
    assert_eq!(server.take(PROOF, TICKET).await.status, 200);
    assert!(server.content(TICKET, &[]).await.body == all_content());
}

#[tokio::test]
async fn a_share_to_keys_needs_no_proof() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&CreateShare { proof_hash: None, ..request() }).await;
    assert_eq!(server.call("POST", &paths::open(&id()), &[], b"{}").await.body, MANIFEST);
}

#[tokio::test]
async fn head_says_what_get_does_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&CreateShare { downloads: Some(1), ..request() }).await;
    server.take(PROOF, TICKET).await;
    let (manager, ticket) = (bearer(MANAGE_KEY), bearer(TICKET));
    let content = paths::content(&id());
    let table = [
        (paths::INFO.to_owned(), None),
        (paths::HEALTHZ.to_owned(), None),
        (paths::READYZ.to_owned(), None),
        (paths::page(&id()), None),
        (paths::share(&id()), None),
        (paths::parts(&id()), Some(&manager)),
        (paths::events(&id()), Some(&manager)),
        (content.clone(), Some(&ticket)),
        (content.clone(), None),
        ("/nothing".to_owned(), None),
    ];
    let record = dir.path().join("shares").join(id().as_str()).join("record.json");
    let before = std::fs::read(&record).unwrap();
    for (path, secret) in &table {
        let headers: Vec<_> = secret.iter().map(|secret| ("authorization", secret.as_str())).collect();
        let head = server.call("HEAD", path, &headers, b"").await;
        assert_eq!(head.body, b"", "{path}");
        let bytes = std::fs::read(&record).unwrap();
        assert!(bytes == before, "{path}");
        if *path != content {
            let get = server.call("GET", path, &headers, b"").await;
            let told = |reply: &Reply| (reply.status, reply.header("content-length").map(str::to_owned));
            assert_eq!(told(&head), told(&get), "{path}");
        }
    }
    let headers = [("authorization", ticket.as_str()), ("range", "bytes=10-19")];
    let head = server.call("HEAD", &content, &headers, b"").await;
    assert_eq!((head.status, head.header("content-length")), (206, Some("10")));
    assert!(std::fs::read(&record).unwrap() == before);
}

#[tokio::test]
async fn what_a_proxy_sends_on_in_chunks_has_its_length_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.manage("PUT", &paths::share(&id()), &json(&request())).await;
    let put = async |path: &str, announced: &str, bytes: &[u8]| {
        let bearer = bearer(MANAGE_KEY);
        let headers = [("authorization", &*bearer), ("transfer-encoding", "chunked"), ("upload-length", announced)];
        let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n0\r\n\r\n"].concat();
        Reply::parse(&server.raw([head("PUT", path, &headers, None).as_bytes(), &chunk].concat()).await)
    };
    let (first, part) = (paths::part(&id(), 0), vec![7; SEALED_CHUNK_BYTES as usize]);
    for wrong in [part.len() - 1, part.len() + 1] {
        assert_eq!(put(&first, &wrong.to_string(), &part).await.code(), Code::WrongLength);
        assert_eq!(put(&first, &part.len().to_string(), &vec![7; wrong]).await.code(), Code::WrongLength, "{wrong}");
    }
    assert_eq!(put(&paths::header(&id()), "1", HEADER).await.code(), Code::WrongLength);
    assert_eq!(put(&paths::manifest(&id()), "1", b"manifest").await.code(), Code::WrongLength);
    assert_eq!(put(&first, "x", &part).await.code(), Code::WrongLength);
    for (path, bytes) in
        [(paths::header(&id()), HEADER), (paths::manifest(&id()), b"manifest"), (first.clone(), &part[..])]
    {
        assert_eq!(put(&path, &bytes.len().to_string(), bytes).await.status, 204, "{path}");
    }
}
