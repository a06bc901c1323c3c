//! What is told to the operator, in the log or on the terminal, as one line that shows all it consists of. An error may
//! quote what lies on the disk.

use std::{error::Error, iter};

/// Characters of a line.
const MAX: usize = 500;

/// An error with its causes, for the log.
pub fn of_error(error: &(dyn Error + 'static)) -> String {
    let chain = iter::successors(Some(error), |error| (*error).source());
    of_text(&chain.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// Any text: what shows nothing is escaped, and what is too long is cut.
pub fn of_text(text: &str) -> String {
    let mut shown = String::new();
    let mut left = MAX;
    for c in text.chars() {
        let escaped = if is_visible(c) { c.to_string() } else { c.escape_default().to_string() };
        match left.checked_sub(escaped.chars().count()) {
            Some(rest) => left = rest,
            None => return shown + "…",
        }
        shown += &escaped;
    }
    shown
}

/// Neither a control nor an invisible or direction-changing character.
pub fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::StoreError;

    #[test]
    fn whatever_a_damaged_file_holds_is_one_line() {
        let hostile = format!(r#"{{"state":"\u001b[2J\n2026-11-29 share ended \u202e{}"}}"#, "x".repeat(100_000));
        let error = serde_json::from_str::<crate::domain::Record>(&hostile).unwrap_err();
        let told = of_error(&StoreError::Damaged(error));
        assert!(told.starts_with("a stored record cannot be read: "), "{told}");
        assert!(told.chars().all(is_visible) && told.chars().count() <= MAX + 1, "{told}");
        assert_eq!(of_text("gpj\u{202e}\n\u{1b}[2J"), r"gpj\u{202e}\n\u{1b}[2J");
        assert_eq!(of_text(&"\u{202e}".repeat(1000)).chars().count(), 497);
    }
}
