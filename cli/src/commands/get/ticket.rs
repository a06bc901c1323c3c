//! The ticket of a download, kept until the receipt: what was cut off or could not be saved is fetched again without
//! taking another of the allowed downloads.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use share_relay_api::limits;
use zeroize::Zeroizing;

use crate::{link::Link, secret::Secret, system, time};

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 8 * 1024;

/// A ticket as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// A ticket is for one relay only, which the link names.
    link: String,
    /// 64 hexadecimal digits.
    ticket: Zeroizing<String>,
    /// When it ends at the latest, in seconds since 1970 by this computer's clock.
    expires_at: u64,
}

/// The file with the ticket of a share. While this lives, no other download uses it.
pub struct TicketFile {
    path: PathBuf,
    file: File,
}

impl TicketFile {
    /// The ticket for this link: the one of an earlier download, or `fresh`, which is then kept. `None` for the file if
    /// another program is fetching the same share, whose ticket is not ours.
    pub fn take(folder: &Path, link: &Link, fresh: Secret) -> io::Result<(Secret, Option<Self>)> {
        system::create_private_dir(folder)?;
        forget_ended(folder);
        let path = folder.join(format!("{}.json", link.id));
        let file = match system::create_private(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => system::open_regular(&path)?,
            created => created?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok((fresh, None)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut kept = Self { path, file };
        let ticket = match kept.read(link) {
            Some(ticket) => ticket,
            None => {
                kept.write(link, &fresh)?;
                fresh
            }
        };
        Ok((ticket, Some(kept)))
    }

    /// Forgets the ticket: it has done its work, or is of no use. One that stays is replaced once it has ended.
    pub fn forget(&self) {
        let _ = fs::remove_file(&self.path);
    }

    /// The ticket of an earlier download; `None` if there is none, or it is damaged, has ended, or is for another link.
    fn read(&mut self, link: &Link) -> Option<Secret> {
        let mut json = Zeroizing::new(Vec::new());
        (&self.file).take(MAX_FILE_BYTES).read_to_end(&mut json).ok()?;
        let kept: Kept = serde_json::from_slice(&json).ok()?;
        let usable = kept.link == link.to_string() && kept.expires_at > time::now();
        Secret::parse(&kept.ticket).filter(|_| usable)
    }

    fn write(&mut self, link: &Link, ticket: &Secret) -> io::Result<()> {
        let kept = Kept {
            link: link.to_string(),
            ticket: Zeroizing::new(ticket.hex().to_owned()),
            expires_at: time::now().saturating_add(limits::TICKET_SECONDS),
        };
        let json = Zeroizing::new(serde_json::to_vec(&kept).expect("tickets always become JSON"));
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&json)?;
        self.file.sync_all()
    }
}

/// Removes the files that no download has touched for as long as a ticket lasts. One that stays does no harm.
fn forget_ended(folder: &Path) {
    for item in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = item.metadata().ok().and_then(|metadata| metadata.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age.as_secs() > limits::TICKET_SECONDS) {
            let _ = fs::remove_file(item.path());
        }
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
            let (ticket, file) = TicketFile::take(folder.path(), link, fresh).unwrap();
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
        assert_ne!(take(&here).0, first);
    }

    #[test]
    fn what_is_damaged_or_has_ended_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let here = link("https://relay.example");
        let path = folder.path().join(format!("{}.json", here.id));
        let old = Secret::random().unwrap();
        let ended = format!(r#"{{"link":"{here}","ticket":"{}","expires_at":1}}"#, old.hex());
        for text in ["", "{", &ended] {
            fs::write(&path, text).unwrap();
            let fresh = Secret::random().unwrap();
            let (ticket, file) = TicketFile::take(folder.path(), &here, fresh.clone()).unwrap();
            assert_eq!(ticket.hash(), fresh.hash());
            drop(file);
            let (again, _) = TicketFile::take(folder.path(), &here, old.clone()).unwrap();
            assert_eq!(again.hash(), fresh.hash());
        }
    }
}
