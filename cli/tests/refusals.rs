//! Every error answer to every call, from a relay that may say what it likes, and the exit code it ends in. None ends in
//! 1: that is for our own mistakes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::LocalBoxFuture};
use share::error::Error;
use share_client::{
    api::{Client, ClientError, ClientResult},
    secret::Secret,
};
use share_format::link::RelayUrl;
use share_relay_api::{
    Bytes32, Code, CreateShare, OpenShare, Problem, Receipt, Saved, SealShare, ShareId, TakeTicket, limits::PART_BYTES,
};

/// A server that answers everything with this, and a client of it.
struct Fixture {
    answer: Arc<Mutex<String>>,
    client: Client,
}

impl Fixture {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = RelayUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let answer = Arc::new(Mutex::new(String::new()));
        let said = Arc::clone(&answer);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                read_request(&stream);
                // A client may have gone already.
                let _ = stream.write_all(said.lock().unwrap().as_bytes());
            }
        });
        Self { answer, client: Client::new(&relay).unwrap() }
    }

    fn says(&self, status: u16, content_type: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() = format!(
            "HTTP/1.1 {status} No\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
    }

    fn says_problem(&self, problem: &Problem) {
        self.says(problem.status, "application/problem+json", &serde_json::to_string(problem).unwrap());
    }
}

/// Reads a whole request, so that closing the connection takes no answer back.
fn read_request(stream: impl Read) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let value = line.to_ascii_lowercase().strip_prefix("content-length:").map(|value| value.trim().to_owned());
        length = value.map_or(length, |value| value.parse().unwrap());
        line.clear();
    }
    let _ = reader.read_exact(&mut vec![0; length]);
}

/// Makes every call there is; gives each one's name and error.
async fn all_fail(client: &Client) -> Vec<(&'static str, ClientError)> {
    let (id, secret) = (ShareId::from_random([1; 12]), Secret::from(Bytes32([2; 32])));
    let (zero, body) = (Bytes32([0; 32]), Bytes::from_static(b"bytes"));
    let create = CreateShare {
        manage_key_hash: zero,
        proof_hash: None,
        header_bytes: 200,
        payload_bytes: None,
        part_bytes: PART_BYTES,
        expires_in: 60,
        downloads: None,
    };
    let receipt = Receipt { fingerprint: zero, time: 0, saved: Saved::Disk, mac: zero };
    let (open, take) = (OpenShare { proof: None }, TakeTicket { proof: None, ticket_hash: zero });
    let seal = SealShare { payload_bytes: 1 };
    let calls: Vec<(&str, LocalBoxFuture<'_, ClientResult<()>>)> = vec![
        ("info", client.info(None).map(|answer| answer.map(drop)).boxed_local()),
        ("page", client.page_file("/s/x", "en").map(|answer| answer.map(drop)).boxed_local()),
        ("create", client.create(&id, None, &create).map(|answer| answer.map(drop)).boxed_local()),
        ("header", client.put_header(&id, &secret, body.clone()).boxed_local()),
        ("manifest", client.put_manifest(&id, &secret, body.clone()).boxed_local()),
        ("part", client.put_part(&id, &secret, 0, body.clone(), |_| {}).boxed_local()),
        ("parts", client.parts(&id, &secret).map(|answer| answer.map(drop)).boxed_local()),
        ("seal", client.seal(&id, &secret, &seal).boxed_local()),
        ("status", client.status(&id).map(|answer| answer.map(drop)).boxed_local()),
        ("open", client.open(&id, &open).map(|answer| answer.map(drop)).boxed_local()),
        ("tickets", client.take_ticket(&id, &take).map(|answer| answer.map(drop)).boxed_local()),
        ("content", client.content(&id, &secret, Some(0..9), None).map(|answer| answer.map(drop)).boxed_local()),
        ("rest", client.content(&id, &secret, Some(5..9), Some("\"x\"")).map(|answer| answer.map(drop)).boxed_local()),
        ("receipt", client.receipt(&id, &secret, &receipt).map(|answer| answer.map(drop)).boxed_local()),
        ("events", client.events(&id, &secret).map(|answer| answer.map(drop)).boxed_local()),
        ("unlock", client.unlock(&id, &secret).boxed_local()),
        ("revoke", client.revoke(&id, &secret).boxed_local()),
    ];
    let mut failed = Vec::new();
    for (name, call) in calls {
        failed.push((name, call.await.expect_err(name)));
    }
    failed
}

/// The exit code that a relay's error ends in. `None` for one that means something only in answer to some calls.
fn exit_of(code: Code) -> Option<u8> {
    Some(match code {
        // Not what a relay says to what `share` asks: then it is none, or of another version.
        Code::BadRequest | Code::NoSuchPath | Code::MethodNotAllowed | Code::WrongLength | Code::Unknown => 3,
        Code::Timeout | Code::TooBusy | Code::Internal | Code::StorageMissing | Code::StorageFailing => 3,
        Code::WrongProof => 4,
        Code::NotFound | Code::Collected | Code::Revoked | Code::Expired => 5,
        Code::DownloadsTaken | Code::TicketInvalid => 5,
        Code::Locked => 6,
        Code::NotReady => 7,
        // The relay has something else than what was sent, or not all of what it took.
        Code::Conflict | Code::PartsMissing | Code::ContentDamaged | Code::RecordDamaged => 8,
        Code::TokenRequired | Code::NotManager | Code::TooLarge | Code::ExpiryTooLong | Code::StorageFull => 9,
        Code::DamagedId => 11,
        Code::RangeNotSatisfiable => return None,
    })
}

#[tokio::test]
async fn every_error_of_a_relay_has_its_exit_code_whichever_call_it_answers() {
    let stage = Fixture::new();
    for code in Code::ALL {
        stage.says_problem(&Problem::new(*code));
        for (call, error) in all_fail(&stage.client).await {
            assert_eq!(error.code(), matches!(error, ClientError::Problem { .. }).then_some(*code), "{call}");
            let in_content = if ["content", "rest"].contains(&call) { 8 } else { 3 };
            assert_eq!(Error::from(error).exit(), exit_of(*code).unwrap_or(in_content), "{code} to {call}");
        }
    }
}

#[tokio::test]
async fn an_error_of_anything_else_has_one_too() {
    let stage = Fixture::new();
    for status in (300..=599).chain([600, 999]) {
        stage.says(status, "text/html", "<html>No</html>");
        for (call, error) in all_fail(&stage.client).await {
            let exit = match (status, call) {
                (413, _) => 9,
                (416, "content" | "rest") => 8,
                _ => 3,
            };
            assert_eq!(Error::from(error).exit(), exit, "{status} to {call}");
        }
    }
}

#[tokio::test]
async fn numbers_and_statuses_that_lie_change_no_exit_code() {
    let stage = Fixture::new();
    for code in Code::ALL {
        let most = Some(u64::MAX);
        let problem = Problem {
            title: "\u{1b}[2J\u{202e}".repeat(10_000),
            status: 444,
            at: most,
            tries_left: Some(u32::MAX),
            locked_until: most,
            stored_bytes: most,
            total_bytes: most,
            expiry_seconds: most,
            ..Problem::new(*code)
        };
        stage.says_problem(&problem);
        for (call, error) in all_fail(&stage.client).await {
            let lock = *code == Code::WrongProof;
            let in_content = if ["content", "rest"].contains(&call) { 8 } else { 3 };
            let error = Error::from(error);
            assert_eq!(error.exit(), if lock { 6 } else { exit_of(*code).unwrap_or(in_content) }, "{code} to {call}");
            assert!(error.to_string().chars().count() < 300, "{error}");
        }
    }
}
