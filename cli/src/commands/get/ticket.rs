//! The ticket of a download, kept until the receipt: what was cut off or could not be saved is fetched again without
//! taking another of the allowed downloads. Whether a ticket has ended only its relay says.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    slice,
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    link::Link,
    secret::{Secret, sha256},
    system,
    transfer::leftover::{Standing, postpone, untouched},
};

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 8 * 1024;
/// A ticket that is older than this by two clocks, in seconds, is of no use any more: it ran for a day.
const OLD_SECONDS: u64 = 30 * 24 * 3600;

/// What the name of a note ends in.
pub const NOTE: &str = "saved";

/// A ticket as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// A ticket is for one relay only, which the link names.
    link: String,
    /// 64 hexadecimal digits.
    ticket: Zeroizing<String>,
    /// A time before it was first used, in seconds since 1970 by the relay's clock.
    made_at: u64,
}

/// The file with the ticket of a share. While this lives, no other download uses it.
pub struct TicketFile {
    path: PathBuf,
    file: File,
    link: Link,
}

impl TicketFile {
    /// The ticket for this link: the one of an earlier download, or `fresh`, which is then kept. `None` for the file if
    /// another program is fetching the same share, whose ticket is not ours. It is `now` by the relay's clock.
    pub fn take(folder: &Path, link: &Link, fresh: Secret, now: u64) -> io::Result<(Secret, Option<Self>)> {
        system::create_private_dir(folder)?;
        let path = path_of(folder, link);
        let file = match system::create_private(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => system::open_regular(&path)?,
            created => created?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok((fresh, None)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut kept = Self { path, file, link: link.clone() };
        let ticket = match read(&kept.file).filter(|kept| kept.link == link.to_string()) {
            Some(Kept { ticket, .. }) => Secret::parse(&ticket),
            None => None,
        };
        match ticket {
            Some(ticket) => Ok((ticket, Some(kept))),
            None => {
                kept.write(&fresh, now)?;
                Ok((fresh, Some(kept)))
            }
        }
    }

    /// The ticket that is kept for this link; an error if there is none, or another program uses it.
    pub fn kept(folder: &Path, link: &Link) -> io::Result<(Secret, Self)> {
        let path = path_of(folder, link);
        let file = system::open_regular(&path)?;
        file.try_lock()?;
        let kept = read(&file).filter(|kept| kept.link == link.to_string());
        let ticket = kept.and_then(|kept| Secret::parse(&kept.ticket)).ok_or(io::ErrorKind::InvalidData)?;
        Ok((ticket, Self { path, file, link: link.clone() }))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is noted what was saved with it, see [`receipt`](super::receipt).
    pub fn note(&self) -> PathBuf {
        self.path.with_extension(NOTE)
    }

    /// Keeps this ticket in place of the one that is there.
    pub fn write(&mut self, ticket: &Secret, now: u64) -> io::Result<()> {
        let kept = Kept { link: self.link.to_string(), ticket: Zeroizing::new(ticket.hex().to_owned()), made_at: now };
        let json = Zeroizing::new(serde_json::to_vec(&kept).expect("tickets always become JSON"));
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&json)?;
        self.file.sync_all()
    }

    /// Forgets the ticket: it has done its work, or is of no use. So does what was noted beside it, last: a note without
    /// a ticket is of what the relay has been told.
    pub fn forget(&self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.note());
    }
}

/// Removes the tickets of other shares that are of no use any more. One that stays does no harm.
pub async fn remove_old(folder: &Path, link: &Link) {
    let own = path_of(folder, link);
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|item| item.path());
    let tickets = files.filter(|path| *path != own && path.extension().is_some_and(|extension| extension == "json"));
    let old = tickets.filter(|path| untouched(slice::from_ref(path)).as_secs() > OLD_SECONDS);
    let mut asked = Vec::new();
    for path in old {
        let kept = system::open_regular(&path).map(|file| read(&file));
        match kept {
            Ok(Some(kept)) => asked.push((path, kept)),
            // Not as this program leaves it, so nothing to download with.
            Ok(None) => remove_if_free(&path),
            Err(_) => {}
        }
    }
    let standings = Standing::of_all(asked.iter().map(|(_, kept)| kept.link.clone()).collect()).await;
    for ((path, kept), standing) in asked.iter().zip(standings) {
        if standing.is_past(kept.made_at.saturating_add(OLD_SECONDS)) || postpone(path, standing) {
            remove_if_free(path);
        }
    }
}

/// Where it is noted what was saved of this link.
pub fn note_of(folder: &Path, link: &Link) -> PathBuf {
    path_of(folder, link).with_extension(NOTE)
}

/// Two relays may have shares of one id.
fn path_of(folder: &Path, link: &Link) -> PathBuf {
    let relay = sha256(link.relay.as_str().as_bytes()).to_string();
    folder.join(format!("{}-{}.json", link.id, &relay[..16]))
}

/// What is in a file; `None` if it is damaged.
fn read(mut file: &File) -> Option<Kept> {
    let mut json = Zeroizing::new(Vec::new());
    file.rewind().ok()?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

fn remove_if_free(path: &Path) {
    let lock = system::open_regular(path).and_then(|file| Ok(file.try_lock().map(|()| file)?));
    if lock.is_ok() {
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(path.with_extension(NOTE));
    }
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
            (ticket.hash(), hash, file)
        };
        let here = link("https://relay.example");
        let (first, fresh, file) = take(&here);
        assert_eq!(first, fresh);
        let (busy, fresh, none) = take(&here);
        assert!(busy == fresh && none.is_none());
        drop(file);
        let (again, _, file) = take(&here);
        assert_eq!(again, first);
        drop(file);
        let (other, fresh, file) = take(&link("https://other.example"));
        assert_eq!(other, fresh, "a ticket is never shown to another relay");
        file.unwrap().forget();
        let (again, _, file) = take(&here);
        assert_eq!(again, first, "nor forgotten for it");
        let next = Secret::random().unwrap();
        file.unwrap().write(&next, 2).unwrap();
        let (again, _, file) = take(&here);
        assert_eq!(again, next.hash());
        file.unwrap().forget();
        assert_ne!(take(&here).0, next.hash());
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
