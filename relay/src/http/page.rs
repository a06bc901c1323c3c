//! The page a browser gets for a link: the same bytes for every id, no script, and nothing it could leak.

use hyper::{
    StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use share_relay_api::Bytes32;

use super::answer::{self, Answer};
use crate::auth;

const NAME: &str = "index.html";
const PAGE: &str = include_str!("page.html");

/// The style's hash is checked by a test.
const POLICY: &str = "default-src 'none'; style-src 'sha256-KP00gVbzc7Bk7nYqVQtPTyHA7wNhMJvrssLtfn3nlqc='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub fn answer() -> Answer {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ];
    answer::with(answer::whole(StatusCode::OK, html, PAGE), headers)
}

/// SHA-256 of each file of the page, by name.
pub fn hashes() -> [(String, Bytes32); 1] {
    [(NAME.to_owned(), auth::digest(PAGE.as_bytes()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let group = chunk.iter().enumerate().fold(0u32, |sum, (i, &byte)| sum | u32::from(byte) << (16 - 8 * i));
            for i in 0..4 {
                let digit = DIGITS[(group >> (18 - 6 * i)) as usize & 63];
                text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
            }
        }
        text
    }

    #[test]
    fn the_policy_allows_exactly_the_style_of_the_page() {
        let style = PAGE.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
        let hash = base64(&auth::digest(style.as_bytes()).0);
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn the_page_has_no_script_and_loads_nothing() {
        for forbidden in ["<script", "src=", "href=", "url(", "http:", "https:", "onload", "@import"] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        assert_eq!(PAGE.matches("share get LINK").count(), 2);
    }
}
