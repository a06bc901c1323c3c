//! A TCP proxy between programs and relay that hears every byte, and can hold bytes up.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToRelay,
    FromRelay,
}

/// What passed on one connection in one direction, in order.
type Stream = Arc<Mutex<Vec<u8>>>;

/// The proxy. Its threads end with their connections.
pub struct Tap {
    pub url: String,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    record: bool,
    streams: Mutex<Vec<(Way, Stream)>>,
    passed: Mutex<(u64, u64)>,
    moved: Condvar,
}

impl Tap {
    /// A proxy that keeps everything it hears.
    pub fn recording(relay: &str) -> Self {
        Self::start(relay, true)
    }

    /// A proxy that only counts.
    pub fn counting(relay: &str) -> Self {
        Self::start(relay, false)
    }

    fn start(relay: &str, record: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Heard { record, ..Heard::default() });
        let (relay, shared) = (relay.trim_start_matches("http://").to_owned(), Arc::clone(&heard));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Without the relay the connection just ends.
                let Ok(server) = TcpStream::connect(&relay) else { continue };
                let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (there, back) = (Arc::clone(&shared), Arc::clone(&shared));
                std::thread::spawn(move || there.pass(Way::ToRelay, client, server));
                std::thread::spawn(move || back.pass(Way::FromRelay, server_too, client_too));
            }
        });
        Self { url, heard }
    }

    /// Every stream of bytes so far.
    pub fn streams(&self) -> Vec<(Way, Vec<u8>)> {
        let streams = self.heard.streams.lock().unwrap();
        streams.iter().map(|(way, bytes)| (*way, bytes.lock().unwrap().clone())).collect()
    }

    /// Bytes that have passed this way.
    pub fn passed(&self, way: Way) -> u64 {
        count(&self.heard.passed.lock().unwrap(), way)
    }

    /// Waits until so many bytes have passed this way; false if `give_up` says so first.
    pub fn wait_for(&self, way: Way, bytes: u64, mut give_up: impl FnMut() -> bool) -> bool {
        let mut passed = self.heard.passed.lock().unwrap();
        while count(&passed, way) < bytes {
            if give_up() {
                return false;
            }
            passed = self.heard.moved.wait_timeout(passed, Duration::from_millis(5)).unwrap().0;
        }
        true
    }
}

fn count(passed: &(u64, u64), way: Way) -> u64 {
    match way {
        Way::ToRelay => passed.0,
        Way::FromRelay => passed.1,
    }
}

impl Heard {
    fn pass(&self, way: Way, mut from: TcpStream, mut to: TcpStream) {
        let stream = Stream::default();
        self.streams.lock().unwrap().push((way, Arc::clone(&stream)));
        // Either end may go away at any time; then the other learns it.
        let _ = self.pass_all(way, &mut from, &mut to, &stream);
        let _ = to.shutdown(Shutdown::Write);
        let _ = from.shutdown(Shutdown::Read);
    }

    fn pass_all(&self, way: Way, from: &mut TcpStream, to: &mut TcpStream, stream: &Stream) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            if self.record {
                stream.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
            let mut passed = self.passed.lock().unwrap();
            match way {
                Way::ToRelay => passed.0 += count as u64,
                Way::FromRelay => passed.1 += count as u64,
            }
            drop(passed);
            self.moved.notify_all();
            to.write_all(&buffer[..count])?;
        }
    }
}
