//! What a batch came to, for people and for programs.

use serde::Serialize;

use crate::{i18n::fl, messages::size, time};

/// What a batch came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// All rows of the table.
    pub rows: u64,
    /// Rows that this run sent, or fetched.
    pub done: u64,
    /// Rows that an earlier run had done.
    pub before: u64,
    /// Rows that failed.
    pub failed: Vec<Failed>,
    /// Rows that are left over, because the run ended before.
    pub not_begun: u64,
    /// Bytes of plaintext that this run sent, or fetched.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// When it began, in seconds since 1970.
    pub started_at: u64,
    /// When it ended, in seconds since 1970.
    pub ended_at: u64,
}

/// A row that failed.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The row's key.
    pub key: String,
    /// The fixed name of the error.
    pub code: String,
    /// Whether the row as it is may succeed in another run.
    pub retryable: bool,
}

#[derive(Serialize)]
struct SummaryEvent<'a> {
    event: &'static str,
    complete: bool,
    rows: u64,
    done: u64,
    before: u64,
    failed: usize,
    not_begun: u64,
    bytes: u64,
    seconds: f64,
    started: String,
    ended: String,
    failures: &'a [Failed],
}

impl Summary {
    /// Whether every row is done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.not_begun == 0
    }

    /// One line for people: `12 rows: 10 done (3.20 MiB), 2 failed; 4.1 s`.
    pub fn sentence(&self) -> String {
        let done = fl!("batch-rows-done", count = self.done, size = size(self.bytes));
        let before = (self.before > 0).then(|| fl!("batch-rows-before", count = self.before));
        let failed = (!self.failed.is_empty()).then(|| fl!("batch-rows-failed", count = self.failed.len()));
        let not_begun = (self.not_begun > 0).then(|| fl!("batch-rows-not-begun", count = self.not_begun));
        let results: Vec<String> = [Some(done), before, failed, not_begun].into_iter().flatten().collect();
        fl!("batch-summary", rows = self.rows, results = results.join(", "), time = time::elapsed(self.seconds))
    }

    /// One object for programs.
    pub fn event(&self) -> impl Serialize {
        SummaryEvent {
            event: "summary",
            complete: self.is_complete(),
            rows: self.rows,
            done: self.done,
            before: self.before,
            failed: self.failed.len(),
            not_begun: self.not_begun,
            bytes: self.bytes,
            seconds: (self.seconds * 1000.0).round() / 1000.0,
            started: time::rfc3339(self.started_at),
            ended: time::rfc3339(self.ended_at),
            failures: &self.failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary() -> Summary {
        let failed = Failed { key: "k7".to_owned(), code: "unreachable".to_owned(), retryable: true };
        Summary {
            rows: 10,
            done: 4,
            before: 3,
            failed: vec![failed],
            not_begun: 2,
            bytes: 1536,
            seconds: 61.23456,
            started_at: 1_800_000_000,
            ended_at: 1_800_000_061,
        }
    }

    #[test]
    fn programs_get_all_of_it() {
        let event = serde_json::to_value(summary().event()).unwrap();
        let expected = json!({
            "event": "summary",
            "complete": false,
            "rows": 10,
            "done": 4,
            "before": 3,
            "failed": 1,
            "not_begun": 2,
            "bytes": 1536,
            "seconds": 61.235,
            "started": "2027-01-15T08:00:00Z",
            "ended": "2027-01-15T08:01:01Z",
            "failures": [{ "key": "k7", "code": "unreachable", "retryable": true }],
        });
        assert_eq!(event, expected);
        assert_eq!(serde_json::to_value(Summary::default().event()).unwrap()["complete"], true);
    }

    #[test]
    fn people_get_a_line() {
        crate::i18n::choose(Some(crate::i18n::Language::En));
        let all = "10 rows: 4 done (1.50 KiB), 3 done before, 1 failed, 2 not begun; 1 min 1 s";
        assert_eq!(summary().sentence(), all);
        let one = Summary { rows: 1, done: 1, ..Summary::default() };
        assert_eq!(one.sentence(), "One row: 1 done (0 B); 0.0 s");
    }
}
