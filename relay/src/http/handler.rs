//! Turns a request into its answer: finds the call, reads what it needs, and makes it.

use std::sync::Arc;

use hyper::{
    HeaderMap, Request, StatusCode,
    body::{Body, Incoming},
    header::{self, HeaderName, HeaderValue},
};
use serde::de::DeserializeOwned;
use share_relay_api::{
    Bytes32, Code, OpenShare, Problem, SealShare, ShareId,
    limits::{MAX_JSON_BYTES, MAX_MANIFEST_BYTES},
    paths,
};

use super::{
    answer::{self, Answer},
    body::RequestBody,
    connection::Connection,
    log::RequestLog,
    page, page_files, plain,
    range::{self, Wanted},
    route::{self, Call, RouteError, ShareCall},
};
use crate::{
    domain::BlobKind,
    line,
    service::{Backpressure, Error, Relay},
};

type Result<T> = std::result::Result<T, Error>;

/// Everything about a request besides its body.
struct RequestContext<'a> {
    headers: &'a HeaderMap,
    head_only: bool,
    /// The bearer secret, if there is a well-formed one.
    secret: Option<Bytes32>,
    connection: &'a Connection,
    /// Whether other answers may be under way on this connection.
    is_shared: bool,
}

/// Answers one request. Every request gets an answer.
pub async fn handle(relay: Arc<Relay>, request: Request<Incoming>, connection: Connection) -> Answer {
    let _working = connection.work();
    let (head, body) = request.into_parts();
    let found = route::find(head.method.as_str(), head.uri.path());
    let mut log = RequestLog::begin(&relay, head.method.as_str(), found.as_ref().ok().copied());
    let mut body = RequestBody::new(body, &head.headers, &relay.config.limits, &connection);
    let context = RequestContext {
        headers: &head.headers,
        head_only: head.method == hyper::Method::HEAD,
        secret: bearer(&head.headers),
        connection: &connection,
        is_shared: head.version == hyper::Version::HTTP_2,
    };
    let response = match found {
        Ok(call) => make(&relay, call, &context, &mut body).await.unwrap_or_else(|error| refuse(&error)),
        Err(RouteError::Redirect(address)) => answer::redirect(StatusCode::PERMANENT_REDIRECT, &address),
        Err(RouteError::MethodNotAllowed(allow)) => answer::method_not_allowed(&allow),
        Err(RouteError::NotFound(code)) => answer::problem(&Problem::new(code)),
    };
    let response = match response.extensions().get() {
        Some(Code::NoSuchPath) if context.is_browser() => {
            plain::nothing_here(head.uri.path(), &relay.config.operator, context.headers)
        }
        _ => response,
    };
    body.discard().await;
    log.bytes_in = body.bytes;
    log.status = Some(response.status().as_u16());
    log.code = response.extensions().get().copied();
    let response = if context.head_only { answer::head_of(response) } else { response };
    response.map(|body| body.sent_on(&connection).logged(log))
}

/// `GET /metrics`, `/healthz` and `/readyz`, for the operator's own listener.
pub async fn operator(relay: Arc<Relay>, request: Request<Incoming>, connection: Connection) -> Answer {
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");
    let _working = connection.work();
    match (request.method().as_str(), request.uri().path()) {
        ("GET" | "HEAD", paths::METRICS) => answer::whole(StatusCode::OK, TEXT, relay.metrics.render()),
        ("GET" | "HEAD", paths::HEALTHZ) => answer::empty(),
        ("GET" | "HEAD", paths::READYZ) => ready(&relay).await.unwrap_or_else(|error| refuse(&error)),
        (_, paths::METRICS | paths::HEALTHZ | paths::READYZ) => answer::method_not_allowed("GET, HEAD"),
        _ => answer::problem(&Problem::new(Code::NoSuchPath)),
    }
}

async fn ready(relay: &Relay) -> Result<Answer> {
    let clock = relay.ready().await?;
    Ok(answer::json(StatusCode::OK, &serde_json::json!({ "clock": clock })))
}

/// The answer to a call that failed. The causes are logged and not sent to the caller.
fn refuse(error: &Error) -> Answer {
    if error.is_failure() {
        tracing::error!(error = line::of_error(error), "call failed");
    }
    answer::problem(&error.problem())
}

async fn make(relay: &Arc<Relay>, call: Call, context: &RequestContext<'_>, body: &mut RequestBody) -> Result<Answer> {
    match call {
        Call::Info => info(relay, context).await,
        Call::Healthz => Ok(answer::empty()),
        Call::Readyz => ready(relay).await,
        Call::Page => page::answer(context.headers).ok_or_else(|| Code::NoSuchPath.into()),
        Call::PageFile(name) => page::file(name, context.headers).ok_or_else(|| Code::NoSuchPath.into()),
        Call::Profile => Ok(page::profile(relay.config.operator.profile(), context.headers)),
        Call::Logo => {
            let logo = relay.config.operator.logo().ok_or(Code::NoSuchPath)?;
            Ok(page::logo(logo, context.headers))
        }
        Call::Colours => Ok(page::colours(relay.config.operator.profile(), context.headers)),
        Call::Icon => page::icon(context.headers).ok_or_else(|| Code::NoSuchPath.into()),
        Call::StaticPage(which) => {
            let page = plain::answer(which, &relay.config.operator, context.headers).ok_or(Code::NoSuchPath)?;
            // Reserved, because anyone may request the page and then not read the answer.
            let memory = relay.lists.reserve_extra(page.body().size_hint().lower()).ok_or(Code::TooBusy)?;
            Ok(page.map(|body| body.holding(memory)))
        }
        Call::Robots => Ok(page::robots()),
        Call::Security => {
            let contact = relay.config.operator.security().ok_or(Code::NoSuchPath)?;
            page::security(contact, relay.now()).ok_or_else(|| Code::NoSuchPath.into())
        }
        Call::Share(id, call) => on_share(relay, id, call, context, body).await,
    }
}

/// Answers `GET /v1`, and checks the sender token if the request has one.
async fn info(relay: &Arc<Relay>, context: &RequestContext<'_>) -> Result<Answer> {
    let sender = match context.headers.contains_key(header::AUTHORIZATION) {
        true => Some(relay.admit_sender(context.secret.as_ref()).await?),
        false => None,
    };
    Ok(answer::json(StatusCode::OK, &relay.info(sender, page_files::hashes()).await?))
}

async fn on_share(
    relay: &Arc<Relay>,
    id: ShareId,
    call: ShareCall,
    context: &RequestContext<'_>,
    body: &mut RequestBody,
) -> Result<Answer> {
    let secret = context.secret;
    match call {
        ShareCall::Create => return create(relay, id, secret, body).await,
        ShareCall::Status => return Ok(answer::json(StatusCode::OK, &relay.status(id).await?)),
        ShareCall::Parts => {
            return reserved(relay, answer::json(StatusCode::OK, &relay.parts(id, secret).await?)).await;
        }
        ShareCall::Events => {
            return reserved(relay, answer::json(StatusCode::OK, &relay.events(id, secret).await?)).await;
        }
        ShareCall::Open => return open(relay, id, context, body).await,
        ShareCall::Content => return content(relay, id, context).await,
        ShareCall::TakeTicket => {
            let ticket = relay.take_ticket(id, json(relay, body).await?).await?;
            return Ok(answer::json(StatusCode::OK, &ticket));
        }
        ShareCall::PutHeader => put_blob(relay, id, secret, BlobKind::Header, body).await?,
        ShareCall::PutManifest => put_blob(relay, id, secret, BlobKind::Manifest, body).await?,
        ShareCall::PutPart(number) => put_part(relay, id, secret, number, body).await?,
        ShareCall::Seal => relay.seal(id, secret, json::<SealShare>(relay, body).await?.payload_bytes).await?,
        ShareCall::Receipt => {
            if let Some(repeatable) = relay.receipt(id, secret, json(relay, body).await?).await? {
                return Ok(answer::json(StatusCode::OK, &repeatable));
            }
        }
        ShareCall::Unlock => relay.unlock(id, secret).await?,
        ShareCall::Revoke => relay.revoke(id, secret).await?,
    }
    Ok(answer::empty())
}

/// A JSON body, while there is memory for it.
async fn json<T: DeserializeOwned>(relay: &Relay, body: &mut RequestBody) -> Result<T> {
    let _memory = relay.json.reserve(body.declared().unwrap_or(MAX_JSON_BYTES).min(MAX_JSON_BYTES)).await?;
    body.json().await
}

/// An answer that may be long; it keeps its memory reserved until it is sent.
async fn reserved(relay: &Relay, answer: Answer) -> Result<Answer> {
    let memory = relay.lists.reserve(answer.body().size_hint().lower()).await?;
    Ok(answer.map(|body| body.holding(memory)))
}

async fn create(relay: &Arc<Relay>, id: ShareId, token: Option<Bytes32>, body: &mut RequestBody) -> Result<Answer> {
    let sender = relay.admit_sender(token.as_ref()).await?;
    let (new, created) = relay.create(id, sender, json(relay, body).await?).await?;
    Ok(answer::json(if new { StatusCode::CREATED } else { StatusCode::OK }, &created))
}

async fn put_blob(
    relay: &Arc<Relay>,
    id: ShareId,
    manage_key: Option<Bytes32>,
    kind: BlobKind,
    body: &mut RequestBody,
) -> Result<()> {
    let memory = relay.expect_blob(id, manage_key, kind, body.declared()?).await?;
    let bytes = body.whole(MAX_MANIFEST_BYTES).await?;
    relay.put_blob(id, manage_key, kind, bytes, memory).await
}

async fn put_part(
    relay: &Arc<Relay>,
    id: ShareId,
    manage_key: Option<Bytes32>,
    number: u64,
    body: &mut RequestBody,
) -> Result<()> {
    let mut upload = relay.begin_part(id, manage_key, number, body.declared()?).await?;
    while let Some(bytes) = body.next().await? {
        upload.write(bytes).await?;
    }
    upload.finish().await
}

async fn open(relay: &Arc<Relay>, id: ShareId, context: &RequestContext<'_>, body: &mut RequestBody) -> Result<Answer> {
    let request: OpenShare = json(relay, body).await?;
    let bytes = relay.open(id, request.proof).await?;
    Ok(answer::manifest(relay.manifest(id, bytes, context.backpressure()).await?))
}

async fn content(relay: &Arc<Relay>, id: ShareId, context: &RequestContext<'_>) -> Result<Answer> {
    let download = relay.content(id, context.secret).await?;
    let (total, quoted) = (download.total, format!("\"{}\"", download.etag));
    let etag = HeaderValue::from_str(&quoted).map_err(|_| Code::Internal)?;
    // A malformed If-Range must not count as absent: the range may be meant for other content.
    let if_range =
        context.headers.contains_key(header::IF_RANGE).then(|| context.text(&header::IF_RANGE).unwrap_or(""));
    let wanted = range::wanted(context.text(&header::RANGE), if_range, &quoted, total);
    let range = match wanted {
        Wanted::OutOfRange => return Ok(answer::out_of_range(total)),
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
    };
    if context.head_only {
        return Ok(answer::content(range.as_ref(), total, etag, bytes::Bytes::new().into()));
    }
    let body = download.serve(range.clone().unwrap_or(0..total), context.backpressure()).await?;
    Ok(answer::content(range.as_ref(), total, etag, body.into()))
}

impl RequestContext<'_> {
    /// Connects a long answer to its connection, which stays open while the answer is produced and is closed if the
    /// client stalls.
    fn backpressure(&self) -> Backpressure {
        let feeding = self.connection.feed();
        Backpressure {
            written: (!self.is_shared).then(|| self.connection.written()),
            on_stall: Box::new(move || feeding.stalled()),
        }
    }

    /// Whether the answer is shown in a browser.
    fn is_browser(&self) -> bool {
        self.text(&header::ACCEPT).is_some_and(|accepted| accepted.contains("text/html"))
    }

    /// A header's text; `None` also if it is not text or is given more than once.
    fn text(&self, name: &HeaderName) -> Option<&str> {
        single(self.headers, name)
    }
}

fn bearer(headers: &HeaderMap) -> Option<Bytes32> {
    let (scheme, secret) = single(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { secret.parse().ok() } else { None }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
