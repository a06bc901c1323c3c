//! Whether what was left here of a share may go. This computer's clock alone never decides: it may have jumped. It says
//! when to ask the relay of that very share, whose word and clock decide then, and count for nothing else.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, stream};
use share_format::link::Link;
use share_relay_api::Code;
use tokio::time::{Instant, timeout_at};

use crate::{api::Client, system};

/// For how long all relays together are waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Times that a relay was asked in vain after which it counts as gone. Between two of them as much time has passed as
/// before the first, so a clock alone would have to jump as often.
const VAIN: usize = 6;
/// Relays asked at once.
const ASKED_AT_ONCE: usize = 16;

/// What its relay says of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteState {
    /// It lives; the relay's clock, in seconds since 1970.
    Alive {
        /// The relay's clock.
        now: u64,
    },
    /// Its time is over, but for tickets that were given before.
    Expired,
    /// Nothing of it can be fetched or sent any more.
    Gone,
    /// The relay, whose clock this is, does not know it. It may have ended long ago, or come back.
    Unlisted {
        /// The relay's clock.
        now: u64,
    },
    /// There was no answer, or none that tells.
    Unknown,
}

impl RemoteState {
    /// Asks the relay of each link.
    pub async fn of_all(links: Vec<String>) -> Vec<Self> {
        let until = Instant::now() + PATIENCE;
        stream::iter(links).map(|link| Self::of(link, until)).buffered(ASKED_AT_ONCE).collect().await
    }

    async fn of(link: String, until: Instant) -> Self {
        let Ok(link) = Link::parse(&link) else { return Self::Unknown };
        let Ok(client) = Client::new(&link.relay) else { return Self::Unknown };
        let ask = async {
            let error = match client.status(&link.id).await {
                Ok(status) => return Self::Alive { now: status.now },
                Err(error) => error,
            };
            match error.code() {
                Some(Code::Expired) => Self::Expired,
                Some(Code::Collected | Code::Revoked) => Self::Gone,
                Some(Code::NotFound) => {
                    client.info(None).await.map_or(Self::Unknown, |info| Self::Unlisted { now: info.now })
                }
                _ => Self::Unknown,
            }
        };
        timeout_at(until, ask).await.unwrap_or(Self::Unknown)
    }

    /// Whether a ticket has ended, and some more time has passed, as far as the relay tells. Of a share that has expired
    /// it tells that only when it has forgotten it.
    pub fn is_past(self, time: u64) -> bool {
        match self {
            Self::Alive { now } | Self::Unlisted { now } => now > time,
            Self::Gone => true,
            Self::Expired | Self::Unknown => false,
        }
    }
}

/// For how long nobody has changed these files, by this computer's clock. A change in the future, as a clock leaves it
/// that was ahead, counts as one of now, from now on.
pub fn untouched(files: &[PathBuf]) -> Duration {
    let now = SystemTime::now();
    let age = |file: &PathBuf| {
        let changed = fs::metadata(file).and_then(|metadata| metadata.modified()).ok()?;
        Some(now.duration_since(changed).unwrap_or_else(|_| {
            touch(file);
            Duration::ZERO
        }))
    };
    files.iter().filter_map(age).min().unwrap_or_default()
}

/// Has [`untouched`] count from now on, as this was not said to go. Gives whether it may go all the same: its relay seems
/// to be gone. How often that was asked in vain is kept as line feeds at the file's end, which JSON may have.
pub fn postpone(file: &Path, standing: RemoteState) -> bool {
    let vain = matches!(standing, RemoteState::Unknown | RemoteState::Unlisted { .. });
    touch(file);
    vain && asked_in_vain(file).is_ok_and(|times| times >= VAIN)
}

fn asked_in_vain(file: &Path) -> io::Result<usize> {
    let mut file = system::open_regular(file)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    file.write_all(b"\n")?;
    Ok(1 + bytes.iter().rev().take_while(|byte| **byte == b'\n').count())
}

/// Where it fails, a relay is only asked sooner.
fn touch(file: &Path) {
    let _ = system::open_regular(file).and_then(|file| file.set_modified(SystemTime::now()));
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    #[test]
    fn a_change_in_the_future_counts_as_one_of_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (now, year) = (SystemTime::now(), Duration::from_secs(366 * 24 * 3600));
        let path = file.path().to_owned();
        file.as_file().set_modified(now + year).unwrap();
        assert_eq!(untouched(slice::from_ref(&path)), Duration::ZERO);
        assert!(file.as_file().metadata().unwrap().modified().unwrap() < now + year / 2);
        file.as_file().set_modified(now - year).unwrap();
        assert!(untouched(slice::from_ref(&path)) >= year);
        assert!(untouched(&[path, "/nowhere".into()]) >= year);
        assert_eq!(untouched(&["/nowhere".into()]), Duration::ZERO);
    }

    #[test]
    fn a_relay_counts_as_gone_when_it_was_asked_in_vain_again_and_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "{}").unwrap();
        let ask = |standing| {
            file.as_file().set_modified(SystemTime::UNIX_EPOCH).unwrap();
            let gone = postpone(file.path(), standing);
            assert!(untouched(&[file.path().to_owned()]) < Duration::from_secs(3600));
            gone
        };
        assert!(!ask(RemoteState::Alive { now: 1 }) && !ask(RemoteState::Expired));
        assert!((1..VAIN).all(|_| !ask(RemoteState::Unknown)));
        assert!(ask(RemoteState::Unknown));
        assert!(serde_json::from_slice::<serde_json::Value>(&fs::read(file.path()).unwrap()).is_ok());
    }
}
