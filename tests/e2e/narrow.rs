//! A proxy that does not let large bodies through: it refuses them by their announced length, or cuts the connection
//! once so much has passed.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// What it does to a body that is too large.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Answers `413`, as web servers do.
    Refuses,
    /// Resets the connection in the middle of it.
    Cuts,
}

/// The proxy. Its threads end with their connections.
pub struct Narrow {
    pub url: String,
    stopped: Arc<AtomicUsize>,
}

impl Narrow {
    pub fn start(relay: &str, limit: usize, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stopped = Arc::new(AtomicUsize::new(0));
        let (relay, counter) = (relay.trim_start_matches("http://").to_owned(), Arc::clone(&stopped));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, counter) = (TcpStream::connect(&relay).unwrap(), Arc::clone(&counter));
                let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = io::copy(&mut answers, &mut to_client);
                    let _ = to_client.shutdown(Shutdown::Both);
                });
                thread::spawn(move || {
                    // Either end may go away at any time; then the other learns it.
                    if pass(&client, &server, limit, manner).is_ok_and(|stopped| stopped) {
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                    let _ = server.shutdown(Shutdown::Both);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { url, stopped }
    }

    /// How many bodies were too large.
    pub fn stopped(&self) -> usize {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// Passes requests on, one after another; `true` if one was stopped.
fn pass(mut client: &TcpStream, mut server: &TcpStream, limit: usize, manner: Manner) -> io::Result<bool> {
    while let Some((head, length)) = read_head(client)? {
        if length > limit {
            match manner {
                Manner::Refuses => {
                    client.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
                    // What is on its way is taken, so that the answer is not lost.
                    client.shutdown(Shutdown::Write)?;
                    io::copy(&mut client, &mut io::sink())?;
                }
                Manner::Cuts => {
                    server.write_all(&head)?;
                    io::copy(&mut client.take(limit as u64), &mut server)?;
                }
            }
            return Ok(true);
        }
        server.write_all(&head)?;
        io::copy(&mut client.take(length as u64), &mut server)?;
    }
    Ok(false)
}

/// A request's head, and the length of its body.
fn read_head(mut client: &TcpStream) -> io::Result<Option<(Vec<u8>, usize)>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Ok(Some((head, length.unwrap_or(0))))
}
