//! The ticket of a download, kept until the receipt: what was cut off or could not be saved is fetched again without
//! taking another of the allowed downloads. Whether a ticket has ended only its relay says.
//!
//! `tickets/<id>-<16 hexadecimal digits of the relay>.json` is locked as long as somebody uses the ticket, and so it is
//! written in place, never replaced. What was saved with it is noted beside it, see [`receipts`](super::receipts).

use std::{
    fs::{self, File},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    slice,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use share_format::link::Link;
use tokio::time::{Instant, sleep};

use super::{
    private_file,
    remote_state::{RemoteState, postpone, untouched},
};
use crate::{
    secret::{Secret, sha256},
    system,
};

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 8 * 1024;
/// A ticket that is older than this by two clocks, in seconds, is of no use any more: it ran for a day.
const OLD_SECONDS: u64 = 30 * 24 * 3600;

/// For how long another program that has the ticket is waited for: one that only sends a receipt is soon done.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether that program is done.
const INTERVAL: Duration = Duration::from_millis(50);

/// The extension of a ticket's file.
const TICKET: &str = "json";
/// The extension of the note beside it.
const NOTE: &str = "saved";

/// The ticket of a download.
pub struct Ticket {
    /// What the relay gives the content for.
    pub secret: Secret,
    /// When it ends, in seconds since 1970 by the relay's clock.
    pub expires_at: u64,
    /// Where it is kept. There is none where nothing can be kept, or while another program fetches the same share.
    pub file: Option<TicketFile>,
}

impl Ticket {
    /// Forgets it, as it has done its work or is of no use.
    pub fn forget(&self) {
        if let Some(file) = &self.file {
            file.forget(&self.secret);
        }
    }
}

/// A ticket as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Record {
    /// A ticket is for one relay only, which the link names.
    link: String,
    ticket: Secret,
    /// A time before it was first used, in seconds since 1970 by the relay's clock.
    made_at: u64,
}

/// The file with the ticket of a share. While this lives, no other download uses it.
pub struct TicketFile {
    path: PathBuf,
    file: File,
}

impl TicketFile {
    /// The ticket for this link: the one of an earlier download, or `fresh`, which is then kept; `WouldBlock` if another
    /// program is fetching the same share, whose ticket is not ours. It is `now` by the relay's clock.
    pub fn take(folder: &Path, link: &Link, fresh: Secret, now: u64) -> io::Result<(Secret, Self)> {
        system::create_private_dir(folder)?;
        let path = path_of(folder, link);
        let file = match system::create_private(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => system::open_regular(&path)?,
            created => created?,
        };
        let mut kept = Self::locked(path, file)?;
        match kept.read().filter(|record| record.link == link.to_string()) {
            Some(Record { ticket, .. }) => Ok((ticket, kept)),
            None => {
                kept.write(link, &fresh, now)?;
                Ok((fresh, kept))
            }
        }
    }

    /// The file beside this note; `NotFound` if there is none, `WouldBlock` if another program uses it.
    pub fn beside(note: &Path) -> io::Result<Self> {
        let path = note.with_extension(TICKET);
        let file = system::open_regular(&path)?;
        Self::locked(path, file)
    }

    fn locked(path: PathBuf, file: File) -> io::Result<Self> {
        let file = private_file::lock(file)?.ok_or(io::ErrorKind::Unsupported)?;
        // Whoever had it may have removed it just before.
        fs::symlink_metadata(&path).map_err(|_| io::ErrorKind::WouldBlock)?;
        Ok(Self { path, file })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is noted what was saved with it.
    pub fn note(&self) -> PathBuf {
        self.path.with_extension(NOTE)
    }

    /// Keeps this ticket in place of the one that is there.
    pub fn write(&mut self, link: &Link, ticket: &Secret, now: u64) -> io::Result<()> {
        let record = Record { link: link.to_string(), ticket: ticket.clone(), made_at: now };
        let json = private_file::json(&record);
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&json)?;
        self.file.sync_all()
    }

    /// Forgets this ticket; another that has taken its place here stays. What was noted beside it goes too, last: a note
    /// without a ticket is of what the relay has been told.
    pub fn forget(&self, ticket: &Secret) {
        if self.read().is_none_or(|record| record.ticket.hash() == ticket.hash()) {
            let _ = fs::remove_file(&self.path);
        }
        let _ = fs::remove_file(self.note());
    }

    fn read(&self) -> Option<Record> {
        (&self.file).rewind().ok()?;
        read(self.file.try_clone()).ok()?
    }
}

/// Tries this again for a while, as long as another program has the ticket.
pub async fn unless_busy<T>(attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => sleep(INTERVAL).await,
            result => return result,
        }
    }
}

/// Removes the tickets that are of no use any more, but that of this link. One that stays does no harm.
pub async fn remove_old(folder: &Path, but: Option<&Link>) {
    let looks_old = |path: &PathBuf| untouched(slice::from_ref(path)).as_secs() > OLD_SECONDS;
    let mut old = Vec::new();
    for path in files(folder, TICKET, but).filter(looks_old) {
        match read(system::open_regular(&path)) {
            Ok(Some(record)) => old.push((path, record)),
            // Not as this program leaves it, so nothing to download with.
            Ok(None) => remove_unless_used(&path),
            Err(_) => {}
        }
    }
    let states = RemoteState::of_all(old.iter().map(|(_, record)| record.link.clone()).collect()).await;
    for ((path, record), state) in old.iter().zip(states) {
        if state.is_past(record.made_at.saturating_add(OLD_SECONDS)) || postpone(path, state) {
            remove_unless_used(path);
        }
    }
}

fn remove_unless_used(path: &Path) {
    if let Ok(file) = TicketFile::beside(path) {
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(file.note());
    }
}

/// The notes that are there, but that of this link.
pub fn notes(folder: &Path, but: Option<&Link>) -> Vec<PathBuf> {
    files(folder, NOTE, but).collect()
}

fn files(folder: &Path, extension: &str, but: Option<&Link>) -> impl Iterator<Item = PathBuf> {
    let own = but.map(|link| path_of(folder, link).with_extension(extension));
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|item| item.path());
    files.filter(move |path| path.extension().is_some_and(|found| found == extension) && Some(path) != own.as_ref())
}

/// Where it is noted what was saved of this link.
pub fn note_of(folder: &Path, link: &Link) -> PathBuf {
    path_of(folder, link).with_extension(NOTE)
}

/// Two relays may have shares of one id.
fn path_of(folder: &Path, link: &Link) -> PathBuf {
    let relay = sha256(link.relay.as_str().as_bytes()).to_string();
    folder.join(format!("{}-{}.{TICKET}", link.id, &relay[..16]))
}

/// What is in a file; `None` if it is damaged.
fn read(file: io::Result<File>) -> io::Result<Option<Record>> {
    let json = private_file::read(file, MAX_FILE_BYTES)?;
    Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(relay: &str) -> Link {
        Link::parse(&format!("{relay}/s/{}", share_relay_api::ShareId::from_random([7; 12]))).unwrap()
    }

    #[test]
    fn is_used_again_until_forgotten_and_by_one_program_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let take = |link: &Link| {
            let fresh = Secret::random().unwrap();
            let hash = fresh.hash();
            let (ticket, file) = TicketFile::take(folder.path(), link, fresh, 1).unwrap();
            (ticket, hash, file)
        };
        let here = link("https://relay.example");
        let (first, fresh, file) = take(&here);
        assert_eq!(first.hash(), fresh);
        let busy = TicketFile::take(folder.path(), &here, Secret::random().unwrap(), 1).map(drop);
        assert_eq!(busy.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(file);
        let (again, _, file) = take(&here);
        assert_eq!(again.hash(), first.hash());
        drop(file);
        let (other, fresh, file) = take(&link("https://other.example"));
        assert_eq!(other.hash(), fresh, "a ticket is never shown to another relay");
        file.forget(&other);
        let (again, _, mut file) = take(&here);
        assert_eq!(again.hash(), first.hash(), "nor forgotten for it");
        let next = Secret::random().unwrap();
        file.write(&here, &next, 2).unwrap();
        file.forget(&first);
        drop(file);
        let (again, _, file) = take(&here);
        assert_eq!(again.hash(), next.hash(), "nor with the one that was there before");
        file.forget(&next);
        drop(file);
        assert_ne!(take(&here).0.hash(), next.hash());
    }

    #[tokio::test(start_paused = true)]
    async fn is_waited_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let here = link("https://relay.example");
        let take = || TicketFile::take(folder.path(), &here, Secret::random().unwrap(), 1);
        let (first, file) = take().unwrap();
        let (busy, ()) = tokio::join!(unless_busy(take), sleep(2 * PATIENCE));
        assert_eq!(busy.map(drop).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let done = async {
            sleep(PATIENCE / 2).await;
            drop(file);
        };
        let (taken, ()) = tokio::join!(unless_busy(take), done);
        assert_eq!(taken.unwrap().0.hash(), first.hash());
    }

    #[test]
    fn what_is_damaged_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let here = link("https://relay.example");
        let path = path_of(folder.path(), &here);
        for text in ["", "{", r#"{"link":"","ticket":""}"#] {
            fs::write(&path, text).unwrap();
            let (fresh, other) = (Secret::random().unwrap(), Secret::random().unwrap());
            let (ticket, file) = TicketFile::take(folder.path(), &here, fresh.clone(), 1).unwrap();
            assert_eq!(ticket.hash(), fresh.hash());
            drop(file);
            let (again, _) = TicketFile::take(folder.path(), &here, other, 1).unwrap();
            assert_eq!(again.hash(), fresh.hash());
        }
    }
}
