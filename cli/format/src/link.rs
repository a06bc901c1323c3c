//! Links: `https://relay.example/s/<id>`. Reads what mail programs, gateways and people make of them.
//!
//! A link that was changed is either put right for certain or refused: the id has a check character, and the
//! host is taken only from where it is plainly written. No request ever goes to a host that was guessed.

use std::fmt;

use share_relay_api::{ShareId, paths};

mod relay_url;
mod repair;
mod wrappers;

pub use relay_url::{RelayUrl, RelayUrlError};
use repair::{Address, Labelled};
use wrappers::Wrapped;

/// Longest text looked at, in bytes. Real wrapped links stay under 4 KiB.
const MAX_TEXT_BYTES: usize = 16 * 1024;
/// Gateways that may have wrapped a link one around the other.
const MAX_WRAPPERS: u32 = 4;

/// Where a share is: a relay and an id. There is no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The relay that holds the share.
    pub relay: RelayUrl,
    /// The share on that relay.
    pub id: ShareId,
}

/// Why a text is not taken as a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// One of ours, but characters are wrong or missing.
    #[error("the link is damaged")]
    Damaged,
    /// Something else.
    #[error("this is no link of share")]
    NotALink,
    /// Behind a mail gateway whose links do not tell where they lead.
    #[error("the link leads through {host}")]
    Hidden {
        /// The gateway's host.
        host: String,
    },
    /// `http://` to a host beyond this computer and private networks.
    #[error("{host} is named with http://")]
    Insecure {
        /// The host.
        host: String,
    },
}

impl Link {
    /// Reads a link, undoing what happens to links in mail: wrapping, quoting, encoding, redirection.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        parse_nested(text, 0)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.relay.endpoint(&paths::page(&self.id)))
    }
}

fn parse_nested(text: &str, depth: u32) -> Result<Link, LinkError> {
    if text.len() > MAX_TEXT_BYTES || depth > MAX_WRAPPERS {
        return Err(LinkError::NotALink);
    }
    let text = repair::tidy(text).ok_or(LinkError::NotALink)?;
    if let Some(labelled) = Labelled::split(&text) {
        return parse_labelled(labelled, depth);
    }
    let address = Address::split(repair::strip_surroundings(&text))?;
    match wrappers::unwrap(&address) {
        Wrapped::No => read_address(&address),
        Wrapped::Target(inner) => parse_nested(&inner, depth + 1),
        Wrapped::Hidden => Err(match relay_url::read_host(&address.host()) {
            Some(host) => LinkError::Hidden { host: host.to_string() },
            None => LinkError::NotALink,
        }),
    }
}

/// A label that is itself a link must name the same share as the target, or one of the two would mislead.
fn parse_labelled(labelled: Labelled<'_>, depth: u32) -> Result<Link, LinkError> {
    let link = parse_nested(labelled.target, depth + 1)?;
    match parse_nested(labelled.label, depth + 1) {
        Ok(other) if other != link => Err(LinkError::NotALink),
        Err(_) if labelled.label_must_be_link => Err(LinkError::NotALink),
        _ => Ok(link),
    }
}

fn read_address(address: &Address) -> Result<Link, LinkError> {
    let path = repair::decode_fully(&address.path).ok_or(LinkError::Damaged)?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let [prefix @ .., marker, id] = segments.as_slice() else {
        return Err(unfinished(&segments));
    };
    if !marker.eq_ignore_ascii_case("s") {
        return Err(unfinished(&segments));
    }
    let id = repair::read_id(id).ok_or(LinkError::Damaged)?;
    let mut prefix = prefix.join("/");
    if address.is_upper_case() {
        prefix.make_ascii_lowercase();
    }
    let relay = RelayUrl::from_parts(address.scheme, &address.authority, &prefix).map_err(|error| match error {
        RelayUrlError::Insecure { host } => LinkError::Insecure { host },
        RelayUrlError::Invalid | RelayUrlError::Link { .. } => LinkError::Damaged,
    })?;
    Ok(Link { relay, id })
}

/// Without `/s/<id>` at its end: one of ours if the rest shows it.
fn unfinished(segments: &[&str]) -> LinkError {
    let ours = |segment: &&str| segment.eq_ignore_ascii_case("s") || repair::read_id(segment).is_some();
    if segments.iter().any(ours) { LinkError::Damaged } else { LinkError::NotALink }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const LINK: &str = "https://relay.example/s/k3f90m1cx7q4zt8w2hbb";

    fn kind(error: &LinkError) -> &'static str {
        match error {
            LinkError::Damaged => "damaged",
            LinkError::NotALink => "not_a_link",
            LinkError::Hidden { .. } => "hidden",
            LinkError::Insecure { .. } => "insecure",
        }
    }

    #[test]
    fn vectors_are_put_right_or_refused() {
        let file: Value = serde_json::from_str(include_str!("../../../tests/vectors/links.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() >= 60);
        let mut wrong = Vec::new();
        for case in cases {
            let read = Link::parse(case["text"].as_str().unwrap());
            let (got, wanted) = match &read {
                Ok(link) => (link.to_string(), &case["link"]),
                Err(error) => (kind(error).to_owned(), &case["error"]),
            };
            if *wanted != got {
                wrong.push(format!("{}: {got}, wanted {case}", case["name"]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_link_reads_back_as_itself() {
        for text in [LINK, "https://relay.example:8443/base/s/k3f90m1cx7q4zt8w2hbb"] {
            let link = Link::parse(text).unwrap();
            assert_eq!(link.to_string(), text);
            assert_eq!(Link::parse(&link.to_string()), Ok(link));
        }
    }

    /// Every text that is one insertion, deletion, replacement or swap away.
    fn single_edits(text: &str) -> Vec<(usize, String)> {
        let letters: Vec<char> = text.chars().collect();
        let others = (' '..='~').chain("\n\t\r\0\u{a0}\u{ad}\u{200b}\u{200f}\u{202e}…é‑／。".chars());
        let mut edits = Vec::new();
        for at in 0..=letters.len() {
            let with = |middle: &[char], skip: usize| {
                [&letters[..at], middle, &letters[at + skip..]].concat().into_iter().collect::<String>()
            };
            for other in others.clone() {
                edits.push((at, with(&[other], 0)));
                if at < letters.len() {
                    edits.push((at, with(&[other], 1)));
                }
            }
            if at < letters.len() {
                edits.push((at, with(&[], 1)));
            }
            if at + 1 < letters.len() {
                edits.push((at, with(&[letters[at + 1], letters[at]], 2)));
            }
        }
        edits
    }

    #[test]
    fn no_single_edit_outside_the_host_becomes_another_request() {
        let link = Link::parse(LINK).unwrap();
        let host = 7..=21;
        let mut put_right = 0;
        for (at, text) in single_edits(LINK) {
            let Ok(read) = Link::parse(&text) else { continue };
            put_right += 1;
            assert_eq!(read.id, link.id, "{text:?}");
            if !host.contains(&at) {
                assert_eq!(read.relay, link.relay, "{text:?}");
            } else if text.is_ascii() {
                let written = text["https:".len()..].trim_start_matches('/').split('/').next().unwrap();
                let shown: String = written.chars().filter(|c| !c.is_ascii_control()).collect();
                let shown = shown.trim().to_ascii_lowercase();
                assert!(read.relay.as_str().starts_with(&format!("https://{shown}")), "{text:?} became {read}");
            }
        }
        assert!(put_right > 200, "{put_right}");
    }

    #[test]
    fn every_single_edit_of_the_id_is_put_right_or_called_damaged() {
        for (at, text) in single_edits(LINK) {
            if at > LINK.len() - ShareId::LEN
                && let Err(error) = Link::parse(&text)
            {
                let refused = if text.contains('\u{202e}') { LinkError::NotALink } else { LinkError::Damaged };
                assert_eq!(error, refused, "{text:?}");
            }
        }
    }

    #[test]
    fn long_and_nested_texts_are_bounded() {
        for text in ["[](".repeat(5000), "<".repeat(16000), "%25".repeat(5000), "a<".repeat(8000), "[a](".repeat(4000)]
        {
            assert!(Link::parse(&text).is_err());
        }
        assert_eq!(Link::parse(&format!("{LINK}?{}", "x".repeat(MAX_TEXT_BYTES))), Err(LinkError::NotALink));
    }
}
