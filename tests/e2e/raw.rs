//! Single calls of the protocol by hand, for what `share` itself would never ask.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;
use share_relay_api::{Bytes32, paths};

use crate::world::Sent;

/// An answer of the relay.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// From all the bytes of an answer on a connection that was closed after it.
    pub fn parse(mut bytes: Vec<u8>) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let status = std::str::from_utf8(&bytes[9..12]).unwrap().parse().unwrap();
        Self { status, body: bytes.split_off(end) }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a refusal.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// Makes one call on a connection of its own.
pub fn call(relay: &str, method: &str, path: &str, secret: Option<&Bytes32>, body: Option<Value>) -> Answer {
    let mut stream = TcpStream::connect(host(relay)).unwrap();
    stream.write_all(request(relay, method, path, secret, body).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Answer::parse(answer)
}

/// Host and port of a relay's address.
pub fn host(relay: &str) -> &str {
    relay.trim_start_matches("http://")
}

/// What [`call`] sends.
pub fn request(relay: &str, method: &str, path: &str, secret: Option<&Bytes32>, body: Option<Value>) -> String {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let secret = secret.map(|secret| format!("Authorization: Bearer {secret}\r\n")).unwrap_or_default();
    let length = body.len();
    let host = host(relay);
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{secret}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// What anyone with the link may know of a share.
pub fn public_status(relay: &str, sent: &Sent) -> Value {
    call(relay, "GET", &paths::share(&sent.share_id()), None, None).json()
}

/// Takes a ticket with the right words.
pub fn take_ticket(relay: &str, sent: &Sent, proof: &Bytes32, ticket: &Bytes32) -> Answer {
    call(relay, "POST", &paths::tickets(&sent.share_id()), None, Some(ticket_wanted(proof, ticket)))
}

/// The body that asks for this ticket.
pub fn ticket_wanted(proof: &Bytes32, ticket: &Bytes32) -> Value {
    serde_json::json!({ "proof": proof, "ticket_hash": share::secret::sha256(&ticket.0) })
}
