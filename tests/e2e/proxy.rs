//! A proxy between a program and its relay: counts and records what passes, can be a slow line, and makes trouble at a
//! chosen place: holds, cuts, resets, half-closes or swallows.

use std::{
    future::pending,
    net::{self, Shutdown},
    os::fd::AsFd,
    pin::pin,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
    try_join,
};

use crate::world::PATIENCE;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToRelay,
    FromRelay,
}

/// Where trouble begins.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// When a program connects.
    Connecting,
    /// After so many bytes, from its head on, of a request that has this text in its head, such as `/parts/1 `.
    Request(&'static str, usize),
    /// After so many bytes of the answer to such a request.
    Answer(&'static str, usize),
}

/// What happens there.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Nothing more passes this way until the proxy is opened.
    Hold,
    /// Both sides see the connection end.
    Cut,
    /// Both sides get a reset.
    Reset,
    /// This way ends in the middle, while the connection stays open the other way.
    HalfClose(Way),
    /// The rest is taken, as by a buffer on the way, and goes nowhere.
    Swallow,
}

/// How good the line is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// How long each byte is on its way, in each direction.
    pub delay: Duration,
    /// What all connections together carry in each direction.
    pub bytes_per_second: Option<u32>,
}

impl Line {
    /// How much is taken from a connection at once: little, if it takes long.
    fn piece(self) -> usize {
        self.bytes_per_second.map_or(64 * 1024, |rate| (rate as usize / 16).clamp(512, 64 * 1024))
    }
}

/// Listens on a free port. Ends, with all its connections, when dropped.
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Setting {
    trouble: Option<(Place, Trouble)>,
    line: Line,
    record: bool,
    /// Programs name the relay with `CONNECT`, as an office has it.
    tunnel: bool,
}

struct Shared {
    setting: Setting,
    state: Mutex<State>,
    changed: Condvar,
    open: watch::Sender<bool>,
}

struct State {
    relay: String,
    /// Connections that got into trouble.
    stopped: usize,
    /// Connections that still will.
    troubles_left: usize,
    /// No connection gets through any more.
    gone: bool,
    /// Bytes that went to the relay and came from it.
    passed: [u64; 2],
    /// When the line has carried all it was given.
    busy_until: [Instant; 2],
    streams: Vec<(Way, Vec<u8>)>,
    tunnels: Vec<String>,
}

impl Proxy {
    /// Passes everything on, and counts.
    pub fn counting(relay: &str) -> Self {
        Self::start(relay, Setting::default(), 0)
    }

    /// Keeps everything that passes.
    pub fn recording(relay: &str) -> Self {
        Self::start(relay, Setting { record: true, ..Setting::default() }, 0)
    }

    /// A line of this kind.
    pub fn line(relay: &str, line: Line) -> Self {
        Self::start(relay, Setting { line, ..Setting::default() }, 0)
    }

    /// What an office puts between a program and a relay that speaks TLS.
    pub fn tunnel(relay: &str) -> Self {
        Self::start(relay, Setting { tunnel: true, ..Setting::default() }, 0)
    }

    /// Holds requests that have this text in their head, before any of them reaches the relay.
    pub fn holding_request(relay: &str, request: &'static str) -> Self {
        Self::troubling(relay, Place::Request(request, 0), Trouble::Hold, usize::MAX)
    }

    /// Holds the answers to such requests after so many bytes.
    pub fn holding_answer(relay: &str, request: &'static str, bytes: usize) -> Self {
        Self::troubling(relay, Place::Answer(request, bytes), Trouble::Hold, usize::MAX)
    }

    /// Cuts the answers to such requests after so many bytes, so many times; then lets everything pass.
    pub fn cutting_answers(relay: &str, request: &'static str, bytes: usize, times: usize) -> Self {
        Self::troubling(relay, Place::Answer(request, bytes), Trouble::Cut, times)
    }

    /// Makes trouble so many times; then lets everything pass.
    pub fn troubling(relay: &str, place: Place, trouble: Trouble, times: usize) -> Self {
        Self::start(relay, Setting { trouble: Some((place, trouble)), ..Setting::default() }, times)
    }

    fn start(relay: &str, setting: Setting, troubles_left: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            relay: relay.trim_start_matches("http://").to_owned(),
            stopped: 0,
            troubles_left,
            gone: false,
            passed: [0; 2],
            busy_until: [Instant::now(); 2],
            streams: Vec::new(),
            tunnels: Vec::new(),
        };
        let shared = Arc::new(Shared {
            setting,
            state: Mutex::new(state),
            changed: Condvar::new(),
            open: watch::Sender::new(false),
        });
        runtime.spawn(Arc::clone(&shared).listen(listener));
        Self { url, shared, runtime: Some(runtime) }
    }

    /// Waits until a connection has got into trouble.
    pub fn wait_until_stopped(&self) {
        self.wait_until_stopped_times(1);
    }

    /// Waits until so many connections have.
    pub fn wait_until_stopped_times(&self, times: usize) {
        let state = self.shared.state.lock().unwrap();
        let (state, timeout) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, |state| state.stopped < times).unwrap();
        assert!(!timeout.timed_out(), "only {} of {times} connections came to the place", state.stopped);
    }

    /// How many connections got into trouble.
    pub fn stopped(&self) -> usize {
        self.shared.state.lock().unwrap().stopped
    }

    /// Lets go what is held, and everything from now on.
    pub fn open(&self) {
        self.shared.open.send_replace(true);
    }

    /// Ends what is held, after the relay was killed, and lets nothing through to whoever has its port next.
    pub fn relay_is_gone(&self) {
        self.shared.state.lock().unwrap().gone = true;
        self.open();
    }

    /// From now on connections lead to this relay, which took the place of another.
    pub fn leads_to(&self, relay: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.relay = relay.trim_start_matches("http://").to_owned();
        state.gone = false;
    }

    /// Every stream of bytes so far.
    pub fn streams(&self) -> Vec<(Way, Vec<u8>)> {
        self.shared.state.lock().unwrap().streams.clone()
    }

    /// The first lines of the requests for a tunnel.
    pub fn tunnels(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().tunnels.clone()
    }

    /// Bytes that have passed this way.
    pub fn passed(&self, way: Way) -> u64 {
        self.shared.state.lock().unwrap().passed[way as usize]
    }

    /// Waits until so many bytes have passed this way; false if `give_up` says so first.
    pub fn wait_for(&self, way: Way, bytes: u64, mut give_up: impl FnMut() -> bool) -> bool {
        let mut state = self.shared.state.lock().unwrap();
        while state.passed[way as usize] < bytes {
            if give_up() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, Duration::from_millis(5)).unwrap().0;
        }
        true
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Both ends of a connection, and whether it carries a request that gets into trouble.
struct Link {
    client: net::TcpStream,
    relay: net::TcpStream,
    marked: AtomicBool,
}

/// What goes through the line, in order.
enum Item {
    /// Bytes, and when they arrive.
    Bytes(Instant, Vec<u8>),
    Trouble(Trouble),
}

/// Pieces that may be on the line at once.
const LINE_LENGTH: usize = 256;

impl Shared {
    async fn listen(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(Arc::clone(&self).connect(client));
        }
    }

    async fn connect(self: Arc<Self>, mut client: TcpStream) {
        if self.state.lock().unwrap().gone {
            return;
        }
        if let Some((Place::Connecting, trouble)) = self.setting.trouble
            && self.strikes()
        {
            match trouble {
                Trouble::Hold => self.held().await,
                Trouble::Reset => return client.set_zero_linger().unwrap(),
                _ => return,
            }
        }
        if self.setting.tunnel {
            self.make_tunnel(&mut client).await;
        }
        let relay = self.state.lock().unwrap().relay.clone();
        // Without the relay the connection just ends.
        let Ok(relay) = TcpStream::connect(relay).await else { return };
        self.carry(client, relay).await;
    }

    async fn make_tunnel(&self, client: &mut TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            // Ends with the connection too, which then carries nothing.
            let Ok(byte) = client.read_u8().await else { return };
            head.push(byte);
        }
        let first = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        self.state.lock().unwrap().tunnels.push(first);
        let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
    }

    /// Passes on both directions until both have ended, or trouble ends them.
    async fn carry(&self, mut client: TcpStream, mut relay: TcpStream) {
        for stream in [&client, &relay] {
            stream.set_nodelay(true).unwrap();
        }
        let link = Link { client: handle(&client), relay: handle(&relay), marked: AtomicBool::new(false) };
        let (from_client, to_client) = client.split();
        let (from_relay, to_relay) = relay.split();
        let up = self.pass(Way::ToRelay, from_client, to_relay, &link);
        let down = self.pass(Way::FromRelay, from_relay, to_client, &link);
        if let Err(Trouble::Reset) = try_join!(up, down) {
            for stream in [&client, &relay] {
                // It may be closed already.
                let _ = stream.set_zero_linger();
            }
        }
    }

    async fn pass(
        &self,
        way: Way,
        from: impl AsyncRead + Unpin,
        to: impl AsyncWrite + Unpin,
        link: &Link,
    ) -> Result<(), Trouble> {
        let (line, arriving) = mpsc::channel(LINE_LENGTH);
        let mut delivered = pin!(deliver(way, arriving, to, link));
        tokio::select! {
            end = &mut delivered => end,
            () = self.take(way, from, line, link) => delivered.await,
        }
    }

    /// Reads what comes and gives it to the line, until its end or the end that trouble makes.
    async fn take(&self, way: Way, mut from: impl AsyncRead + Unpin, line: mpsc::Sender<Item>, link: &Link) {
        let stream = self.setting.record.then(|| self.new_stream(way));
        let mut buffer = vec![0; self.setting.line.piece()];
        let mut left = None;
        loop {
            let bytes = match from.read(&mut buffer).await {
                Ok(0) => return,
                Ok(count) => &buffer[..count],
                Err(_) => return give(&line, Item::Trouble(Trouble::Reset)).await,
            };
            self.passed(way, bytes, stream);
            left = left.or_else(|| self.trouble_after(way, bytes, link));
            let until_trouble = left.unwrap_or(usize::MAX).min(bytes.len());
            let arrival = self.arrival(way, bytes.len()).await;
            give(&line, Item::Bytes(arrival, bytes[..until_trouble].to_vec())).await;
            left = left.map(|left| left - until_trouble);
            if left == Some(0) {
                left = None;
                if let Some(trouble) = self.trouble_now().await {
                    give(&line, Item::Trouble(trouble)).await;
                    return discard(from, trouble).await;
                }
            }
            give(&line, Item::Bytes(arrival, bytes[until_trouble..].to_vec())).await;
        }
    }

    /// What happens at the place of trouble; `None` if nothing does, or it is over.
    async fn trouble_now(&self) -> Option<Trouble> {
        match self.setting.trouble?.1 {
            _ if !self.strikes() => None,
            Trouble::Hold => {
                self.held().await;
                self.state.lock().unwrap().gone.then_some(Trouble::Cut)
            }
            trouble => Some(trouble),
        }
    }

    /// How many of these and the next bytes still pass, if trouble is on this way. A client sends a request's head at
    /// once, after the answer to the one before.
    fn trouble_after(&self, way: Way, bytes: &[u8], link: &Link) -> Option<usize> {
        let head = &bytes[..bytes.len().min(1024)];
        match (way, self.setting.trouble?.0) {
            (Way::ToRelay, Place::Request(text, after)) => contains(head, text).then_some(after),
            (Way::ToRelay, Place::Answer(text, _)) => {
                link.marked.fetch_or(contains(head, text), Ordering::SeqCst);
                None
            }
            (Way::FromRelay, Place::Answer(_, after)) => link.marked.swap(false, Ordering::SeqCst).then_some(after),
            _ => None,
        }
    }

    /// Whether trouble is made now.
    fn strikes(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        if *self.open.borrow() || state.troubles_left == 0 {
            return false;
        }
        state.troubles_left -= 1;
        state.stopped += 1;
        self.changed.notify_all();
        true
    }

    /// Until the proxy is opened.
    async fn held(&self) {
        // The sender of the channel lives as long as this.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    fn new_stream(&self, way: Way) -> usize {
        let mut state = self.state.lock().unwrap();
        state.streams.push((way, Vec::new()));
        state.streams.len() - 1
    }

    fn passed(&self, way: Way, bytes: &[u8], stream: Option<usize>) {
        let mut state = self.state.lock().unwrap();
        state.passed[way as usize] += bytes.len() as u64;
        if let Some(stream) = stream {
            state.streams[stream].1.extend_from_slice(bytes);
        }
        self.changed.notify_all();
    }

    /// Waits until the line can carry so many bytes, and tells when they arrive.
    async fn arrival(&self, way: Way, count: usize) -> Instant {
        let Line { delay, bytes_per_second } = self.setting.line;
        let Some(rate) = bytes_per_second else { return Instant::now() + delay };
        let done = {
            let busy_until = &mut self.state.lock().unwrap().busy_until[way as usize];
            *busy_until = Instant::now().max(*busy_until) + Duration::from_secs(count as u64) / rate;
            *busy_until
        };
        sleep_until(done).await;
        done + delay
    }
}

/// Writes what arrives, until its end or the end that trouble makes. Where the relay takes no more, the rest goes
/// nowhere, so that its answer still comes. A program that closes its side has gone; ours never close half of one.
async fn deliver(
    way: Way,
    mut arriving: mpsc::Receiver<Item>,
    mut to: impl AsyncWrite + Unpin,
    link: &Link,
) -> Result<(), Trouble> {
    while let Some(item) = arriving.recv().await {
        match item {
            Item::Bytes(at, bytes) => {
                sleep_until(at).await;
                if to.write_all(&bytes).await.is_err() && way == Way::FromRelay {
                    return Err(Trouble::Cut);
                }
            }
            Item::Trouble(Trouble::HalfClose(way)) => {
                let end = if way == Way::ToRelay { &link.relay } else { &link.client };
                // It may be closed already.
                let _ = end.shutdown(Shutdown::Write);
            }
            Item::Trouble(Trouble::Swallow) => pending().await,
            Item::Trouble(trouble) => return Err(trouble),
        }
    }
    let _ = to.shutdown().await;
    if way == Way::ToRelay { Err(Trouble::Cut) } else { Ok(()) }
}

/// Reads what nobody gets, so that whoever sends it does not wait for room.
async fn discard(mut from: impl AsyncRead + Unpin, trouble: Trouble) {
    let mut buffer = vec![0; 64 * 1024];
    let goes_on = matches!(trouble, Trouble::HalfClose(_) | Trouble::Swallow);
    while goes_on && from.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// Fails only once the line has ended, and then nobody misses it.
async fn give(line: &mpsc::Sender<Item>, item: Item) {
    let _ = line.send(item).await;
}

fn handle(stream: &TcpStream) -> net::TcpStream {
    net::TcpStream::from(stream.as_fd().try_clone_to_owned().unwrap())
}

fn contains(head: &[u8], text: &str) -> bool {
    head.windows(text.len()).any(|window| window == text.as_bytes())
}
