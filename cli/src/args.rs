//! The command line, as clap reads it. Types only.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::i18n::Language;

/// Send a large or private file to one particular person.
///
/// `share send FILE` prints a link, which goes by e-mail, and six words, which you read out by phone.
/// `share get LINK` fetches and decrypts. The relay in between sees only ciphertext.
#[derive(Debug, Parser)]
#[command(name = "share", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Speak this language (default: that of the system)
    #[arg(long, global = true, value_enum, help_heading = "General options")]
    pub lang: Option<Language>,
    /// Print one JSON object a line, for programs
    #[arg(long, global = true, help_heading = "General options")]
    pub json: bool,
    /// Print results, warnings and errors only
    #[arg(long, short, global = true, help_heading = "General options")]
    pub quiet: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Encrypt files or folders and send them
    Send(Send),
    /// Go on with an upload that was cut off
    Resume(Resume),
    /// Fetch and decrypt what a link leads to; run again, it goes on where it stopped
    Get(Get),
    /// Send or fetch many shares by a table, for scripts and jobs
    #[command(subcommand)]
    Batch(Batch),
    /// Show what happened to something you sent
    Status(Sent),
    /// Take back something you sent
    Revoke(Sent),
    /// End the lock that too many wrong words caused
    Unlock(Sent),
    /// List what you sent from this computer
    List,
    /// Remember a relay and your sender token for it
    Login(Login),
    /// Check that a relay serves browsers exactly the released page
    Doctor(Doctor),
    /// Show or change the settings
    #[command(subcommand)]
    Config(Config),
}

/// `share send`
#[derive(Debug, Args)]
pub struct Send {
    /// Files and folders to send, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The file name that standard input gets
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The name by which the recipient knows you, such as "Wijkteam Noord", encrypted too (default: that of the variable
    /// SHARE_FROM). They see it after opening, as what you call yourself: nothing verifies it but your voice on the phone
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,
    /// A message for the recipient, encrypted too. While share runs, other users of this computer can see TEXT;
    /// they cannot see what @FILE reads from a file, or @- from standard input
    #[arg(long, short, value_name = "TEXT|@FILE")]
    pub message: Option<String>,
    /// How long it can be fetched: 12h, 7d, 2w, a date such as 2026-12-24 or 24-12-2026, or a time such as
    /// "2026-12-24 17:00"
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub expires: String,
    /// How many times it can be fetched (default: no limit)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub downloads: Option<u32>,
    /// Let it be fetched once; short for --downloads 1
    #[arg(long, conflicts_with = "downloads")]
    pub once: bool,
    /// Encrypt to this age or ssh public key instead of words; may be given several times
    #[arg(long, short, value_name = "KEY")]
    pub recipient: Vec<String>,
    /// Encrypt to the public keys in this file, or in standard input for -, one a line
    #[arg(long, value_name = "FILE")]
    pub recipients_file: Vec<PathBuf>,
    /// How many words to make
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(6..=10))]
    pub words: u8,
    /// The language of the words (default: that of the system)
    #[arg(long, value_enum)]
    pub word_list: Option<Language>,
    /// Write the words to this new file instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Send through this relay (default: that of the variable SHARE_RELAY, else the one set). Its sender token is that of
    /// the variable SHARE_TOKEN, of the file that SHARE_TOKEN_FILE names, or the one that share login remembers
    #[arg(long, value_name = "URL", conflicts_with = "here")]
    pub relay: Option<String>,
    /// Serve it from this computer, without a relay, until it has been fetched (default at a terminal if no relay is set)
    #[arg(long)]
    pub here: bool,
    /// Follow symbolic links instead of skipping them
    #[arg(long)]
    pub follow: bool,
    /// Change names that not every computer can use, such as those with a colon, and tell how
    #[arg(long, conflicts_with = "exact_names")]
    pub rename: bool,
    /// Send names as they are or not at all, without asking
    #[arg(long)]
    pub exact_names: bool,
    /// Leave out of a folder what changes or vanishes while it is sent, or cannot be read; that may take another link
    #[arg(long)]
    pub skip_changed: bool,
    /// Go on where the same command was cut off before, if it was
    #[arg(long, conflicts_with_all = ["new", "here"])]
    pub resume: bool,
    /// Begin again, and take back what the same command did not finish before
    #[arg(long)]
    pub new: bool,
    /// How long to keep trying when the relay cannot be reached
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub patience: String,
}

/// `share resume`
#[derive(Debug, Args)]
pub struct Resume {
    /// The link of the upload (default: the only one there is)
    pub link: Option<String>,
    /// How long to keep trying when the relay cannot be reached
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub patience: String,
}

/// `share get`
#[derive(Debug, Args)]
pub struct Get {
    /// The link you were given
    pub link: String,
    /// The folder to save in, or - to write a single file to standard output
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,
    /// Read the words from this file, or from standard input for -
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Open with this age identity or ssh private key, or one from standard input for -; may be given several times
    #[arg(long, short, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
    /// Overwrite what has the same name
    #[arg(long)]
    pub force: bool,
    /// Do not ask before saving
    #[arg(long, short)]
    pub yes: bool,
    /// Show sender, message and names only; uses up no download
    #[arg(long, conflicts_with_all = ["ciphertext", "force"])]
    pub list: bool,
    /// Save the encrypted age file as FILE instead of opening it
    #[arg(long, value_name = "FILE")]
    pub ciphertext: Option<PathBuf>,
    /// How long to keep trying when the relay cannot be reached, or the sender has stopped sending
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub patience: String,
}

/// `share batch`
#[derive(Debug, Subcommand)]
pub enum Batch {
    /// Write a template of a table of jobs
    New(BatchNew),
    /// Send one share for each row of a table, exactly once; run again, it does what is missing
    Run(BatchRun),
    /// Fetch the share of each row of a table, exactly once, into a folder of its own; run again, it does what is missing
    Fetch(BatchFetch),
    /// Send whatever is put into a folder, each file or subfolder exactly once, until it is stopped
    Watch(BatchWatch),
}

/// `share batch new`
#[derive(Debug, Args)]
pub struct BatchNew {
    /// The new file: CSV, or JSON Lines for a name that ends in .jsonl
    pub file: PathBuf,
}

/// `share batch run`
#[derive(Debug, Args)]
pub struct BatchRun {
    /// The table of jobs: CSV, or JSON Lines for a name that ends in .jsonl
    pub table: PathBuf,
    /// Write links and failures to this file; with the same file again, only what is missing is done
    #[arg(long, value_name = "FILE", required_unless_present = "check_only")]
    pub results: Option<PathBuf>,
    /// Write the words to this file, which only you can read; for rows without a recipient key
    #[arg(long, value_name = "FILE")]
    pub words: Option<PathBuf>,
    /// Write the words of each row that is ready to a file of its own in this folder too, such as for letters
    #[arg(long, value_name = "DIR")]
    pub words_file_per_row: Option<PathBuf>,
    /// Run this program for each row once its share is ready, with the words on its standard input and the row's key in
    /// SHARE_ROW_KEY; name, to and case are in SHARE_ROW_NAME, SHARE_ROW_TO and SHARE_ROW_CASE
    #[arg(long, value_name = "PROGRAM")]
    pub words_command: Option<PathBuf>,
    /// How the rows are worked on.
    #[command(flatten)]
    pub rows: RowArgs,
    /// What tells this run from others: rows with the same key are sent again only in another run (default: the path of
    /// the results)
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// Check every row, and whether the relay would take it, and send nothing
    #[arg(long)]
    pub check_only: bool,
    /// The name by which recipients know you (default: that of the variable SHARE_FROM)
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,
    /// The language of the words (default: that of the system)
    #[arg(long, value_enum)]
    pub word_list: Option<Language>,
    /// Change names that not every computer can use, such as those with a colon, and tell how
    #[arg(long)]
    pub rename: bool,
    /// Send through this relay (default: that of the variable SHARE_RELAY, else the one set)
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// How long to keep trying when the relay cannot be reached
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub patience: String,
    /// How others hear of it.
    #[command(flatten)]
    pub monitoring: MonitoringArgs,
}

/// `share batch fetch`
#[derive(Debug, Args)]
pub struct BatchFetch {
    /// The table of links: CSV, or JSON Lines for a name that ends in .jsonl; or - for standard input. It has a column
    /// link, and may have a column key (default: the id in the link); others are ignored, so the results of
    /// `share batch run` do as they are
    pub table: PathBuf,
    /// Write digests and failures to this file; with the same file again, only what is missing is fetched
    #[arg(long, value_name = "FILE")]
    pub results: PathBuf,
    /// The folder to save in: each row in a folder with its key as the name
    #[arg(long, short, value_name = "DIR")]
    pub output: PathBuf,
    /// Open with this age identity or ssh private key, or one from standard input for -; may be given several times
    #[arg(long, short, value_name = "FILE", required = true)]
    pub identity: Vec<PathBuf>,
    /// How the rows are worked on.
    #[command(flatten)]
    pub rows: RowArgs,
    /// How long to keep trying when the relay cannot be reached, or the sender has stopped sending
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub patience: String,
    /// How others hear of it.
    #[command(flatten)]
    pub monitoring: MonitoringArgs,
}

/// `share batch watch`
#[derive(Debug, Args)]
pub struct BatchWatch {
    /// The folder; share-batch.toml in it says for whom. What was sent goes to sent/ in it, what cannot be sent to failed/
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Take what has not changed for this long; what is renamed into the folder, and NAME once there is NAME.ready, is taken
    /// at once
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub settle: String,
    /// How many to send at the same time (default: twice the number of processors)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,
    /// Send through this relay (default: that of the variable SHARE_RELAY, else the one set)
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// How long to keep trying when the relay cannot be reached, before a pause
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub patience: String,
    /// How others hear of it.
    #[command(flatten)]
    pub monitoring: MonitoringArgs,
}

/// How the rows of a table are worked on.
#[derive(Debug, Args)]
pub struct RowArgs {
    /// Write the rows that are not done to this file (default: beside the results, with .failed in its name)
    #[arg(long, value_name = "FILE")]
    pub failed: Option<PathBuf>,
    /// How many rows to work on at the same time (default: twice the number of processors)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,
    /// Begin no other row once one has failed
    #[arg(long)]
    pub fail_fast: bool,
    /// End by then, such as 6h or 06:30; what is left over is done when it is run again
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<String>,
}

/// Who is told of a batch.
#[derive(Debug, Args)]
pub struct MonitoringArgs {
    /// Keep figures of the last run in this file, for the textfile collector of Prometheus' node_exporter
    #[arg(long, value_name = "FILE", help_heading = "Monitoring")]
    pub metrics_file: Option<PathBuf>,
    /// Tell a monitoring service, such as healthchecks.io, at this address that the run began (URL/start) and whether
    /// all is done (URL or URL/fail). While share runs, other users of this computer can see URL; they cannot see what
    /// @FILE reads from a file
    #[arg(long, value_name = "URL|@FILE", help_heading = "Monitoring")]
    pub ping: Option<String>,
    /// Send a report with counts, and the keys of rows that failed, by e-mail (through the system's sendmail), or write
    /// it to this file
    #[arg(long, value_name = "mail:ADDRESS|FILE", help_heading = "Monitoring")]
    pub report: Option<String>,
}

/// `share status`, `share revoke`, `share unlock`
#[derive(Debug, Args)]
pub struct Sent {
    /// The link of something you sent from this computer
    pub link: String,
}

/// `share login`
#[derive(Debug, Args)]
pub struct Login {
    /// The relay
    pub url: String,
    /// Read the sender token from this file, or from standard input for -, instead of asking (default: the variable
    /// SHARE_TOKEN, or the file that SHARE_TOKEN_FILE names)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// `share doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// A link whose page is to be checked, as a relay could serve another page for a link that exists
    #[arg(value_name = "LINK", conflicts_with = "relay")]
    pub link: Option<String>,
    /// The relay to check (default: the one `share login` remembers)
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
}

/// `share config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show the settings
    Show,
    /// Change a setting
    #[command(subcommand)]
    Set(Setting),
}

/// The settings.
#[derive(Debug, Subcommand)]
pub enum Setting {
    /// The relay that `share send` uses
    Relay {
        /// Its address
        url: String,
    },
}
