//! How text that somebody else wrote stands in our sentences and in our JSON: as [`printable`] shows it, and no longer
//! than a line.

use std::fmt::Write;

use crate::names::{is_visible, printable, with_previous};

/// Characters of a quoted text: two lines of a terminal.
const MOST_QUOTED: usize = 200;

/// The text as a sentence quotes it.
pub fn quoted(text: &str) -> String {
    shortened(&printable(text), MOST_QUOTED)
}

/// The text with no more characters than that: of a longer one, beginning and end, as a path's end tells most.
pub fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let (start, end) = (most * 2 / 3, most - most * 2 / 3 - 1);
    let start = text.chars().take(start);
    start.chain(['…']).chain(text.chars().skip(length - end)).collect()
}

/// The same JSON, every character escaped in it that [`printable`] escapes.
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for (previous, c) in with_previous(json) {
        if is_visible(previous, c) {
            plain.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(plain, "\\u{unit:04x}");
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quote_is_at_most_a_line_and_shows_beginning_and_end() {
        assert_eq!(quoted("in/brief.pdf"), "in/brief.pdf");
        assert_eq!(quoted(&"x".repeat(200)), "x".repeat(200));
        let long = quoted(&format!("{}\n\u{202e}{}/brief.pdf", "é".repeat(120), "a".repeat(3_000_000)));
        assert_eq!(long.chars().count(), 200);
        assert!(long.starts_with(&format!("{}\\n\\u{{202e}}a", "é".repeat(120))) && long.ends_with("a/brief.pdf"));
        // Every character of this becomes eight.
        assert_eq!(quoted(&"\u{202e}".repeat(300)).chars().count(), 200);
        assert_eq!(shortened("abcdefgh", 4), "ab…h");
    }

    #[test]
    fn json_stays_the_same_and_shows_nothing_raw() {
        let hostile = "gpj\u{202e}\u{200b}\u{7f}\u{9b}\u{feff}\u{e0041}\u{10ffff}\u{2028}\n\u{1b}[2J\\\u{202d}";
        let value = json!({ hostile: [hostile, "नमस्ते", "👩\u{200d}🔧", "❤\u{fe0f}", "zo\u{200d}"], "n": 1.5 });
        let plain = plain_json(&value.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).unwrap(), value);
        assert_eq!(printable(&plain), plain);
        assert!(plain.contains("\\u202e\\u200b\\u007f\\u009b\\ufeff\\udb40\\udc41\\udbff\\udfff\\u2028\\n\\u001b[2J"));
        assert!(plain.contains("👩\u{200d}🔧") && plain.contains("zo\\u200d"), "what acts on a letter stays");
    }
}
