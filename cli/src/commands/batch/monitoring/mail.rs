//! E-mail messages as sendmail takes them: RFC 5322, with the encodings of MIME for what is not ASCII.

use std::fmt::Write;

use share_client::{clock, secret};

use crate::{error::Result, time};

/// Longest line of quoted-printable text, RFC 2045 section 6.7.
const MAX_LINE: usize = 76;
/// Longest encoded word, RFC 2047 section 2.
const MAX_ENCODED_WORD: usize = 75;

/// A message of plain text that nobody wrote by hand. `to` is a checked address. Who it is from is for the mail system to
/// say, which knows this computer's domain.
pub fn message(to: &str, subject: &str, text: &str) -> Result<String> {
    let domain = to.rsplit('@').next().unwrap_or_default();
    let id = secret::random_id().map_err(share_client::Error::from)?;
    Ok(format!(
        "To: {to}\n\
         Subject: {}\n\
         Date: {}\n\
         Message-ID: <{id}.share@{domain}>\n\
         Auto-Submitted: auto-generated\n\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: quoted-printable\n\
         \n\
         {}",
        header(subject),
        time::rfc5322(clock::now()),
        quoted_printable(text),
    ))
}

/// The text of a header: as it is, or in encoded words (RFC 2047), none of which ends inside a character.
fn header(text: &str) -> String {
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return text.to_owned();
    }
    let (start, end) = ("=?UTF-8?Q?", "?=");
    let mut words = vec![String::new()];
    for c in text.chars() {
        let encoded = match c {
            ' ' => "_".to_owned(),
            c if c.is_ascii_alphanumeric() => c.to_string(),
            c => c.encode_utf8(&mut [0; 4]).bytes().map(escaped).collect(),
        };
        if words.last().is_none_or(|word| word.len() + encoded.len() > MAX_ENCODED_WORD - start.len() - end.len()) {
            words.push(String::new());
        }
        words.last_mut().expect("there is a word").push_str(&encoded);
    }
    let words: Vec<String> = words.into_iter().map(|word| format!("{start}{word}{end}")).collect();
    words.join("\n ")
}

/// RFC 2045 section 6.7: lines of ASCII that ASCII text stays readable in.
fn quoted_printable(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for line in text.lines() {
        let mut length = 0;
        let bytes = line.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let is_last = at + 1 == bytes.len();
            let piece = match byte {
                b' ' if !is_last => " ".to_owned(),
                b'!'..=b'<' | b'>'..=b'~' => char::from(*byte).to_string(),
                byte => escaped(*byte),
            };
            // Every line but the last of a long one ends in an equals sign.
            if length + piece.len() > MAX_LINE - usize::from(!is_last) {
                encoded.push_str("=\n");
                length = 0;
            }
            encoded.push_str(&piece);
            length += piece.len();
        }
        encoded.push('\n');
    }
    encoded
}

fn escaped(byte: u8) -> String {
    let mut escaped = String::with_capacity(3);
    let _ = write!(escaped, "={byte:02X}");
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Undoes quoted-printable, and the same in an encoded word.
    fn decoded(text: &str) -> String {
        let joined = text.replace("=\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let Some((&first, more)) = rest.split_first() {
            rest = more;
            if first == b'=' {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
                rest = &more[2..];
            } else {
                bytes.push(first);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_comes_out_as_it_was_in_lines_that_are_short_enough() {
        let texts = [
            "".to_owned(),
            "plain\n\n  indented\n".to_owned(),
            "één rij = geen rijen €, 😀\n".to_owned(),
            "ends in a space \nand a tab\t\n".to_owned(),
            format!("{}\n{}\n{}\n", "x".repeat(76), "x".repeat(77), "é".repeat(500)),
            format!("{} \n", "x".repeat(75)),
        ];
        for text in texts {
            let encoded = quoted_printable(&text);
            assert_eq!(decoded(&encoded), text);
            assert!(encoded.lines().all(|line| line.len() <= 76 && line.is_ascii()), "{encoded}");
            assert!(encoded.lines().all(|line| !line.ends_with([' ', '\t'])), "{encoded}");
        }
    }

    #[test]
    fn a_header_is_plain_or_made_of_short_whole_words() {
        assert_eq!(header("3 of 4 rows failed"), "3 of 4 rows failed");
        let encoded = header(&"één €_?= ".repeat(20));
        let words: Vec<&str> = encoded.split("\n ").collect();
        assert!(words.len() > 1 && words.iter().all(|word| word.len() <= 75 && word.is_ascii()), "{encoded}");
        let whole = |word: &&str| {
            let text = word.strip_prefix("=?UTF-8?Q?").unwrap().strip_suffix("?=").unwrap();
            assert!(!text.contains([' ', '?']), "{encoded}");
            decoded(&text.replace('_', " "))
        };
        assert_eq!(words.iter().map(whole).collect::<String>(), "één €_?= ".repeat(20));
        assert!(!header("a\nBcc: eve@example.org").contains('\n'));
    }

    #[test]
    fn a_message_has_the_headers_it_needs() {
        let message = message("anna@example.org", "een rijtje", "één\n").unwrap();
        let (head, body) = message.split_once("\n\n").unwrap();
        let names: Vec<&str> = head.lines().map(|line| line.split(": ").next().unwrap()).collect();
        let expected = [
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        assert_eq!(names, expected);
        let date = head.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
        assert!(date.len() >= 30 && date.contains(", ") && date[date.len() - 5..].starts_with(['+', '-']), "{date}");
        assert_eq!(body, "=C3=A9=C3=A9n\n");
    }
}
