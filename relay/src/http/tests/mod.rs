//! The relay over real connections: a server on a free port, and a client that sends exactly what a test says.

mod calls;
mod content;
mod forms;
mod hostile;
mod lasting;
mod pages;
mod refusals;

use std::{net::SocketAddr, sync::Arc};

use serde::de::DeserializeOwned;
use share_relay_api::{Bytes32, Code, CreateShare, Problem, ShareId, limits::SEALED_CHUNK_BYTES, paths};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::{
    admission::Senders, clock::TestClock, config::Config, domain::digest, limits::Limits, storage::LocalStore,
};

const HEADER: &[u8] = b"age header and nonce";
const MANIFEST: &[u8] = b"manifest's age file";
const LAST: u64 = 777;
const PAYLOAD: u64 = 2 * SEALED_CHUNK_BYTES + LAST;

/// A running relay.
struct Server {
    address: SocketAddr,
    clock: Arc<TestClock>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

/// An answer as it came over the wire.
#[derive(Debug)]
struct Reply {
    status: u16,
    /// Lines of the head after the first.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Server {
    async fn start(dir: &TempDir) -> Self {
        Self::start_with(dir, config()).await
    }

    async fn start_with(dir: &TempDir, config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let store = LocalStore::init(dir.path()).unwrap();
        let clock = TestClock::at(1000);
        let config = Config { clock: clock.clone(), ..config };
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(crate::serve(listener, config, store, async { drop(stopped.await) }));
        Self { address, clock, stop, served }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes as they are and reads to the end of the connection.
    async fn raw(&self, request: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(request.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        // A relay that refuses may close while we still send; what it said first counts.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let answer = self.raw([head(method, path, headers, Some(body.len())).as_bytes(), body].concat()).await;
        Reply::parse(&answer)
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], b"").await
    }

    async fn manage(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        self.call(method, path, &[("authorization", &bearer(MANAGE_KEY))], body).await
    }

    /// Creates a share with header and manifest.
    async fn begin(&self, request: &CreateShare) {
        assert_eq!(self.manage("PUT", &paths::share(&id()), &json(request)).await.status, 201);
        assert_eq!(self.manage("PUT", &paths::header(&id()), HEADER).await.status, 204);
        assert_eq!(self.manage("PUT", &paths::manifest(&id()), MANIFEST).await.status, 204);
    }

    async fn put_part(&self, number: u64) -> Reply {
        self.manage("PUT", &paths::part(&id(), number), &part(number)).await
    }

    /// A complete share.
    async fn upload(&self, request: &CreateShare) {
        self.begin(request).await;
        for number in [2, 0, 1] {
            assert_eq!(self.put_part(number).await.status, 204);
        }
        assert_eq!(self.seal().await.status, 204);
    }

    async fn seal(&self) -> Reply {
        let body = format!("{{\"payload_bytes\":{PAYLOAD}}}");
        self.manage("POST", &paths::seal(&id()), body.as_bytes()).await
    }

    async fn take(&self, proof: u8, ticket: u8) -> Reply {
        let body =
            format!("{{\"proof\":\"{}\",\"ticket_hash\":\"{}\"}}", secret(proof), digest::of_secret(&secret(ticket)));
        self.call("POST", &paths::tickets(&id()), &[], body.as_bytes()).await
    }

    async fn open(&self, proof: u8) -> Reply {
        let body = format!("{{\"proof\":\"{}\"}}", secret(proof));
        self.call("POST", &paths::open(&id()), &[], body.as_bytes()).await
    }

    async fn content(&self, ticket: u8, headers: &[(&str, &str)]) -> Reply {
        let bearer = bearer(ticket);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.call("GET", &paths::content(&id()), &headers, b"").await
    }

    async fn receipt(&self, ticket: u8) -> Reply {
        let body = format!("{{\"fingerprint\":\"{0}\",\"time\":5,\"saved\":\"disk\",\"mac\":\"{0}\"}}", secret(0));
        let headers = [("authorization", &*bearer(ticket))];
        self.call("POST", &paths::receipt(&id()), &headers, body.as_bytes()).await
    }
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.into(), value.into()));
        Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of an error answer, which must be well formed.
    fn code(&self) -> Code {
        let problem: Problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!((problem.status, problem.code.status()), (self.status, self.status));
        problem.code
    }
}

fn config() -> Config {
    Config::new(Senders::Anyone)
}

const MANAGE_KEY: u8 = 1;
const PROOF: u8 = 2;
const TICKET: u8 = 3;

fn secret(n: u8) -> Bytes32 {
    Bytes32([n; 32])
}

fn bearer(n: u8) -> String {
    format!("Bearer {}", secret(n))
}

fn id() -> ShareId {
    ShareId::from_random([5; 12])
}

fn request() -> CreateShare {
    CreateShare {
        manage_key_hash: digest::of_secret(&secret(MANAGE_KEY)),
        proof_hash: Some(digest::of_secret(&secret(PROOF))),
        header_bytes: HEADER.len() as u64,
        payload_bytes: Some(PAYLOAD),
        part_bytes: SEALED_CHUNK_BYTES,
        expires_in: 7 * 24 * 3600,
        downloads: None,
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn part(number: u64) -> Vec<u8> {
    let bytes = if number == 2 { LAST } else { SEALED_CHUNK_BYTES };
    (0..bytes).map(|i| (i * (number + 3) % 253) as u8).collect()
}

fn all_content() -> Vec<u8> {
    [HEADER.to_vec(), part(0), part(1), part(2)].concat()
}

/// A request's head. Every connection serves one request.
fn head(method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n");
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    if let Some(length) = length {
        head += &format!("content-length: {length}\r\n");
    }
    head + "\r\n"
}
