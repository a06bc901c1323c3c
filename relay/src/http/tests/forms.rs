//! One form of each request: what could be read in two ways is refused.

use super::*;

/// A share is created, taken, opened and so on by an object and by nothing else.
#[tokio::test]
async fn a_json_body_has_one_form() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let create = String::from_utf8(json(&request())).unwrap();
    let (hash, proof) = (digest::of_secret(&secret(MANAGE_KEY)), secret(PROOF));
    let bodies = [
        format!("[\"{hash}\",null,20,{PAYLOAD},65552,3600,null]"),
        format!("[{create}]"),
        create.replacen('{', "{\"downloads\":null,", 1),
        create.replacen('{', "{\"x\":1,", 1),
        create.replacen('{', "{\"expires_in\":1,", 1),
        create.replacen('{', "{\"\\u0065xpires_in\":1,", 1),
        create.replace("65552", "65552.0"),
        create.replace("65552", "6.5552e4"),
        create.replace("65552", "065552"),
        create.replace("65552", "+65552"),
        create.replace("65552", "\"65552\""),
        create.replace(&hash.to_string(), &hash.to_string().to_uppercase()),
        create.replacen('{', "{\"proof_hash\":", 1),
        format!("\u{feff}{create}"),
        format!("{create}{create}"),
        format!("{create}\0"),
        create.replacen('{', "{/* */", 1),
        create.replace('}', ",}"),
        create.replace('"', "'"),
    ];
    let put = async |body: &[u8]| server.manage("PUT", &paths::share(&id()), body).await;
    for body in &bodies {
        assert_eq!(put(body.as_bytes()).await.code(), Code::BadRequest, "{body}");
    }
    let later = create.replacen("\"manage", "\"manag\\u0065\\ud800", 1);
    for body in [later.as_bytes(), &create.bytes().chain(*b"\xff").collect::<Vec<_>>()] {
        assert_eq!(put(body).await.code(), Code::BadRequest);
    }
    assert_eq!(server.get(&paths::share(&id())).await.code(), Code::NotFound, "none of these created it");

    server.upload(&request()).await;
    let ticket_hash = digest::of_secret(&secret(TICKET));
    let post = [
        (paths::open(&id()), format!("[\"{proof}\"]"), format!("{{\"proof\":\"{proof}\"}}")),
        (paths::open(&id()), "{\"proof\":null}".into(), format!(" {{ \"proof\" :\n\t\"{proof}\" }}\r\n")),
        (paths::tickets(&id()), format!("[\"{proof}\",\"{ticket_hash}\"]"), String::new()),
        (paths::seal(&id()), format!("[{PAYLOAD}]"), format!("{{\"payload_bytes\":{PAYLOAD}}}")),
    ];
    for (path, refused, taken) in post {
        assert_eq!(server.manage("POST", &path, refused.as_bytes()).await.code(), Code::BadRequest, "{refused}");
        assert!(taken.is_empty() || server.manage("POST", &path, taken.as_bytes()).await.status < 300, "{taken}");
    }
    assert_eq!(server.take(PROOF, TICKET).await.status, 200);
    let receipt = format!("[\"{proof}\",5,\"{proof}\"]");
    let headers = [("authorization", &*bearer(TICKET))];
    let reply = server.call("POST", &paths::receipt(&id()), &headers, receipt.as_bytes()).await;
    assert_eq!(reply.code(), Code::BadRequest);
}

#[tokio::test]
async fn a_json_body_may_come_in_chunks_of_any_type() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let chunked = |body: &[u8]| {
        let pieces = body.chunks(9).map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
        [pieces.collect::<Vec<_>>().concat(), b"0\r\nx: trailer\r\n\r\n".to_vec()].concat()
    };
    let headers = [("transfer-encoding", "chunked"), ("content-type", "text/plain; charset=utf-16")];
    let head = head("PUT", &paths::share(&id()), &headers, None);
    let reply = server.raw([head.as_bytes(), &chunked(&json(&request()))].concat()).await;
    assert_eq!(Reply::parse(&reply).status, 201);
}

#[tokio::test]
async fn a_header_that_is_there_twice_counts_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&request()).await;
    server.take(PROOF, TICKET).await;
    let total = all_content().len();
    let etag = server.content(TICKET, &[]).await.header("etag").unwrap().to_owned();
    let ask = async |headers: &[(&str, &str)]| {
        let reply = server.content(TICKET, headers).await;
        (reply.status, reply.body.len())
    };
    let range = ("range", "bytes=1-2");
    assert_eq!(ask(&[range, ("if-range", &etag)]).await, (206, 2));
    for headers in [
        [range, range].as_slice(),
        &[("range", "bytes =1-2")],
        &[("range", "bytes= 1-2")],
        &[range, ("if-range", &etag), ("if-range", &etag)],
        &[range, ("if-range", &etag), ("if-range", "\"another\"")],
        &[range, ("if-range", &format!("{etag}, {etag}"))],
        &[range, ("if-range", "")],
        &[range, ("if-range", "\u{e9}")],
    ] {
        assert_eq!(ask(headers).await, (200, total), "{headers:?}");
    }
}

#[tokio::test]
async fn a_secret_has_one_form() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let secret = Bytes32([0xab; 32]);
    let request = CreateShare { manage_key_hash: digest::of_secret(&secret), ..request() };
    assert_eq!(server.manage("PUT", &paths::share(&id()), &json(&request)).await.status, 201);
    let digits = secret.to_string();
    let call = async |headers: &[(&str, &str)]| server.call("GET", &paths::events(&id()), headers, b"").await.status;
    for fine in [format!("Bearer {digits}"), format!("bearer {digits}"), format!("BEARER {digits} ")] {
        assert_eq!(call(&[("authorization", &fine)]).await, 200, "{fine}");
    }
    for other in [
        format!("Bearer  {digits}"),
        format!("Bearer\t{digits}"),
        format!("Bearer {}", digits.to_uppercase()),
        format!("Bearer \"{digits}\""),
        format!("Bearer {digits},"),
        format!("Bearer {digits} x=y"),
        digits.clone(),
    ] {
        assert_eq!(call(&[("authorization", &other)]).await, 403, "{other}");
    }
    let good = format!("Bearer {digits}");
    assert_eq!(call(&[("authorization", &good), ("authorization", &good)]).await, 403);
}

#[tokio::test]
async fn a_path_is_taken_as_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&request()).await;
    let id = id().to_string();
    let encoded = format!("%{:02x}{}", id.as_bytes()[0], &id[1..]);
    assert_eq!(server.get(&format!("/v1/shares/{encoded}")).await.code(), Code::DamagedId);
    assert_eq!(server.get(&format!("/v1/shares/{id}?x=/../y#z")).await.status, 200, "queries are ignored");
    assert_eq!(server.get(&format!("http://elsewhere/v1/shares/{id}")).await.status, 200, "and so are hosts");
    for number in ["+0", "00", "-0", "%30", "0x0", ""] {
        let reply = server.manage("PUT", &format!("/v1/shares/{id}/parts/{number}"), &part(0)).await;
        assert_eq!(reply.code(), Code::NoSuchPath, "{number}");
    }
    assert_eq!(server.put_part(0).await.status, 204);
}

#[tokio::test]
async fn a_share_to_keys_has_no_proof_to_show() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.upload(&CreateShare { proof_hash: None, ..request() }).await;
    assert_eq!(server.open(PROOF).await.code(), Code::BadRequest);
    assert_eq!(server.take(PROOF, TICKET).await.code(), Code::BadRequest);
    assert_eq!(server.call("POST", &paths::open(&id()), &[], b"{}").await.status, 200);
}

#[tokio::test]
async fn a_length_has_one_form() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.manage("PUT", &paths::share(&id()), &json(&request())).await;
    let put = async |lengths: &[(&str, &str)]| {
        let manager = bearer(MANAGE_KEY);
        let headers = [&[("authorization", manager.as_str())], lengths].concat();
        let reply = server.raw([head("PUT", &paths::header(&id()), &headers, None).as_bytes(), HEADER].concat()).await;
        String::from_utf8_lossy(&reply[..reply.len().min(12)]).into_owned()
    };
    let length = ("content-length", "20");
    assert_eq!(HEADER.len(), 20);
    assert_eq!(put(&[length]).await, "HTTP/1.1 204");
    for other in ["+20", "20, 20", "0x14", "20.0", "", "-20"] {
        assert_eq!(put(&[("content-length", other)]).await, "HTTP/1.1 400", "{other}");
    }
    assert_eq!(put(&[length, ("content-length", "21")]).await, "HTTP/1.1 400");
    let chunked = ("transfer-encoding", "chunked");
    for both in [[length, chunked], [chunked, length]] {
        assert_eq!(put(&both).await, "HTTP/1.1 411");
    }
}
