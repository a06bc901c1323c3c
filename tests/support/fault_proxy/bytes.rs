//! How a fault proxy passes bytes on, and makes its fault among them.

use std::{
    future::pending,
    io::Write,
    net::{self, Shutdown},
    os::fd::AsFd,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep_until},
    try_join,
};

use super::{Direction, Fault, Line, Place, Shared};

/// Both ends of a connection, and whether it carries a request that a fault will meet.
struct Link {
    client: net::TcpStream,
    relay: net::TcpStream,
    marked: AtomicBool,
}

/// What goes through the line, in order.
enum Item {
    /// Bytes, and when they arrive.
    Bytes(Instant, Vec<u8>),
    Fault(Fault),
}

/// Pieces that may be on the line at once.
const LINE_LENGTH: usize = 256;

impl Line {
    /// How much is taken from a connection at once: little, if it takes long.
    fn piece(self) -> usize {
        self.bytes_per_second.map_or(64 * 1024, |rate| (rate as usize / 16).clamp(512, 64 * 1024))
    }
}

impl Shared {
    /// Passes on both directions until both have ended, or a fault ends them.
    pub async fn carry(&self, mut client: TcpStream, mut relay: TcpStream) {
        for stream in [&client, &relay] {
            stream.set_nodelay(true).unwrap();
        }
        let link = Link { client: handle(&client), relay: handle(&relay), marked: AtomicBool::new(false) };
        let (from_client, to_client) = client.split();
        let (from_relay, to_relay) = relay.split();
        let up = self.pass(Direction::ToRelay, from_client, to_relay, &link);
        let down = self.pass(Direction::FromRelay, from_relay, to_client, &link);
        if let Err(Fault::Reset) = try_join!(up, down) {
            for stream in [&client, &relay] {
                // It may be closed already.
                let _ = stream.set_zero_linger();
            }
        }
    }

    async fn pass(
        &self,
        direction: Direction,
        from: impl AsyncRead + Unpin,
        to: impl AsyncWrite + Unpin,
        link: &Link,
    ) -> Result<(), Fault> {
        let (line, arriving) = mpsc::channel(LINE_LENGTH);
        let mut delivered = pin!(deliver(direction, arriving, to, link));
        tokio::select! {
            end = &mut delivered => end,
            () = self.take(direction, from, line, link) => delivered.await,
        }
    }

    /// Reads what comes and gives it to the line, until its end or the end that the fault makes.
    async fn take(
        &self,
        direction: Direction,
        mut from: impl AsyncRead + Unpin,
        line: mpsc::Sender<Item>,
        link: &Link,
    ) {
        let stream = self.setting.record.then(|| self.new_stream(direction));
        let mut buffer = vec![0; self.setting.line.piece()];
        let mut left = None;
        loop {
            let bytes = match from.read(&mut buffer).await {
                Ok(0) => return,
                Ok(count) => &buffer[..count],
                Err(_) => return give(&line, Item::Fault(Fault::Reset)).await,
            };
            self.passed(direction, bytes, stream);
            left = left.or_else(|| self.fault_after(direction, bytes, link));
            let until_fault = left.unwrap_or(usize::MAX).min(bytes.len());
            let arrival = self.arrival(direction, bytes.len()).await;
            give(&line, Item::Bytes(arrival, bytes[..until_fault].to_vec())).await;
            left = left.map(|left| left - until_fault);
            if left == Some(0) {
                left = None;
                if let Some(fault) = self.fault_now().await {
                    give(&line, Item::Fault(fault)).await;
                    return discard(from, fault).await;
                }
            }
            give(&line, Item::Bytes(arrival, bytes[until_fault..].to_vec())).await;
        }
    }

    /// What happens at the place of the fault; `None` if nothing does, or it is over.
    async fn fault_now(&self) -> Option<Fault> {
        match self.setting.fault?.1 {
            _ if !self.strikes() => None,
            Fault::Hold => {
                self.held().await;
                self.state.lock().unwrap().gone.then_some(Fault::Cut)
            }
            fault => Some(fault),
        }
    }

    /// How many of these and the next bytes still pass, if there is to be a fault in this direction. A client sends a
    /// request's head at once, after the answer to the one before.
    fn fault_after(&self, direction: Direction, bytes: &[u8], link: &Link) -> Option<usize> {
        let head = &bytes[..bytes.len().min(1024)];
        match (direction, self.setting.fault?.0) {
            (Direction::ToRelay, Place::Request(text, after)) => contains(head, text).then_some(after),
            (Direction::ToRelay, Place::LargeBody { limit, after }) => (announced(head) > limit).then_some(after),
            (Direction::ToRelay, Place::Answer(text, _)) => {
                link.marked.fetch_or(contains(head, text), Ordering::SeqCst);
                None
            }
            (Direction::FromRelay, Place::Answer(_, after)) => {
                link.marked.swap(false, Ordering::SeqCst).then_some(after)
            }
            _ => None,
        }
    }

    fn new_stream(&self, direction: Direction) -> usize {
        let mut state = self.state.lock().unwrap();
        state.streams.push((direction, Vec::new()));
        state.streams.len() - 1
    }

    fn passed(&self, direction: Direction, bytes: &[u8], stream: Option<usize>) {
        let mut state = self.state.lock().unwrap();
        state.passed[direction as usize] += bytes.len() as u64;
        if let Some(stream) = stream {
            state.streams[stream].1.extend_from_slice(bytes);
        }
        self.changed.notify_all();
    }

    /// Waits until the line can carry this many bytes, and returns when they arrive.
    async fn arrival(&self, direction: Direction, count: usize) -> Instant {
        let Line { delay, bytes_per_second } = self.setting.line;
        let Some(rate) = bytes_per_second else { return Instant::now() + delay };
        let done = {
            let busy_until = &mut self.state.lock().unwrap().busy_until[direction as usize];
            *busy_until = Instant::now().max(*busy_until) + Duration::from_secs(count as u64) / rate;
            *busy_until
        };
        sleep_until(done).await;
        done + delay
    }
}

/// Writes what arrives, until its end or the end that the fault makes. Where the relay takes no more, the rest goes
/// nowhere, so that its answer still comes. A program that closes its side has gone; ours never close half of one.
async fn deliver(
    direction: Direction,
    mut arriving: mpsc::Receiver<Item>,
    mut to: impl AsyncWrite + Unpin,
    link: &Link,
) -> Result<(), Fault> {
    while let Some(item) = arriving.recv().await {
        match item {
            Item::Bytes(at, bytes) => {
                sleep_until(at).await;
                if to.write_all(&bytes).await.is_err() && direction == Direction::FromRelay {
                    return Err(Fault::Cut);
                }
            }
            Item::Fault(Fault::HalfClose(direction)) => {
                let end = if direction == Direction::ToRelay { &link.relay } else { &link.client };
                // It may be closed already.
                let _ = end.shutdown(Shutdown::Write);
            }
            Item::Fault(Fault::Refuse(answer)) => {
                let _ = (&link.client).write_all(answer.as_bytes());
                let _ = link.client.shutdown(Shutdown::Write);
            }
            Item::Fault(Fault::Swallow) => pending().await,
            Item::Fault(fault) => return Err(fault),
        }
    }
    let _ = to.shutdown().await;
    if direction == Direction::ToRelay { Err(Fault::Cut) } else { Ok(()) }
}

/// Reads and discards the rest, so that its sender does not block.
async fn discard(mut from: impl AsyncRead + Unpin, fault: Fault) {
    let mut buffer = vec![0; 64 * 1024];
    let goes_on = matches!(fault, Fault::HalfClose(_) | Fault::Swallow | Fault::Refuse(_));
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

/// How long the body is that a request's head announces; 0 for what is no head.
fn announced(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.filter(|_| text.contains(" http/1.1\r\n")).unwrap_or(0)
}
