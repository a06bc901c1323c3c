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
    let host = relay.trim_start_matches("http://");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let secret = secret.map(|secret| format!("Authorization: Bearer {secret}\r\n")).unwrap_or_default();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{secret}Content-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    Answer { status, body: answer.split_off(end) }
}

/// What anyone with the link may know of a share.
pub fn public_status(relay: &str, sent: &Sent) -> Value {
    call(relay, "GET", &paths::share(&sent.share_id()), None, None).json()
}

/// Takes a ticket with the right words.
pub fn take_ticket(relay: &str, sent: &Sent, proof: &Bytes32, ticket: &Bytes32) -> Answer {
    let take = serde_json::json!({ "proof": proof, "ticket_hash": share::client::sha256(&ticket.0) });
    call(relay, "POST", &paths::tickets(&sent.share_id()), None, Some(take))
}
