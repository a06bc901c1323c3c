//! Which names may travel, when two of them are the same name, and how hostile text is shown on a terminal.
//!
//! A path is relative, UTF-8 in NFC, its components separated by `/`. A component must be a file name on Linux,
//! macOS and Windows alike and must show all it consists of: docs/format.md, "Names", has the same rules in prose.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::i18n::fl;

/// Bytes of UTF-8 in one component; the limit of nearly every file system.
pub const MAX_COMPONENT_BYTES: usize = 255;
/// Bytes of UTF-8 in a path.
pub const MAX_PATH_BYTES: usize = 4096;
/// Components in a path.
pub const MAX_DEPTH: usize = 100;

/// Why a path may not travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// Nothing between two slashes, before the first or after the last; an absolute path starts this way.
    Empty,
    /// `.` or `..`.
    Dots,
    /// A character no name may hold: control, invisible, bidirectional, or special on some system.
    Character(char),
    /// Windows gives the name to a device (`CON`, `nul.txt`, `COM1`).
    Device,
    /// A folder in which a download grows ([`is_staging`]); downloads remove those that were left.
    Staging,
    /// Windows drops a dot or a space at the end.
    Ending,
    /// Not in Unicode's composed form (NFC).
    NotComposed,
    /// More than [`MAX_COMPONENT_BYTES`], or the whole path more than [`MAX_PATH_BYTES`].
    Long,
    /// More than [`MAX_DEPTH`] folders inside each other.
    Deep,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Empty => fl!("name-empty"),
            Self::Dots => fl!("name-dots"),
            Self::Character(c) => fl!("name-character", character = escaped_or_self(*c)),
            Self::Device => fl!("name-device"),
            Self::Staging => fl!("name-staging"),
            Self::Ending => fl!("name-ending"),
            Self::NotComposed => fl!("name-not-composed"),
            Self::Long => fl!("name-long", bytes = MAX_COMPONENT_BYTES, total = MAX_PATH_BYTES),
            Self::Deep => fl!("name-deep", depth = MAX_DEPTH),
        })
    }
}

impl std::error::Error for NameError {}

/// Checks a path by every rule of this format.
pub fn check(path: &str) -> Result<(), NameError> {
    if path.len() > MAX_PATH_BYTES {
        return Err(NameError::Long);
    }
    if path.split('/').count() > MAX_DEPTH {
        return Err(NameError::Deep);
    }
    path.split('/').try_for_each(check_component)
}

fn check_component(name: &str) -> Result<(), NameError> {
    match name {
        "" => return Err(NameError::Empty),
        "." | ".." => return Err(NameError::Dots),
        _ => {}
    }
    if name.len() > MAX_COMPONENT_BYTES {
        return Err(NameError::Long);
    }
    if let Some((_, c)) = with_previous(name).find(|&(previous, c)| !is_allowed(previous, c)) {
        return Err(NameError::Character(c));
    }
    if name.ends_with(|c: char| c == '.' || c.is_whitespace()) {
        return Err(NameError::Ending);
    }
    if is_device(name) {
        return Err(NameError::Device);
    }
    if is_staging(name) {
        return Err(NameError::Staging);
    }
    if !is_nfc(name) {
        return Err(NameError::NotComposed);
    }
    Ok(())
}

/// What the name of a folder in which a download grows begins with; 16 hexadecimal digits follow.
pub const STAGING_PREFIX: &str = ".share-";
/// What such a name ends with.
pub const STAGING_SUFFIX: &str = ".part";

/// Whether this is the name of a folder in which a download grows, in any case of letters.
pub fn is_staging(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let digits = name.strip_prefix(STAGING_PREFIX).and_then(|rest| rest.strip_suffix(STAGING_SUFFIX));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Two names with one key are one file on a system that ignores case, or look alike: upper case of lower case
/// (which covers full case folding), without joiners and variation selectors, in NFC.
///
/// Compare whole paths component by component.
pub fn collision_key(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_uppercase();
    }
    let visible: String = path.chars().filter(|c| !is_joiner(*c) && !is_variation_selector(*c)).collect();
    visible.to_lowercase().to_uppercase().nfc().collect()
}

/// The composed form (NFC) in which names travel; macOS stores some names decomposed.
pub fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// The text as it can safely be shown: control, bidirectional and invisible characters are escaped (`\n`,
/// `\u{202e}`). One line; who shows a message of several lines splits it first.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (previous, c) in with_previous(text) {
        match is_visible(previous, c) {
            true => shown.push(c),
            false => shown.extend(c.escape_default()),
        }
    }
    shown
}

fn escaped_or_self(c: char) -> String {
    printable(&c.to_string())
}

/// Every character with the one before it.
pub(crate) fn with_previous(text: &str) -> impl Iterator<Item = (Option<char>, char)> {
    let previous = std::iter::once(None).chain(text.chars().map(Some));
    previous.zip(text.chars())
}

fn is_allowed(previous: Option<char>, c: char) -> bool {
    is_visible(previous, c) && !matches!(c, '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*')
}

/// Whether a terminal shows this character as something, and in its place. Joiners and variation selectors show
/// nothing themselves, but Persian, Sinhala and emoji need them after a character they act on.
pub(crate) fn is_visible(previous: Option<char>, c: char) -> bool {
    if is_joiner(c) {
        // No script before Arabic joins letters.
        return previous.is_some_and(|p| p >= '\u{600}' && (!is_ignorable(p) || is_variation_selector(p)));
    }
    if is_variation_selector(c) {
        let keycap = |p: char| c == '\u{FE0F}' && (p.is_ascii_digit() || p == '#' || p == '*');
        return previous.is_some_and(|p| keycap(p) || !p.is_ascii() && !is_ignorable(p));
    }
    !c.is_control() && !is_ignorable(c) && !has_no_shape(c)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Unicode property Variation_Selector.
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Unicode property Default_Ignorable_Code_Point (unchanged since Unicode 14): shown as nothing. All marks that
/// turn the direction of text are among them.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Line and paragraph separators, annotation marks, noncharacters, and private use: it has no agreed shape, and
/// some file systems map it to characters that are forbidden in names.
fn has_no_shape(c: char) -> bool {
    matches!(c,
        '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}'
        | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Names Windows gives to devices, with any extension and in any case.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ').to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        stem => {
            let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
            number.is_some_and(|number| {
                let mut digits = number.chars();
                let digit = digits.next();
                digits.next().is_none() && matches!(digit, Some('0'..='9' | '¹' | '²' | '³'))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Shared with every other implementation of the format.
    #[derive(Deserialize)]
    struct Vectors {
        allowed: Vec<String>,
        forbidden: Vec<(String, String)>,
        same: Vec<(String, String)>,
        different: Vec<(String, String)>,
        printable: Vec<(String, String)>,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../../tests/vectors/names.json")).unwrap()
    }

    fn word(error: NameError) -> &'static str {
        match error {
            NameError::Empty => "empty",
            NameError::Dots => "dots",
            NameError::Character(_) => "character",
            NameError::Device => "device",
            NameError::Ending => "ending",
            NameError::Staging => "staging",
            NameError::NotComposed => "composed",
            NameError::Long => "long",
            NameError::Deep => "deep",
        }
    }

    #[test]
    fn ordinary_names_are_allowed() {
        for name in vectors().allowed {
            assert_eq!(check(&name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn forbidden_names_are_refused_for_their_reason() {
        for (name, why) in vectors().forbidden {
            assert_eq!(check(&name).map_err(word), Err(&*why), "{name:?}");
        }
    }

    #[test]
    fn limits_are_exact() {
        let path = |bytes: usize| ["x".repeat(200), "y".repeat(bytes - 201)].join("/");
        assert_eq!(check(&"é".repeat(127)), Ok(()));
        assert_eq!(check(&"é".repeat(128)), Err(NameError::Long));
        assert_eq!(check(&path(456)), Ok(()));
        assert_eq!(check(&path(457)), Err(NameError::Long));
        assert_eq!(check(&vec!["x"; 100].join("/")), Ok(()));
        assert_eq!(check(&vec!["x"; 101].join("/")), Err(NameError::Deep));
        let longest = vec!["x".repeat(255); 16].join("/");
        assert_eq!((longest.len(), check(&longest)), (4095, Ok(())));
        assert_eq!(check(&format!("{longest}/x")), Err(NameError::Long));
    }

    #[test]
    fn names_that_are_one_on_some_system_have_one_key() {
        let vectors = vectors();
        for (one, other) in vectors.same {
            assert_eq!(collision_key(&one), collision_key(&other), "{one:?} {other:?}");
        }
        for (one, other) in vectors.different {
            assert_ne!(collision_key(&one), collision_key(&other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn hostile_text_is_shown_escaped_and_plain_text_as_it_is() {
        for (text, shown) in vectors().printable {
            assert_eq!(printable(&text), shown);
        }
    }

    #[test]
    fn every_name_is_shown_as_it_is_and_every_text_without_invisible_characters() {
        for name in vectors().allowed {
            assert_eq!(printable(&name), name);
        }
        for c in '\0'..=char::MAX {
            let shown = printable(&c.to_string());
            assert!(!shown.chars().any(|c| c.is_control() || is_ignorable(c)), "{shown:?}");
        }
    }
}
