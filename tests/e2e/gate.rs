//! A gate between a program and its relay: passes everything on, until a chosen request or answer comes by.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::world::PATIENCE;

/// Listens on a free port; open from the start to all that it does not wait for. Ends when dropped.
pub struct Gate {
    pub url: String,
    shared: Arc<Shared>,
}

/// What the gate waits for.
struct Shared {
    relay: String,
    /// Text in the head of a request, such as `/parts/1 `.
    request: &'static str,
    /// How much of its answer passes; `None` to stop the request itself.
    answer_bytes: Option<usize>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Connections that have been stopped.
    stopped: usize,
    /// Connections that will still be cut rather than held.
    cuts_left: usize,
    open: bool,
    /// No connection gets through any more.
    gone: bool,
    closed: bool,
}

impl Gate {
    /// Holds requests that have this text in their head, before any of them reaches the relay.
    pub fn holding_request(relay: &str, request: &'static str) -> Self {
        Self::start(relay, request, None, 0)
    }

    /// Holds the answers to such requests after so many bytes.
    pub fn holding_answer(relay: &str, request: &'static str, bytes: usize) -> Self {
        Self::start(relay, request, Some(bytes), 0)
    }

    /// Cuts the answers to such requests after so many bytes, so many times; then lets everything pass.
    pub fn cutting_answers(relay: &str, request: &'static str, bytes: usize, times: usize) -> Self {
        Self::start(relay, request, Some(bytes), times)
    }

    fn start(relay: &str, request: &'static str, answer_bytes: Option<usize>, cuts: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { stopped: 0, cuts_left: cuts, open: false, gone: false, closed: false };
        let relay = relay.trim_start_matches("http://").to_owned();
        let shared =
            Arc::new(Shared { relay, request, answer_bytes, state: Mutex::new(state), changed: Condvar::new() });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                match *serving.state.lock().unwrap() {
                    State { closed: true, .. } => return,
                    State { gone: true, .. } => continue,
                    _ => {}
                }
                // A relay that is gone closes the connection, as it would without a gate.
                let Ok(relay) = TcpStream::connect(&serving.relay) else { continue };
                serving.connect(client, relay).unwrap();
            }
        });
        Self { url, shared }
    }

    /// Waits until a connection is held or cut.
    pub fn wait_until_stopped(&self) {
        self.wait_until_stopped_times(1);
    }

    /// Waits until so many connections have been held or cut.
    pub fn wait_until_stopped_times(&self, times: usize) {
        let state = self.shared.state.lock().unwrap();
        let (state, timeout) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, |state| state.stopped < times).unwrap();
        assert!(!timeout.timed_out(), "only {} of {times} connections came to the gate", state.stopped);
    }

    /// How many connections have been held or cut.
    pub fn stopped(&self) -> usize {
        self.shared.state.lock().unwrap().stopped
    }

    /// Ends what is held, after the relay was killed, and lets nothing through to whoever has its port next.
    pub fn relay_is_gone(&self) {
        self.shared.state.lock().unwrap().gone = true;
        self.open();
    }

    /// Lets go what is held, and everything from now on.
    pub fn open(&self) {
        self.shared.state.lock().unwrap().open = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        self.open();
        // Wakes the listening thread.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
    }
}

impl Shared {
    /// Passes on both directions, each on its own thread.
    fn connect(self: &Arc<Self>, client: TcpStream, relay: TcpStream) -> io::Result<()> {
        let wanted = Arc::new(AtomicBool::new(false));
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        let (from_client, to_relay, seen) = (client.try_clone()?, relay.try_clone()?, Arc::clone(&wanted));
        thread::spawn(move || {
            // A broken connection ends the pass, and is passed on.
            let _ = up.pass_requests(&from_client, &to_relay, &seen);
            close(&from_client, &to_relay);
        });
        thread::spawn(move || {
            let _ = down.pass_answers(&relay, &client, &wanted);
            close(&relay, &client);
        });
        Ok(())
    }

    fn pass_requests(&self, mut client: &TcpStream, mut relay: &TcpStream, wanted: &AtomicBool) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = client.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            // A client sends a request's head at once, after the answer to the one before.
            if contains(&buffer[..count.min(1024)], self.request) {
                match self.answer_bytes {
                    Some(_) => wanted.store(true, Ordering::SeqCst),
                    None => self.stop(),
                }
            }
            relay.write_all(&buffer[..count])?;
        }
    }

    fn pass_answers(&self, mut relay: &TcpStream, mut client: &TcpStream, wanted: &AtomicBool) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut left = self.answer_bytes.unwrap_or(usize::MAX);
        loop {
            let count = relay.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            let mut passed = 0;
            if wanted.load(Ordering::SeqCst) && left != usize::MAX {
                passed = left.min(count);
                left -= passed;
                client.write_all(&buffer[..passed])?;
                if left == 0 {
                    left = usize::MAX;
                    if self.cuts() {
                        return Ok(());
                    }
                    self.stop();
                }
            }
            client.write_all(&buffer[passed..count])?;
        }
    }

    /// Whether this connection is to be cut now.
    fn cuts(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let cuts = state.cuts_left > 0;
        if cuts {
            state.cuts_left -= 1;
            state.stopped += 1;
            // After the last one everything passes.
            state.open = state.cuts_left == 0;
            self.changed.notify_all();
        }
        cuts
    }

    /// Holds this connection until the gate opens.
    fn stop(&self) {
        let mut state = self.state.lock().unwrap();
        if state.open {
            return;
        }
        state.stopped += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.open).unwrap());
    }
}

fn contains(head: &[u8], text: &str) -> bool {
    head.windows(text.len()).any(|window| window == text.as_bytes())
}

fn close(one: &TcpStream, other: &TcpStream) {
    // It may be closed already.
    let _ = one.shutdown(Shutdown::Both);
    let _ = other.shutdown(Shutdown::Both);
}
