//! Figures of a job's last run, in Prometheus' text exposition format, for the textfile collector of node_exporter. Of a
//! run that hangs, the last start is later than the last end.

use std::{collections::BTreeMap, path::Path};

use share_client::files::shown;

use super::{super::summary::Summary, output_file::OutputFile};
use crate::error::Result;

const STARTED: &str = "share_batch_last_start_timestamp_seconds";
const ENDED: &str = "share_batch_last_end_timestamp_seconds";
const SUCCEEDED: &str = "share_batch_last_success_timestamp_seconds";
const SUCCESS: &str = "share_batch_success";
const ROWS: &str = "share_batch_rows";
const BYTES: &str = "share_batch_bytes";
const SECONDS: &str = "share_batch_duration_seconds";

/// The metrics, all of them gauges, with what they tell: in English always, as the texts of two files must not differ.
const METRICS: [(&str, &str); 7] = [
    (STARTED, "When the last run began, in seconds since 1970."),
    (ENDED, "When the last run ended, in seconds since 1970."),
    (SUCCEEDED, "When the last run ended after which every row was done, in seconds since 1970."),
    (SUCCESS, "Whether every row was done after the last run that ended (1) or not (0)."),
    (ROWS, "Rows of the last run that ended, by what became of them."),
    (BYTES, "Bytes of plaintext that the last run that ended has sent or fetched."),
    (SECONDS, "How long the last run that ended took."),
];

/// What becomes of a row.
const RESULTS: [&str; 4] = ["done", "before", "failed", "not_begun"];

/// How a metrics file of this program begins.
const BEGINNING: &str = "# HELP share_batch_";

/// The values by series: `share_batch_success{command="run",file="night.prom"}`.
type Values = BTreeMap<String, f64>;

/// A metrics file.
#[derive(Debug)]
pub struct Metrics {
    file: OutputFile,
    /// The labels that all series have. The file's name is one of them, as node_exporter takes no two series with the same
    /// labels, and a computer may have more than one job.
    labels: String,
}

impl Metrics {
    /// Figures of this subcommand of `share batch`.
    pub fn new(path: &Path, command: &str) -> Result<Self> {
        let name = path.file_name().map(|name| shown(name.as_ref())).unwrap_or_default();
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        let labels = format!("command=\"{command}\",file=\"{name}\"");
        Ok(Self { file: OutputFile::new(path, BEGINNING)?, labels })
    }

    /// A run began.
    pub fn started(&self, at: u64) -> Result<()> {
        self.update([(self.series(STARTED), at as f64)])
    }

    /// A run ended. After one without success, the time of the last success stays what it was.
    pub fn ended(&self, summary: &Summary, is_success: bool) -> Result<()> {
        let rows = [summary.done, summary.before, summary.failed.len() as u64, summary.not_begun];
        let rows = RESULTS.iter().zip(rows).map(|(result, rows)| (self.rows(result), rows as f64));
        let values = [
            (self.series(STARTED), summary.started_at as f64),
            (self.series(ENDED), summary.ended_at as f64),
            (self.series(SUCCESS), f64::from(u8::from(is_success))),
            (self.series(BYTES), summary.bytes as f64),
            (self.series(SECONDS), summary.seconds),
        ];
        let success = is_success.then(|| (self.series(SUCCEEDED), summary.ended_at as f64));
        self.update(values.into_iter().chain(rows).chain(success))
    }

    fn series(&self, metric: &str) -> String {
        format!("{metric}{{{}}}", self.labels)
    }

    fn rows(&self, result: &str) -> String {
        format!("{ROWS}{{{},result=\"{result}\"}}", self.labels)
    }

    fn update(&self, new: impl IntoIterator<Item = (String, f64)>) -> Result<()> {
        let mut values = self.values(&self.file.read()?);
        values.extend(new);
        self.file.replace(&text(&values), true)
    }

    /// The values of this job in a file; of a damaged one, those that can be read.
    fn values(&self, text: &str) -> Values {
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        let values = lines.filter_map(|(series, value)| Some((series.to_owned(), value.parse::<f64>().ok()?)));
        let read: Values = values.filter(|(_, value)| value.is_finite()).collect();
        let single = METRICS.iter().map(|(metric, _)| self.series(metric));
        let ours = single.chain(RESULTS.map(|result| self.rows(result)));
        ours.filter_map(|series| read.get_key_value(&series)).map(|(series, value)| (series.clone(), *value)).collect()
    }
}

fn text(values: &Values) -> String {
    let mut text = String::new();
    for (metric, help) in METRICS {
        let mut series = values.iter().filter(|(series, _)| series.starts_with(&format!("{metric}{{"))).peekable();
        if series.peek().is_none() {
            continue;
        }
        text.push_str(&format!("# HELP {metric} {help}\n# TYPE {metric} gauge\n"));
        series.for_each(|(series, value)| text.push_str(&format!("{series} {value}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::super::summary::Failed, *};

    /// The lines with values, without the labels that are the same everywhere.
    fn told(metrics: &Metrics) -> Vec<String> {
        let text = metrics.file.read().unwrap();
        let short = |line: &str| line.replace(&metrics.labels, "").replace("share_batch_", "");
        text.lines().filter(|line| !line.starts_with('#')).map(short).collect()
    }

    fn summary(failed: usize) -> Summary {
        let failed = (0..failed).map(|_| Failed { key: String::new(), code: String::new(), retryable: false });
        Summary {
            rows: 6,
            done: 2,
            before: 1,
            failed: failed.collect(),
            not_begun: 3,
            bytes: 1 << 40,
            seconds: 1.25,
            started_at: 100,
            ended_at: 200,
        }
    }

    const ENDED_WITH_FAILURES: [&str; 9] = [
        "last_start_timestamp_seconds{} 100",
        "last_end_timestamp_seconds{} 200",
        "success{} 0",
        "rows{,result=\"before\"} 1",
        "rows{,result=\"done\"} 2",
        "rows{,result=\"failed\"} 1",
        "rows{,result=\"not_begun\"} 3",
        "bytes{} 1099511627776",
        "duration_seconds{} 1.25",
    ];

    #[test]
    fn every_run_leaves_its_figures_and_the_time_of_the_last_success() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::new(&folder.path().join("night.prom"), "run").unwrap();
        metrics.started(100).unwrap();
        assert_eq!(told(&metrics), ["last_start_timestamp_seconds{} 100"]);
        metrics.ended(&summary(1), false).unwrap();
        assert_eq!(told(&metrics), ENDED_WITH_FAILURES);
        metrics.ended(&Summary { ended_at: 300, ..summary(0) }, true).unwrap();
        metrics.ended(&summary(1), false).unwrap();
        metrics.started(400).unwrap();
        let mut expected = ENDED_WITH_FAILURES.map(str::to_owned).to_vec();
        "last_start_timestamp_seconds{} 400".clone_into(&mut expected[0]);
        expected.insert(2, "last_success_timestamp_seconds{} 300".to_owned());
        assert_eq!(told(&metrics), expected);
    }

    #[test]
    fn the_file_has_the_exposition_format() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::new(&folder.path().join("a \"b\"\\.prom"), "fetch").unwrap();
        metrics.started(100).unwrap();
        let expected = "\
            # HELP share_batch_last_start_timestamp_seconds When the last run began, in seconds since 1970.\n\
            # TYPE share_batch_last_start_timestamp_seconds gauge\n\
            share_batch_last_start_timestamp_seconds{command=\"fetch\",file=\"a \\\"b\\\"\\\\.prom\"} 100\n";
        assert_eq!(metrics.file.read().unwrap(), expected);
        assert_eq!(metrics.values(expected).len(), 1);
    }

    #[test]
    fn of_a_damaged_file_only_what_is_whole_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.prom");
        let metrics = Metrics::new(&path, "run").unwrap();
        metrics.ended(&summary(0), true).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        let there = [
            whole[..whole.find("} 200").unwrap() + 1].to_owned(),
            whole.replace("} 200", "} NaN"),
            whole.replace("} 200", "} inf"),
            whole.replace("} 200", "}"),
            whole.replace("night", "day"),
            whole.replace("\"run\"", "\"fetch\""),
            format!("{BEGINNING}\nshare_batch_rows{{x y"),
            BEGINNING.to_owned(),
            String::new(),
        ];
        for there in there {
            fs::write(&path, &there).unwrap();
            let metrics = Metrics::new(&path, "run").unwrap();
            metrics.ended(&summary(1), false).unwrap();
            assert_eq!(told(&metrics), ENDED_WITH_FAILURES, "{there}");
        }
    }

    #[test]
    fn what_is_no_metrics_file_of_a_batch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.csv");
        for there in ["paths\na\n", "# HELP node_boot_time_seconds When it began.\n"] {
            fs::write(&path, there).unwrap();
            assert!(Metrics::new(&path, "run").is_err(), "{there}");
            assert_eq!(fs::read_to_string(&path).unwrap(), there);
        }
    }
}
