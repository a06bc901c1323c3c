//! Which names may travel, when two of them are the same name, and how hostile text is shown on a terminal.
//!
//! A path is relative, UTF-8 in NFC, its components separated by `/`. A component must be a file name on Linux,
//! macOS and Windows alike and must show all it consists of: docs/format.md, "Names", has the same rules in prose.
//! Which paths are taken hangs on no version of Unicode: characters that this program does not know may travel. Which
//! are sent does, so that all who read them agree in what is composed and which names are the same.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Bytes of UTF-8 in one component; the limit of nearly every file system.
pub const MAX_COMPONENT_BYTES: usize = 255;
/// Bytes of UTF-8 in a path: macOS follows 1,023, and the folder that it is saved in takes some of them.
pub const MAX_PATH_BYTES: usize = 800;
/// Components in a path.
pub const MAX_DEPTH: usize = 100;
/// The version of Unicode whose characters are sent.
pub const SENT_UNICODE: &str = "17.0";

/// Why a path may not travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing between two slashes, before the first or after the last; an absolute path starts this way.
    #[error("a part of it is empty")]
    Empty,
    /// `.` or `..`.
    #[error("`.` and `..` are no names")]
    Dots,
    /// A character no name may hold: control, invisible, bidirectional, or special on some system.
    #[error("it holds {}", escaped_or_self(*.0))]
    Character(char),
    /// Windows gives the name to a device (`CON`, `nul.txt`, `COM1`).
    #[error("Windows gives it to a device")]
    Device,
    /// What some file system takes for the name of a folder in which a download grows ([`is_staging`]).
    #[error("it is the name of a folder for unfinished downloads")]
    Staging,
    /// Windows drops a dot or a space at the end.
    #[error("it ends in a dot or a space")]
    Ending,
    /// Not in Unicode's composed form (NFC).
    #[error("it is not in NFC")]
    NotComposed,
    /// A character that Unicode did not have in the version that senders keep to; only they refuse it.
    #[error("it holds U+{:04X}, which Unicode does not have", u32::from(*.0))]
    Unassigned(char),
    /// More than [`MAX_COMPONENT_BYTES`], or the whole path more than [`MAX_PATH_BYTES`].
    #[error("it is too long")]
    Long,
    /// More than [`MAX_DEPTH`] folders inside each other.
    #[error("it is too deep")]
    Deep,
}

/// Checks a path that is to be sent.
pub fn check_sent(path: &str) -> Result<(), NameError> {
    check(path)?;
    match path.chars().find(|c| is_unassigned(*c)) {
        Some(c) => Err(NameError::Unassigned(c)),
        None => Ok(()),
    }
}

/// Checks a path by every rule for those who receive it.
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
    if name != without_ending(name) {
        return Err(NameError::Ending);
    }
    let plain = plain(name);
    if is_device(&plain) {
        return Err(NameError::Device);
    }
    if is_staging(&plain) {
        return Err(NameError::Staging);
    }
    if !is_nfc(name) {
        return Err(NameError::NotComposed);
    }
    Ok(())
}

/// Whether a name that is sent may hold this character after the one before it.
pub fn may_be_sent(previous: Option<char>, c: char) -> bool {
    is_allowed(previous, c) && !is_unassigned(c)
}

/// Whether Unicode, in the version that senders keep to, does not have this character.
pub fn is_unassigned(c: char) -> bool {
    c.general_category() == GeneralCategory::Unassigned
}

/// The name without the dots and spaces at its end.
pub fn without_ending(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || is_space(c))
}

/// Whether the name is kept for a device or for a folder in which a download grows.
pub fn is_kept(name: &str) -> bool {
    let plain = plain(name);
    is_device(&plain) || is_staging(&plain)
}

/// What the name of a folder in which a download grows begins with; 16 hexadecimal digits follow.
pub const STAGING_PREFIX: &str = ".share-";
/// What such a name ends with.
pub const STAGING_SUFFIX: &str = ".part";

/// Whether this is the name of a folder in which a download grows, exactly as downloads give it.
pub fn is_staging(name: &str) -> bool {
    let digits = name.strip_prefix(STAGING_PREFIX).and_then(|rest| rest.strip_suffix(STAGING_SUFFIX));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// The name as it is compared with those of devices and of folders in which downloads grow. What is mapped here are all
/// the characters that Unicode has for letters of those names in another case.
fn plain(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let visible = name.replace(|c| is_joiner(c) || is_variation_selector(c), "");
    visible.replace('ı', "i").replace('ſ', "s").replace('ﬀ', "ff").to_ascii_lowercase()
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

/// The character, or its escape if it is not to be shown.
pub fn escaped_or_self(c: char) -> String {
    printable(&c.to_string())
}

/// Every character with the one before it.
pub fn with_previous(text: &str) -> impl Iterator<Item = (Option<char>, char)> {
    let previous = std::iter::once(None).chain(text.chars().map(Some));
    previous.zip(text.chars())
}

fn is_allowed(previous: Option<char>, c: char) -> bool {
    is_visible(previous, c) && !matches!(c, '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*')
}

/// Whether a terminal shows this character as something, and in its place. Joiners and variation selectors show
/// nothing themselves, but Persian, Sinhala and emoji need them after a character they act on.
pub fn is_visible(previous: Option<char>, c: char) -> bool {
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

/// Unicode property White_Space, without what is refused as no name may hold it.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
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
pub fn is_ignorable(c: char) -> bool {
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

/// Names Windows gives to devices, with any extension.
fn is_device(plain: &str) -> bool {
    match plain.split('.').next().unwrap_or(plain).trim_end_matches(' ') {
        "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" => true,
        stem => {
            let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
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
        unassigned: Vec<String>,
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
            NameError::Unassigned(_) => "unassigned",
            NameError::Long => "long",
            NameError::Deep => "deep",
        }
    }

    #[test]
    fn ordinary_names_are_allowed() {
        for name in vectors().allowed {
            assert_eq!(check_sent(&name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn characters_that_unicode_has_not_assigned_are_taken_and_not_sent() {
        for name in vectors().unassigned {
            assert_eq!(check(&name), Ok(()), "{name:?}");
            assert_eq!(check_sent(&name).map_err(word), Err("unassigned"), "{name:?}");
        }
    }

    #[test]
    fn the_tables_in_use_know_all_that_is_sent() {
        let (major, minor, _) = unicode_properties::UNICODE_VERSION;
        assert_eq!(format!("{major}.{minor}"), SENT_UNICODE);
        let normalization = unicode_normalization::UNICODE_VERSION;
        for tables in [char::UNICODE_VERSION, normalization] {
            assert!(u64::from(tables.0) >= major, "{tables:?}");
        }
    }

    #[test]
    fn no_other_character_is_a_letter_of_a_device_or_staging_folder() {
        let names = ["con", "prn", "aux", "nul", "conin$", "conout$", "com", "lpt", ".share-", ".part", "abcdef"];
        for c in '\u{80}'..=char::MAX {
            let text = c.to_string();
            let key = collision_key(&text).to_ascii_lowercase();
            let is_in_names = || key == "ff" || names.iter().any(|name| name.contains(&key));
            assert_eq!(plain(&text).is_ascii(), key.is_ascii() && is_nfc(&text) && is_in_names(), "{c:?}");
        }
    }

    #[test]
    fn spaces_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_space(c), c.is_whitespace() && is_allowed(None, c), "{c:?}");
        }
    }

    #[test]
    fn forbidden_names_are_refused_for_their_reason() {
        for (name, why) in vectors().forbidden {
            assert_eq!(check(&name).map_err(word), Err(&*why), "{name:?}");
            assert_eq!(check_sent(&name).map_err(word), Err(&*why), "{name:?}");
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
        let longest = vec!["x".repeat(99); 8].join("/");
        assert_eq!((longest.len(), check(&longest)), (799, Ok(())));
        assert_eq!(check(&format!("{longest}x")), Ok(()));
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
