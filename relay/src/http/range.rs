//! Byte ranges of RFC 9110, section 14: one range, or the whole.

use std::ops::Range;

/// The part of the content that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// A range beyond the end of the content.
    OutOfRange,
}

/// What `Range` and `If-Range` ask of a content of `total` bytes with this (quoted) strong ETag. Several ranges,
/// other units and anything malformed are answered with the whole, as the RFC allows. `if_range` is empty for a field
/// that cannot be understood.
pub fn wanted(range: Option<&str>, if_range: Option<&str>, etag: &str, total: u64) -> Wanted {
    // A date in If-Range never equals the ETag, nor does a weak one.
    if if_range.is_some_and(|validator| validator != etag) {
        return Wanted::Whole;
    }
    range.and_then(|text| parse(text, total)).unwrap_or(Wanted::Whole)
}

fn parse(text: &str, total: u64) -> Option<Wanted> {
    let (unit, set) = text.split_once('=')?;
    let (first, last) = set.split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    if first.is_empty() {
        let count = number(last)?;
        return Some(satisfiable(total.saturating_sub(count)..total));
    }
    let first = number(first)?;
    let end = if last.is_empty() { total } else { number(last)?.saturating_add(1) };
    if end <= first && !last.is_empty() {
        return None;
    }
    Some(satisfiable(first..end.min(total)))
}

fn satisfiable(range: Range<u64>) -> Wanted {
    if range.is_empty() { Wanted::OutOfRange } else { Wanted::Part(range) }
}

/// Decimal digits only; a number beyond 64 bits lies beyond any content.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"abc\"";

    fn range(text: &str) -> Wanted {
        wanted(Some(text), None, ETAG, 100)
    }

    #[test]
    fn one_range_is_cut_to_the_content() {
        assert_eq!(range("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(range("bytes=10-19"), Wanted::Part(10..20));
        assert_eq!(range("bytes=90-"), Wanted::Part(90..100));
        assert_eq!(range("bytes=90-1000"), Wanted::Part(90..100));
        assert_eq!(range("Bytes=0-99999999999999999999999"), Wanted::Part(0..100));
        assert_eq!(range("bytes=-1"), Wanted::Part(99..100));
        assert_eq!(range("bytes=-1000"), Wanted::Part(0..100));
    }

    #[test]
    fn bytes_beyond_the_end_are_out_of_range() {
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(range(text), Wanted::OutOfRange, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_answered_whole() {
        for text in ["bytes=0-1,5-6", "bytes=5-4", "bytes=-", "bytes=a-b", "bytes=+1-2", "lines=1-2", "", "bytes", "=-"]
        {
            assert_eq!(range(text), Wanted::Whole, "{text}");
        }
        for spaced in
            ["bytes =1-2", "bytes= 1-2", "bytes=1 -2", "bytes=1- 2", "bytes=1-2 ", " bytes=1-2", "bytes=\t1-2"]
        {
            assert_eq!(range(spaced), Wanted::Whole, "{spaced}");
        }
        assert_eq!(wanted(None, None, ETAG, 100), Wanted::Whole);
    }

    #[test]
    fn if_range_counts_only_when_it_names_these_bytes() {
        let ask = |if_range| wanted(Some("bytes=1-2"), Some(if_range), ETAG, 100);
        assert_eq!(ask("\"abc\""), Wanted::Part(1..3));
        for other in
            ["\"abd\"", "W/\"abc\"", "abc", "", " \"abc\"", "\"abc\", \"abc\"", "Sun, 22 Nov 2026 07:28:00 GMT"]
        {
            assert_eq!(ask(other), Wanted::Whole, "{other}");
        }
    }
}
