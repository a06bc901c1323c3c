//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use share_relay_api::RelayLimits;

/// A relay for `share`: it passes on ciphertext it cannot read.
#[derive(Debug, Parser)]
#[command(name = "share-relay", version)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the relay
    Serve(Serve),
    /// Decide who may send
    #[command(subcommand)]
    Token(TokenCommand),
    /// Remove one share at once, with all the relay keeps of it; also one whose record is damaged
    Remove(OneShare),
    /// Say that this computer's clock is right, after it was far from the time the relay noted last
    ConfirmClock(DataDir),
}

/// How to run the relay.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; beyond loopback only with sender tokens or --open
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787", env = "SHARE_RELAY_LISTEN")]
    pub listen: String,
    /// Where shares are kept
    #[arg(long, value_name = "DIR", env = "SHARE_RELAY_DATA")]
    pub data: PathBuf,
    /// Make the data folder of a new relay, if DIR is missing or empty
    #[arg(long)]
    pub init: bool,
    /// Let anyone send, until the first sender token is made
    #[arg(long)]
    pub open: bool,
    /// Largest share, in bytes or as 500MiB, 20GiB, 1TiB
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "100GiB")]
    pub max_size: u64,
    /// Longest life of a share, in seconds or as 12h, 30d, 4w
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30d")]
    pub max_expiry: u64,
    /// How long a file that was given to a browser can be fetched again, in seconds or as 30m, 2h
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1h")]
    pub grace: u64,
    /// A file that says whose relay it is: name, how to reach you, statements, colours, logo
    #[arg(long, value_name = "FILE")]
    pub operator: Option<PathBuf>,
    /// Where to serve metrics and health to the operator; nowhere unless given
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<String>,
    /// How to write the log, on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How to write the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

/// Who may send.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a sender token and print it; it is shown this once
    Add(NamedToken),
    /// List the sender tokens' names
    List(DataDir),
    /// Take back a sender token, at once
    Remove(NamedToken),
}

/// One token of a relay.
#[derive(Debug, Args)]
pub struct NamedToken {
    /// Whose token it is
    pub name: String,
    /// The relay's token list
    #[command(flatten)]
    pub list: DataDir,
}

/// One share of a relay.
#[derive(Debug, Args)]
pub struct OneShare {
    /// Its id, or the beginning of it, as the log shows it
    pub id: String,
    /// The relay's shares
    #[command(flatten)]
    pub of: DataDir,
}

/// A relay's data.
#[derive(Debug, Args)]
pub struct DataDir {
    /// Where the relay keeps its shares
    #[arg(long, value_name = "DIR", env = "SHARE_RELAY_DATA")]
    pub data: PathBuf,
}

fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
    let bytes = quantity(text, &UNITS).ok_or("give bytes, or a number with KiB, MiB, GiB or TiB")?;
    at_most(bytes, RelayLimits::PROTOCOL.content_bytes, "bytes")
}

fn duration(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] = [("m", 60), ("h", 3600), ("d", 24 * 3600), ("w", 7 * 24 * 3600)];
    let seconds = quantity(text, &UNITS).ok_or("give seconds, or a number with m, h, d or w")?;
    at_most(seconds, RelayLimits::PROTOCOL.expiry_seconds, "seconds")
}

fn at_most(number: u64, limit: u64, unit: &str) -> Result<u64, String> {
    if number <= limit { Ok(number) } else { Err(format!("the protocol allows {limit} {unit} at most")) }
}

/// A number above zero with one of these units, or none.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit = units.iter().find_map(|(name, factor)| Some((text.strip_suffix(name)?, *factor)));
    let (number, factor) = unit.unwrap_or((text, 1));
    number.trim().parse::<u64>().ok()?.checked_mul(factor).filter(|product| *product > 0)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::{DEFAULT_GRACE, DEFAULT_MAX_EXPIRY, DEFAULT_MAX_SIZE};

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let line = ["share-relay", "serve", "--data", "x"];
        let Command::Serve(serve) = Arguments::try_parse_from(line).unwrap().command else { unreachable!() };
        assert_eq!((serve.max_size, serve.max_expiry), (DEFAULT_MAX_SIZE, DEFAULT_MAX_EXPIRY));
        assert_eq!(serve.grace, DEFAULT_GRACE);
    }

    #[test]
    fn quantities_have_units_and_do_not_overflow() {
        assert_eq!(size("20GiB"), Ok(20 << 30));
        assert_eq!(size("7"), Ok(7));
        assert_eq!(duration("2w"), Ok(14 * 24 * 3600));
        assert!(duration("366d").is_ok() && duration("367d").is_err() && size("100TiB").is_err());
        for wrong in ["", "0", "-1", "GiB", "1.5GiB", "99999999999999TiB", "5 parsecs"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
