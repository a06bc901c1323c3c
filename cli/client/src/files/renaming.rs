//! Names that can travel for what has others: forbidden on some system, taken already, or no Unicode text.
//!
//! The same folder always gets the same names. What has a name that can travel keeps it; of several that some system
//! takes for one, the first in the order of their bytes does.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fmt::Write,
};

use share_format::names::{self, MAX_COMPONENT_BYTES, NameError};

/// Longest ending, with its dot, that counts as a file's extension.
const MAX_EXTENSION_BYTES: usize = 20;

/// Something that is sent under another name than it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// Where it is on this computer, printable.
    pub path: String,
    /// Its path in the share.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// Why something cannot travel under the name it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is not Unicode.
    NotUnicode,
    /// The recipient would refuse it.
    Forbidden(NameError),
    /// Something else in the folder has the same name on some system; where that is, printable.
    Same(String),
}

/// A name for something that is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) name: String,
    /// Why it is not its own.
    pub(super) why: Option<Change>,
}

/// Why a name had to be changed; which of the names that were asked for has it already.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    NotUnicode,
    Forbidden(NameError),
    Same(usize),
}

/// Names for all that is in one folder: each name as it is there, and whether it is a folder's.
pub(super) fn give(wanted: &[(OsString, bool)]) -> Vec<Given> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].0.cmp(&wanted[*b].0));
    let mut taken = HashMap::with_capacity(wanted.len());
    let mut given: Vec<Option<Given>> = wanted.iter().map(|_| None).collect();
    let mut changes = Vec::new();
    for index in order {
        let change = match own(&wanted[index].0) {
            Err(change) => change,
            Ok(name) => match taken.get(&names::collision_key(&name)) {
                Some(other) => Change::Same(*other),
                None => {
                    taken.insert(names::collision_key(&name), index);
                    given[index] = Some(Given { name, why: None });
                    continue;
                }
            },
        };
        changes.push((index, change));
    }
    // Where to go on counting, so that many that come to one name take no longer than others.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (index, change) in changes {
        let (wanted, folder) = &wanted[index];
        let usable = usable(wanted);
        let number = numbers.entry(names::collision_key(&usable)).or_insert(0);
        let name = loop {
            *number += 1;
            let name = numbered(&usable, *number, *folder);
            if !taken.contains_key(&names::collision_key(&name)) {
                break name;
            }
        };
        taken.insert(names::collision_key(&name), index);
        given[index] = Some(Given { name, why: Some(change) });
    }
    given.into_iter().map(|given| given.expect("each is kept or changed")).collect()
}

/// The name as it is, if it can travel.
fn own(name: &OsStr) -> Result<String, Change> {
    let name = names::composed(name.to_str().ok_or(Change::NotUnicode)?);
    names::check_sent(&name).map_err(Change::Forbidden)?;
    Ok(name)
}

/// The nearest name that can travel: a dot for a colon, as in times, `%E9` for a byte that is no UTF-8, and `_` for what
/// no name may hold.
fn usable(name: &OsStr) -> String {
    let mut changed = String::with_capacity(name.len());
    for c in names::composed(&visible(name)).chars() {
        let previous = changed.chars().next_back();
        changed.push(match c {
            ':' if previous.is_some() => '.',
            '"' => '\'',
            c if names::may_be_sent(previous, c) => c,
            _ => '_',
        });
    }
    changed.truncate(names::without_ending(&changed).len());
    if changed.is_empty() || names::is_kept(&changed) {
        changed.insert(0, '_');
    }
    changed
}

fn visible(name: &OsStr) -> String {
    let mut visible = String::with_capacity(name.len());
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        visible.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(visible, "%{byte:02X}");
        }
    }
    visible
}

/// The name itself for number 1, then `name (2).ext`; no longer than a name may be.
fn numbered(name: &str, number: usize, folder: bool) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && !folder && name.len() - dot <= MAX_EXTENSION_BYTES => name.split_at(dot),
        _ => (name, ""),
    };
    let mark = if number == 1 { String::new() } else { format!(" ({number})") };
    let room = MAX_COMPONENT_BYTES - mark.len() - extension.len();
    let stem = match stem.len() <= room {
        true => stem,
        false => names::without_ending(&stem[..stem.floor_char_boundary(room)]),
    };
    format!("{stem}{mark}{extension}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn given(names: &[&str]) -> Vec<String> {
        let wanted = names.iter().map(|name| (OsString::from(name.trim_end_matches('/')), name.ends_with('/')));
        give(&wanted.collect::<Vec<_>>()).into_iter().map(|given| given.name).collect()
    }

    #[test]
    fn names_that_can_travel_stay() {
        assert_eq!(given(&["Brief.pdf", "é", "a b", ".profile"]), ["Brief.pdf", "é", "a b", ".profile"]);
        // As macOS stores it.
        assert_eq!(give(&[("e\u{301}".into(), false)]), [Given { name: "é".into(), why: None }]);
    }

    #[test]
    fn what_no_name_may_hold_is_replaced() {
        for (name, changed) in [
            ("Notulen 12:30.docx", "Notulen 12.30.docx"),
            (":0", "_0"),
            ("File::Spec.3pm", "File..Spec.3pm"),
            ("say \"yes\"", "say 'yes'"),
            ("a\\b<c>d|e?f*g", "a_b_c_d_e_f_g"),
            ("two\nlines\u{200b}", "two_lines_"),
            ("gpj\u{202e}exe", "gpj_exe"),
            ("etc...", "etc"),
            ("offer:", "offer"),
            ("...", "_"),
            (" ", "_"),
            ("nul", "_nul"),
            ("Aux.c", "_Aux.c"),
            ("con:", "_con"),
            ("new \u{378}", "new _"),
            (".SHARE-0123456789abcdef.part", "_.SHARE-0123456789abcdef.part"),
        ] {
            assert_eq!(given(&[name]), [changed], "{name:?}");
        }
    }

    #[test]
    fn many_that_come_to_one_name_all_get_another() {
        let mark = |number: u32, bit: u32| if number >> bit & 1 == 1 { '?' } else { '*' };
        let name = |number| (0..16).map(|bit| mark(number, bit)).collect::<String>();
        let wanted: Vec<_> = (0..50_000).map(|number| (name(number).into(), false)).collect();
        let given: HashSet<_> = give(&wanted).into_iter().map(|given| given.name).collect();
        assert_eq!(given.len(), 50_000);
        assert!(given.contains("________________") && given.contains("________________ (50000)"));
    }

    #[test]
    fn of_names_that_are_one_somewhere_the_first_keeps_its_own() {
        assert_eq!(given(&["index.html", "Index.html"]), ["index (2).html", "Index.html"]);
        assert_eq!(given(&["v1.2/", "V1.2/"]), ["v1.2 (2)", "V1.2"]);
        assert_eq!(given(&["a", "A", "a (2)"]), ["a (3)", "A", "a (2)"]);
        assert_eq!(given(&["12:30", "12.30", "12:30:"]), ["12 (2).30", "12.30", "12 (3).30"]);
        let why: Vec<_> =
            give(&[("b".into(), false), ("B".into(), false)]).into_iter().map(|given| given.why).collect();
        assert_eq!(why, [Some(Change::Same(1)), None]);
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_unicode_are_made_visible() {
        use std::os::unix::ffi::OsStringExt;
        let wanted = (OsString::from_vec(b"caf\xe9 \xff\xc3\xa9".to_vec()), false);
        assert_eq!(give(&[wanted]), [Given { name: "caf%E9 %FFé".into(), why: Some(Change::NotUnicode) }]);
    }

    #[cfg(unix)]
    #[test]
    fn long_names_keep_their_ending() {
        use std::os::unix::ffi::OsStringExt;
        let mut bytes = vec![0xe9; 250];
        bytes.extend(b".docx");
        let [only] = &give(&[(OsString::from_vec(bytes), false)])[..] else { panic!() };
        assert!(only.name.ends_with("%E9%.docx") && only.name.len() == 255, "{}", only.name);
        let long = format!("{}.txt", "x".repeat(251));
        let given = given(&[&long, &long.to_uppercase()]);
        assert_eq!(given[0], format!("{} (2).txt", "x".repeat(247)));
        assert_eq!(given[1], long.to_uppercase());
    }

    #[test]
    fn whatever_the_character_what_is_given_can_be_sent() {
        for c in ('\u{1}'..=char::MAX).filter(|c| *c != '/') {
            for name in [c.to_string(), format!("a{c}"), format!("a{c}b"), format!("{c}\u{301}\u{200d}{c}.c")] {
                let usable = numbered(&usable(OsStr::new(&name)), 1, false);
                assert_eq!(names::check_sent(&usable), Ok(()), "{name:?} {usable:?}");
            }
        }
    }
}
