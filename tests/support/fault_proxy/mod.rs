//! A proxy between a program and its relay. It either forwards bytes ([`bytes`]), and counts or records them, slows
//! them down, or makes a fault at a chosen place; or it reads whole requests and answers them itself ([`messages`]).
//!
//! It may speak TLS, or act as an HTTP (`CONNECT`) or SOCKS proxy that the program is configured to use.

mod bytes;
mod messages;

use std::{
    io, net,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use rustls::{NamedGroup, ServerConfig, crypto::CryptoProvider};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::watch,
    task::spawn_blocking,
    time::Instant,
};

pub use self::messages::Reply;
use super::{
    PATIENCE,
    http::{Request, Response, host},
    test_env::TestEnv,
};

/// The direction in which bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    ToRelay,
    FromRelay,
}

/// Where a fault begins.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// When a program connects.
    Connecting,
    /// After this many bytes, counted from its head, of a request whose head contains this text, such as `/parts/1 `.
    Request(&'static str, usize),
    /// After this many bytes of the answer to a request whose head contains this text.
    Answer(&'static str, usize),
    /// After `after` bytes of a request whose announced body is larger than `limit`.
    LargeBody { limit: usize, after: usize },
}

/// What a fault does at its place.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Nothing more passes in this direction until the proxy is opened.
    Hold,
    /// Both sides see the connection end.
    Cut,
    /// Both sides get a reset.
    Reset,
    /// This direction ends in the middle, while the other one stays open.
    HalfClose(Direction),
    /// The rest is read, as by a buffer on the way, and discarded.
    Swallow,
    /// The client gets this answer at once; the rest of its request is read and discarded.
    Refuse(&'static str),
}

/// The quality of a line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// The delay of each byte, in each direction.
    pub delay: Duration,
    /// What all connections together carry in each direction.
    pub bytes_per_second: Option<u32>,
}

/// Listens on a free port. Ends, with all its connections, when dropped.
pub struct FaultProxy {
    pub url: String,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

type Answer = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

#[derive(Default)]
struct Setting {
    fault: Option<(Place, Fault)>,
    line: Line,
    record: bool,
    entrance: Entrance,
    tls: Option<Arc<ServerConfig>>,
    /// Answers requests instead of forwarding them to the relay.
    answer: Option<Answer>,
}

/// How programs connect to the proxy.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Entrance {
    /// As if it were the relay.
    #[default]
    Relay,
    /// As to an HTTP proxy, with `CONNECT`.
    Connect,
    /// As to a SOCKS 5 proxy (RFC 1928).
    Socks,
}

struct Shared {
    setting: Setting,
    state: Mutex<State>,
    changed: Condvar,
    open: watch::Sender<bool>,
}

struct State {
    relay: String,
    /// Connections on which a fault was made.
    faults_made: usize,
    /// Connections on which a fault is still to be made.
    faults_left: usize,
    /// Whether connections to the relay are refused.
    gone: bool,
    /// Bytes that went to the relay and came from it.
    passed: [u64; 2],
    /// When the line has carried everything sent so far.
    busy_until: [Instant; 2],
    streams: Vec<(Direction, Vec<u8>)>,
    tunnels: Vec<String>,
    requests: Vec<Request>,
    key_exchanges: Vec<NamedGroup>,
}

/// Proxies that pass bytes on.
impl FaultProxy {
    /// Passes everything on, and counts.
    pub fn counting(relay: &str) -> Self {
        Self::start(relay, Setting::default(), 0)
    }

    /// Keeps everything that passes.
    pub fn recording(relay: &str) -> Self {
        Self::start(relay, Setting { record: true, ..Setting::default() }, 0)
    }

    pub fn line(relay: &str, line: Line) -> Self {
        Self::start(relay, Setting { line, ..Setting::default() }, 0)
    }

    /// What an office puts between a program and a relay that speaks TLS.
    pub fn connect(relay: &str) -> Self {
        Self::start(relay, Setting { entrance: Entrance::Connect, ..Setting::default() }, 0)
    }

    /// A proxy that speaks SOCKS 5 and leads to this relay, whatever it is asked for.
    pub fn socks(relay: &str) -> Self {
        Self::start(relay, Setting { entrance: Entrance::Socks, ..Setting::default() }, 0)
    }

    /// Holds requests that have this text in their head, before any of them reaches the relay.
    pub fn holding_request(relay: &str, request: &'static str) -> Self {
        Self::with_fault(relay, Place::Request(request, 0), Fault::Hold, usize::MAX)
    }

    /// Holds the answers to such requests after this many bytes.
    pub fn holding_answer(relay: &str, request: &'static str, bytes: usize) -> Self {
        Self::with_fault(relay, Place::Answer(request, bytes), Fault::Hold, usize::MAX)
    }

    /// Cuts the answers to such requests after `bytes` bytes, `times` times; then lets everything pass.
    pub fn cutting_answers(relay: &str, request: &'static str, bytes: usize, times: usize) -> Self {
        Self::with_fault(relay, Place::Answer(request, bytes), Fault::Cut, times)
    }

    /// Makes this fault `times` times; then lets everything pass.
    pub fn with_fault(relay: &str, place: Place, fault: Fault, times: usize) -> Self {
        Self::start(relay, Setting { fault: Some((place, fault)), ..Setting::default() }, times)
    }
}

/// Proxies that take whole requests.
impl FaultProxy {
    /// Answers everything itself.
    pub fn answering(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start("", Setting { answer: Some(Box::new(answer)), ..Setting::default() }, 0)
    }

    /// Answers itself where `answer` gives a reply, and has the relay answer everything else.
    pub fn intercepting(relay: &str, answer: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let relay = relay.to_owned();
        Self::answering(move |request| answer(request).unwrap_or_else(|| Reply::of_relay(&relay, request)))
    }

    /// Replies with what `rewrite` makes of each request and the relay's own answer to it.
    pub fn rewriting(relay: &str, rewrite: impl Fn(&Request, Response) -> Reply + Send + Sync + 'static) -> Self {
        let relay = relay.to_owned();
        Self::answering(move |request| match request.forward(&relay) {
            Ok(response) => rewrite(request, response),
            Err(_) => Reply::nothing(),
        })
    }

    /// Speaks TLS under this name before the relay, with what this provider can do; the certificate to trust is `cert.pem`.
    pub fn tls(relay: &str, provider: CryptoProvider, env: &TestEnv, name: &str) -> Self {
        let tls = Some(Arc::new(messages::tls_config(provider, env, name)));
        let to = relay.to_owned();
        let answer: Answer = Box::new(move |request| Reply::of_relay(&to, request));
        Self::start(relay, Setting { tls, answer: Some(answer), ..Setting::default() }, 0)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// How often a call of the protocol was made.
    pub fn count(&self, call: &str) -> usize {
        self.requests().iter().filter(|request| request.call() == call).count()
    }

    /// The key exchange that each connection agreed on, by the order in which their handshakes ended.
    pub fn key_exchanges(&self) -> Vec<NamedGroup> {
        self.shared.state.lock().unwrap().key_exchanges.clone()
    }
}

impl FaultProxy {
    fn start(relay: &str, setting: Setting, faults_left: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // Bound without the runtime, because a test may run in a runtime of its own.
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            relay: host(relay).to_owned(),
            faults_made: 0,
            faults_left,
            gone: false,
            passed: [0; 2],
            busy_until: [Instant::now(); 2],
            streams: Vec::new(),
            tunnels: Vec::new(),
            requests: Vec::new(),
            key_exchanges: Vec::new(),
        };
        let shared = Arc::new(Shared {
            setting,
            state: Mutex::new(state),
            changed: Condvar::new(),
            open: watch::Sender::new(false),
        });
        let listen = Arc::clone(&shared);
        runtime.spawn(async move { listen.listen(TcpListener::from_std(listener).unwrap()).await });
        Self { url, shared, runtime: Some(runtime) }
    }

    /// Waits until a fault was made on a connection.
    #[track_caller]
    pub fn wait_until_stopped(&self) {
        self.wait_until_stopped_times(1);
    }

    /// Waits until faults were made on this many connections.
    #[track_caller]
    pub fn wait_until_stopped_times(&self, times: usize) {
        let state = self.shared.state.lock().unwrap();
        let (state, timeout) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, |state| state.faults_made < times).unwrap();
        assert!(!timeout.timed_out(), "only {} of {times} connections came to the place", state.faults_made);
    }

    /// The number of connections on which a fault was made.
    pub fn faults_made(&self) -> usize {
        self.shared.state.lock().unwrap().faults_made
    }

    /// Releases what is held up, and makes no faults from now on.
    pub fn open(&self) {
        self.shared.open.send_replace(true);
    }

    /// Ends what is held up, after the relay was killed, and lets nothing through to the next process with the same
    /// port.
    pub fn relay_is_gone(&self) {
        self.shared.state.lock().unwrap().gone = true;
        self.open();
    }

    /// Forwards new connections to this relay from now on, in place of another.
    pub fn set_relay(&self, relay: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.relay = host(relay).to_owned();
        state.gone = false;
    }

    pub fn streams(&self) -> Vec<(Direction, Vec<u8>)> {
        self.shared.state.lock().unwrap().streams.clone()
    }

    /// What programs asked the proxy to connect to: the first line of each `CONNECT`, or the host given to SOCKS.
    pub fn tunnels(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().tunnels.clone()
    }

    /// Bytes that have passed in this direction.
    pub fn passed(&self, direction: Direction) -> u64 {
        self.shared.state.lock().unwrap().passed[direction as usize]
    }

    /// Waits until this many bytes have passed in this direction; `false` if `give_up` returns `true` first.
    pub fn wait_for(&self, direction: Direction, bytes: u64, mut give_up: impl FnMut() -> bool) -> bool {
        let mut state = self.shared.state.lock().unwrap();
        while state.passed[direction as usize] < bytes {
            if give_up() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, Duration::from_millis(5)).unwrap().0;
        }
        true
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    async fn listen(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            // A program may go away at any time.
            tokio::spawn(Arc::clone(&self).connect(client));
        }
    }

    async fn connect(self: Arc<Self>, mut client: TcpStream) -> io::Result<()> {
        if self.state.lock().unwrap().gone {
            return Ok(());
        }
        if let Some((Place::Connecting, fault)) = self.setting.fault
            && self.strikes()
        {
            match fault {
                Fault::Hold => self.held().await,
                Fault::Reset => return client.set_zero_linger(),
                _ => return Ok(()),
            }
        }
        match self.setting.entrance {
            Entrance::Relay => {}
            Entrance::Connect => self.accept_connect(&mut client).await?,
            Entrance::Socks => self.accept_socks(&mut client).await?,
        }
        if self.setting.answer.is_some() {
            let client = client.into_std()?;
            client.set_nonblocking(false)?;
            return spawn_blocking(move || self.serve(client)).await?;
        }
        let relay = self.state.lock().unwrap().relay.clone();
        // Without the relay the connection just ends.
        let relay = TcpStream::connect(relay).await?;
        self.carry(client, relay).await;
        Ok(())
    }

    async fn accept_connect(&self, client: &mut TcpStream) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        let first = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        self.state.lock().unwrap().tunnels.push(first);
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await
    }

    async fn accept_socks(&self, client: &mut TcpStream) -> io::Result<()> {
        let mut head = [0; 2];
        client.read_exact(&mut head).await?;
        let mut methods = vec![0; usize::from(head[1])];
        client.read_exact(&mut methods).await?;
        client.write_all(&[5, 0]).await?;
        let mut request = [0; 4];
        client.read_exact(&mut request).await?;
        let mut address = match request[3] {
            3 => vec![0; usize::from(client.read_u8().await?)],
            _ => return Err(io::Error::other("the proxy is to resolve the name")),
        };
        client.read_exact(&mut address).await?;
        let _port = client.read_u16().await?;
        self.state.lock().unwrap().tunnels.push(String::from_utf8_lossy(&address).into_owned());
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await
    }

    /// Whether the fault is to be made now; if so, counts it.
    fn strikes(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        if *self.open.borrow() || state.faults_left == 0 {
            return false;
        }
        state.faults_left -= 1;
        state.faults_made += 1;
        self.changed.notify_all();
        true
    }

    /// Waits until the proxy is opened.
    async fn held(&self) {
        // The sender of the channel lives as long as this.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}
