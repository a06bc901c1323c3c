//! Batches: a table of jobs, a run, and what it leaves.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{
    PATIENCE,
    http::public_status,
    keys::age_key,
    program::{Outcome, Run},
    test_env::{Relay, Sent, TestEnv},
};

/// A line of results by its columns.
pub type Line = BTreeMap<String, String>;

/// A relay, a recipient's key, and the files `jobs.csv`, `results.csv` and `words.csv`.
pub struct BatchFixture {
    pub env: TestEnv,
    pub relay: Relay,
    /// The recipient's public key; the private one is in `key.txt`.
    pub key: String,
}

impl BatchFixture {
    pub fn new() -> Self {
        let (env, relay) = TestEnv::with_relay();
        let key = age_key(&env, "key.txt");
        Self { env, relay, key }
    }

    /// Writes `jobs.csv`; `KEY` stands for the recipient's key. The files named `f0` to `f9` are there.
    pub fn jobs(&self, text: &str) {
        (0..10).for_each(|number| drop(self.env.file(format!("f{number}"), format!("content of {number}"))));
        self.env.file("jobs.csv", text.replace("KEY", &self.key));
    }

    /// The command `share batch run jobs.csv --results results.csv --words words.csv` through this relay.
    pub fn run_through(&self, relay: &str) -> Run {
        let files = ["batch", "run", "jobs.csv", "--results", "results.csv", "--words", "words.csv"];
        self.env.share(files).args(["--relay", relay])
    }

    pub fn run(&self) -> Run {
        self.run_through(&self.relay.url)
    }

    /// The lines of `results.csv` by their keys.
    pub fn results(&self) -> BTreeMap<String, Line> {
        by_key(read_csv(&self.env.path("results.csv")))
    }

    /// The lines of `words.csv` by their keys.
    pub fn words(&self) -> BTreeMap<String, Line> {
        by_key(read_csv(&self.env.path("words.csv")))
    }

    /// Fetches the share of a row with its words, or with the recipient's key, into a folder of this name.
    #[track_caller]
    pub fn get(&self, key: &str, output: &str) -> Outcome {
        let link = self.results()[key]["link"].clone();
        let words = fs::read(self.env.path("words.csv")).ok().and_then(|_| self.words().remove(key));
        let run = self.env.share(["get", &link, "--yes", "--output", output]);
        match words {
            Some(line) => {
                let words = self.env.file(format!("{key}.words"), &line["words"]);
                run.arg("--passphrase-file").arg(words).within(PATIENCE)
            }
            None => run.args(["--identity", "key.txt"]).within(PATIENCE),
        }
    }

    /// The states of all shares that the relay has ever had.
    pub fn states(&self) -> BTreeMap<String, usize> {
        let mut states = BTreeMap::new();
        for folder in fs::read_dir(self.env.path("relay/shares")).unwrap() {
            let id = folder.unwrap().file_name().into_string().unwrap();
            let sent = Sent { link: format!("{}/s/{id}", self.relay.url), words: PathBuf::new() };
            let status = public_status(&self.relay.url, &sent);
            let state = status["state"].as_str().or(status["code"].as_str()).unwrap_or("?").to_owned();
            *states.entry(state).or_default() += 1;
        }
        states
    }
}

/// The last object that a batch printed with `--json`.
#[track_caller]
pub fn summary(outcome: &Outcome) -> Value {
    let last = outcome.json().pop().unwrap_or_else(|| panic!("no summary: {outcome:?}"));
    assert_eq!(last["event"], "summary", "{outcome:?}");
    last
}

/// The lines of a CSV file by its columns.
pub fn read_csv(path: &Path) -> Vec<Line> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|line| line.unwrap()).collect()
}

#[track_caller]
fn by_key(lines: Vec<Line>) -> BTreeMap<String, Line> {
    let count = lines.len();
    let lines: BTreeMap<_, _> = lines.into_iter().map(|line| (line["key"].clone(), line)).collect();
    assert_eq!(lines.len(), count, "a key has one line");
    lines
}
