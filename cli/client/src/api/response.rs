//! What an answer's status and headers say, and whether they fit the question.

use std::{ops::Range, time::SystemTime};

use reqwest::{
    Response, StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use share_relay_api::Code;

use super::{ClientError, ClientResult, Content, Limits, with_stall_timeout};

/// A proxy may have added parameters to the type.
pub fn is_problem_json(content_type: &HeaderValue) -> bool {
    is_media_type(content_type, b"application/problem+json")
}

/// Whether it is a web page: no answer of a relay to a program is one.
pub fn is_web_page(content_type: &HeaderValue) -> bool {
    is_media_type(content_type, b"text/html")
}

fn is_media_type(content_type: &HeaderValue, wanted: &[u8]) -> bool {
    let media_type = content_type.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(wanted)
}

/// Whether a redirection is for this once (RFC 9110, 15.4).
pub fn is_temporary(status: StatusCode) -> bool {
    matches!(status, StatusCode::FOUND | StatusCode::SEE_OTHER | StatusCode::TEMPORARY_REDIRECT)
}

/// What has no answer but "done" is answered 204 (protocol.md): any other success is somebody else's, such as the login
/// page of a network, and acknowledges nothing.
pub fn acknowledged(response: &Response) -> ClientResult<()> {
    match response.status() {
        StatusCode::NO_CONTENT => Ok(()),
        _ => Err(ClientError::BadAnswer("status")),
    }
}

/// Checks that a content answer is the one asked for, so that bytes never land at a wrong place. What a proxy may have
/// taken from it, its length and a strong name, is not missed: the manifest knows the length, and every byte is
/// authenticated.
pub fn content_answer(
    response: Response,
    range: Option<Range<u64>>,
    etag: Option<&str>,
    limits: Limits,
) -> ClientResult<Content> {
    let headers = response.headers();
    let found = headers.get(header::ETAG).and_then(|value| value.to_str().ok());
    let found = found.filter(|tag| !tag.starts_with("W/")).map(str::to_owned);
    if let (Some(etag), Some(found)) = (etag, &found)
        && etag != found
    {
        return Err(ClientError::ContentChanged);
    }
    let length = number(headers, header::CONTENT_LENGTH);
    let total = match (response.status(), range) {
        (StatusCode::OK, None) => length,
        (StatusCode::PARTIAL_CONTENT, Some(range)) => {
            let total = range_total(headers, &range).ok_or(ClientError::BadAnswer("Content-Range"))?;
            if length.is_some_and(|length| length != range.end - range.start) {
                return Err(ClientError::BadAnswer("Content-Length"));
            }
            Some(total)
        }
        // The whole content where a range was asked for means that If-Range did not match.
        (StatusCode::OK, Some(_)) if etag.is_some() => return Err(ClientError::ContentChanged),
        _ => return Err(ClientError::BadAnswer("status")),
    };
    Ok(Content { total, etag: found, body: with_stall_timeout(response, limits) })
}

/// What it means that the range asked for lies beyond the content's end: every range asked for lies within the length
/// that the manifest gives, or an earlier answer gave.
pub fn beyond_the_end(error: ClientError, etag: Option<&str>) -> ClientError {
    match error.status() == Some(416) || error.code() == Some(Code::RangeNotSatisfiable) {
        true if etag.is_some() => ClientError::ContentChanged,
        true => ClientError::NotTheContent,
        false => error,
    }
}

fn number(headers: &HeaderMap, name: header::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// Seconds to wait by `Retry-After`, which is a number of them, or a date (RFC 9110, 10.2.3) by the clock of whoever
/// sent it.
pub fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let date = |name| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok();
    number(headers, header::RETRY_AFTER).or_else(|| {
        let at = date(header::RETRY_AFTER)?;
        let now = date(header::DATE).unwrap_or_else(SystemTime::now);
        Some(at.duration_since(now).map_or(0, |wait| wait.as_secs()))
    })
}

/// The total of `Content-Range: bytes <start>-<end - 1>/<total>` (RFC 9110, 14.4); `None` for any other range.
fn range_total(headers: &HeaderMap, wanted: &Range<u64>) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (span, total) = range.split_once('/')?;
    let (from, to) = span.split_once('-')?;
    let (from, to, total): (u64, u64, u64) = (from.parse().ok()?, to.parse().ok()?, total.parse().ok()?);
    (from == wanted.start && to.checked_add(1) == Some(wanted.end) && wanted.end <= total).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_RANGE, value.parse().unwrap());
        range_total(&headers, &(5..10))
    }

    #[test]
    fn a_problem_is_known_by_its_type_whatever_a_proxy_adds_to_it() {
        let is_problem = |text: &'static str| is_problem_json(&HeaderValue::from_static(text));
        assert!(is_problem("application/problem+json") && is_problem("Application/problem+JSON ; charset=utf-8"));
        assert!(!is_problem("application/json") && !is_problem("application/problem+jsons"));
    }

    #[test]
    fn only_the_range_asked_for_is_taken() {
        assert_eq!(range("bytes 5-9/10"), Some(10));
        assert_eq!(range("bytes 5-9/100"), Some(100));
        for wrong in [
            "bytes 4-9/10",
            "bytes 5-8/10",
            "bytes 5-9/9",
            "bytes 5-9/*",
            "bytes */10",
            "5-9/10",
            "bytes 5-18446744073709551615/0",
        ] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn come_again_by_seconds_or_by_date() {
        const NOW: &str = "Sun, 06 Nov 1994 08:49:30 GMT";
        let wait = |after: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, after.parse().unwrap());
            date.map(|date| headers.insert(header::DATE, date.parse().unwrap()));
            retry_after(&headers)
        };
        assert_eq!(wait("7", Some(NOW)), Some(7));
        // The three forms a date may have.
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(wait(date, Some(NOW)), Some(7), "{date}");
            assert_eq!(wait(date, None), Some(0), "{date}: long ago");
        }
        assert!(wait("Fri, 31 Dec 9999 23:59:59 GMT", None).unwrap() > 7000 * 365 * 86_400);
        for wrong in ["soon", "-7", "7.5", "7 s", "", "Sun, 06 Nov 1994 08:49:37 CET", "99999999999999999999"] {
            assert_eq!(wait(wrong, Some(NOW)), None, "{wrong}");
        }
    }
}
