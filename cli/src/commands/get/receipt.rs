//! Receipts that their relay does not have yet: what was saved, noted beside its ticket.
//!
//! `tickets/<id>-<16 hexadecimal digits of the relay>.saved` is written before the first file gets its final name, with
//! the receipt, its ticket and all these names, and goes when the relay has the receipt. So a program that was killed in
//! between fetches and saves nothing twice: what is in the staging folder no more has its final name. And a receipt that
//! no relay could take is sent by a later run, with the ticket that it was made for. Only who has locked the ticket's
//! file reads or changes the note.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use share_format::{link::Link, manifest::Manifest};
use share_relay_api::{Bytes32, Code, Receipt};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::{
    Held, Received, There,
    folder::Folder,
    save::Saved,
    ticket::{self, TicketFile, unless_busy},
};
use crate::{
    client::{Answer, Client},
    commands::Context,
    config,
    content::Placed,
    i18n::fl,
    quote::quoted,
    secret::Secret,
    system, time,
    transfer::staging::Staging,
};

/// The longest note that is written and read: names and files of the longest manifest.
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
    /// What the receipt was made for; the ticket's file may hold another by now.
    ticket: Secret,
    /// When share and ticket are both over, in seconds since 1970 by the relay's clock.
    ends_at: u64,
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
    names: Vec<(String, String)>,
    /// Each file, with its size and the second it was changed last: its path by the wanted names.
    files: Vec<(String, u64, u64)>,
}

impl Note {
    /// Of content that has been verified.
    pub fn new(
        link: &Link,
        manifest: &Manifest,
        ticket: &Held,
        ends_at: u64,
        receipt: Receipt,
        sha256: Option<Bytes32>,
    ) -> Self {
        let (sender, bytes) = (manifest.sender.clone(), manifest.bytes);
        Self {
            version: VERSION,
            link: link.to_string(),
            ticket: ticket.secret.clone(),
            ends_at,
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
        self.place = Some(Place { output, staged, names: names(planned)?, files: files.collect() });
        Ok(())
    }

    /// Writes it, so that it survives power loss.
    fn write(&self, path: &Path) -> io::Result<()> {
        let json = Zeroizing::new(serde_json::to_vec(self).expect("notes always become JSON"));
        match json.len() as u64 > MAX_NOTE_BYTES {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => config::write_private(path, &json),
        }
    }

    /// What is noted there; nothing if it is no note.
    fn read(path: &Path) -> Option<Self> {
        let mut json = Zeroizing::new(Vec::new());
        system::open_regular(path).ok()?.take(MAX_NOTE_BYTES).read_to_end(&mut json).ok()?;
        serde_json::from_slice(&json).ok().filter(|note: &Self| note.version == VERSION)
    }
}

/// Names in a manifest or an archive are text.
fn names(placed: &[Placed]) -> io::Result<Vec<(String, String)>> {
    let name = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_str();
        name.map(str::to_owned).ok_or(io::ErrorKind::InvalidFilename)
    };
    placed.iter().map(|placed| Ok((name(&placed.wanted)?, name(&placed.actual)?))).collect()
}

fn changed_at(metadata: &fs::Metadata) -> u64 {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    changed.unwrap_or_default().as_secs()
}

/// What an earlier run of the same command has saved, of which the relay may not have been told.
pub struct Before {
    note: Note,
    path: PathBuf,
    ticket: Option<TicketFile>,
    output: PathBuf,
}

impl Before {
    /// Of this link, in this folder, unless another program is at it. With `force`, what was saved whole is asked for
    /// again.
    pub async fn find(context: &Context, link: &Link, output: &Path, force: bool) -> Option<Self> {
        let path = ticket::note_of(&context.dirs.tickets().ok()?, link);
        fs::symlink_metadata(&path).ok()?;
        let ticket = match unless_busy(|| TicketFile::beside(&path)).await {
            Ok(ticket) => Some(ticket),
            // Then the relay has the receipt.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => return None,
        };
        let note = Note::read(&path).filter(|note| note.link == link.to_string())?;
        let here = fs::canonicalize(output).ok()?;
        note.place.as_ref().filter(|place| Path::new(&place.output) == here)?;
        (!force || note.saved != Extent::All).then(|| Self { note, path, ticket, output: output.to_owned() })
    }

    /// What has its final name and is there as it was saved; and the paths of what has been given one, but is not there
    /// any more, or not as it was. If that is a file in a folder, the folder does not count as there.
    pub fn there_and_lost(&self) -> (There, Vec<PathBuf>) {
        let Some(place) = &self.note.place else { return Default::default() };
        let given = place.names.iter().filter(|(wanted, _)| {
            let staged = fs::symlink_metadata(Path::new(&place.staged).join(wanted));
            self.note.saved != Extent::Planned || staged.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        });
        let given = given.map(|(wanted, actual)| (wanted.as_str(), self.output.join(actual)));
        let (there, gone): (Vec<_>, Vec<_>) = given.partition(|(_, actual)| fs::symlink_metadata(actual).is_ok());
        let changed = changed(&place.files, &there);
        let damaged: BTreeSet<_> = changed.iter().map(|(name, _)| *name).collect();
        let placed = there.iter().filter(|(name, _)| !damaged.contains(name));
        let placed = placed.map(|(name, actual)| Placed { wanted: self.output.join(name), actual: actual.clone() });
        let there = There { placed: placed.collect(), fingerprint: Some(self.note.receipt.fingerprint) };
        (there, gone.into_iter().chain(changed).map(|(_, path)| path).collect())
    }

    /// Whether that is all of it.
    pub fn is_all(&self, there: &There) -> bool {
        let all = self.note.place.as_ref().is_some_and(|place| there.placed.len() == place.names.len());
        all && self.note.saved != Extent::Some
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
    pub fn received(&self, there: There) -> (Received, Option<String>) {
        let Note { bytes, sha256: digest, .. } = self.note;
        (Received { saved: Saved::Files(there.placed), bytes, digest }, self.note.sender.clone())
    }

    /// The receipt, unless the relay has it.
    pub fn unsent(self) -> Option<Unsent> {
        match self.ticket {
            Some(file) => Some(Unsent { file: Some(file), note: self.note }),
            None => {
                self.forget();
                None
            }
        }
    }

    /// Notes that this is there, and that the rest is to be downloaded again: what is in the staging folder tells that no
    /// longer. The receipt of what was saved whole stays until another takes its place.
    pub fn reduce(mut self, there: &There) {
        if self.note.saved != Extent::Planned {
            return;
        }
        let names = names(&there.placed).ok().filter(|names| !names.is_empty());
        match (self.note.place.as_mut(), names) {
            (Some(place), Some(names)) => {
                place.names = names;
                self.note.saved = Extent::Some;
                // Where that cannot be noted, what is there is saved once more.
                let _ = self.note.write(&self.path);
            }
            _ => self.forget(),
        }
    }

    fn forget(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The files, each with the name it is saved by, that are not as they were in any of the places where it may be.
fn changed<'a>(files: &'a [(String, u64, u64)], there: &[(&str, PathBuf)]) -> Vec<(&'a str, PathBuf)> {
    let is_same = |path: &Path, size: u64, time: u64| {
        let metadata = fs::symlink_metadata(path);
        metadata.is_ok_and(|now| now.is_file() && now.len() == size && changed_at(&now).abs_diff(time) <= TIME_STEP)
    };
    let mut places: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    there.iter().for_each(|(name, actual)| places.entry(name).or_default().push(actual));
    let changed = files.iter().filter_map(|(path, size, time)| {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let at = |place: &&Path| if rest.is_empty() { place.to_path_buf() } else { place.join(rest) };
        let paths: Vec<_> = places.get(name)?.iter().map(at).collect();
        let same = paths.iter().any(|path| is_same(path, *size, *time));
        (!same).then(|| (name, paths[0].clone()))
    });
    changed.collect()
}

/// A receipt that its relay does not have yet.
pub struct Unsent {
    /// Where nothing can be kept, there is none.
    file: Option<TicketFile>,
    note: Note,
}

impl Unsent {
    /// Of a download with this ticket.
    pub fn new(ticket: Held, note: Note) -> Self {
        Self { file: ticket.file, note }
    }

    /// That of this note, unless another program is at it, or not all was saved; and the link it is of.
    fn kept(note: &Path) -> Option<(Link, Self)> {
        let file = match TicketFile::beside(note) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _ = fs::remove_file(note);
                return None;
            }
            file => file.ok()?,
        };
        let note = Note::read(note).filter(|note| note.saved == Extent::All)?;
        Some((Link::parse(&note.link).ok()?, Self { file: Some(file), note }))
    }

    /// Sends it, once.
    pub async fn send(&self, client: &Client, link: &Link) -> Answer<()> {
        client.receipt(&link.id, &self.note.ticket, &self.note.receipt).await
    }

    /// Whether a relay that says this of it will never take it. That its time is over, this computer's clock must say too.
    pub fn is_refused(&self, code: &str) -> bool {
        let ended = code == Code::Expired.as_str() && time::now() > self.note.ends_at;
        ended || [Code::Collected, Code::Revoked, Code::TicketInvalid].iter().any(|refused| refused.as_str() == code)
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
        let names = names(placed)?;
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
            file.forget(&self.note.ticket);
        }
    }

    /// Keeps it for a later run. Tells whether it can be.
    pub fn keep(&mut self) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        self.note.saved = Extent::All;
        self.note.write(&file.note()).map(|()| true)
    }
}

/// Sends the receipts that were kept, but for that of this link. What cannot be sent now stays, unless it is old.
pub async fn send_kept(context: &Context, but: Option<&Link>) {
    let Ok(folder) = context.dirs.tickets() else { return };
    ticket::remove_old(&folder, but).await;
    let until = Instant::now() + PATIENCE;
    let notes = stream::iter(ticket::notes(&folder, but));
    let sending = notes.for_each_concurrent(TOLD_AT_ONCE, async |path| {
        // Nobody who fetches the same is kept from it for longer than this takes.
        let Some((link, unsent)) = Unsent::kept(&path) else { return };
        let send = async { unsent.send(&Client::new(&link.relay)?, &link).await };
        match timeout_at(until, send).await {
            Ok(Ok(())) => {
                unsent.forget();
                context.ui.note(fl!("get-receipt-sent-now", link = quoted(&link.to_string())));
            }
            Ok(Err(error)) if error.code().is_some_and(|code| unsent.is_refused(code.as_str())) => unsent.forget(),
            Ok(Err(_)) | Err(_) => {}
        }
    });
    sending.await;
}
