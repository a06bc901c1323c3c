//! The terminal. The only folder that prints.
//!
//! - Standard output carries results only: link, words, names, what was saved; with `--json`, one object a line, as the
//!   schemas in `docs/json` describe it, and nothing else. Progress, questions, warnings and errors go to standard error.
//! - `--quiet` silences progress and notes, never results, warnings or errors.
//! - An error is `share: ` and a sentence, its causes, then a `hint: ` line. Plain text, so it reads without colour.
//! - Nothing asks unless somebody is at a terminal: standard input or standard error is one, and the terminal itself,
//!   where questions and answers go, can be opened. Otherwise it is a usage error that names the option which answers
//!   instead.
//! - Whoever stops reading standard output early (`share list | head`) has had enough: nothing is complained of.
//! - Whatever a stranger wrote (names, messages, answers) passes [`printable`] before it is shown, and
//!   [`quoted`](share_format::quote::quoted) where it stands in a sentence. In JSON the same characters are escaped.

mod pace;
mod progress;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use serde::Serialize;
use share_format::{
    names::printable,
    quote::{plain_json, shortened},
};
use zeroize::Zeroizing;

use self::progress::Display;
use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    messages::with_causes,
    system,
};

/// Characters of an error with its causes, or of a warning. Each text that is quoted in it is much shorter already.
const MOST_TOLD: usize = 2000;

/// Things of one kind that are told one by one.
const MOST_LISTED: usize = 20;

/// The version of the schemas of all JSON output.
const JSON_VERSION: u32 = 1;

/// How to talk to the user.
#[derive(Clone)]
pub struct Ui {
    json: bool,
    quiet: bool,
    interactive: bool,
    /// How far the work under way is.
    display: Arc<Display>,
    /// What warnings are about, where there are several things at a time.
    about: Option<Arc<str>>,
}

impl Ui {
    /// `json` and `quiet` as on the command line.
    pub fn new(json: bool, quiet: bool) -> Self {
        let somebody_there = io::stdin().is_terminal() || io::stderr().is_terminal();
        let interactive = somebody_there && system::terminal().is_ok();
        Self { json, quiet, interactive, display: Arc::new(Display::new(json || quiet)), about: None }
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
        self.display.beside(|| write_line(io::stdout().lock(), text.as_ref()))
    }

    /// Prints a result for programs: one JSON object a line, with the version of its schema.
    pub fn event(&self, event: &impl Serialize) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let versioned = Versioned { version: JSON_VERSION, event };
        let line = serde_json::to_string(&versioned).expect("events always become JSON");
        self.display.beside(|| write_line(io::stdout().lock(), &plain_json(&line)))
    }

    /// Tells what is going on.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.json && !self.quiet {
            self.complain(text.as_ref());
        }
    }

    /// Prints the outcome of what the user chose, also where notes are silenced.
    pub fn outcome(&self, text: impl AsRef<str>) {
        self.complain(&told(text.as_ref()));
    }

    /// The same for one of several things, which warnings name.
    pub fn about(&self, what: &str) -> Self {
        Self { about: Some(printable(what).into()), ..self.clone() }
    }

    /// Warns of something that is not an error.
    pub fn warn(&self, text: impl AsRef<str>) {
        let text = match &self.about {
            Some(about) => format!("{about}: {}", text.as_ref()),
            None => text.as_ref().to_owned(),
        };
        self.complain(&fl!("ui-warning", text = told(&text)));
    }

    /// Warns of what somebody has just typed, on the terminal itself: standard error may be a log, where no word may be.
    pub fn warn_typist(&self, text: impl AsRef<str>) {
        let warning = fl!("ui-warning", text = told(text.as_ref()));
        // Whoever was asked a moment ago has a terminal; if it is gone, so are they.
        let _ = system::terminal().and_then(|terminal| terminal.write_line(&warning));
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
        let message = told(&with_causes(error));
        if error.kind() == Kind::ReaderGone {
            return;
        }
        // Where even standard output is gone, standard error still has the sentence.
        let _ = self.failed(error, &message);
        self.complain(&format!("share: {message}"));
        if let Some(hint) = error.next_step() {
            self.complain(&fl!("ui-hint", text = hint));
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

    /// Shows how the work under way gets on.
    pub fn progress(&self, progress: share_client::Progress<'_>) {
        if let Some(note) = self.display.show(progress) {
            self.note(note);
        }
    }

    /// Shows from now on how many rows of a table are done.
    pub fn begin_rows(&self, rows: u64) {
        self.display.begin_rows(rows);
    }

    /// A row has ended; where no bar shows it, this is told.
    pub fn row_done(&self, sentence: Option<&str>) {
        let is_shown = self.display.row_done();
        if let Some(sentence) = sentence.filter(|_| !is_shown) {
            self.note(told(sentence));
        }
    }

    /// So many bytes have moved for all rows.
    pub fn rows_moved(&self, bytes: u64) {
        self.display.rows_moved(bytes);
    }

    /// All rows are done.
    pub fn end_rows(&self) {
        self.display.end_rows();
    }

    fn complain(&self, line: &str) {
        self.display.beside(|| complain(line));
    }

    fn needs_terminal(&self, otherwise: &str) -> Result<()> {
        if self.is_interactive() {
            return Ok(());
        }
        Err(Error::usage(fl!("ui-no-terminal")).hint(fl!("ui-no-terminal-hint", option = otherwise)))
    }
}

#[derive(Serialize)]
struct Versioned<'a, E> {
    version: u32,
    #[serde(flatten)]
    event: &'a E,
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

/// Yes or no, in English or Dutch.
fn meaning(answer: &str) -> Option<bool> {
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" | "j" | "ja" => Some(true),
        "n" | "no" | "nee" => Some(false),
        _ => None,
    }
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
