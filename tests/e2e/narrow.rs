//! A proxy that does not let large bodies through: it refuses them by their announced length, or cuts the connection
//! once so much has passed. And what is sent through it all the same, in smaller parts.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    http::{self, Reply, Response, Server},
    round_trips::noise,
    world::{Outcome, Run, Sent, World},
};

const PART: usize = 8 << 20;
/// Less than it takes to find out that the relay never takes smaller parts.
const LIMIT: Duration = Duration::from_secs(30);

/// What it does to a body that is too large.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers `413`, as web servers do.
    Refuses,
    /// Resets the connection in the middle of it.
    Cuts,
}

/// The proxy. Its threads end with their connections.
struct Narrow {
    url: String,
    stopped: Arc<AtomicUsize>,
}

impl Narrow {
    fn start(relay: &str, limit: usize, manner: Manner) -> Self {
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
    fn stopped(&self) -> usize {
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

/// `share send` of a file that is there already.
fn send(world: &World, relay: &str) -> Run {
    world.share(["send", "--json", "--relay", relay, "--passphrase-file", "words", "case.bin"])
}

fn sent(world: &World, outcome: &Outcome) -> Sent {
    Sent { link: outcome.json()[0]["link"].as_str().unwrap().to_owned(), words: world.path("words") }
}

#[test]
fn smaller_parts_pass_what_stops_large_ones() {
    for (manner, limit) in [(Manner::Refuses, 1 << 20), (Manner::Cuts, 1 << 20), (Manner::Refuses, 200_000)] {
        let world = World::new();
        let relay = world.relay();
        let narrow = Narrow::start(&relay.url, limit, manner);
        world.file("case.bin", noise(2 * PART + 5));
        let outcome = send(&world, &narrow.url).succeeds();
        assert!(narrow.stopped() > 0);
        world.get(&sent(&world, &outcome).through(&relay.url), "in").succeeds();
        assert!(fs::read(world.path("in/case.bin")).unwrap() == noise(2 * PART + 5));
    }
}

#[test]
fn parts_stay_as_large_as_they_are_if_the_relay_takes_no_smaller_ones() {
    // What was cut off arrives after all, or there would be too many parts.
    for arrives in [true, false] {
        let world = World::new();
        let relay = world.relay();
        let (cuts, asked, shrunk) = (AtomicUsize::new(0), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let (url, counter) = (relay.url.clone(), Arc::clone(&shrunk));
        let server = Server::start(move |request| {
            let first = |count: &AtomicUsize, times| count.fetch_add(1, Ordering::SeqCst) < times;
            let pass = || http::forward(&url, request).map_or(Reply::Raw(Vec::new()), Reply::from);
            match request.call() {
                "parts/0" if first(&cuts, 2) => {
                    let _passed = arrives.then(pass);
                    Response::empty(502).into()
                }
                // As it was a moment ago.
                "parts" if first(&asked, 1) => Response::json(r#"{"held":[]}"#).into(),
                "create" if counter.fetch_add(1, Ordering::SeqCst) > 0 && !arrives => Response::empty(400).into(),
                _ => pass(),
            }
        });
        world.file("case.bin", noise(PART + 5));
        let outcome = send(&world, &server.url).within(LIMIT).exits(0);
        assert_eq!(shrunk.load(Ordering::SeqCst), 2, "arrives: {arrives}");
        world.get(&sent(&world, &outcome).through(&relay.url), "in").succeeds();
    }
}
