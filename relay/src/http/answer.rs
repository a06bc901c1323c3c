//! Answers: status, headers and body for each outcome.

use std::ops::Range;

use bytes::Bytes;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use serde::Serialize;
use share_relay_api::{Code, Problem};

use super::body::ResponseBody;
use crate::service::DownloadBody;

/// An answer.
pub type Answer = Response<ResponseBody>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const AGE_FILE: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// `Retry-After` in seconds for a client that is refused because the relay is busy.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// A body of one piece.
pub fn whole(status: StatusCode, content_type: HeaderValue, bytes: impl Into<Bytes>) -> Answer {
    let bytes = bytes.into();
    let length = bytes.len();
    with(
        with_body(status, bytes.into()),
        [(header::CONTENT_TYPE, content_type), (header::CONTENT_LENGTH, length.into())],
    )
}

/// No body.
pub fn empty() -> Answer {
    with_body(StatusCode::NO_CONTENT, Bytes::new().into())
}

/// A JSON body.
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(text) => whole(status, JSON, text),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            problem(&Problem::new(Code::Internal))
        }
    }
}

/// An error (RFC 9457), with the headers its status asks for.
pub fn problem(problem: &Problem) -> Answer {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = serde_json::to_vec(problem).unwrap_or_default();
    let mut answer = whole(status, PROBLEM, text);
    answer.extensions_mut().insert(problem.code);
    match problem.code {
        Code::TokenRequired => with(answer, [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))]),
        Code::TooBusy => with(answer, [(header::RETRY_AFTER, RETRY_AFTER)]),
        _ => answer,
    }
}

/// A manifest's age file.
pub fn manifest(body: DownloadBody) -> Answer {
    let length = body.bytes;
    let answer = with_body(StatusCode::OK, body.into());
    with(answer, [(header::CONTENT_TYPE, AGE_FILE), (header::CONTENT_LENGTH, length.into())])
}

/// The head of an answer with content, whole or a range of it.
pub fn content(range: Option<&Range<u64>>, total: u64, etag: HeaderValue, body: ResponseBody) -> Answer {
    let (status, length) = match range {
        Some(range) => (StatusCode::PARTIAL_CONTENT, range.end - range.start),
        None => (StatusCode::OK, total),
    };
    let headers = [
        (header::CONTENT_TYPE, AGE_FILE),
        (header::CONTENT_LENGTH, length.into()),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::ETAG, etag),
        // Keeps a proxy from buffering the answer while the upload is still running.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    let answer = with(with_body(status, body), headers);
    match range {
        Some(range) => {
            with_text(answer, header::CONTENT_RANGE, &format!("bytes {}-{}/{total}", range.start, range.end - 1))
        }
        None => answer,
    }
}

/// An answer to a range outside the content.
pub fn out_of_range(total: u64) -> Answer {
    let answer = problem(&Problem::new(Code::RangeNotSatisfiable));
    with_text(answer, header::CONTENT_RANGE, &format!("bytes */{total}"))
}

/// A redirect to another address.
pub fn redirect(status: StatusCode, address: &str) -> Answer {
    with_text(with_body(status, Bytes::new().into()), header::LOCATION, address)
}

/// An answer to a method that the path does not have.
pub fn method_not_allowed(allow: &str) -> Answer {
    with_text(problem(&Problem::new(Code::MethodNotAllowed)), header::ALLOW, allow)
}

/// Makes an answer cacheable as `control` says; it becomes `304` for a client that has it already.
pub fn cacheable(answer: Answer, request: &HeaderMap, control: &'static str, etag: &HeaderValue) -> Answer {
    let has_it = request.get_all(header::IF_NONE_MATCH).iter().any(|tags| matches(tags, etag));
    let caching = [(header::CACHE_CONTROL, HeaderValue::from_static(control)), (header::ETAG, etag.clone())];
    let mut answer = with(answer, caching);
    if has_it {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        for about_the_body in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
            answer.headers_mut().remove(about_the_body);
        }
        answer = head_of(answer);
    }
    answer
}

/// Whether a tag is in a list of them; both may be weak (RFC 9110, 13.1.2).
fn matches(tags: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(tags), Ok(etag)) = (tags.to_str(), etag.to_str()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// The same answer without its body, for `HEAD`.
pub fn head_of(answer: Answer) -> Answer {
    answer.map(|_| Bytes::new().into())
}

/// Adds headers.
pub fn with<const N: usize>(mut answer: Answer, headers: [(HeaderName, HeaderValue); N]) -> Answer {
    answer.headers_mut().extend(headers.into_iter().map(|(name, value)| (Some(name), value)));
    answer
}

fn with_text(answer: Answer, name: HeaderName, value: &str) -> Answer {
    match HeaderValue::from_str(value) {
        Ok(value) => with(answer, [(name, value)]),
        // This is built from digits and fixed names, so it has only characters that a header may have.
        Err(_) => answer,
    }
}

fn with_body(status: StatusCode, body: ResponseBody) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let always = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    with(answer, always)
}
