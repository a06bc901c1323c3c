//! Where the words of a batch go: into a table before anything is uploaded, and once a row is ready into a file of its own
//! and to a program. Never beside the links.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use share_client::{
    batch::log::{Line, Log},
    state::private_file,
    system::{create_private_dir, is_executable},
};
use share_format::{names, quote::quoted, words::Passphrase};
use zeroize::Zeroizing;

use super::{
    results::{WORDS_NOT_HANDED_OVER, WORDS_UNKNOWN},
    rows::Job,
};
use crate::{
    args,
    error::{Error, Kind, Result},
    i18n::fl,
    system::in_own_group,
};

/// How long a program may take for the words of one row.
const PATIENCE: Duration = Duration::from_secs(60);

/// The words of one row, as they stand in the table of words. The last line of a key counts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct WordsLine {
    key: String,
    name: String,
    to: String,
    /// Tells the run from others: several may share a table.
    run: String,
    attempt: u32,
    /// What became of delivering them: nothing, `begun`, `done` or `failed`.
    handed_over: String,
    words: Zeroizing<String>,
}

/// Where words are to go.
pub struct WordsPlan {
    table: Option<PathBuf>,
    folder: Option<PathBuf>,
    program: Option<PathBuf>,
}

/// Where words go.
pub struct Words {
    pub plan: WordsPlan,
    run: String,
    table: Option<Mutex<Log<WordsLine>>>,
    /// Those of this run that are there, by key.
    known: Mutex<HashMap<String, WordsLine>>,
}

impl WordsPlan {
    /// What was asked for, unless words could be lost.
    pub fn of(args: &args::BatchRun) -> Result<Self> {
        let (table, folder, program) =
            (args.words.clone(), args.words_file_per_row.clone(), args.words_command.clone());
        if table.is_none() && (folder.is_some() || program.is_some()) {
            return Err(Error::usage(fl!("batch-words-kept")));
        }
        program.as_deref().map(find_program).transpose()?;
        Ok(Self { table, folder, program })
    }

    /// All words go into this table.
    pub fn in_table(path: PathBuf) -> Self {
        Self { table: Some(path), folder: None, program: None }
    }

    /// Refuses a row whose words have nowhere to go.
    pub fn check(&self, job: &Job) -> Result<()> {
        let key = &job.key;
        if !job.has_words() {
            return Ok(());
        }
        if self.table.is_none() {
            return Err(Error::usage(fl!("batch-words-nowhere")).hint(fl!("batch-words-nowhere-hint")));
        }
        match self.folder.is_none() || names::check(key).is_ok() && !key.contains(['/', '\\']) {
            true => Ok(()),
            false => Err(Error::usage(fl!("batch-words-file-name", key = quoted(key)))),
        }
    }

    /// Whether words are kept.
    pub fn has_table(&self) -> bool {
        self.table.is_some()
    }

    /// Whether words go anywhere but into the table.
    pub fn are_delivered(&self) -> bool {
        self.folder.is_some() || self.program.is_some()
    }
}

impl Words {
    /// Opens where the words of this run go.
    pub fn open(plan: WordsPlan, run: String) -> Result<Self> {
        let (mut known, mut table) = (HashMap::new(), None);
        if let Some(path) = &plan.table {
            let (log, lines) = Log::<WordsLine>::open(path, true).map_err(share_client::Error::Table)?;
            known.extend(lines.into_iter().filter(|line| line.run == run).map(|line| (line.key.clone(), line)));
            table = Some(Mutex::new(log));
        }
        if let Some(folder) = &plan.folder {
            create_private_dir(folder).map_err(|error| share_client::Error::writing(folder, error))?;
        }
        Ok(Self { plan, run, table, known: Mutex::new(known) })
    }

    /// Keeps the words of an attempt, durably, before anything of it can be fetched.
    pub fn keep(&self, job: &Job, attempt: u32, words: &Passphrase) -> Result<()> {
        let words = Zeroizing::new(words.as_str().replace('-', " "));
        if self.of(job, attempt).is_some_and(|known| *known == *words) {
            return Ok(());
        }
        let (key, name, to, run) = (job.key.clone(), job.name.clone(), job.to.clone(), self.run.clone());
        self.note(WordsLine { key, name, to, run, attempt, handed_over: String::new(), words })
    }

    /// The words of an attempt, if they are kept.
    pub fn of(&self, job: &Job, attempt: u32) -> Option<Zeroizing<String>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&job.key).filter(|line| line.attempt == attempt).map(|line| line.words.clone())
    }

    /// What became of delivering the words of a row: nothing, `begun`, `done` or `failed`.
    pub fn handed_over(&self, job: &Job) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&job.key).map(|line| line.handed_over.clone()).unwrap_or_default()
    }

    /// Notes what became of that.
    pub fn note_handed_over(&self, job: &Job, state: &str) -> Result<()> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&job.key).cloned();
        known.map_or(Ok(()), |line| self.note(WordsLine { handed_over: state.to_owned(), ..line }))
    }

    fn note(&self, line: WordsLine) -> Result<()> {
        if let Some(table) = &self.table {
            let appended = table.lock().unwrap_or_else(PoisonError::into_inner).append(&line);
            appended.map_err(|error| Error::local(fl!("batch-words-unwritable"), error))?;
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(line.key.clone(), line);
        Ok(())
    }

    /// Writes the words to the row's own file, if rows have some. What another run has written there stays.
    pub fn write_file(&self, job: &Job, words: &str) -> Result<()> {
        let Some(folder) = &self.plan.folder else { return Ok(()) };
        let path = folder.join(format!("{}.txt", job.key));
        let line = Zeroizing::new(format!("{words}\n"));
        private_file::write_new(&path, line.as_bytes()).map_err(|error| share_client::Error::writing(&path, error))?;
        match fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(there) if *there == *line => Ok(()),
            Ok(_) => Err(share_client::Error::OutputExists(path).into()),
            Err(error) => Err(share_client::Error::writing(&path, error).into()),
        }
    }

    /// Hands the words to the program, and waits for it. One that ends by a signal, or not in time, may have passed them on:
    /// then the error has the code [`WORDS_UNKNOWN`].
    pub fn hand_over(&self, job: &Job, words: &str) -> Result<()> {
        let Some(program) = &self.plan.program else { return Ok(()) };
        let told = |code, why: String| {
            let program = quoted(&program.to_string_lossy());
            Error::new(Kind::LocalFile, code, fl!("batch-words-command", program = program, why = why))
        };
        let failed = |why| told(WORDS_NOT_HANDED_OVER, why);
        let mut command = Command::new(program);
        // Whoever stops the batch does not mean a program that is just sending the words.
        in_own_group(&mut command);
        let mut child = command
            .env_remove("SHARE_TOKEN")
            .env_remove("SHARE_TOKEN_FILE")
            .env("SHARE_ROW_KEY", &job.key)
            .env("SHARE_ROW_NAME", &job.name)
            .env("SHARE_ROW_TO", &job.to)
            .env("SHARE_ROW_CASE", &job.case)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let line = Zeroizing::new(format!("{words}\n"));
        // A program that does not read them closes its input, and says so by how it ends.
        let _ = child.stdin.take().map(|mut input| input.write_all(line.as_bytes()));
        let until = Instant::now() + PATIENCE;
        let status = loop {
            match child.try_wait().map_err(|error| failed(error.to_string()))? {
                Some(status) => break status,
                None if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                None => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(told(WORDS_UNKNOWN, fl!("batch-words-command-slow", seconds = PATIENCE.as_secs())));
                }
            }
        };
        match status.code() {
            Some(0) => Ok(()),
            Some(_) => Err(failed(status.to_string())),
            None => Err(told(WORDS_UNKNOWN, status.to_string())),
        }
    }

    /// Leaves one line for each key of each run.
    pub fn compact(&self) -> Result<()> {
        let Some(table) = &self.table else { return Ok(()) };
        let compacted =
            table.lock().unwrap_or_else(PoisonError::into_inner).compact(|line| (line.run.clone(), line.key.clone()));
        Ok(compacted.map_err(share_client::Error::Table)?)
    }
}

impl Line for WordsLine {
    const MARK: &'static str = "words";

    fn key(&self) -> &str {
        &self.key
    }

    fn is_whole(&self) -> bool {
        Passphrase::read(&self.words).is_ok()
    }
}

/// Where a program is, so that a wrong name is told before anything is sent.
fn find_program(name: &Path) -> Result<()> {
    let can_run = |metadata: &Metadata| metadata.is_file() && (cfg!(windows) || is_executable(metadata));
    let is_there = |path: &Path| fs::metadata(path).is_ok_and(|metadata| can_run(&metadata));
    let in_path = || {
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| is_there(&dir.join(name))))
    };
    match if name.components().count() == 1 { in_path() } else { is_there(name) } {
        true => Ok(()),
        false => Err(Error::usage(fl!("batch-no-program", program = quoted(&name.to_string_lossy())))),
    }
}
