//! Downloads: ranges, following an upload, being cut, and what is charged.

use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn ranges_are_answered_with_just_these_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    server.take(PROOF, TICKET).await;
    let (all, total) = (all_content(), all_content().len());
    let whole = server.content(TICKET, &[]).await;
    let etag = whole.header("etag").unwrap().to_owned();
    assert_eq!(etag, format!("\"{}\"", &digest::of(HEADER).to_string()[..32]));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("x-accel-buffering"), Some("no"));
    assert_eq!(whole.header("content-length"), Some(&*total.to_string()));
    let edge = HEADER.len() + SEALED_CHUNK_BYTES as usize;
    for (from, to) in
        [(0, 0), (0, 19), (5, 30), (edge - 1, edge), (edge, edge), (10, total - 1), (total - 1, total + 9)]
    {
        let part = server.content(TICKET, &[("range", &format!("bytes={from}-{to}"))]).await;
        let last = to.min(total - 1);
        assert_eq!(part.status, 206);
        assert_eq!(part.header("content-range"), Some(&*format!("bytes {from}-{last}/{total}")));
        assert_eq!(part.header("etag"), Some(&*etag));
        assert!(part.body == all[from..=last], "{from}-{to}");
    }
    assert!(server.content(TICKET, &[("range", "bytes=-100")]).await.body == all[total - 100..]);
    let several = server.content(TICKET, &[("range", "bytes=0-1,4-5")]).await;
    assert_eq!((several.status, several.body.len()), (200, total));
    let outside = server.content(TICKET, &[("range", &format!("bytes={total}-"))]).await;
    assert_eq!((outside.status, outside.code()), (416, Code::RangeNotSatisfiable));
    assert_eq!(outside.header("content-range"), Some(&*format!("bytes */{total}")));
    let ask = |validator: String| {
        let server = &server;
        async move { server.content(TICKET, &[("range", "bytes=1-2"), ("if-range", &validator)]).await.status }
    };
    assert_eq!(ask(etag.clone()).await, 206);
    assert_eq!(ask(format!("W/{etag}")).await, 200);
    assert_eq!(ask("\"another\"".into()).await, 200);
}

#[tokio::test]
async fn content_wants_its_ticket() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    server.take(PROOF, TICKET).await;
    assert_eq!(server.content(TICKET + 1, &[]).await.code(), Code::TicketInvalid);
    assert_eq!(server.get(&paths::content(&id())).await.code(), Code::TicketInvalid);
    assert_eq!(server.receipt(TICKET + 1).await.code(), Code::TicketInvalid);
    assert_eq!(server.receipt(TICKET).await.status, 204);
    assert_eq!(server.content(TICKET, &[]).await.code(), Code::TicketInvalid, "the receipt ended it");
    server.take(PROOF, 50).await;
    server.clock.pass(24 * 3600);
    assert_eq!(server.content(50, &[]).await.code(), Code::TicketInvalid, "its time ended it");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_recipients_racing_for_three_downloads_exactly_three_get_a_ticket() {
    let dir = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(&dir).await);
    server.upload(&CreateShare { downloads: Some(3), ..request() }).await;
    let mut racing = JoinSet::new();
    for ticket in 100..150 {
        let server = server.clone();
        racing.spawn(async move { (ticket, server.take(PROOF, ticket).await) });
    }
    let outcomes = racing.join_all().await;
    let winners: Vec<u8> =
        outcomes.iter().filter(|(_, reply)| reply.status == 200).map(|(ticket, _)| *ticket).collect();
    assert_eq!(winners.len(), 3);
    assert!(outcomes.iter().filter(|(_, reply)| reply.status != 200).all(|(_, r)| r.code() == Code::DownloadsTaken));
    for ticket in &winners {
        assert_eq!(server.take(PROOF, *ticket).await.status, 200, "its own ticket again");
        assert_eq!(server.content(*ticket, &[]).await.status, 200);
        assert_eq!(server.receipt(*ticket).await.status, 204);
    }
    assert_eq!(server.take(PROOF, 99).await.code(), Code::Collected);
}

#[tokio::test]
async fn a_download_cut_and_resumed_takes_one_place() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&CreateShare { downloads: Some(1), ..request() }).await;
    server.take(PROOF, TICKET).await;
    let mut stream = server.connect().await;
    let begin = head("GET", &paths::content(&id()), &[("authorization", &bearer(TICKET))], None);
    stream.write_all(begin.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 1000]).await.unwrap();
    drop(stream);
    assert_eq!(server.take(PROOF, TICKET).await.status, 200);
    let rest = server.content(TICKET, &[("range", "bytes=500-")]).await;
    assert!(rest.status == 206 && rest.body == all_content()[500..]);
    assert_eq!(server.receipt(TICKET).await.status, 204);
    assert_eq!(server.get(&paths::share(&id())).await.code(), Code::Collected);
}

#[tokio::test]
async fn a_download_follows_the_upload_part_by_part() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&request()).await;
    server.take(PROOF, TICKET).await;
    let mut stream = server.connect().await;
    let begin = head("GET", &paths::content(&id()), &[("authorization", &bearer(TICKET))], None);
    stream.write_all(begin.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let mut upto = HEADER.len();
    for number in 0..3 {
        read_upto(&mut stream, &mut got, upto).await;
        assert_eq!(server.put_part(number).await.status, 204);
        upto += part(number).len();
    }
    stream.read_to_end(&mut got).await.unwrap();
    assert!(Reply::parse(&got).body == all_content());
}

/// Reads until so many bytes of the body are there.
async fn read_upto(stream: &mut TcpStream, got: &mut Vec<u8>, bytes: usize) {
    loop {
        let head = got.windows(4).position(|window| window == b"\r\n\r\n");
        if head.is_some_and(|end| got.len() - end - 4 >= bytes) {
            return;
        }
        assert!(stream.read_buf(got).await.unwrap() > 0, "ended after {} bytes", got.len());
    }
}

/// A share too large for the system's buffers, of which a client has begun to read.
async fn reading_slowly(server: &Server) -> TcpStream {
    let parts = 64;
    let large = CreateShare {
        payload_bytes: Some(parts * 16 * SEALED_CHUNK_BYTES),
        part_bytes: 16 * SEALED_CHUNK_BYTES,
        ..request()
    };
    server.begin(&large).await;
    for number in 0..parts {
        let bytes = vec![0; 16 * SEALED_CHUNK_BYTES as usize];
        assert_eq!(server.manage("PUT", &paths::part(&id(), number), &bytes).await.status, 204);
    }
    server.take(PROOF, TICKET).await;
    let mut stream = server.connect().await;
    let begin = head("GET", &paths::content(&id()), &[("authorization", &bearer(TICKET))], None);
    stream.write_all(begin.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 1000]).await.unwrap();
    stream
}

#[tokio::test]
async fn revoking_cuts_a_running_download() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let mut stream = reading_slowly(&server).await;
    assert_eq!(server.manage("DELETE", &paths::share(&id()), b"").await.status, 204);
    let mut rest = Vec::new();
    // Cut: an error or an early end, but never all of it.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < 30 << 20, "{} bytes still came", rest.len());
    assert_eq!(server.content(TICKET, &[]).await.code(), Code::Revoked);
}

#[tokio::test]
async fn a_running_download_ends_with_its_ticket() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let mut stream = reading_slowly(&server).await;
    server.clock.pass(24 * 3600);
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < 30 << 20, "{} bytes still came", rest.len());
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go_and_charged_for_what_it_took() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { write_idle: std::time::Duration::from_millis(100), ..Limits::default() };
    let server = Server::start_with(&dir, Config { limits, ..config() }).await;
    let mut stream = reading_slowly(&server).await;
    let mut events = Vec::new();
    // Once the relay has let go, what was in flight is all there is.
    loop {
        let record = std::fs::read(dir.path().join("shares").join(id().as_str()).join("record.json")).unwrap();
        events.push(served(&record));
        if events.last().unwrap() < &events[0] {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let total = HEADER.len() as u64 + 64 * 16 * SEALED_CHUNK_BYTES;
    assert_eq!(events[0], total, "charged before it is served");
    let (charged, rest) = (*events.last().unwrap(), rest.len() as u64);
    assert!(rest < total && rest <= charged);
    assert!(charged <= rest + 1000, "{charged}, for no more than was sent");
}

#[tokio::test]
async fn a_client_that_takes_little_but_steadily_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let patience = std::time::Duration::from_secs(4);
    let limits = Limits { write_idle: patience, ..Limits::default() };
    let server = Server::start_with(&dir, Config { limits, ..config() }).await;
    let mut stream = reading_slowly(&server).await;
    let begun = tokio::time::Instant::now();
    let mut piece = [0; 4096];
    while begun.elapsed() < 3 * patience {
        // What the system holds in between must not hide that bytes are taken.
        stream.read_exact(&mut piece).await.expect("it is not cut off");
        tokio::time::sleep(patience / 80).await;
    }
}

fn served(record: &[u8]) -> u64 {
    let record: serde_json::Value =
        serde_json::from_slice(record.split(|byte| *byte == b'\n').nth(1).unwrap()).unwrap();
    record["life"]["live"]["delivery"]["running"][0]["served"].as_u64().unwrap()
}
