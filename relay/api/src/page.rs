//! The page of this release, by the hashes of its files: what every relay of this version serves to browsers.

use std::collections::BTreeMap;

use crate::Bytes32;

/// The file that is served for a link; all others have paths of their own.
pub const INDEX: &str = "index.html";

/// `hash  name`, a line for each file; `npm run build` in `relay/web` writes it.
const LIST: &str = include_str!("../../web/dist.sha256");

/// SHA-256 of each file of the page, by file name.
pub fn released() -> BTreeMap<&'static str, Bytes32> {
    let entry = |line: &'static str| {
        let (hash, name) = line.split_once("  ")?;
        Some((name, hash.parse().ok()?))
    };
    LIST.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let released = released();
        assert!(released.len() == LIST.lines().count() && released.contains_key(INDEX), "{released:?}");
    }
}
