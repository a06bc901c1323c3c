//! Public keys to seal to: age `age1…`, `age1tag…` and `age1tagpq…`, ssh-ed25519 and ssh-rsa, singly or from a file.

use std::path::Path;

use age::ssh::ParseRecipientKeyError;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use super::KeyError;
use crate::text;

/// The largest recipients file. A header has room for a few hundred keys, and this for more than a thousand.
const MAX_FILE_BYTES: usize = 1024 * 1024;

/// A public key that can be sealed to.
pub struct Recipient {
    text: String,
    age: Box<dyn age::Recipient + Send>,
}

impl Recipient {
    pub(super) fn as_age(&self) -> &dyn age::Recipient {
        &*self.age
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Reads one public key, as age or ssh write it; an ssh key may have its comment.
pub fn parse_recipient(text: &str) -> Result<Recipient, KeyError> {
    let text = text.trim();
    let age: Box<dyn age::Recipient + Send> = if let Ok(key) = text.parse::<age::x25519::Recipient>() {
        Box::new(key)
    } else if let Ok(key) = text.parse::<age::tag::Recipient>() {
        Box::new(key)
    } else if let Ok(key) = text.parse::<age::tagpq::Recipient>() {
        Box::new(key)
    } else if let Some((kind, blob)) = ssh_fields(text) {
        Box::new(parse_ssh(kind, blob)?)
    } else {
        return Err(not_a_recipient(text));
    };
    Ok(Recipient { text: text.to_owned(), age })
}

/// Reads a recipients file: a key a line; empty lines and those that begin with `#` are skipped.
pub fn read_recipients(path: &Path) -> Result<Vec<Recipient>, KeyError> {
    let text = text::read(path, MAX_FILE_BYTES).map_err(KeyError::reading)?;
    let recipients = key_lines(&text)
        .map(|(line, key)| parse_recipient(key).map_err(|error| KeyError::Line { line, source: Box::new(error) }))
        .collect::<Result<Vec<_>, _>>()?;
    if recipients.is_empty() { Err(KeyError::NoKeys) } else { Ok(recipients) }
}

/// The lines of a key file that hold a key, with their numbers from 1.
pub(super) fn key_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{EnvelopeError, PendingHeader, tests::vector_path};

    const AGE: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    const TAG: &str = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";

    fn ssh(name: &str) -> String {
        std::fs::read_to_string(vector_path("keys").join(name)).unwrap()
    }

    fn refusal(text: &str) -> KeyError {
        parse_recipient(text).err().unwrap_or_else(|| panic!("{text} was taken"))
    }

    fn file(text: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    /// An ssh public key of these fields, each with its length before it.
    fn ssh_key(fields: &[&[u8]]) -> String {
        let blob: Vec<u8> =
            fields.iter().flat_map(|field| [&(field.len() as u32).to_be_bytes(), *field].concat()).collect();
        format!("{} {}", String::from_utf8_lossy(fields[0]), BASE64_STANDARD_NO_PAD.encode(blob))
    }

    #[test]
    fn public_keys_of_every_kind_are_read() {
        for text in [AGE, TAG, &ssh("ed25519.pub"), &ssh("rsa.pub"), &ssh("rsa_protected.pub")] {
            assert!(parse_recipient(text).is_ok(), "{text}");
            assert!(parse_recipient(&format!("  {}\r\n", text.trim())).is_ok(), "{text}");
        }
        let without_comment = ssh("ed25519.pub").replace(" test", "");
        assert!(parse_recipient(&without_comment).is_ok());
    }

    #[test]
    fn keys_that_cannot_be_used_are_told_apart() {
        assert!(matches!(refusal("age1yubikey1q2w3e4r"), KeyError::Plugin { name } if name == "yubikey"));
        assert!(matches!(refusal("age1pq1qqqq"), KeyError::Unsupported { kind } if kind == "age1pq"));
        assert!(matches!(refusal(&ssh("rsa_1024.pub")), KeyError::RsaTooSmall));
        let ecdsa = ssh_key(&[b"ecdsa-sha2-nistp256", b"nistp256", b"point"]);
        assert!(matches!(refusal(&ecdsa), KeyError::Unsupported { kind } if kind == "ecdsa-sha2-nistp256"));
        let large = ssh_key(&[b"ssh-rsa", &[1, 0, 1], &[0x7f; 2048]]);
        assert!(matches!(refusal(&large), KeyError::RsaTooLarge));
        for text in ["", "age1", &AGE[..40], &AGE.replace("t7", "t8"), "age1tag1qqqq", "ssh-rsa", "ssh-ed25519 AAAA"] {
            assert!(matches!(refusal(text), KeyError::NotARecipient { .. }), "{text}: {:?}", refusal(text));
        }
    }

    #[test]
    fn a_private_key_is_recognised_and_never_repeated() {
        let secret = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
        for text in [secret, &secret.to_lowercase(), "AGE-PLUGIN-YUBIKEY-1QQQQ", &ssh("ed25519")] {
            assert!(matches!(refusal(text), KeyError::SecretKey), "{text}");
        }
    }

    #[test]
    fn texts_from_outside_are_shown_short_and_plain() {
        let error = refusal(&format!("\u{1b}[31m\u{202e}naughty{}", "x".repeat(5000)));
        let KeyError::NotARecipient { start } = error else { panic!("{error:?}") };
        assert_eq!(start, "?[31m?naughtyxxxxxxxxxxx");
    }

    #[test]
    fn rsa_keys_with_hostile_numbers_are_refused_without_a_panic() {
        let modulus = [&[0][..], &[0xff; 256]].concat();
        let numbers: [&[u8]; 8] = [&[], &[0], &[0, 0, 0], &[1], &[2], &[0x80], &[0xff; 9], &[0x7f; 300]];
        for exponent in numbers {
            for modulus in numbers.into_iter().chain([&modulus[..]]) {
                let parsed = parse_recipient(&ssh_key(&[b"ssh-rsa", exponent, modulus]));
                let _ = parsed.map(|key| PendingHeader::for_keys(&[key]).map(drop));
            }
            assert!(parse_recipient(&ssh_key(&[b"ssh-rsa", exponent])).is_err());
        }
        assert!(matches!(refusal(&ssh_key(&[b"ssh-rsa", &[0], &modulus])), KeyError::NotARecipient { .. }));
        assert!(matches!(refusal(&ssh_key(&[b"ssh-rsa", &[3], &[0]])), KeyError::NotARecipient { .. }));
    }

    #[test]
    fn damaged_keys_are_refused_without_a_panic() {
        for key in [AGE.to_owned(), TAG.to_owned(), ssh("ed25519.pub"), ssh("rsa.pub")] {
            let key = key.trim();
            for at in 0..key.len() {
                let _ = parse_recipient(&key[..at]);
                for letter in ["A", "/", " ", "=", "é", "Ł", "1", "\0"] {
                    let _ = parse_recipient(&format!("{}{letter}{}", &key[..at], &key[at + 1..]));
                }
            }
        }
    }

    #[test]
    fn a_recipients_file_has_comments_blank_lines_and_any_line_ending() {
        let text = format!("\u{feff}# ours\r\n\r\n{AGE}\r\n  {}\n#end\n{}", ssh("ed25519.pub").trim(), ssh("rsa.pub"));
        assert_eq!(read_recipients(file(text).path()).unwrap().len(), 3);
    }

    #[test]
    fn a_recipients_file_is_used_whole_or_not_at_all() {
        let bad = file(format!("# one\n{AGE}\nage1yubikey1q2w3e4r\n"));
        let Err(KeyError::Line { line: 3, source }) = read_recipients(bad.path()) else { panic!() };
        assert!(matches!(*source, KeyError::Plugin { .. }));
        assert!(matches!(read_recipients(file("# none\n\n").path()), Err(KeyError::NoKeys)));
        assert!(matches!(read_recipients(file([0xff]).path()), Err(KeyError::Unreadable(_))));
        assert!(matches!(read_recipients(file(vec![b'#'; 1 << 21]).path()), Err(KeyError::FileTooLarge)));
        assert!(matches!(read_recipients(&bad.path().join("none")), Err(KeyError::Unreadable(_))));
    }

    #[test]
    fn post_quantum_and_classic_keys_do_not_mix() {
        let post_quantum = std::fs::read_to_string(vector_path("keys/tagpq.pub")).unwrap();
        let keys = |texts: &[&str]| texts.iter().map(|text| parse_recipient(text).unwrap()).collect::<Vec<_>>();
        assert!(PendingHeader::for_keys(&keys(&[&post_quantum, &post_quantum])).is_ok());
        let mixed = PendingHeader::for_keys(&keys(&[&post_quantum, AGE]));
        assert!(matches!(mixed, Err(EnvelopeError::RecipientsDoNotMix)));
    }
}
