//! HTTP/1.1 by hand, one request a connection: single calls, and a server that can lie about everything.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use rustls::{
    NamedGroup, ServerConfig, ServerConnection, StreamOwned,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::world::World;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer as it arrived, or to be sent.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What a lying server does with a connection.
pub enum Reply {
    /// Sends these bytes and closes.
    Raw(Vec<u8>),
    /// Sends the first bytes, then the second again and again, until the client hangs up.
    Endless(Vec<u8>, Vec<u8>),
}

impl Request {
    /// The call it makes: `status`, `open`, `content`, a part's number, …
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
}

impl Response {
    /// A JSON answer.
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: vec![("Content-Type".into(), "application/json".into())], body: body.into() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
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

    /// The bytes of the head, with exactly these headers.
    pub fn head(&self) -> Vec<u8> {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {} Answer\r\n{headers}\r\n", self.status).into_bytes()
    }

    /// Honest bytes of head and body.
    pub fn bytes(self) -> Vec<u8> {
        let length = self.body.len().to_string();
        let told = match self.status {
            204 => self,
            _ => self.with("Content-Length", &length),
        };
        let told = told.with("Connection", "close");
        [told.head(), told.body].concat()
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self::Raw(response.bytes())
    }
}

/// A body that is sent in one chunk (RFC 9112, 7.1).
pub fn in_one_chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n0\r\n\r\n"].concat()
}

/// One call; `url` is the base, as a relay prints it.
pub fn call(url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Response> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    read_response(&mut BufReader::new(stream))
}

/// A server on a free port that answers each request with `answer`. Its threads end with their clients.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    key_exchanges: Arc<Mutex<Vec<NamedGroup>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(answer, |stream, _| Ok(stream))
    }

    /// The same with TLS, under this name; the certificate to trust is `cert.pem` in that world.
    pub fn tls(world: &World, name: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::tls_with(aws_lc_rs::default_provider(), world, name, answer)
    }

    /// The same with what this provider can do.
    pub fn tls_with(
        provider: CryptoProvider,
        world: &World,
        name: &str,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(tls_config(provider, world, name));
        Self::listen(answer, move |mut stream, key_exchanges| {
            let mut connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            connection.complete_io(&mut stream)?;
            let group = connection.negotiated_key_exchange_group().expect("the handshake is complete");
            key_exchanges.lock().unwrap().push(group.name());
            Ok(StreamOwned::new(connection, stream))
        })
    }

    fn listen<S: Read + Write>(
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
        open: impl Fn(TcpStream, &Mutex<Vec<NamedGroup>>) -> io::Result<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, key_exchanges) = (Arc::default(), Arc::default());
        let server = Self { url, requests: Arc::clone(&requests), key_exchanges: Arc::clone(&key_exchanges) };
        let shared = Arc::new((answer, open, requests, key_exchanges));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let (answer, open, requests, key_exchanges) = &*shared;
                    // A client that goes away in the middle is no fault of the test.
                    drop(open(stream, key_exchanges).and_then(|stream| serve(stream, requests, answer)));
                });
            }
        });
        server
    }

    /// A server before a real relay: `lie` gets each request and the relay's own answer to it.
    pub fn before(relay: &str, lie: impl Fn(&Request, Response) -> Reply + Send + Sync + 'static) -> Self {
        let relay = relay.to_owned();
        Self::start(move |request| match forward(&relay, request) {
            Ok(response) => lie(request, response),
            Err(_) => Reply::Raw(Vec::new()),
        })
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The key exchange that each connection agreed on, by the order in which their handshakes ended.
    pub fn key_exchanges(&self) -> Vec<NamedGroup> {
        self.key_exchanges.lock().unwrap().clone()
    }

    /// How often a call was made.
    pub fn count(&self, call: &str) -> usize {
        self.requests().iter().filter(|request| request.call() == call).count()
    }
}

/// Passes a request on to a relay.
pub fn forward(relay: &str, request: &Request) -> io::Result<Response> {
    let passed = ["accept-language", "authorization", "content-type", "range", "if-range"];
    let headers: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, _)| passed.iter().any(|passed| name.eq_ignore_ascii_case(passed)))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    call(relay, &request.method, &request.path, &headers, &request.body)
}

/// A key and a certificate for a name, made here.
fn tls_config(provider: CryptoProvider, world: &World, name: &str) -> ServerConfig {
    let extensions = format!("basicConstraints=CA:FALSE\nsubjectAltName=DNS:{name}\n");
    let config = format!(
        "[req]\ndistinguished_name=name\nprompt=no\nx509_extensions=leaf\n[name]\nCN={name}\n[leaf]\n{extensions}"
    );
    let config = world.file("openssl.cnf", config);
    let options =
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out cert.pem";
    world.program("openssl", options.split(' ')).arg("-config").arg(config).succeeds();
    let certificate = CertificateDer::from_pem_file(world.path("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(world.path("key.pem")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    builder.with_single_cert(vec![certificate], key).unwrap()
}

fn serve(stream: impl Read + Write, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let request = read_request(&mut reader)?;
    seen.lock().unwrap().push(request.clone());
    let stream = reader.get_mut();
    match answer(&request) {
        Reply::Raw(bytes) => {
            stream.write_all(&bytes)?;
            stream.flush()
        }
        Reply::Endless(start, more) => {
            stream.write_all(&start)?;
            loop {
                stream.write_all(&more)?;
            }
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Request> {
    let (first, headers) = read_head(reader)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let length = find(&headers, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request { method, path, headers, body })
}

fn read_response(reader: &mut impl BufRead) -> io::Result<Response> {
    let (first, headers) = read_head(reader)?;
    let status = first.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(Response { status, headers, body })
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
