//! The terminal. The only file that prints.
//!
//! - Standard output carries results only: link, words, names, what was saved; with `--json`, one object a line and
//!   nothing else. Progress, questions, warnings and errors go to standard error.
//! - `--quiet` silences progress and notes, never results, warnings or errors.
//! - An error is `share: ` and a sentence, its causes, then a `hint: ` line. Plain text, so it reads without colour.
//! - Nothing asks unless somebody is at a terminal: standard input or standard error is one, and the terminal itself,
//!   where questions and answers go, can be opened. Otherwise it is a usage error that names the option which answers
//!   instead.
//! - Whoever stops reading standard output early (`share list | head`) has had enough: nothing is complained of.
//! - Whatever a stranger wrote (names, messages, answers) passes [`printable`] before it is shown, and
//!   [`quoted`](crate::quote::quoted) where it stands in a sentence. In JSON the same characters are escaped.

use std::{
    error::Error as StdError,
    fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{
    BinaryBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressState, ProgressStyle,
};
use serde::Serialize;
use zeroize::Zeroizing;

pub use crate::content::shown;
use crate::{
    client::ClientError,
    error::{Error, Kind, Result},
    i18n::fl,
    messages,
    pace::Pace,
    quote::{plain_json, shortened},
    system,
    transfer::backoff::Patience,
};
pub use share_format::names::printable;

/// Characters of an error with its causes, or of a warning. Each text that is quoted in it is much shorter already.
const MOST_TOLD: usize = 2000;

/// Things of one kind that are told one by one.
const MOST_LISTED: usize = 20;

/// How to talk to the user.
#[derive(Debug, Clone)]
pub struct Ui {
    json: bool,
    quiet: bool,
    interactive: bool,
}

impl Ui {
    /// `json` and `quiet` as on the command line.
    pub fn new(json: bool, quiet: bool) -> Self {
        let somebody_there = io::stdin().is_terminal() || io::stderr().is_terminal();
        Self { json, quiet, interactive: somebody_there && system::terminal().is_ok() }
    }

    /// Whether somebody is there to answer.
    pub fn is_interactive(&self) -> bool {
        self.interactive && !self.json
    }

    /// Whether the output is for programs.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result for people.
    pub fn say(&self, text: impl AsRef<str>) -> Result<()> {
        if self.json {
            return Ok(());
        }
        write_line(io::stdout().lock(), text.as_ref())
    }

    /// Prints a result for programs: one JSON object a line.
    pub fn event(&self, event: &impl Serialize) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let line = serde_json::to_string(event).expect("events always become JSON");
        write_line(io::stdout().lock(), &plain_json(&line))
    }

    /// Tells what is going on.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.json && !self.quiet {
            complain(text.as_ref());
        }
    }

    /// Tells what became of the user's own choice, also where notes are silenced.
    pub fn tell(&self, text: impl AsRef<str>) {
        complain(&told(text.as_ref()));
    }

    /// Warns of something that is not an error.
    pub fn warn(&self, text: impl AsRef<str>) {
        complain(&fl!("ui-warning", text = told(text.as_ref())));
    }

    /// Warns of many things of one kind: the first twenty, and how many more there are.
    pub fn warn_all(&self, texts: impl ExactSizeIterator<Item = String>) {
        let more = texts.len().saturating_sub(MOST_LISTED);
        texts.take(MOST_LISTED).for_each(|text| self.warn(text));
        if more > 0 {
            self.warn(fl!("list-and-more", count = more));
        }
    }

    /// Shows an error, its causes and its hint.
    pub fn error(&self, error: &Error) {
        let message = with_causes(error);
        if error.kind() == Kind::ReaderGone {
            return;
        }
        // Where even standard output is gone, standard error still has the sentence.
        let _ = self.failed(error, &message);
        complain(&format!("share: {message}"));
        if let Some(hint) = error.next_step() {
            complain(&fl!("ui-hint", text = hint));
        }
    }

    fn failed(&self, error: &Error, message: &str) -> Result<()> {
        let (code, exit, hint) = (error.code(), error.exit(), error.next_step());
        self.event(&ErrorEvent { event: "error", code, exit, message, hint })
    }

    /// Asks yes or no; `otherwise` is the option that answers where nobody can.
    pub fn confirm(&self, question: &str, otherwise: &str) -> Result<bool> {
        self.needs_terminal(otherwise)?;
        let terminal = system::terminal().map_err(Error::unanswered)?;
        let (yes, no) = (fl!("ui-yes"), fl!("ui-no"));
        // Not dialoguer's own yes-or-no question, which understands English only.
        let answer = dialoguer::Input::<String>::new()
            .with_prompt(format!("{question} ({yes}/{no})"))
            .default(yes)
            .validate_with(|text: &String| meaning(text).map(drop).ok_or_else(|| fl!("ui-yes-or-no")))
            .interact_text_on(&terminal)
            .map_err(|dialoguer::Error::IO(error)| Error::unanswered(error))?;
        Ok(meaning(&answer) == Some(true))
    }

    /// Asks for something that is not shown while typed; `otherwise` is the option that answers where nobody can.
    pub fn ask_secret(&self, prompt: &str, otherwise: &str) -> Result<Zeroizing<String>> {
        self.needs_terminal(otherwise)?;
        let answer = rpassword::prompt_password(format!("{prompt} "));
        answer.map(Zeroizing::new).map_err(Error::unanswered)
    }

    /// Patience that says once when something is being tried again.
    pub fn patience(&self, total: Duration) -> Patience {
        let (ui, told) = (self.clone(), AtomicBool::new(false));
        let notice = move |error: &ClientError| {
            if !told.swap(true, Ordering::Relaxed) {
                ui.note(fl!("transfer-waiting", why = error.to_string()));
            }
        };
        Patience::new(total, notice)
    }

    /// A progress bar over `total` bytes, or a counter where the total is unknown.
    pub fn progress(&self, total: Option<u64>) -> Progress {
        self.bar(total, None)
    }

    /// The same for bytes whose arrival the other side acknowledges; by that, and not by what the line seems to take,
    /// it tells how fast they go.
    pub fn upload_progress(&self, total: Option<u64>) -> Progress {
        self.bar(total, Some(Arc::default()))
    }

    fn bar(&self, total: Option<u64>, pace: Option<Arc<Mutex<Pace>>>) -> Progress {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let progress = Progress { bar: bar.with_finish(ProgressFinish::AndClear), ui: self.clone(), pace };
        progress.show(false);
        if !self.json && !self.quiet {
            progress.bar.set_draw_target(ProgressDrawTarget::stderr());
            progress.bar.enable_steady_tick(Duration::from_millis(250));
        }
        progress
    }

    fn needs_terminal(&self, otherwise: &str) -> Result<()> {
        if self.is_interactive() {
            return Ok(());
        }
        Err(Error::usage(fl!("ui-no-terminal")).hint(fl!("ui-no-terminal-hint", option = otherwise)))
    }
}

#[derive(Serialize)]
struct ErrorEvent<'a> {
    event: &'static str,
    code: &'static str,
    exit: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// How far a transfer is. Clones show the same bar; it goes away with the last of them.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    ui: Ui,
    /// Of what is acknowledged, for an upload.
    pace: Option<Arc<Mutex<Pace>>>,
}

impl Progress {
    /// So many more bytes have moved.
    pub fn moved(&self, bytes: u64) {
        self.bar.inc(bytes);
        if !self.bar.message().is_empty() {
            self.bar.set_message("");
            self.show(false);
        }
        self.paced(|pace| pace.begin(Instant::now()));
        if self.pace.is_some() && self.bar.length() == Some(self.bar.position()) {
            self.waiting(fl!("transfer-storing"));
        }
    }

    /// The relay has stored so many of the bytes that moved.
    pub fn acknowledged(&self, bytes: u64) {
        self.paced(|pace| pace.acknowledged(bytes, Instant::now()));
    }

    /// So many bytes had moved before; they say nothing of the speed.
    pub fn held(&self, bytes: u64) {
        self.bar.set_position(self.bar.position() + bytes);
        self.bar.reset_eta();
        self.paced(|pace| pace.held(bytes));
    }

    /// These bytes did not arrive after all.
    pub fn lost(&self, bytes: u64) {
        self.bar.set_position(self.bar.position().saturating_sub(bytes));
    }

    /// Tells what is going on, beside the bar.
    pub fn note(&self, text: impl AsRef<str>) {
        self.bar.suspend(|| self.ui.note(text));
    }

    /// Says why nothing moves.
    pub fn waiting(&self, why: String) {
        self.show(true);
        self.bar.set_message(why);
    }

    /// The same patience, telling here why nothing moves.
    pub fn told(&self, patience: &Patience) -> Patience {
        let progress = self.clone();
        let notice = move |error: &ClientError| progress.waiting(fl!("transfer-waiting", why = error.to_string()));
        patience.telling(notice)
    }

    /// Says what is being done, where that is not moving bytes.
    pub fn labelled(&self, what: String) {
        self.bar.set_prefix(format!("{what}  "));
    }

    /// Removes the bar.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress {
    /// The bar is not to be touched meanwhile: while it is drawn, it asks for the pace.
    fn paced(&self, tell: impl FnOnce(&mut Pace)) {
        if let Some(pace) = &self.pace {
            tell(&mut locked(pace));
        }
    }

    /// How it looks: how far it is and how fast; or, while nothing moves, how far, and why below it, where there is room.
    fn show(&self, waiting: bool) {
        let template = match (self.bar.length().is_some(), waiting) {
            (true, false) => "{prefix}{bar:30} {percent:>3} %  {bytes} / {total_bytes}  {rate}  {left}",
            (true, true) => "{prefix}{bar:30} {percent:>3} %  {bytes} / {total_bytes}\n{msg}",
            (false, false) => "{spinner} {bytes}  {rate}  {elapsed}",
            (false, true) => "{spinner} {bytes}\n{msg}",
        };
        let (rate, left) = (self.pace.clone(), self.pace.clone());
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let style = style.with_key("rate", move |state: &ProgressState, out: &mut dyn fmt::Write| {
            let rate = match &rate {
                Some(pace) => locked(pace).rate(Instant::now()),
                None => Some(state.per_sec()),
            };
            // There is no way to tell that a terminal does not take it.
            let _ = rate.map_or(Ok(()), |rate| write!(out, "{}/s", BinaryBytes(rate as u64)));
        });
        let style = style.with_key("left", move |state: &ProgressState, out: &mut dyn fmt::Write| {
            let left = match &left {
                Some(pace) => locked(pace).left(state.len().unwrap_or_default(), Instant::now()),
                None => Some(state.eta()),
            };
            let _ = left.map_or(Ok(()), |left| write!(out, "{:#}", HumanDuration(left)));
        });
        self.bar.set_style(style);
    }
}

fn locked(pace: &Mutex<Pace>) -> MutexGuard<'_, Pace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows help, or what is wrong with the command line, as clap words it; with `--json` also as an object.
pub fn command_line(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let error = Error::printing(error);
                Ui::new(false, true).error(&error);
                ExitCode::from(error.exit())
            }
        };
    }
    // Not as clap prints it, which repeats whatever was pasted into the command line.
    let text = error.to_string();
    if std::env::args_os().any(|argument| argument == "--json") {
        let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>();
        let sentence = told(lines.join(" ").trim_start_matches("error: "));
        // The exit code tells too, if nobody reads this.
        let _ = Ui::new(true, true).failed(&Error::usage(&*sentence), &sentence);
    }
    text.lines().for_each(|line| complain(&told(line)));
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Kind::Usage as u8))
}

/// A size for people: `1.50 MiB`.
pub fn size(bytes: u64) -> String {
    BinaryBytes(bytes).to_string()
}

/// How much of the whole that is, from 0 to 100; all of nothing.
pub fn percent(part: u64, whole: u64) -> u64 {
    match whole {
        0 => 100,
        _ => (u128::from(part.min(whole)) * 100 / u128::from(whole)) as u64,
    }
}

/// Yes or no, in English or Dutch.
fn meaning(answer: &str) -> Option<bool> {
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" | "j" | "ja" => Some(true),
        "n" | "no" | "nee" => Some(false),
        _ => None,
    }
}

/// An error and its causes, in a line, in the user's language.
pub fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = messages::sentence(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let sentence = messages::sentence(error);
        if !text.ends_with(&sentence) {
            text = format!("{}: {sentence}", text.trim_end_matches('.'));
        }
        cause = error.source();
    }
    told(&text)
}

/// The text of an error or a warning: one line, whatever is in it.
fn told(text: &str) -> String {
    shortened(&printable(text), MOST_TOLD)
}

fn write_line(mut stream: impl Write, line: &str) -> Result<()> {
    writeln!(stream, "{line}").and_then(|()| stream.flush()).map_err(Error::printing)
}

/// Writes to standard error, where a failure has nowhere left to be told.
fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
