//! The order of entries, by which same names and files inside files are found without remembering every name.
//!
//! Paths ascend strictly by the bytes of their UTF-8, component by component, and a folder comes before what is in it.
//! So all that is in a folder follows it without a gap, and only the folders around the present place need to be
//! remembered, with the names that are in each. Of a name 64 bits are kept.

use std::{
    cmp::Ordering,
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use crate::{Fault, names};

/// Follows the entries of one manifest or archive, in order.
#[derive(Debug)]
pub struct Tree {
    last: String,
    /// The folders around the present place, from the outside in; the first is that of the share itself.
    open: Vec<Folder>,
    /// Under a key of its own, so that whoever is refused by chance is not refused again.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Folder {
    path: String,
    /// The hashes of the collision keys of what has come in it.
    names: HashSet<u64>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { last: String::new(), open: vec![Folder::default()], hasher: RandomState::new() }
    }
}

impl Tree {
    /// Checks the next path and takes it in. Gives the number of folders that nothing more can come into.
    pub fn enter(&mut self, path: &str, folder: bool) -> Result<usize, Fault> {
        names::check(path).map_err(Fault::Name)?;
        match path.split('/').cmp(self.last.split('/')) {
            Ordering::Greater => path.clone_into(&mut self.last),
            Ordering::Equal => return Err(Fault::SameName),
            Ordering::Less => return Err(Fault::Order),
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let inside = self.open.iter().rposition(|folder| folder.path == parent).ok_or(Fault::NoFolder)?;
        let left = self.open.len() - 1 - inside;
        self.open.truncate(inside + 1);
        if !self.open[inside].names.insert(self.hasher.hash_one(names::collision_key(name))) {
            return Err(Fault::SameName);
        }
        if folder {
            self.open.push(Folder { path: path.to_owned(), names: HashSet::new() });
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter_all(paths: &[&str]) -> Result<Vec<usize>, Fault> {
        let mut tree = Tree::default();
        paths.iter().map(|path| tree.enter(path.trim_end_matches('/'), path.ends_with('/'))).collect()
    }

    #[test]
    fn a_folder_is_left_when_something_outside_it_comes() {
        assert_eq!(enter_all(&["a/", "a/b/", "a/b/c", "a/d/", "a/e", "f"]).unwrap(), [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn a_slash_sorts_before_every_other_character() {
        assert!(enter_all(&["a/", "a/b", "a b", "a.b"]).is_ok());
        assert_eq!(enter_all(&["a/", "a b", "a/b"]), Err(Fault::Order));
    }

    #[test]
    fn the_order_is_that_of_bytes_whatever_the_case() {
        assert!(enter_all(&["B", "a", "\u{e9}", "\u{ffdc}", "\u{10000}"]).is_ok());
        assert_eq!(enter_all(&["a", "B"]), Err(Fault::Order));
    }

    #[test]
    fn names_that_differ_in_case_only_are_the_same_wherever_they_stand() {
        assert_eq!(enter_all(&["README", "readme"]), Err(Fault::SameName));
        assert_eq!(enter_all(&["A", "B", "a"]), Err(Fault::SameName));
        assert_eq!(enter_all(&["STRASSE", "stra\u{df}e/"]), Err(Fault::SameName));
        assert_eq!(enter_all(&["A/", "A/x", "a/"]), Err(Fault::SameName));
        assert_eq!(enter_all(&["d/", "d/A", "d/Z/", "d/Z/f", "d/a"]), Err(Fault::SameName));
        assert!(enter_all(&["A/", "A/a", "B/", "B/A", "B/b/", "B/b/A", "b2"]).is_ok());
    }

    #[test]
    fn a_file_needs_its_folder_and_a_file_is_no_folder() {
        assert_eq!(enter_all(&["a/b"]), Err(Fault::NoFolder));
        assert_eq!(enter_all(&["a", "a/b"]), Err(Fault::NoFolder));
        assert_eq!(enter_all(&["A/", "a/b"]), Err(Fault::NoFolder));
    }

    #[test]
    fn a_million_names_take_some_bytes_each_and_none_once_their_folder_is_left() {
        let mut tree = Tree::default();
        tree.enter("d", true).unwrap();
        for number in 0..999_998 {
            tree.enter(&format!("d/X{number:06}"), false).unwrap();
        }
        // A hash, and a byte of the table's own, for each of its places, of which seven in eight are used at most.
        let held = |tree: &Tree| tree.open.iter().map(|folder| folder.names.capacity() * 9 * 8 / 7).sum::<usize>();
        assert!(held(&tree) < 20 << 20, "{} bytes", held(&tree));
        assert_eq!(tree.enter("d/x000000", false), Err(Fault::SameName));
        assert_eq!(tree.enter("e", false), Ok(1));
        assert!(held(&tree) < 1024, "{} bytes", held(&tree));
    }
}
