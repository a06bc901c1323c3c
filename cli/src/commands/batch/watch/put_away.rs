//! Moves what is done to `sent/` or `failed/`, with a report beside it.
//!
//! The report comes first, then the mark goes, then the file or folder moves. A crash at any of these steps leaves the link
//! in the report and the file where it was: at the next start the relay tells that it was sent, and the rest of the steps
//! follows. The mark goes before what it marks, as one that is left over would make the next file of that name complete.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use share_client::{
    clock,
    files::{
        place::{candidates, move_new},
        place_one,
    },
    state::private_file,
    system::sync_dir,
};

use super::arrivals::{Arrival, FAILED, SENT, Snapshot, mark_of};
use crate::{commands::batch::results::ResultLine, time};

/// The longest report that is read.
const MAX_BYTES: u64 = 64 * 1024;
/// The longest name that has room for [`REPORT`] after it wherever names have 255 bytes.
const MOST_BYTES: usize = 250;
/// How the name of a report ends.
const REPORT: &str = ".json";

/// What happened to a file or folder. Never words.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Its name in the watched folder.
    pub name: String,
    /// Tells it from others that had the name; the same as in the table of words.
    pub key: String,
    /// `ready`, `collected`, `expired` or `revoked` for what was sent, else `failed`.
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// When the share was created and when it expires, RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Why it failed: the fixed name, the sentence, what to do next, and whether the same may work later.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// When this was written, RFC 3339.
    pub reported: String,
}

impl Report {
    /// Of what stands in a line of results.
    pub fn new(arrival: &Arrival, line: ResultLine, hint: Option<&str>) -> Self {
        Self {
            name: arrival.name.to_string_lossy().into_owned(),
            key: arrival.key(),
            status: line.status,
            link: line.link,
            created: line.created,
            expires: line.expires,
            files: line.files,
            bytes: line.bytes,
            attempt: line.attempt,
            code: line.code,
            message: line.message,
            hint: hint.unwrap_or_default().to_owned(),
            retryable: line.retryable,
            reported: time::rfc3339(clock::now()),
        }
    }

    /// Whether it could not be sent.
    pub fn is_failure(&self) -> bool {
        self.status == "failed"
    }
}

/// Moves an arrival out of the watched folder. Gives where it is now; or nothing if something else has its name meanwhile,
/// which stays: then only the report tells of it.
pub fn put_away(folder: &Path, arrival: &Arrival, report: &Report) -> io::Result<Option<PathBuf>> {
    let from = folder.join(&arrival.name);
    let into = folder.join(if report.is_failure() { FAILED } else { SENT });
    fs::create_dir_all(&into)?;
    let is_as_it_was = |path: &Path| Snapshot::of(path).as_ref() == Some(&arrival.snapshot);
    if report.is_failure() && !is_as_it_was(&from) {
        return Ok(None);
    }
    let json = serde_json::to_vec_pretty(report).expect("reports always become JSON");
    for to in candidates(&into.join(&arrival.name), from.is_dir()) {
        let beside = report_path(&to);
        if fs::symlink_metadata(&to).is_ok() || !is_free_for(&beside, &report.key) {
            continue;
        }
        private_file::replace_public(&beside, &json)?;
        if !is_as_it_was(&from) {
            return Ok(None);
        }
        // Where it cannot be removed it is older than anything that comes.
        let _ = fs::remove_file(folder.join(mark_of(&arrival.name)));
        match move_new(&from, &to) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty) => {
                fs::remove_file(&beside)?;
                continue;
            }
            Err(error) => return Err(error),
        }
        sync_dir(&into)?;
        sync_dir(folder)?;
        forget_failure(folder, arrival, &to);
        if !is_as_it_was(&to) {
            // Another one was given the name at the last moment, and has not been sent.
            place_one(&to, from, false, &mut Vec::new()).map_err(io::Error::other)?;
            return Ok(None);
        }
        return Ok(Some(to));
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Removes the report of an earlier failure of the same, which is now elsewhere.
fn forget_failure(folder: &Path, arrival: &Arrival, to: &Path) {
    let failed = folder.join(FAILED).join(&arrival.name);
    let report = report_path(&failed);
    if failed != to && !failed.exists() && key_in(&report).is_some_and(|key| key == arrival.key()) {
        // It does no harm where it stays.
        let _ = fs::remove_file(report);
    }
}

/// `NAME.json` beside what has this name.
fn report_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let mut name = match name.len() {
        0..=MOST_BYTES => name.to_owned(),
        _ => {
            let text = name.to_string_lossy();
            OsString::from(&text[..text.floor_char_boundary(MOST_BYTES)])
        }
    };
    name.push(REPORT);
    path.with_file_name(name)
}

/// Whether a report of this key may stand there: nothing does, or one of the same.
fn is_free_for(path: &Path, key: &str) -> bool {
    fs::symlink_metadata(path).is_err() || key_in(path).is_some_and(|there| there == key)
}

/// The key in a report.
fn key_in(path: &Path) -> Option<String> {
    let is_file = fs::symlink_metadata(path).ok()?.is_file();
    let bytes = private_file::read(is_file.then(|| File::open(path))?, MAX_BYTES).ok()??;
    Some(serde_json::from_slice::<Report>(&bytes).ok()?.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture(tempfile::TempDir);

    impl Fixture {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn arrival(&self, name: &str, text: &str) -> Arrival {
            fs::write(self.path(name), text).unwrap();
            Arrival { name: name.into(), snapshot: Snapshot::of(&self.path(name)).unwrap(), told: None }
        }

        fn put(&self, arrival: &Arrival, status: &str) -> Option<String> {
            let line = ResultLine { status: status.to_owned(), link: "link".to_owned(), ..ResultLine::default() };
            let put = put_away(self.0.path(), arrival, &Report::new(arrival, line, None)).unwrap();
            put.map(|path| path.strip_prefix(self.0.path()).unwrap().to_str().unwrap().to_owned())
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap()
        }
    }

    #[test]
    fn nothing_is_ever_moved_over_anything() {
        let fixture = Fixture::new();
        let put = |name: &str, text: &str| fixture.put(&fixture.arrival(name, text), "ready").unwrap();
        assert_eq!(put("a.pdf", "1"), "sent/a.pdf");
        assert_eq!(put("a.pdf", "2 "), "sent/a (2).pdf");
        // Its report has the name.
        assert_eq!(put("a.pdf.json", "3  "), "sent/a.pdf (2).json");
        assert_eq!(
            (fixture.text("sent/a.pdf"), fixture.text("sent/a (2).pdf"), fixture.text("sent/a.pdf (2).json")),
            ("1".to_owned(), "2 ".to_owned(), "3  ".to_owned())
        );
        assert!(fixture.text("sent/a (2).pdf.json").contains("\"link\": \"link\""));
        let long = format!("{}.pdf", "x".repeat(251));
        assert_eq!(put(&long, "4"), format!("sent/{long}"));
    }

    #[test]
    fn what_was_cut_off_after_the_report_goes_on_with_it() {
        let fixture = Fixture::new();
        let arrival = fixture.arrival("a", "1");
        fs::write(fixture.path("a.ready"), "").unwrap();
        fs::create_dir(fixture.path("sent")).unwrap();
        let report = Report { key: arrival.key(), ..Report::default() };
        fs::write(fixture.path("sent/a.json"), serde_json::to_vec(&report).unwrap()).unwrap();
        assert_eq!(fixture.put(&arrival, "ready").unwrap(), "sent/a");
        assert!(!fixture.path("a.ready").exists() && fixture.text("sent/a.json").contains("ready"));
    }

    #[test]
    fn what_has_changed_meanwhile_stays() {
        let fixture = Fixture::new();
        let arrival = fixture.arrival("a", "1");
        fs::write(fixture.path("a"), "changed").unwrap();
        assert_eq!(fixture.put(&arrival, "ready"), None);
        assert_eq!(fixture.text("a"), "changed");
        assert!(fixture.text("sent/a.json").contains("link"), "what was sent is told");
        let next = fixture.arrival("a", "changed");
        assert_eq!(fixture.put(&next, "ready").unwrap(), "sent/a (2)");
    }

    #[test]
    fn an_earlier_failure_of_the_same_is_forgotten() {
        let fixture = Fixture::new();
        let arrival = fixture.arrival("a", "1");
        assert_eq!(fixture.put(&arrival, "failed").unwrap(), "failed/a");
        fs::rename(fixture.path("failed/a"), fixture.path("a")).unwrap();
        assert_eq!(fixture.put(&arrival, "ready").unwrap(), "sent/a");
        assert!(!fixture.path("failed/a.json").exists());
    }
}
