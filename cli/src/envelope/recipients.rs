//! Public keys to seal to: age `age1…`, `age1tag…` and `age1tagpq…`, ssh-ed25519 and ssh-rsa, singly or from a file.

use std::{fs::File, io::Read, path::Path};

use age::ssh::ParseRecipientKeyError;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use super::KeyError;

/// The largest recipients file. A header has room for a few hundred keys, and this for more than a thousand.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A public key that can be sealed to.
pub struct Recipient(Box<dyn age::Recipient + Send>);

impl Recipient {
    pub(super) fn as_age(&self) -> &dyn age::Recipient {
        &*self.0
    }
}

/// Reads one public key, as age or ssh write it; an ssh key may have its comment.
pub fn parse_recipient(text: &str) -> Result<Recipient, KeyError> {
    let text = text.trim();
    if let Ok(key) = text.parse::<age::x25519::Recipient>() {
        Ok(Recipient(Box::new(key)))
    } else if let Ok(key) = text.parse::<age::tag::Recipient>() {
        Ok(Recipient(Box::new(key)))
    } else if let Ok(key) = text.parse::<age::tagpq::Recipient>() {
        Ok(Recipient(Box::new(key)))
    } else if let Some((kind, blob)) = ssh_fields(text) {
        parse_ssh(kind, blob).map(|key| Recipient(Box::new(key)))
    } else {
        Err(not_a_recipient(text))
    }
}

/// Reads a recipients file: a key a line; empty lines and those that begin with `#` are skipped.
pub fn read_recipients(path: &Path) -> Result<Vec<Recipient>, KeyError> {
    let mut text = String::new();
    let file = File::open(path).map_err(KeyError::Unreadable)?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(KeyError::Unreadable)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(KeyError::FileTooLarge);
    }
    let recipients = key_lines(&text)
        .map(|(line, key)| parse_recipient(key).map_err(|error| KeyError::Line { line, source: Box::new(error) }))
        .collect::<Result<Vec<_>, _>>()?;
    if recipients.is_empty() { Err(KeyError::NoKeys) } else { Ok(recipients) }
}

/// The lines of a key file that hold a key, with their numbers from 1.
pub(super) fn key_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Kind and blob of `ssh-ed25519 AAAA… comment`, if the text looks like that.
fn ssh_fields(text: &str) -> Option<(&str, &str)> {
    let mut fields = text.split_ascii_whitespace();
    let (kind, blob) = (fields.next()?, fields.next()?);
    (blob.starts_with("AAAA")).then(|| (kind, blob.trim_end_matches('=')))
}

fn parse_ssh(kind: &str, blob: &str) -> Result<age::ssh::Recipient, KeyError> {
    if kind == "ssh-rsa" && has_zero_number(blob) {
        return Err(KeyError::NotARecipient { start: start_of(kind) });
    }
    format!("{kind} {blob}").parse().map_err(|error| match error {
        ParseRecipientKeyError::RsaModulusTooSmall => KeyError::RsaTooSmall,
        ParseRecipientKeyError::RsaModulusTooLarge => KeyError::RsaTooLarge,
        ParseRecipientKeyError::Unsupported(kind) => KeyError::Unsupported { kind: start_of(&kind) },
        _ => KeyError::NotARecipient { start: start_of(kind) },
    })
}

/// Whether an RSA key's blob is damaged or has a number written in nothing but zero bytes: age 0.12.1 panics on those.
fn has_zero_number(blob: &str) -> bool {
    let Ok(bytes) = BASE64_STANDARD_NO_PAD.decode(blob) else { return true };
    let mut rest = &bytes[..];
    while let Some((len, tail)) = rest.split_first_chunk() {
        let Some((field, tail)) = tail.split_at_checked(u32::from_be_bytes(*len) as usize) else { return true };
        if !field.is_empty() && field.iter().all(|&byte| byte == 0) {
            return true;
        }
        rest = tail;
    }
    false
}

fn not_a_recipient(text: &str) -> KeyError {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("age-secret-key-") || lower.starts_with("age-plugin-") || lower.starts_with("-----begin") {
        return KeyError::SecretKey;
    }
    match plugin_name(&lower) {
        Some("tag" | "tagpq") | None => KeyError::NotARecipient { start: start_of(text) },
        Some("pq") => KeyError::Unsupported { kind: "age1pq".into() },
        Some(name) => KeyError::Plugin { name: start_of(name) },
    }
}

/// The name in `age1name1…`, the form of a recipient of another kind than X25519.
fn plugin_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("age1")?.rsplit_once('1')?;
    (!name.is_empty()).then_some(name)
}

/// The first characters of a text from outside, safe to show.
pub(super) fn start_of(text: &str) -> String {
    text.chars().take(24).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}
