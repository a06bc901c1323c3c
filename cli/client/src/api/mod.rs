//! The relay's API as typed calls, and signals to monitoring services. The only folder that names reqwest.
//!
//! Every answer is bounded in size and time, redirects are never followed, and no error repeats a secret.

mod error;
mod ping;
mod proxy;
mod response;
mod stall_detector;

use std::{
    ops::Range,
    pin::Pin,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use reqwest::{
    Body, Method, RequestBuilder, Response, StatusCode,
    header::{self, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use share_format::link::RelayUrl;
use share_relay_api::{
    CreateShare, Created, Events, Json, OpenShare, PartsHeld, Problem, Receipt, RelayInfo, SealShare, ShareId,
    ShareStatus, TakeTicket, Ticket, limits, paths,
};
use tokio::time::Instant;

pub use self::{
    error::ClientError,
    ping::{PingUrl, Signal},
    proxy::Proxy,
};
use self::{
    response::{acknowledged, beyond_the_end, content_answer, is_problem_json, is_temporary, is_web_page, retry_after},
    stall_detector::StallDetector,
};
use crate::secret::Secret;

/// How long a relay may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For connecting.
    pub connect: Duration,
    /// For a whole small call, or the beginning of a large answer.
    pub call: Duration,
    /// For the whole manifest.
    pub manifest: Duration,
    /// How long an answer may bring nothing, or less than `stall_bytes`, before its connection counts as broken.
    pub stall: Duration,
    /// Bytes that must arrive in the time of `stall`.
    pub stall_bytes: usize,
    /// How long nothing more of a body may be taken. A slice of 64 KiB that shares 50 kbit/s with three others is on
    /// its way for 42 s; a connection on which nothing is acknowledged the system finds out earlier, where it can.
    pub hand_over: Duration,
    /// For the answer once the whole body has been handed over: buffers on the way still empty, the disk syncs.
    pub answer: Duration,
    /// How much longer `hand_over` and `answer` get, at most, for a body that has been slow so far: twice as long as it
    /// took. A system's buffer takes up to megabytes at once, and then nothing until a third of it is empty.
    pub slow: Duration,
}

impl Default for Limits {
    /// 20 s to connect, 30 s for a call, 256 s more for a manifest (the largest at 16 KiB/s), 16 KiB in 30 s, which is
    /// below any line that is of use, 60 s for the next slice of a body to be taken, 120 s for the answer to it, 300 s
    /// more for either on a slow line.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            call: Duration::from_secs(30),
            manifest: Duration::from_secs(30 + 256),
            stall: Duration::from_secs(30),
            stall_bytes: 16 * 1024,
            hand_over: Duration::from_secs(60),
            answer: Duration::from_secs(120),
            slow: Duration::from_secs(300),
        }
    }
}

/// The largest JSON answer that is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Bytes handed to the connection at once, so that progress and stalls are seen early.
const SLICE_BYTES: usize = 64 * 1024;
/// Between two questions to a silent connection whether it is still there, which begin after 15 s of silence. Where
/// the system can be told so, it also ends a connection on which nothing is acknowledged for 30 s; both by reqwest's
/// own choice.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);

/// The result of a call.
pub type ClientResult<T> = Result<T, ClientError>;

/// A relay, ready to be called.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    relay: RelayUrl,
    limits: Limits,
    proxy: Option<Arc<Proxy>>,
    /// The relay has answered as one: what else answers from then on is something on the way.
    heard: Arc<AtomicBool>,
}

/// The content's bytes as they come: all, or those of a range.
pub struct Content {
    /// Bytes of the whole content, unless something on the way keeps the answer's length back.
    pub total: Option<u64>,
    /// The relay's name for exactly this content, unless something on the way has made it weak.
    pub etag: Option<String>,
    /// The bytes.
    pub body: Pin<Box<dyn Stream<Item = ClientResult<Bytes>> + Send>>,
}

/// A file of the page, as a relay serves it.
pub struct PageFile {
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The file.
    pub bytes: Bytes,
}

impl Client {
    /// A client for this relay. Proxies of the system are honoured, but never for a relay on this computer or network.
    pub fn new(relay: &RelayUrl) -> ClientResult<Self> {
        Self::with_limits(relay, Limits::default())
    }

    /// A client that waits no longer than these limits.
    pub fn with_limits(relay: &RelayUrl, limits: Limits) -> ClientResult<Self> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Fails only if one is installed already, which is as good.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        });
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("share/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .tcp_keepalive_interval(KEEPALIVE_EVERY)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        // Ciphertext does not become smaller. What a proxy packs all the same is unpacked.
        let identity = HeaderValue::from_static("identity");
        builder = builder.default_headers([(header::ACCEPT_ENCODING, identity)].into_iter().collect());
        let proxy = match relay.is_local() {
            true => None,
            false => Proxy::to(relay).map_err(ClientError::BadProxy)?.map(Arc::new),
        };
        if proxy.is_none() {
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build()?, relay: relay.clone(), limits, proxy, heard: Arc::default() })
    }

    /// Version and limits; with a token, also whether it is valid.
    pub async fn info(&self, token: Option<&Secret>) -> ClientResult<RelayInfo> {
        self.json(authorised(self.call(Method::GET, paths::INFO), token)).await
    }

    /// The page in a language, or a file of it, at this path.
    pub async fn page_file(&self, path: &str, language: &'static str) -> ClientResult<PageFile> {
        let read = async {
            let request = self.call(Method::GET, path).header(header::ACCEPT_LANGUAGE, language);
            let response = self.accepted(request.send().await?).await?;
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            Ok(PageFile { headers, bytes: self.read_bounded(response, MAX_ANSWER_BYTES).await? })
        };
        self.within(self.limits.call, read).await
    }

    /// Creates a share. Repeating it changes nothing.
    pub async fn create(&self, id: &ShareId, token: Option<&Secret>, share: &CreateShare) -> ClientResult<Created> {
        let request = self.call(Method::PUT, &paths::share(id));
        self.json(with_json(authorised(request, token), share)).await
    }

    /// Uploads the header and the content's nonce.
    pub async fn put_header(&self, id: &ShareId, manage: &Secret, header: Bytes) -> ClientResult<()> {
        self.put(paths::header(id), manage, header, |_| {}).await
    }

    /// Uploads the manifest's age file.
    pub async fn put_manifest(&self, id: &ShareId, manage: &Secret, manifest: Bytes) -> ClientResult<()> {
        self.put(paths::manifest(id), manage, manifest, |_| {}).await
    }

    /// Uploads one part; `sent` hears of each slice handed to the connection.
    pub async fn put_part(
        &self,
        id: &ShareId,
        manage: &Secret,
        number: u64,
        part: Bytes,
        sent: impl Fn(u64) + Send + 'static,
    ) -> ClientResult<()> {
        self.put(paths::part(id, number), manage, part, sent).await
    }

    /// Which parts the relay holds.
    pub async fn parts(&self, id: &ShareId, manage: &Secret) -> ClientResult<PartsHeld> {
        self.json(authorised(self.call(Method::GET, &paths::parts(id)), Some(manage))).await
    }

    /// Makes the share ready.
    pub async fn seal(&self, id: &ShareId, manage: &Secret, seal: &SealShare) -> ClientResult<()> {
        let request = authorised(self.call(Method::POST, &paths::seal(id)), Some(manage));
        self.done(with_json(request, seal)).await
    }

    /// What anyone with the link may know.
    pub async fn status(&self, id: &ShareId) -> ClientResult<ShareStatus> {
        self.json(self.call(Method::GET, &paths::share(id))).await
    }

    /// Proves, and gets the manifest's age file.
    pub async fn open(&self, id: &ShareId, open: &OpenShare) -> ClientResult<Bytes> {
        let request = with_json(self.call(Method::POST, &paths::open(id)), open);
        let read = async {
            let response = self.answered(request.send().await?).await?;
            self.read_bounded(response, limits::MAX_MANIFEST_BYTES as usize).await
        };
        self.within(self.limits.manifest, read).await
    }

    /// Takes a ticket. Repeating it takes no second one.
    pub async fn take_ticket(&self, id: &ShareId, take: &TakeTicket) -> ClientResult<Ticket> {
        self.json(with_json(self.call(Method::POST, &paths::tickets(id)), take)).await
    }

    /// The content, or this range of it. `etag` is that of an earlier answer, if this goes with one.
    pub async fn content(
        &self,
        id: &ShareId,
        ticket: &Secret,
        range: Option<Range<u64>>,
        etag: Option<&str>,
    ) -> ClientResult<Content> {
        let mut request = authorised(self.call(Method::GET, &paths::content(id)), Some(ticket));
        if let Some(range) = &range {
            let last = range.end.checked_sub(1).ok_or(ClientError::BadAnswer("length"))?;
            request = request.header(header::RANGE, format!("bytes={}-{last}", range.start));
        }
        if let Some(etag) = etag {
            request = request.header(header::IF_RANGE, etag);
        }
        let answer = self.started(request).await.map_err(|error| beyond_the_end(error, etag))?;
        let content = content_answer(answer, range, etag, self.limits).map_err(|error| self.on_the_way(error))?;
        let client = self.clone();
        let body = content.body.map(move |piece| piece.map_err(|error| client.on_the_way(error)));
        Ok(Content { body: Box::pin(body), ..content })
    }

    /// Tells the relay that the content was decrypted, verified and saved.
    pub async fn receipt(&self, id: &ShareId, ticket: &Secret, receipt: &Receipt) -> ClientResult<()> {
        let request = authorised(self.call(Method::POST, &paths::receipt(id)), Some(ticket));
        self.done(with_json(request, receipt)).await
    }

    /// What happened to the share.
    pub async fn events(&self, id: &ShareId, manage: &Secret) -> ClientResult<Events> {
        self.json(authorised(self.call(Method::GET, &paths::events(id)), Some(manage))).await
    }

    /// Ends a lock.
    pub async fn unlock(&self, id: &ShareId, manage: &Secret) -> ClientResult<()> {
        self.done(authorised(self.call(Method::POST, &paths::unlock(id)), Some(manage))).await
    }

    /// Takes the share back.
    pub async fn revoke(&self, id: &ShareId, manage: &Secret) -> ClientResult<()> {
        self.done(authorised(self.call(Method::DELETE, &paths::share(id)), Some(manage))).await
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.relay.endpoint(path))
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> ClientResult<T> {
        let read = async {
            let response = self.answered(request.send().await?).await?;
            let bytes = self.read_bounded(response, MAX_ANSWER_BYTES).await?;
            let value = read_json(&bytes)?;
            self.heard.store(true, Ordering::Relaxed);
            Ok(value)
        };
        self.within(self.limits.call, read).await
    }

    async fn done(&self, request: RequestBuilder) -> ClientResult<()> {
        let read = async { acknowledged(&self.answered(request.send().await?).await?) };
        self.within(self.limits.call, read).await
    }

    async fn put(
        &self,
        path: String,
        manage: &Secret,
        bytes: Bytes,
        sent: impl Fn(u64) + Send + 'static,
    ) -> ClientResult<()> {
        let length = bytes.len();
        let stall_detector = Arc::new(StallDetector::begin(length as u64));
        let body = sliced(bytes, {
            let stall_detector = Arc::clone(&stall_detector);
            move |count| {
                stall_detector.moved(count);
                sent(count);
            }
        });
        let request = authorised(self.call(Method::PUT, &path), Some(manage))
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, length)
            .header(paths::UPLOAD_LENGTH, length)
            .body(body);
        tokio::select! {
            response = request.send() => {
                let read = async { acknowledged(&self.answered(response?).await?) };
                self.within(self.limits.call, read).await
            }
            () = stall_detector.standstill(self.limits) => Err(self.on_the_way(ClientError::Stalled)),
        }
    }

    /// The answer's head, or the whole error, in bounded time; a body may take as long as it keeps coming.
    async fn started(&self, request: RequestBuilder) -> ClientResult<Response> {
        self.within(self.limits.call, async { self.answered(request.send().await?).await }).await
    }

    /// The call, in this time. Its error says what it went through.
    async fn within<T>(&self, limit: Duration, call: impl Future<Output = ClientResult<T>>) -> ClientResult<T> {
        let answer = tokio::time::timeout(limit, call).await.unwrap_or(Err(ClientError::Stalled));
        answer.map_err(|error| self.on_the_way(error))
    }

    /// An error as it is, or with the proxy it came through; but not what the relay itself said.
    fn on_the_way(&self, error: ClientError) -> ClientError {
        match (&self.proxy, error) {
            (Some(_), error @ (ClientError::Problem { .. } | ClientError::ThroughProxy { .. })) => error,
            (Some(proxy), error) => ClientError::ThroughProxy { proxy: Arc::clone(proxy), error: Box::new(error) },
            (None, error) => error,
        }
    }

    /// The response, if it is a success of the relay's: a web page in its place is of something on the way.
    async fn answered(&self, response: Response) -> ClientResult<Response> {
        let response = self.accepted(response).await?;
        match response.headers().get(header::CONTENT_TYPE).is_some_and(is_web_page) {
            true if self.heard.load(Ordering::Relaxed) => Err(ClientError::Intercepted),
            true => Err(ClientError::BadAnswer("HTML")),
            false => Ok(response),
        }
    }

    /// The response, if it is a success; else the error it carries.
    async fn accepted(&self, response: Response) -> ClientResult<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.is_redirection() {
            let is_passing = is_temporary(status) && self.heard.load(Ordering::Relaxed);
            return Err(if is_passing { ClientError::Intercepted } else { ClientError::Redirected });
        }
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(ClientError::ProxyPassword);
        }
        let retry_after = retry_after(response.headers());
        let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(is_problem_json);
        let body = self.read_bounded(response, MAX_ANSWER_BYTES).await.unwrap_or_default();
        match read_json::<Problem>(&body) {
            Ok(problem) if is_problem => {
                self.heard.store(true, Ordering::Relaxed);
                let problem = Box::new(Problem { status: status.as_u16(), ..problem });
                Err(ClientError::Problem { problem, retry_after })
            }
            _ => Err(ClientError::Status { status: status.as_u16(), retry_after }),
        }
    }

    async fn read_bounded(&self, response: Response, limit: usize) -> ClientResult<Bytes> {
        let mut body = with_stall_timeout(response, self.limits);
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            if bytes.len() + chunk.len() > limit {
                return Err(ClientError::BadAnswer("length"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }
}

fn authorised(request: RequestBuilder, secret: Option<&Secret>) -> RequestBuilder {
    match secret {
        Some(secret) => request.bearer_auth(secret.hex()),
        None => request,
    }
}

fn read_json<T: DeserializeOwned>(text: &[u8]) -> ClientResult<T> {
    let json: Option<Json> = serde_json::from_slice(text).ok();
    json.and_then(|json| json.read().ok()).ok_or(ClientError::BadAnswer("JSON"))
}

fn with_json(request: RequestBuilder, body: &impl Serialize) -> RequestBuilder {
    let json = serde_json::to_vec(body).expect("the wire types always become JSON");
    request.header(header::CONTENT_TYPE, "application/json").body(json)
}

/// A body of small slices, so that `sent` is called as the connection takes them.
fn sliced(bytes: Bytes, sent: impl Fn(u64) + Send + 'static) -> Body {
    Body::wrap_stream(stream::unfold((bytes, sent), |(mut rest, sent)| async move {
        if rest.is_empty() {
            return None;
        }
        let slice = rest.split_to(rest.len().min(SLICE_BYTES));
        sent(slice.len() as u64);
        Some((Ok::<_, std::convert::Infallible>(slice), (rest, sent)))
    }))
}

/// The body's bytes, with an error when it takes [`Limits::stall`] of waiting for [`Limits::stall_bytes`] to come.
fn with_stall_timeout(response: Response, limits: Limits) -> Pin<Box<dyn Stream<Item = ClientResult<Bytes>> + Send>> {
    let start = (response, Duration::ZERO, 0);
    Box::pin(stream::try_unfold(start, move |(mut response, waited, count)| async move {
        let asked = Instant::now();
        let next = tokio::time::timeout(limits.stall.saturating_sub(waited), response.chunk());
        let Some(chunk) = next.await.map_err(|_| ClientError::Stalled)?? else { return Ok(None) };
        let (waited, count) = match count + chunk.len() {
            enough if enough >= limits.stall_bytes => (Duration::ZERO, 0),
            count => (waited + asked.elapsed(), count),
        };
        Ok(Some((chunk, (response, waited, count))))
    }))
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    /// A server that answers with this head, then with a byte every ten seconds.
    async fn dripping(head: &'static str) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = RelayUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.write_all(head.as_bytes()).await.unwrap();
            while connection.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        });
        Client::new(&relay).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_answer_is_given_up_in_time() {
        const HEADS: [&str; 2] = [
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
            "HTTP/1.1 500 No\r\nContent-Type: application/problem+json\r\nContent-Length: 100000\r\n\r\n",
        ];
        let (id, key) = (ShareId::from_random([7; 12]), Secret::random().unwrap());
        for head in HEADS {
            let start = Instant::now();
            assert!(dripping(head).await.events(&id, &key).await.is_err());
            let (put, opened) = (dripping(HEADS[1]).await, dripping(head).await);
            assert!(put.put_header(&id, &key, Bytes::from_static(b"header")).await.is_err());
            assert!(opened.open(&id, &OpenShare { proof: None }).await.is_err());
            let limits = Limits::default();
            assert!(start.elapsed() <= limits.call * 3 + limits.manifest, "{:?}", start.elapsed());
        }
    }
}
