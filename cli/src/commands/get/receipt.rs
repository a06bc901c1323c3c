//! Receipts that their relay does not have yet: what was saved, noted beside its ticket.
//!
//! `tickets/<id>-<16 hexadecimal digits of the relay>.saved` is written before the first file gets its final name, with
//! the receipt and all these names, and goes when the relay has the receipt. So a program that was killed in between
//! fetches and saves nothing twice: what is in the staging folder no more has its final name. And a receipt that no relay
//! could take is sent by a later run.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use share_relay_api::{Bytes32, Code, Receipt};
use tokio::time::{Instant, timeout_at};

use super::{
    Held, Received,
    folder::Folder,
    save::Saved,
    ticket::{self, TicketFile},
};
use crate::{
    client::{Answer, Client},
    commands::Context,
    config,
    content::{Manifest, Placed},
    i18n::fl,
    link::Link,
    quote::quoted,
    secret::Secret,
    system,
    transfer::staging::Staging,
    ui::shown,
};

/// The longest note that is read: names and files of the longest manifest.
const MAX_NOTE_BYTES: u64 = 32 * 1024 * 1024;
/// For how long all relays together are waited for that are still to get a receipt.
const PATIENCE: Duration = Duration::from_secs(2);
/// Relays that are told at once.
const TOLD_AT_ONCE: usize = 16;
/// What a file system may do to the time of a file: FAT counts in steps of two seconds.
const TIME_STEP: u64 = 2;

/// What was saved, or is about to be.
#[derive(Serialize, Deserialize)]
pub struct Note {
    version: u64,
    link: String,
    receipt: Receipt,
    sender: Option<String>,
    bytes: u64,
    sha256: Option<Bytes32>,
    /// Where to; nothing for standard output.
    place: Option<Place>,
    saved: Extent,
}

/// How much of it has the names that are noted.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Extent {
    /// What is in the staging folder no more.
    Planned,
    /// All that is noted, and there is more.
    Some,
    /// All of it.
    All,
}

const VERSION: u64 = 1;

/// The folder that was saved in.
#[derive(Serialize, Deserialize)]
struct Place {
    output: OsString,
    /// Where files and folders were before.
    staged: OsString,
    /// The names that were wanted, and those that were free.
    names: Vec<(OsString, OsString)>,
    /// Each file, with its size and the second it was changed last: its path by the wanted names.
    files: Vec<(String, u64, u64)>,
}

impl Note {
    /// Of content that has been verified.
    pub fn new(link: &Link, manifest: &Manifest, receipt: Receipt, sha256: Option<Bytes32>) -> Self {
        let (sender, bytes) = (manifest.sender.clone(), manifest.bytes);
        Self {
            version: VERSION,
            link: link.to_string(),
            receipt,
            sender,
            bytes,
            sha256,
            place: None,
            saved: Extent::Planned,
        }
    }

    /// Notes the names that are about to be given.
    fn plan(&mut self, output: &Path, staged: &Path, manifest: &Manifest, planned: &[Placed]) -> io::Result<()> {
        let files = manifest.entries.iter().filter(|entry| !entry.folder).filter_map(|entry| {
            let metadata = fs::symlink_metadata(staged.join(&entry.path)).ok()?;
            Some((entry.path.clone(), metadata.len(), changed_at(&metadata)))
        });
        let (output, staged) = (fs::canonicalize(output)?.into(), fs::canonicalize(staged)?.into());
        self.place = Some(Place { output, staged, names: names(planned), files: files.collect() });
        Ok(())
    }

    /// Writes it, so that it survives power loss.
    fn write(&self, path: &Path) -> io::Result<()> {
        config::write_private(path, &serde_json::to_vec(self).expect("notes always become JSON"))
    }

    /// What is noted there; nothing if it is no note.
    fn read(path: &Path) -> Option<Self> {
        let mut json = Vec::new();
        system::open_regular(path).ok()?.take(MAX_NOTE_BYTES).read_to_end(&mut json).ok()?;
        serde_json::from_slice(&json).ok().filter(|note: &Self| note.version == VERSION)
    }
}

fn names(placed: &[Placed]) -> Vec<(OsString, OsString)> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_owned();
    placed.iter().map(|placed| (name(&placed.wanted), name(&placed.actual))).collect()
}

fn changed_at(metadata: &fs::Metadata) -> u64 {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    changed.unwrap_or_default().as_secs()
}

/// What an earlier run of the same command has saved, of which the relay may not have been told.
pub struct Before {
    note: Note,
    path: PathBuf,
    ticket: Option<(Secret, TicketFile)>,
    output: PathBuf,
}

impl Before {
    /// Of this link, in this folder, unless another program is at it.
    pub fn find(context: &Context, link: &Link, output: &Path) -> Option<Self> {
        let folder = context.dirs.tickets().ok()?;
        let path = ticket::note_of(&folder, link);
        let note = Note::read(&path).filter(|note| note.link == link.to_string())?;
        let here = fs::canonicalize(output).ok()?;
        note.place.as_ref().filter(|place| Path::new(&place.output) == here)?;
        let ticket = match TicketFile::kept(&folder, link) {
            Ok(ticket) => Some(ticket),
            // Then the relay has the receipt.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => return None,
        };
        Some(Self { note, path, ticket, output: output.to_owned() })
    }

    /// What has its final name and is there, and what has been given one and is gone from there.
    pub fn there_and_gone(&self) -> (Vec<Placed>, Vec<PathBuf>) {
        let Some(place) = &self.note.place else { return Default::default() };
        let given = place.names.iter().filter(|(wanted, _)| {
            let staged = fs::symlink_metadata(Path::new(&place.staged).join(wanted));
            self.note.saved != Extent::Planned || staged.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        });
        let given =
            given.map(|(wanted, actual)| Placed { wanted: self.output.join(wanted), actual: self.output.join(actual) });
        let (there, gone): (Vec<_>, Vec<_>) = given.partition(|placed| fs::symlink_metadata(&placed.actual).is_ok());
        (there, gone.into_iter().map(|placed| placed.actual).collect())
    }

    /// Whether that is all of it.
    pub fn is_all(&self, there: &[Placed]) -> bool {
        let all = self.note.place.as_ref().is_some_and(|place| there.len() == place.names.len());
        all && self.note.saved != Extent::Some
    }

    /// The files that are not as they were saved.
    fn changed(&self) -> Vec<PathBuf> {
        let Some(place) = &self.note.place else { return Vec::new() };
        let is_same = |path: &Path, size: u64, time: u64| {
            let metadata = fs::symlink_metadata(path);
            metadata.is_ok_and(|now| now.is_file() && now.len() == size && changed_at(&now).abs_diff(time) <= TIME_STEP)
        };
        let changed = place.files.iter().filter_map(|(path, size, time)| {
            let (top, rest) = path.split_once('/').unwrap_or((path, ""));
            let mut places = place.names.iter().filter(|(wanted, _)| wanted == top).map(|(_, actual)| {
                let actual = self.output.join(actual);
                if rest.is_empty() { actual } else { actual.join(rest) }
            });
            let first = places.next()?;
            let same = is_same(&first, *size, *time) || places.any(|path| is_same(&path, *size, *time));
            (!same).then_some(first)
        });
        changed.collect()
    }

    /// Warns of the files that are not as they were saved.
    pub fn warn_of_changes(&self, context: &Context) {
        let changed = self.changed();
        context.ui.warn_all(changed.iter().map(|path| fl!("get-changed-since", path = shown(path))));
    }

    /// Removes what is left in the staging folder.
    pub fn clear(&self) {
        let Some(place) = &self.note.place else { return };
        let staged = Path::new(&place.staged);
        let (Some(left), Ok(own)) = (staged.parent(), Staging::create(Path::new(&place.output))) else { return };
        for mut other in own.others(Path::new(&place.output), |folder| folder == left) {
            other.keep(false);
        }
    }

    /// What was received, as all of it is there, and from whom.
    pub fn received(&self, there: Vec<Placed>) -> (Received, Option<String>) {
        let Note { bytes, sha256: digest, .. } = self.note;
        (Received { saved: Saved::Files(there), bytes, digest }, self.note.sender.clone())
    }

    /// The receipt, unless the relay has it.
    pub fn unsent(self) -> Option<Unsent> {
        match self.ticket {
            Some((secret, file)) => Some(Unsent { secret, file: Some(file), note: self.note }),
            None => {
                self.forget();
                None
            }
        }
    }

    /// Notes that this is there, and that the rest is to be downloaded again.
    pub fn reduce(mut self, there: &[Placed]) {
        if let Some(place) = self.note.place.as_mut().filter(|_| !there.is_empty()) {
            place.names = names(there);
            self.note.saved = Extent::Some;
            // Where that cannot be noted, what is there is saved once more.
            let _ = self.note.write(&self.path);
        } else {
            self.forget();
        }
    }

    fn forget(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A receipt that its relay does not have yet.
pub struct Unsent {
    secret: Secret,
    /// Where nothing can be kept, there is none.
    file: Option<TicketFile>,
    note: Note,
}

impl Unsent {
    /// Of a download with this ticket.
    pub fn new(ticket: Held, note: Note) -> Self {
        Self { secret: ticket.secret, file: ticket.file, note }
    }

    /// Sends it, once.
    pub async fn send(&self, client: &Client, link: &Link) -> Answer<()> {
        client.receipt(&link.id, &self.secret, &self.note.receipt).await
    }

    /// Notes the names that are about to be given, before they are.
    pub fn plan(&mut self, folder: &Folder, manifest: &Manifest, planned: &[Placed]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        self.note.plan(folder.path(), &folder.staged(), manifest, planned)?;
        self.note.write(&file.note())
    }

    /// Notes the names that were given, where they are not those that were planned.
    pub fn placed(&mut self, placed: &[Placed]) -> io::Result<()> {
        let (Some(file), Some(place)) = (&self.file, &mut self.note.place) else { return Ok(()) };
        let names = names(placed);
        self.note.saved = Extent::All;
        if place.names == names {
            return Ok(());
        }
        place.names = names;
        self.note.write(&file.note())
    }

    /// After the relay has it, or has said that it never will.
    pub fn forget(&self) {
        if let Some(file) = &self.file {
            file.forget();
        }
    }

    /// Keeps it for a later run. Tells whether it can be.
    pub fn keep(&mut self) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        self.note.saved = Extent::All;
        self.note.write(&file.note()).map(|()| true)
    }
}

/// Whether a relay that says this of a receipt will never take it.
pub fn is_refused(code: &str) -> bool {
    [Code::Collected, Code::Revoked, Code::TicketInvalid].iter().any(|refused| refused.as_str() == code)
}

/// Sends the receipts that were kept, but for that of this link. What cannot be sent now stays.
pub async fn send_kept(context: &Context, but: Option<&Link>) {
    let Ok(folder) = context.dirs.tickets() else { return };
    let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|item| item.path());
    let notes = files.filter(|path| path.extension().is_some_and(|extension| extension == ticket::NOTE));
    let kept: Vec<_> = notes
        .filter_map(|path| {
            let note = Note::read(&path).filter(|note| note.saved == Extent::All)?;
            let link = Link::parse(&note.link).ok().filter(|link| Some(link) != but)?;
            match TicketFile::kept(&folder, &link) {
                Ok((secret, file)) => Some((link, Unsent { secret, file: Some(file), note })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let _ = fs::remove_file(path);
                    None
                }
                Err(_) => None,
            }
        })
        .collect();
    let until = Instant::now() + PATIENCE;
    let sending = stream::iter(kept).for_each_concurrent(TOLD_AT_ONCE, async |(link, unsent)| {
        let send = async { unsent.send(&Client::new(&link.relay)?, &link).await };
        match timeout_at(until, send).await {
            Ok(Ok(())) => {
                unsent.forget();
                context.ui.note(fl!("get-receipt-sent-now", link = quoted(&link.to_string())));
            }
            Ok(Err(error)) if error.code().is_some_and(|code| is_refused(code.as_str())) => unsent.forget(),
            Ok(Err(_)) | Err(_) => {}
        }
    });
    sending.await;
}
