//! The report for people, by e-mail or in a file. It has counts, times, and keys of rows with fixed names of errors; never
//! a path, an address, a link or a word.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use share_client::system::is_executable;
use share_format::quote::quoted;
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

use super::{
    super::{
        address::{self, Address},
        summary::{Failed, Summary},
    },
    mail,
    output_file::OutputFile,
};
use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    time,
};

/// How long sendmail may take.
const SENDMAIL_LIMIT: Duration = Duration::from_secs(60);
/// Where sendmail lies, beside the folders of PATH.
const SENDMAIL_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/lib"];
/// Rows that are listed one by one; the results have all of them.
const MOST_LISTED: usize = 500;
/// How every report begins, in any language.
const BEGINNING: &str = "share batch ";

/// A report, and where it goes.
#[derive(Debug)]
pub struct Report {
    command: &'static str,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Mail { to: Address, sendmail: PathBuf },
    File(OutputFile),
}

impl Report {
    /// `target` is `mail:ADDRESS` or a path.
    pub fn new(target: &str, command: &'static str) -> Result<Self> {
        let target = match target.strip_prefix("mail:") {
            Some(address) => {
                let to = address::parse(address);
                let to = to.ok_or_else(|| Error::usage(fl!("batch-report-address", address = quoted(address))))?;
                let missing = || Error::usage(fl!("batch-sendmail-missing")).hint(fl!("batch-sendmail-missing-hint"));
                Target::Mail { to, sendmail: sendmail().ok_or_else(missing)? }
            }
            None => Target::File(OutputFile::new(Path::new(target), BEGINNING)?),
        };
        Ok(Self { command, target })
    }

    /// Hands it to sendmail, or writes the file.
    pub async fn deliver(&self, summary: &Summary, error: Option<&Error>) -> Result<()> {
        let subject = match summary.is_complete() && error.is_none() {
            true => fl!("batch-report-complete", command = self.command),
            false => fl!("batch-report-incomplete", command = self.command),
        };
        let text = format!("{subject}\n\n{}", text(summary, error));
        match &self.target {
            Target::Mail { to, sendmail } => send(sendmail, &to.mail, &mail::message(&to.mail, &subject, &text)?).await,
            Target::File(file) => file.replace(&text, false),
        }
    }
}

/// What the report says below its heading.
fn text(summary: &Summary, error: Option<&Error>) -> String {
    let (start, end) = (time::local(summary.started_at), time::local(summary.ended_at));
    let mut lines = vec![summary.sentence(), fl!("batch-report-times", start = start, end = end)];
    // That rows failed is said already.
    if let Some(error) = error.filter(|error| error.kind() != Kind::SomeFailed) {
        lines.push(fl!("batch-report-error", code = error.code(), exit = error.exit().to_string()));
    }
    if !summary.is_complete() || error.is_some() {
        lines.push(fl!("batch-report-again"));
    }
    if !summary.failed.is_empty() {
        lines.extend([String::new(), fl!("batch-report-failed")]);
        lines.extend(summary.failed.iter().take(MOST_LISTED).map(failed_row));
    }
    if let Some(more) = summary.failed.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        lines.push(format!("  {}", fl!("list-and-more", count = more)));
    }
    lines.join("\n") + "\n"
}

fn failed_row(failed: &Failed) -> String {
    let (key, code) = (quoted(&failed.key), quoted(&failed.code));
    match failed.retryable {
        true => format!("  {key}: {}", fl!("batch-report-retryable", code = code)),
        false => format!("  {key}: {code}"),
    }
}

/// The system's program for outgoing mail.
fn sendmail() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    let candidates = folders.chain(SENDMAIL_FOLDERS.map(PathBuf::from)).map(|folder| folder.join("sendmail"));
    let is_program = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_file() && is_executable(&found));
    candidates.into_iter().find(is_program)
}

async fn send(sendmail: &Path, address: &str, message: &str) -> Result<()> {
    let mut command = Command::new(sendmail);
    command.args(["-i", "--", address]).env_remove("SHARE_TOKEN").env_remove("SHARE_TOKEN_FILE");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let failed = |cause| Error::local(fl!("batch-sendmail-failed"), cause);
    let mut child = command.spawn().map_err(failed)?;
    let mut input = child.stdin.take().expect("its standard input is a pipe");
    let ended = async {
        let written = input.write_all(message.as_bytes()).await;
        drop(input);
        let status = child.wait().await.map_err(failed)?;
        match status.success() {
            true => written.map_err(failed),
            // One that ends without reading all tells why by its code.
            false => {
                Err(Error::new(Kind::LocalFile, "sendmail", fl!("batch-sendmail-ended", how = status.to_string())))
            }
        }
    };
    let too_slow = || Error::new(Kind::LocalFile, "sendmail", fl!("batch-sendmail-stalled"));
    timeout(SENDMAIL_LIMIT, ended).await.map_err(|_| too_slow())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Language, choose};

    fn summary(failed: usize) -> Summary {
        let row = |number| Failed { key: format!("k{number}"), code: "unreachable".to_owned(), retryable: number == 0 };
        let failed = (0..failed).map(row).collect();
        Summary { rows: 3, done: 2, failed, started_at: 1_800_000_000, ended_at: 1_800_000_061, ..Summary::default() }
    }

    #[test]
    fn it_has_counts_and_keys() {
        choose(Some(Language::En));
        let told = text(&summary(2), None);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "3 rows: 2 done (0 B), 2 failed; 0.0 s");
        assert_eq!(lines[5..], ["  k0: unreachable (may pass when run again)", "  k1: unreachable"], "{told}");
        let all_done = text(&summary(0), None);
        assert_eq!(all_done.lines().count(), 2, "{all_done}");
    }

    #[test]
    fn of_an_error_it_has_the_code_only() {
        choose(Some(Language::En));
        let error = Error::new(Kind::LocalFile, "local_file", "/home/anna/secret.csv cannot be read");
        let told = text(&summary(0), Some(&error));
        assert!(told.contains("local_file (exit code 10)") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn it_stays_short_and_harmless_whatever_the_keys() {
        choose(Some(Language::En));
        let mut summary = summary(MOST_LISTED + 3);
        summary.failed[0].key = format!("a\nSubject: b\u{202e}\u{1b}[31m{}", "x".repeat(10_000));
        let told = text(&summary, None);
        assert!(told.contains("  and 3 more\n") && told.contains("a\\nSubject: b\\u{202e}"), "{told}");
        assert!(told.lines().count() < MOST_LISTED + 10 && told.lines().all(|line| line.len() < 400));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for target in ["mail:", "mail:anna", "mail:anna@example.org, bob@example.org", "mail:a@example.org\nBcc: b@c.d"]
        {
            assert_eq!(Report::new(target, "run").unwrap_err().exit(), 2, "{target}");
        }
    }
}
