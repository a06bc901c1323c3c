//! Whether what was left here of a share may go. This computer's clock alone never decides: it may have jumped. It says
//! when to ask the relay of that very share, whose word and clock decide then, and count for nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, stream};
use share_relay_api::Code;
use tokio::time::{Instant, timeout_at};

use crate::{client::Client, link::Link, system};

/// For how long all relays together are waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Relays asked at once.
const ASKED_AT_ONCE: usize = 16;

/// What its relay says of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It lives; the relay's clock, in seconds since 1970.
    Alive {
        /// The relay's clock.
        now: u64,
    },
    /// Its time is over, but for tickets that were given before.
    Expired,
    /// Nothing of it can be fetched or sent any more.
    Gone,
    /// There was no answer, or none that tells.
    Unknown,
}

impl Standing {
    /// Asks the relay of each link.
    pub async fn of_all(links: Vec<String>) -> Vec<Self> {
        let until = Instant::now() + PATIENCE;
        stream::iter(links).map(|link| Self::of(link, until)).buffered(ASKED_AT_ONCE).collect().await
    }

    async fn of(link: String, until: Instant) -> Self {
        let Ok(link) = Link::parse(&link) else { return Self::Unknown };
        let Ok(client) = Client::new(&link.relay) else { return Self::Unknown };
        match timeout_at(until, client.status(&link.id)).await {
            Ok(Ok(status)) => Self::Alive { now: status.now },
            Ok(Err(error)) => match error.code() {
                Some(Code::Expired) => Self::Expired,
                Some(Code::Collected | Code::Revoked | Code::NotFound) => Self::Gone,
                _ => Self::Unknown,
            },
            Err(_) => Self::Unknown,
        }
    }

    /// Whether a ticket has ended, and some more time has passed, as far as the relay tells. Of a share that has expired
    /// it tells that only when it has forgotten it.
    pub fn is_past(self, time: u64) -> bool {
        match self {
            Self::Alive { now } => now > time,
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

/// Has [`untouched`] count from now on. Where that fails it is only asked sooner.
pub fn touch(file: &Path) {
    let _ = system::open_regular(file).and_then(|file| file.set_modified(SystemTime::now()));
}
