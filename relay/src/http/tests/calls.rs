//! Each call, and each way it is refused.

use share_relay_api::{
    Created, Events, PartsHeld, RelayInfo, ShareStatus, State, Ticket,
    limits::{MAX_MANIFEST_BYTES, TRIES},
};

use super::*;
use crate::admission::tokens::TokenFile;

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

#[tokio::test]
async fn at_an_address_where_nothing_is_a_person_reads_a_page_and_a_program_json() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let paths = [("/index.html", ""), ("/favicon", ""), ("/page/testing.js", "../"), ("//a/b/", "../../../")];
    for (path, root) in paths {
        for (language, sentence) in [("nl", "Open dan de hele link"), ("en", "Then open the whole link")] {
            let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("accept-language", language)];
            let page = server.call("GET", path, &browser, b"").await;
            assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")), "{path}");
            assert_eq!(page.header("cache-control"), Some("no-store"));
            let text = String::from_utf8(page.body).unwrap();
            assert!(text.contains(sentence) && text.contains(&format!("href=\"{root}page/style-")), "{text}");
        }
        for program in [&[][..], &[("accept", "*/*")], &[("accept", "application/json")]] {
            let problem = server.call("GET", path, program, b"").await;
            assert_eq!((problem.status, problem.code()), (404, Code::NoSuchPath), "{path}");
        }
    }
    let browser = [("accept", "text/html")];
    for path in ["/accessibility", "/.well-known/security.txt", "/page/operator-logo"] {
        let page = server.call("GET", path, &browser, b"").await;
        assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!(server.get(path).await.code(), Code::NoSuchPath, "{path}");
    }
    assert_eq!(server.call("GET", "/v1/shares/x", &browser, b"").await.code(), Code::DamagedId);
    let deep = server.call("GET", &"/".repeat(5000), &browser, b"").await;
    let text = String::from_utf8(deep.body).unwrap();
    assert!(deep.status == 404 && text.len() < 4096 && text.contains("href=\"/page/style-"), "{}", text.len());
    server.stop().await;
}

#[tokio::test]
async fn who_comes_without_a_link_reads_whose_relay_this_is_and_what_it_keeps() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a11y.txt"), "# Voor <iedereen>\n\nTekst.").unwrap();
    let file = dir.path().join("operator.json");
    let json = r##"{"name":"Dam & <co>","accent":"#0b5566","abuse":"abuse@dam.example","security":"https://dam.example/",
        "accessibility":{"nl":"a11y.txt"}}"##;
    std::fs::write(&file, json).unwrap();
    let operator = crate::operator::Operator::read(&file).unwrap();
    let (known, unknown) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start_with(&known, Config { operator, ..config() }).await;
    let read = async |path: &str, language: &str| {
        let page = server.call("GET", path, &[("accept-language", language)], b"").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!((page.header("cache-control"), page.header("x-robots-tag")), (Some("no-cache"), Some("noindex")));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'self'"));
        let headers = [("accept-language", language), ("if-none-match", page.header("etag").unwrap())];
        assert_eq!(server.call("GET", path, &headers, b"").await.status, 304);
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains(&format!("<html lang=\"{language}\">")) && !text.contains("{{"), "{text}");
        assert!(
            text.contains("Dam &#38; &#60;co&#62;") && text.contains("href=\"mailto:abuse@dam.example\""),
            "{text}"
        );
        assert!(!text.contains("<script") && !text.contains("style="), "{text}");
        text
    };
    for (path, language, sentence) in [
        ("/", "nl", "Is dit veilig?"),
        ("/", "en", "Is this safe?"),
        ("/privacy", "nl", "Geen internetadressen."),
        ("/privacy", "en", "No internet addresses."),
        ("/accessibility", "en", "<h1>Voor &#60;iedereen&#62;</h1>"),
    ] {
        let text = read(path, language).await;
        assert!(text.contains(sentence), "{text}");
        let style = text.split_once("page/style-").unwrap().1.split_once('"').unwrap().0;
        assert_eq!(server.get(&format!("/page/style-{style}")).await.status, 200);
    }
    let colours = server.get("/page/operator.css").await;
    assert_eq!((colours.status, &*colours.body), (200, &b":root{--accent-light:#0b5566;}"[..]));
    let security = server.get("/.well-known/security.txt").await;
    let told = "Contact: https://dam.example/\nExpires: 1970-06-30T00:16:40Z\nPreferred-Languages: nl, en\n";
    assert_eq!((security.status, std::str::from_utf8(&security.body)), (200, Ok(told)));
    assert_eq!(security.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(server.get("/robots.txt").await.body, b"User-agent: *\nDisallow: /\n");
    let icon = server.get("/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    assert_eq!(icon.header("cache-control"), Some("max-age=300"));
    server.stop().await;
    let nobodys = Server::start(&unknown).await;
    for path in ["/.well-known/security.txt", "/accessibility"] {
        assert_eq!(nobodys.get(path).await.code(), Code::NoSuchPath, "{path}");
    }
    assert!(String::from_utf8_lossy(&nobodys.get("/").await.body).contains("<p class=\"name\">share</p>"));
    nobodys.stop().await;
}

#[tokio::test]
async fn statements_that_are_elsewhere_are_led_to() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("operator.json");
    let [privacy, accessibility] = ["https://dam.example/privacy", "https://dam.example/toegankelijk?a=b"];
    std::fs::write(&file, format!(r#"{{"privacy":"{privacy}","accessibility":"{accessibility}"}}"#)).unwrap();
    let operator = crate::operator::Operator::read(&file).unwrap();
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(&data, Config { operator, ..config() }).await;
    for (path, address) in [("/privacy", privacy), ("/accessibility", accessibility)] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some(address)));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
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
async fn wrong_proofs_lock_and_the_sender_unlocks() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    for left in (0..TRIES).rev() {
        let wrong = if left % 2 == 0 { server.open(99).await } else { server.take(99, TICKET).await };
        let problem: Problem = wrong.json();
        assert_eq!((wrong.code(), problem.tries_left), (Code::WrongProof, Some(left)));
        assert_eq!(problem.locked_until.is_some(), left == 0);
    }
    let locked = server.open(PROOF).await;
    assert_eq!((locked.code(), locked.json::<Problem>().locked_until), (Code::Locked, Some(1000 + 3600)));
    let status: ShareStatus = server.get(&paths::share(&id())).await.json();
    assert_eq!((status.tries_left, status.locked_until), (0, Some(4600)));
    assert_eq!(server.call("POST", &paths::unlock(&id()), &[], b"").await.code(), Code::NotManager);
    assert_eq!(server.manage("POST", &paths::unlock(&id()), b"").await.status, 204);
    assert_eq!(server.open(PROOF).await.status, 200);
}

#[tokio::test]
async fn a_share_to_keys_needs_no_proof() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&CreateShare { proof_hash: None, ..request() }).await;
    assert_eq!(server.call("POST", &paths::open(&id()), &[], b"{}").await.body, MANIFEST);
}

#[tokio::test]
async fn manage_calls_want_the_manage_key() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    let calls = [
        ("PUT", paths::header(&id()), HEADER),
        ("PUT", paths::manifest(&id()), MANIFEST),
        ("PUT", paths::part(&id(), 0), b"x"),
        ("GET", paths::parts(&id()), b""),
        ("POST", paths::seal(&id()), b"{\"payload_bytes\":1}"),
        ("GET", paths::events(&id()), b""),
        ("POST", paths::unlock(&id()), b""),
        ("DELETE", paths::share(&id()), b""),
    ];
    let digits = secret(MANAGE_KEY).to_string();
    let wrong = [
        bearer(PROOF),
        String::new(),
        "Bearer".into(),
        "Bearer x".into(),
        format!("Basic {digits}"),
        format!("Bearer {digits}0"),
    ];
    for (method, path, body) in &calls {
        assert_eq!(server.call(method, path, &[], body).await.code(), Code::NotManager, "{method} {path}");
        for authorization in &wrong {
            let reply = server.call(method, path, &[("authorization", authorization)], body).await;
            assert_eq!(reply.code(), Code::NotManager, "{method} {path} {authorization}");
        }
    }
    let twice = [("authorization", &*bearer(MANAGE_KEY)), ("authorization", &*bearer(PROOF))];
    assert_eq!(server.call("DELETE", &paths::share(&id()), &twice, b"").await.code(), Code::NotManager);
    assert_eq!(server.get(&paths::share(&id())).await.status, 200);
    assert_eq!(server.manage("DELETE", &paths::share(&id()), b"").await.status, 204);
    assert_eq!(server.manage("DELETE", &paths::share(&id()), b"").await.status, 204, "the same again");
    assert_eq!(server.manage("GET", &paths::events(&id()), b"").await.json::<Events>().state, State::Revoked);
    for (method, path, body) in &calls[..5] {
        assert_eq!(server.manage(method, path, body).await.code(), Code::Revoked, "{method} {path}");
    }
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_a_wrong_one_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let mut damaged = id().to_string().into_bytes();
    damaged[3] = if damaged[3] == b'0' { b'1' } else { b'0' };
    let damaged = String::from_utf8(damaged).unwrap();
    let calls = [
        ("GET", "", ""),
        ("DELETE", "", ""),
        ("PUT", "/header", "x"),
        ("PUT", "/manifest", "x"),
        ("PUT", "/parts/0", "x"),
        ("GET", "/parts", ""),
        ("POST", "/seal", "{\"payload_bytes\":1}"),
        ("POST", "/open", "{}"),
        ("GET", "/content", ""),
        ("GET", "/events", ""),
        ("POST", "/unlock", ""),
    ];
    for (method, rest, body) in calls {
        let unknown = server.manage(method, &format!("{}{rest}", paths::share(&id())), body.as_bytes()).await;
        assert_eq!((unknown.status, unknown.code()), (404, Code::NotFound), "{method} {rest}");
        let wrong = server.manage(method, &format!("/v1/shares/{damaged}{rest}"), body.as_bytes()).await;
        assert_eq!((wrong.status, wrong.code()), (404, Code::DamagedId), "{method} {rest}");
    }
    assert_eq!(server.take(PROOF, TICKET).await.code(), Code::NotFound);
    assert_eq!(server.receipt(TICKET).await.code(), Code::NotFound);
    assert_eq!(server.get("/v2").await.code(), Code::NoSuchPath);
    let shouted = format!("/v1/shares/{}", id().to_string().to_uppercase());
    assert_eq!(server.get(&shouted).await.code(), Code::NotFound, "read forgivingly");
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    for (path, allow) in [(paths::share(&id()), "GET, HEAD, PUT, DELETE"), (paths::open(&id()), "POST")] {
        for method in ["PATCH", "OPTIONS", "TRACE", "FOO"] {
            let reply = server.call(method, &path, &[], b"").await;
            assert_eq!((reply.code(), reply.header("allow")), (Code::MethodNotAllowed, Some(allow)), "{method} {path}");
        }
    }
    assert_eq!(server.get(&paths::open(&id())).await.status, 405);
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
async fn bodies_have_the_length_they_must_have() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.manage("PUT", &paths::share(&id()), &json(&request())).await;
    let put = |path: String, bytes: Vec<u8>| {
        let server = &server;
        async move { server.manage("PUT", &path, &bytes).await.code() }
    };
    for length in [0, HEADER.len() - 1, HEADER.len() + 1] {
        assert_eq!(put(paths::header(&id()), vec![0; length]).await, Code::WrongLength, "{length}");
    }
    assert_eq!(put(paths::manifest(&id()), Vec::new()).await, Code::WrongLength);
    assert_eq!(put(paths::manifest(&id()), vec![0; MAX_MANIFEST_BYTES as usize + 1]).await, Code::TooLarge);
    for (number, length) in [(0, SEALED_CHUNK_BYTES - 1), (0, SEALED_CHUNK_BYTES + 1), (2, SEALED_CHUNK_BYTES), (2, 0)]
    {
        let code = put(paths::part(&id(), number), vec![0; length as usize]).await;
        assert_eq!(code, Code::WrongLength, "{number} {length}");
    }
    assert_eq!(put(paths::part(&id(), 3), vec![0; 10]).await, Code::BadRequest);
    for path in [paths::header(&id()), paths::manifest(&id()), paths::part(&id(), 0)] {
        let headers = [("authorization", &*bearer(MANAGE_KEY)), ("transfer-encoding", "chunked")];
        let reply = server.raw(head("PUT", &path, &headers, None) + "1\r\nx\r\n0\r\n\r\n").await;
        assert_eq!(Reply::parse(&reply).code(), Code::WrongLength, "{path}");
    }
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

#[tokio::test]
async fn requests_beyond_the_limits_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = config();
    let most = config.accepts.clone();
    let server = Server::start_with(&dir, config).await;
    let table = [
        (CreateShare { payload_bytes: Some(most.content_bytes), ..request() }, Code::TooLarge),
        (CreateShare { expires_in: most.expiry_seconds + 1, ..request() }, Code::ExpiryTooLong),
        (CreateShare { part_bytes: most.part_bytes + SEALED_CHUNK_BYTES, ..request() }, Code::TooLarge),
        (CreateShare { part_bytes: 1000, ..request() }, Code::BadRequest),
        (CreateShare { downloads: Some(0), ..request() }, Code::BadRequest),
        (CreateShare { payload_bytes: Some(0), ..request() }, Code::BadRequest),
    ];
    for (request, code) in table {
        let reply = server.manage("PUT", &paths::share(&id()), &json(&request)).await;
        assert_eq!(reply.code(), code, "{request:?}");
    }
    let json = json(&request());
    for broken in [&json[..json.len() - 1], b"", b"[]", b"{}", &[b"[".as_slice(); 5000].concat(), b"\xff\xfe"] {
        assert_eq!(server.manage("PUT", &paths::share(&id()), broken).await.code(), Code::BadRequest);
    }
    let large = server.manage("PUT", &paths::share(&id()), &vec![b' '; 16 * 1024 + 1]).await;
    assert_eq!((large.code(), large.json::<Problem>().total_bytes), (Code::TooLarge, Some(16 * 1024)));
    assert_eq!(server.get(&paths::share(&id())).await.code(), Code::NotFound);
}

#[tokio::test]
async fn where_tokens_are_listed_senders_need_one() {
    let (dir, tokens) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(LocalStore::init(tokens.path()).unwrap());
    let file = TokenFile::in_dir(tokens.path()).unwrap();
    let token = format!("Bearer {}", file.add("anna", 0).unwrap());
    let server = Server::start_with(&dir, Config::new(Senders::Tokens(file.clone()))).await;
    assert!(server.get(paths::INFO).await.json::<RelayInfo>().token_required);
    let create = |headers: Vec<(&'static str, String)>| {
        let server = &server;
        async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            server.call("PUT", &paths::share(&id()), &headers, &json(&request())).await
        }
    };
    let refused = create(vec![]).await;
    assert_eq!((refused.code(), refused.header("www-authenticate")), (Code::TokenRequired, Some("Bearer")));
    assert_eq!(create(vec![("authorization", bearer(9))]).await.code(), Code::TokenRequired);
    assert_eq!(create(vec![("authorization", token.clone())]).await.status, 201);
    file.remove("anna").unwrap();
    assert_eq!(create(vec![("authorization", token)]).await.code(), Code::TokenRequired, "at once");
}

#[tokio::test]
async fn a_mangled_link_is_sent_to_its_page() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let moved = server.get("/S/AB-C/").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("../../s/AB-C")));
    assert_eq!(server.get("/s/").await.body, server.get("/s/AB-C").await.body);
    assert_eq!(server.call("POST", "/s/a/", &[], b"").await.code(), Code::NoSuchPath);
}

#[tokio::test]
async fn the_page_is_in_the_language_asked_for_and_kept_as_long_as_it_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let path = paths::page(&id());
    let mut tags = Vec::new();
    for (accepted, start) in [("nl-NL,nl;q=0.9,en;q=0.8", "<html lang=\"nl\">"), ("en-GB,nl", "<html lang=\"en\">")] {
        let page = server.call("GET", &path, &[("accept-language", accepted)], b"").await;
        assert!(String::from_utf8_lossy(&page.body).contains(start), "{accepted}");
        assert_eq!(page.header("vary"), Some("accept-encoding, accept-language"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        assert_eq!(page.header("x-robots-tag"), Some("noindex"));
        let etag = page.header("etag").unwrap().to_owned();
        for tag in [etag.clone(), format!("\"x\", {etag}"), etag.replace("W/", ""), "*".into()] {
            let headers = [("accept-language", accepted), ("if-none-match", &tag), ("accept-encoding", "gzip")];
            let same = server.call("GET", &path, &headers, b"").await;
            assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some(&*etag)), "{tag}");
            assert_eq!(same.header("cache-control"), Some("no-cache"));
            let about_the_body = ["content-length", "content-type", "content-encoding"];
            assert!(about_the_body.iter().all(|name| same.header(name).is_none()));
        }
        tags.push(etag);
    }
    let headers = [("accept-language", "nl"), ("if-none-match", &*tags[1])];
    assert_eq!(server.call("GET", &path, &headers, b"").await.status, 200, "that of the other language");
    let info: RelayInfo = server.get(paths::INFO).await.json();
    for name in info.page.keys().filter(|name| !name.ends_with(".html")) {
        let file = server.get(&paths::page_file(name)).await;
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{name}");
        let stem = name.rsplit_once('.').unwrap().0;
        let hash = stem.rsplit_once('-').unwrap().1;
        assert!(hash.len() == 8 && hash.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()), "{name}");
        assert_eq!(file.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(file.header("permissions-policy").unwrap().contains("camera=(), "));
    }
    assert_eq!(server.get(paths::INFO).await.header("cache-control"), Some("no-store"));
    let look = server.get("/page/operator.json").await;
    assert_eq!(look.header("cache-control"), Some("max-age=300"));
    let same = server.call("GET", "/page/operator.json", &[("if-none-match", look.header("etag").unwrap())], b"").await;
    assert_eq!((same.status, same.body.len()), (304, 0));
}

#[tokio::test]
async fn the_page_is_the_same_for_every_id() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let page = server.get(&paths::page(&id())).await;
    let other = server.get("/s/whatever-a-mail-gateway-made-of-it?utm_source=x").await;
    assert_eq!((page.status, &page.body), (200, &other.body));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'self'"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let info: RelayInfo = server.get(paths::INFO).await.json();
    assert_eq!(info.page["index.en.html"], digest::of(&page.body));
    assert!(!info.token_required);
    assert_eq!(server.get(paths::HEALTHZ).await.status, 204);
    assert_eq!(server.get(paths::READYZ).await.json::<serde_json::Value>(), serde_json::json!({ "clock": "settling" }));
    assert_eq!(server.get(paths::METRICS).await.code(), Code::NoSuchPath, "metrics have their own listener");
}
