//! Each way a call is refused.

use share_relay_api::{
    Events, RelayInfo, ShareStatus, State,
    limits::{MAX_MANIFEST_BYTES, TRIES},
};

use super::*;
use crate::admission::tokens::TokenFile;

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
