//! Bodies: those of requests are limited in size and time; those of answers are sent whole, or block by block and
//! counted.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::{Body, Frame, Incoming, SizeHint},
    header,
};
use serde::de::DeserializeOwned;
use share_relay_api::{
    Code, Json,
    limits::{MAX_JSON_BYTES, MAX_PART_BYTES},
    paths::UPLOAD_LENGTH,
};
use tokio::time::{Instant, timeout_at};

use super::{
    connection::{Connection, Sending},
    log::RequestLog,
};
use crate::{
    domain::Refusal,
    limits::Limits,
    service::Memory,
    service::{DownloadBody, Error},
};

/// A request's body, read within limits of size and time.
pub struct RequestBody {
    body: Incoming,
    declared: Option<u64>,
    /// Whether the client waits for an interim answer before it sends the body (`Expect: 100-continue`).
    waits: bool,
    begun: Instant,
    limits: Limits,
    connection: Connection,
    /// Bytes read so far.
    pub bytes: u64,
    failed: bool,
}

impl RequestBody {
    /// The body of a request with these headers, on this connection.
    pub fn new(body: Incoming, headers: &HeaderMap, limits: &Limits, connection: &Connection) -> Self {
        let length = headers.get(header::CONTENT_LENGTH).or_else(|| headers.get(UPLOAD_LENGTH));
        let length = length.and_then(|value| value.to_str().ok());
        Self {
            declared: length.and_then(|text| text.parse().ok()),
            waits: headers.contains_key(header::EXPECT),
            begun: Instant::now(),
            limits: limits.clone(),
            connection: connection.clone(),
            bytes: 0,
            failed: false,
            body,
        }
    }

    /// The announced length: `Content-Length`, or `UPLOAD_LENGTH` where a proxy forwards the body in chunks.
    pub fn declared(&self) -> Result<u64, Error> {
        self.declared.ok_or(Code::WrongLength.into())
    }

    /// The next piece, `None` at the end. A body that is too slow fails with `timeout`. So does one that breaks off,
    /// because a client that has only half closed its connection reads the answer, and should then repeat the call. A
    /// body of another length than announced fails with `wrong_length`.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.next_piece().await;
        self.failed |= piece.is_err();
        let piece = piece?;
        self.bytes += piece.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let fits = |declared| if piece.is_some() { self.bytes <= declared } else { self.bytes == declared };
        if self.declared.is_some_and(|declared| !fits(declared)) {
            return Err(Code::WrongLength.into());
        }
        Ok(piece)
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, Error> {
        let patience = if self.bytes == 0 { self.limits.first_byte } else { self.limits.body_idle };
        let all = self.limits.body_time(self.declared.unwrap_or(self.bytes));
        let deadline = (Instant::now() + patience).min(self.begun + all);
        loop {
            match timeout_at(deadline, self.body.frame()).await.map_err(|_| Code::Timeout)? {
                None => return Ok(None),
                Some(Err(_)) => return Err(Code::Timeout.into()),
                // Trailers are not part of the protocol and are skipped.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => return Ok(Some(data)),
                    Err(_) => continue,
                },
            }
        }
    }

    /// The whole body, of at most `most` bytes. Until it has arrived, its connection may be closed in favour of others.
    pub async fn whole(&mut self, most: u64) -> Result<Bytes, Error> {
        let _waiting = self.connection.wait();
        let too_large = Refusal::TooLarge { limit: most };
        if self.declared.is_some_and(|declared| declared > most) {
            return Err(too_large.into());
        }
        let mut whole = BytesMut::with_capacity(self.declared.map_or(0, |bytes| bytes as usize));
        while let Some(piece) = self.next().await? {
            if self.bytes > most {
                return Err(too_large.into());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// The body as JSON. It is small, so a short time limit applies.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let deadline = self.begun + self.limits.json;
        let Ok(text) = timeout_at(deadline, self.whole(MAX_JSON_BYTES)).await else {
            self.failed = true;
            return Err(Code::Timeout.into());
        };
        let json: Json = serde_json::from_slice(&text?).map_err(|_| Code::BadRequest)?;
        Ok(json.read().map_err(|_| Code::BadRequest)?)
    }

    /// Reads and discards the rest, so that a client that is still sending can read its answer. A body that is larger
    /// than any may be, or takes longer than the limit, is left unread, and its connection is closed.
    pub async fn discard(&mut self) {
        let unasked = self.waits && self.bytes == 0;
        if unasked || self.failed || self.declared.is_some_and(|bytes| bytes > MAX_PART_BYTES) {
            return;
        }
        let _waiting = self.connection.wait();
        let deadline = Instant::now() + self.limits.discard;
        while self.bytes <= MAX_PART_BYTES {
            match timeout_at(deadline, self.next()).await {
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None) | Err(_)) | Err(_) => return,
            }
        }
    }
}

/// An answer's body. When it is dropped, sent or not, its request is logged.
pub struct ResponseBody {
    source: Source,
    log: Option<RequestLog>,
    /// Reserved until it is sent.
    _memory: Option<Memory>,
}

/// Bytes that are being sent.
struct Taken {
    bytes: Bytes,
    _sending: Sending,
}

impl AsRef<[u8]> for Taken {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

enum Source {
    Whole(Option<Bytes>),
    Download(DownloadBody),
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self { source: Source::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())), log: None, _memory: None }
    }
}

impl From<DownloadBody> for ResponseBody {
    fn from(body: DownloadBody) -> Self {
        Self { source: Source::Download(body), log: None, _memory: None }
    }
}

impl ResponseBody {
    /// Logs the request when this body has ended.
    pub fn logged(self, log: RequestLog) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Notes that it is being sent, until the connection has taken all of it.
    pub fn sent_on(self, connection: &Connection) -> Self {
        match self.source {
            Source::Whole(Some(bytes)) => {
                let taken = Taken { bytes, _sending: connection.send() };
                Self { source: Source::Whole(Some(Bytes::from_owner(taken))), ..self }
            }
            source => Self { source, ..self },
        }
    }

    /// Keeps memory reserved until this body has ended.
    pub fn holding(self, memory: Memory) -> Self {
        Self { _memory: Some(memory), ..self }
    }

    fn poll_block(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match &mut self.source {
            Source::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Source::Download(body) => body.poll_next(context),
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let block = ready!(this.poll_block(context));
        if let (Some(Ok(bytes)), Some(log)) = (&block, &mut this.log) {
            log.bytes_out += bytes.len() as u64;
        }
        Poll::Ready(block.map(|block| block.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Whole(bytes) => bytes.is_none(),
            Source::Download(body) => body.missing() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.source {
            Source::Whole(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Source::Download(body) => body.missing(),
        })
    }
}
