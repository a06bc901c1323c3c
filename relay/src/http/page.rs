//! The page that a browser gets for a link, in the reader's language and otherwise the same for every id, and its
//! files.

use hyper::{
    HeaderMap, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use share_relay_api::page::{PERMISSIONS, POLICY, content_type, document, is_hashed};

use super::{
    answer::{self, Answer},
    page_files::{self, File, etag},
};
use crate::operator::{Logo, Profile};

/// For files with a hash in their names, whose content never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// For answers that a browser caches and revalidates each time. (`no-store` would also discard the page when the user
/// navigates back to it.)
pub const REVALIDATE: &str = "no-cache";
/// For the operator's settings, so that changes show after at most five minutes.
const FIVE_MINUTES: &str = "max-age=300";

/// Prevents other sites from embedding the answer.
const SAME_ORIGIN: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The page, in the language and encoding that the request's headers ask for.
pub fn answer(request: &HeaderMap) -> Option<Answer> {
    file(preferred(request).1, request)
}

/// The language that the request's headers ask for.
pub fn language(request: &HeaderMap) -> &'static str {
    preferred(request).0
}

fn preferred(request: &HeaderMap) -> (&'static str, &'static str) {
    let accepted = request.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    document(accepted.unwrap_or_default())
}

/// A file of the page, by the name that [`find`] gave.
pub fn file(name: &str, request: &HeaderMap) -> Option<Answer> {
    page_files::file(name).map(|file| answer_file(file, request))
}

/// The icon, for browsers that request it at its conventional path.
pub fn icon(request: &HeaderMap) -> Option<Answer> {
    page_files::called("icon-")
        .map(|file| answer::cacheable(answer_file(file, request), request, FIVE_MINUTES, &file.etag))
}

/// Tells robots to request nothing.
pub fn robots() -> Answer {
    answer::whole(StatusCode::OK, TEXT, "User-agent: *\nDisallow: /\n")
}

/// Where to report vulnerabilities of this relay (RFC 9116). Expires after half a year.
pub fn security(contact: &str, now: u64) -> Option<Answer> {
    const HALF_A_YEAR: u64 = 180 * 24 * 3600;
    let expires = jiff::Timestamp::from_second(i64::try_from(now + HALF_A_YEAR).ok()?).ok()?;
    let text = format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: nl, en\n");
    Some(answer::whole(StatusCode::OK, TEXT, text))
}

/// The operator's colours as a style sheet, for pages without scripts.
pub fn colours(profile: &Profile, request: &HeaderMap) -> Answer {
    let property = |name: &str, colour: &Option<String>| {
        colour.as_ref().map(|colour| format!("{name}:{colour};")).unwrap_or_default()
    };
    let (light, dark) = (property("--accent-light", &profile.accent), property("--accent-dark", &profile.accent_dark));
    let text = format!(":root{{{light}{dark}}}");
    let etag = etag(text.as_bytes());
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(content_type(".css")), text);
    answer::cacheable(answer::with(answer, [SAME_ORIGIN]), request, FIVE_MINUTES, &etag)
}

/// The operator's profile, which the page reads.
pub fn profile(profile: &Profile, request: &HeaderMap) -> Answer {
    let text = serde_json::to_vec(profile).expect("texts can be written");
    let etag = etag(&text);
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(content_type(".json")), text);
    answer::cacheable(answer::with(answer, [SAME_ORIGIN]), request, FIVE_MINUTES, &etag)
}

/// The operator's logo. Its policy runs no scripts in it, also when it is opened as a page of its own.
pub fn logo(logo: &Logo, request: &HeaderMap) -> Answer {
    const PICTURE: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(logo.content_type), logo.bytes.clone());
    let answer = answer::with(answer, [(header::CONTENT_SECURITY_POLICY, PICTURE), SAME_ORIGIN]);
    answer::cacheable(answer, request, FIVE_MINUTES, &etag(&logo.bytes))
}

/// A file of the page, compressed if the client accepts that.
fn answer_file(file: &File, request: &HeaderMap) -> Answer {
    let packed = takes_gzip(request);
    let body = if packed { &file.gzipped } else { &file.bytes };
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(file.content_type), body.clone());
    let (control, varies) = match is_hashed(&file.name) {
        true => (FOREVER, "accept-encoding"),
        false => (REVALIDATE, "accept-encoding, accept-language"),
    };
    let answer = guarded(answer, POLICY, varies);
    let answer = match packed {
        true => answer::with(answer, [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]),
        false => answer,
    };
    answer::cacheable(answer, request, control, &file.etag)
}

/// Adds the security headers that every page and its files have.
pub fn guarded(answer: Answer, policy: &'static str, varies: &'static str) -> Answer {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        SAME_ORIGIN,
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        (header::VARY, HeaderValue::from_static(varies)),
    ];
    answer::with(answer, headers)
}

/// Whether `Accept-Encoding` has `gzip`. Weights are ignored, because browsers do not send it with weight 0.
fn takes_gzip(request: &HeaderMap) -> bool {
    let lists = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = lists.flat_map(|list| list.split(','));
    codings.any(|coding| coding.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("gzip")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_takes_gzip_gets_it() {
        let asked = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            answer(&headers).unwrap().headers().contains_key(header::CONTENT_ENCODING)
        };
        assert!(asked("gzip") && asked("deflate, GZIP;q=1.0, br"));
        let unasked = answer(&HeaderMap::new()).unwrap();
        assert!(!asked("") && !asked("br, x-gzip") && !unasked.headers().contains_key("content-encoding"));
    }
}
