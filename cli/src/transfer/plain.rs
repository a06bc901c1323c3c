//! A pipe of authenticated plaintext from the network's side to a thread that reads it in order.
//!
//! The reader sees end-of-file only after the sender said that all has been verified; a pipe that merely breaks is an
//! error, so a cut or tampered transfer can never pass for a complete one.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

/// Runs of plaintext that may wait in the pipe.
const RUNS_WAITING: usize = 4;

enum Message {
    Bytes(Bytes),
    Verified,
}

/// A new pipe.
pub fn pipe() -> (PlainWriter, PlainReader) {
    let (sender, receiver) = mpsc::channel(RUNS_WAITING);
    (PlainWriter(sender), PlainReader { receiver, current: Bytes::new(), verified: false })
}

/// The network's end.
pub struct PlainWriter(mpsc::Sender<Message>);

/// The reader has gone away; its own error says why.
#[derive(Debug)]
pub struct ReaderGone;

impl PlainWriter {
    /// Passes on bytes that have been authenticated; waits while the pipe is full.
    pub async fn send(&self, bytes: Bytes) -> Result<(), ReaderGone> {
        self.0.send(Message::Bytes(bytes)).await.map_err(|_| ReaderGone)
    }

    /// Says that every byte has been sent and verified.
    pub async fn finish(self) -> Result<(), ReaderGone> {
        self.0.send(Message::Verified).await.map_err(|_| ReaderGone)
    }
}

/// The reading thread's end.
pub struct PlainReader {
    receiver: mpsc::Receiver<Message>,
    current: Bytes,
    verified: bool,
}

impl Read for PlainReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.verified && !buffer.is_empty() {
            match self.receiver.blocking_recv() {
                Some(Message::Bytes(bytes)) => self.current = bytes,
                Some(Message::Verified) => self.verified = true,
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn end_of_file_comes_only_after_verification() {
        let (writer, mut reader) = pipe();
        let reading = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        });
        writer.send(Bytes::from_static(b"one ")).await.unwrap();
        writer.send(Bytes::new()).await.unwrap();
        writer.send(Bytes::from_static(b"two")).await.unwrap();
        writer.finish().await.unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), b"one two");
    }

    #[tokio::test]
    async fn a_broken_pipe_is_an_error() {
        let (writer, mut reader) = pipe();
        writer.send(Bytes::from_static(b"half")).await.unwrap();
        drop(writer);
        let result = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new())).await.unwrap();
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
