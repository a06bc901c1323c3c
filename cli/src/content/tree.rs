//! The order of entries, by which same names and files inside files are found without remembering every name.
//!
//! Paths ascend strictly by their collision keys, component by component, and a folder comes before what is in it.
//! So all that is in a folder follows it without a gap, two names that collide stand next to each other, and only
//! the folders around the present place need to be remembered.

use std::cmp::Ordering;

use super::{error::Fault, names};

/// Follows the entries of one manifest or archive, in order.
#[derive(Debug, Default)]
pub(super) struct Tree {
    last: Option<String>,
    folders: Vec<String>,
}

impl Tree {
    /// Checks the next path and takes it in. Gives the number of folders that nothing more can come into.
    pub(super) fn enter(&mut self, path: &str, folder: bool) -> Result<usize, Fault> {
        names::check(path).map_err(Fault::Name)?;
        let key = names::collision_key(path);
        match self.last.as_ref().map_or(Ordering::Greater, |last| key.split('/').cmp(last.split('/'))) {
            Ordering::Greater => self.last = Some(key),
            Ordering::Equal => return Err(Fault::SameName),
            Ordering::Less => return Err(Fault::Order),
        }
        let open = match path.rsplit_once('/') {
            None => 0,
            Some((parent, _)) => 1 + self.folders.iter().rposition(|f| f == parent).ok_or(Fault::NoFolder)?,
        };
        let left = self.folders.len() - open;
        self.folders.truncate(open);
        if folder {
            self.folders.push(path.to_owned());
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
    fn names_that_differ_in_case_only_are_the_same() {
        assert_eq!(enter_all(&["README", "readme"]), Err(Fault::SameName));
        assert_eq!(enter_all(&["straße/", "STRASSE"]), Err(Fault::SameName));
        assert_eq!(enter_all(&["a/", "a/x", "A/"]), Err(Fault::Order));
    }

    #[test]
    fn a_file_needs_its_folder_and_a_file_is_no_folder() {
        assert_eq!(enter_all(&["a/b"]), Err(Fault::NoFolder));
        assert_eq!(enter_all(&["a", "a/b"]), Err(Fault::NoFolder));
        assert_eq!(enter_all(&["a/", "A/b"]), Err(Fault::NoFolder));
    }
}
