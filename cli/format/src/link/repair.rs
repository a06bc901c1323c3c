//! Undoes what writing, quoting and mailing do to a link, as far as that is certain.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use share_relay_api::ShareId;

use super::{LinkError, relay_url::Scheme};

/// How often a text may have been percent-encoded.
const MAX_ENCODINGS: usize = 3;

/// Put around a link, before it.
const OPENING: &[char] = &[
    ' ', '<', '>', '(', '[', '{', '"', '\'', '`', '*', '_', '|', '“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '‹',
    '›',
];
/// Put around a link, after it.
const CLOSING: &[char] = &[
    ' ', '<', '>', ')', ']', '}', '"', '\'', '`', '*', '_', '|', '“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '‹',
    '›', '.', ',', ';', ':', '!', '?', '=', '…',
];
/// `hxxps` is how security people write a link that nobody should click.
const SCHEMES: &[(&str, Scheme)] =
    &[("https", Scheme::Https), ("http", Scheme::Http), ("hxxps", Scheme::Https), ("hxxp", Scheme::Http)];
const DEFANGED: &[(&str, &str)] = &[("[.]", "."), ("(.)", "."), ("[:]", ":"), ("[://]", "://"), ("[/]", "/")];
/// `&amp;` comes first and twice, because links are escaped doubly too.
const ENTITIES: &[(&str, &str)] = &[
    ("&amp;", "&"),
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&nbsp;", " "),
    ("&#47;", "/"),
    ("&#x2F;", "/"),
];

/// An address taken apart. `authority` is as written but for case-insensitive use; the rest holds no spaces.
pub(super) struct Address {
    pub scheme: Scheme,
    /// `host[:port]`, without spaces, user names or backslashes.
    pub authority: String,
    /// From the first `/`, up to `?` or `#`.
    pub path: String,
    /// Between `?` and `#`.
    pub query: String,
    /// All that follows the authority.
    pub rest: String,
    upper_case: bool,
}

/// A link with a label: Markdown's `[label](target)`, or `label<target>` as Outlook writes plain text.
pub(super) struct Labelled<'a> {
    pub label: &'a str,
    pub target: &'a str,
    pub label_must_be_link: bool,
}

/// One line without quoting, line-wrapping, invisible characters, HTML entities and defanging; every run of white
/// space is one space. None if the text reads differently than it is (right-to-left override).
pub(super) fn tidy(text: &str) -> Option<String> {
    let text = decode_whole(text);
    let text = visible(&without_line_quotes(&without_soft_breaks(&text)))?;
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (written, meant) in ENTITIES.iter().chain(DEFANGED) {
        text = text.replace(written, meant);
    }
    Some(text)
}

/// The text without quotes, brackets and punctuation around it.
pub(super) fn strip_surroundings(text: &str) -> &str {
    let text = text.trim_start_matches(OPENING).trim_end_matches(CLOSING);
    match text.get(..4) {
        Some(marker) if marker.eq_ignore_ascii_case("url:") => text[4..].trim_start_matches(OPENING),
        _ => text,
    }
}

/// The text with its percent-encoding undone, however often. None if what comes out is not UTF-8.
pub(super) fn decode_fully(text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..MAX_ENCODINGS {
        if !text.contains('%') {
            break;
        }
        text = percent_decode_str(&text).decode_utf8().ok()?.into_owned();
    }
    Some(text)
}

/// The id in the last part of a path, whatever punctuation or parameters hang on it.
pub(super) fn read_id(segment: &str) -> Option<ShareId> {
    let id = segment.split('&').next().unwrap_or_default();
    let id = strip_surroundings(id).replace(['‐', '‑', '‒', '–', '—', '−'], "-");
    ShareId::from_str(&id).ok()
}

impl<'a> Labelled<'a> {
    pub fn split(text: &'a str) -> Option<Self> {
        let markdown = text.starts_with('[').then(|| text.split_once("](")).flatten();
        if let Some((label, target)) = markdown {
            let target = target.rsplit_once(')').map_or(target, |(target, _)| target);
            return Some(Self { label, target, label_must_be_link: false });
        }
        let (label, target) = text.trim_start_matches(OPENING).split_once('<')?;
        let (target, _) = target.rsplit_once('>')?;
        Some(Self { label, target, label_must_be_link: true })
    }
}

impl Address {
    /// Takes a tidied text apart. A scheme that is missing or maimed is put right only before a host that is
    /// certainly one.
    pub fn split(text: &str) -> Result<Self, LinkError> {
        let (scheme, slashes, rest) = split_scheme(text);
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let authority = authority.trim();
        if authority.contains(['@', '\\']) || (scheme.is_none() && rest.contains("//")) {
            return Err(LinkError::NotALink);
        }
        if authority.contains(' ') {
            return Err(if scheme.is_some() { LinkError::Damaged } else { LinkError::NotALink });
        }
        if (scheme.is_none() || slashes < 2) && !is_certainly_host(authority) {
            return Err(LinkError::NotALink);
        }
        let rest = rest.replace(' ', "");
        let before_fragment = rest.split('#').next().unwrap_or_default();
        let (path, query) = before_fragment.split_once('?').unwrap_or((before_fragment, ""));
        let address = &text[..text.find(['?', '#']).unwrap_or(text.len())];
        Ok(Self {
            scheme: scheme.unwrap_or(Scheme::Https),
            authority: authority.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            rest: rest.clone(),
            upper_case: !address.contains(|c: char| c.is_ascii_lowercase()),
        })
    }

    /// The host in lower case.
    pub fn host(&self) -> String {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.authority,
        };
        host.to_ascii_lowercase()
    }

    /// Whether somebody's software turned the whole address to capitals.
    pub fn is_upper_case(&self) -> bool {
        self.upper_case
    }
}

/// The scheme, the number of slashes after it, and what follows.
fn split_scheme(text: &str) -> (Option<Scheme>, usize, &str) {
    for (name, scheme) in SCHEMES {
        let Some(start) = text.get(..name.len()) else { continue };
        if let Some(rest) = text[name.len()..].strip_prefix(':').filter(|_| start.eq_ignore_ascii_case(name)) {
            let host = rest.trim_start_matches(['/', ' ']);
            let slashes = rest[..rest.len() - host.len()].matches('/').count();
            return (Some(*scheme), slashes, host);
        }
    }
    (None, 0, text.trim_start_matches('/'))
}

/// Whether this can stand without a scheme: a dotted name, an address or `localhost`, not any first word.
fn is_certainly_host(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    host.contains('.') || host.eq_ignore_ascii_case("localhost") || authority.starts_with('[')
}

/// An address without any slash was percent-encoded as a whole.
fn decode_whole(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_ENCODINGS {
        let address = &text[..text.find(['?', '#']).unwrap_or(text.len())];
        if address.contains('/') || !address.contains('%') {
            break;
        }
        match percent_decode_str(&text).decode_utf8() {
            Ok(decoded) => text = decoded.into_owned(),
            Err(_) => break,
        }
    }
    text
}

/// Undoes quoted-printable's soft line breaks (RFC 2045 section 6.7), and with them its `=3D`.
fn without_soft_breaks(text: &str) -> String {
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    if joined.len() == text.len() { joined } else { joined.replace("=3D", "=") }
}

/// Drops the `> ` that mail programs put before quoted lines.
fn without_line_quotes(text: &str) -> String {
    text.lines().map(|line| line.trim_start_matches(['>', ' '])).collect::<Vec<_>>().join("\n")
}

fn visible(text: &str) -> Option<String> {
    let overridden = |c: char| matches!(c, '\u{202D}' | '\u{202E}');
    (!text.contains(overridden)).then(|| text.chars().filter(|c| c.is_whitespace() || !is_invisible(*c)).collect())
}

/// Controls, soft hyphen, zero-width characters, direction marks, variation selectors.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202C}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}
