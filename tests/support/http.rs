//! HTTP/1.1 by hand, one request a connection: for calls that `share` itself would never make, and for answers that no
//! relay gives.

use std::{
    fmt::Display,
    io::{self, BufRead, BufReader, Cursor, Write},
    net::TcpStream,
};

use serde_json::{Value, json};
use share_relay_api::{Bytes32, paths};

use super::test_env::Sent;

/// A request, as it arrived or to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A response, as it arrived or to be sent.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self { method: method.to_owned(), path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// With a secret in hexadecimal, as the protocol wants it.
    pub fn bearer(self, secret: impl Display) -> Self {
        self.with("Authorization", format!("Bearer {secret}"))
    }

    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The call of the protocol that it makes: `status`, `open`, `content`, `parts/0` and so on.
    pub fn call(&self) -> &str {
        let path = self.path.trim_start_matches("/v1/shares/");
        match path.split_once('/') {
            Some((_, call)) => call,
            None if self.method == "GET" => "status",
            None if self.method == "PUT" => "create",
            None => "revoke",
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The bytes of its head for this server, without the empty line at its end.
    pub fn head(&self, url: &str) -> String {
        let (method, path, headers) = (&self.method, &self.path, lines(&self.headers));
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}", host(url))
    }

    pub fn bytes(&self, url: &str) -> Vec<u8> {
        let head = format!("{}Content-Length: {}\r\n\r\n", self.head(url), self.body.len());
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it on a connection of its own.
    pub fn try_send(&self, url: &str) -> io::Result<Response> {
        let mut stream = TcpStream::connect(host(url))?;
        stream.write_all(&self.bytes(url))?;
        Response::read(&mut BufReader::new(stream))
    }

    #[track_caller]
    pub fn send(&self, url: &str) -> Response {
        self.try_send(url).unwrap()
    }

    /// Passes it on to a relay, without the headers that concern one connection only.
    pub fn forward(&self, relay: &str) -> io::Result<Response> {
        let passed = ["accept-language", "authorization", "content-type", "range", "if-range"];
        let mut request = self.clone();
        request.headers.retain(|(name, _)| passed.iter().any(|passed| name.eq_ignore_ascii_case(passed)));
        request.try_send(relay)
    }

    pub fn read(reader: &mut impl BufRead) -> io::Result<Self> {
        let (first, headers) = read_head(reader)?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let length = find(&headers, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Self { method, path, headers, body })
    }
}

impl Response {
    /// A response without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A response of a relay that did what was asked.
    pub fn of_json(body: impl Into<Vec<u8>>) -> Self {
        Self::empty(200).with("Content-Type", "application/json").with_body(body)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Sets a header in place of the one there is.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self
    }

    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
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

    /// The bytes of its head, with exactly these headers.
    pub fn head(&self) -> Vec<u8> {
        format!("HTTP/1.1 {} Answer\r\n{}\r\n", self.status, lines(&self.headers)).into_bytes()
    }

    /// Head and body, with the headers that say where the body ends.
    pub fn bytes(self) -> Vec<u8> {
        let length = self.body.len().to_string();
        let framed = match self.status {
            204 => self,
            _ => self.with("Content-Length", &length),
        };
        let framed = framed.with("Connection", "close");
        [framed.head(), framed.body].concat()
    }

    /// Reads one from a connection that is closed after it.
    pub fn read(reader: &mut impl BufRead) -> io::Result<Self> {
        let (first, headers) = read_head(reader)?;
        let status = first.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut body = Vec::new();
        reader.read_to_end(&mut body)?;
        Ok(Self { status, headers, body })
    }

    #[track_caller]
    pub fn parse(bytes: &[u8]) -> Self {
        Self::read(&mut Cursor::new(bytes)).unwrap()
    }
}

/// Host and port of a server's address.
pub fn host(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// A body that is sent in one chunk (RFC 9112, 7.1).
pub fn in_one_chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n0\r\n\r\n"].concat()
}

/// What anyone with the link may know of a share.
pub fn public_status(relay: &str, sent: &Sent) -> Value {
    Request::get(paths::share(&sent.share_id())).send(relay).json()
}

/// Takes a ticket with the right words.
pub fn take_ticket(relay: &str, sent: &Sent, proof: &Bytes32, ticket: &Bytes32) -> Response {
    Request::post(paths::tickets(&sent.share_id())).json(&ticket_wanted(proof, ticket)).send(relay)
}

/// The body that asks for this ticket.
pub fn ticket_wanted(proof: &Bytes32, ticket: &Bytes32) -> Value {
    json!({ "proof": proof, "ticket_hash": share_client::secret::sha256(&ticket.0) })
}

fn read_head(reader: &mut impl BufRead) -> io::Result<(String, Vec<(String, String)>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let first = lines.next().ok_or(io::ErrorKind::InvalidData)?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    Ok((first, headers.collect()))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn lines(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}
