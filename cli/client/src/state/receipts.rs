//! Receipts that their relay does not have yet: what was saved, noted beside its ticket.
//!
//! `tickets/<id>-<16 hexadecimal digits of the relay>.saved` is written before the first file gets its final name, with
//! the receipt, its ticket and all these names, and goes when the relay has the receipt. So a program that was killed in
//! between fetches and saves nothing twice: what is in the working folder no more has its final name. And a receipt that
//! no relay could take is sent by a later run, with the ticket that it was made for. Only who has locked the ticket's
//! file reads or changes the note.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};
use share_format::{link::Link, manifest::Manifest};
use share_relay_api::{Bytes32, Code, Receipt};

use super::{
    private_file,
    tickets::{self, Ticket, TicketFile, unless_busy},
    working_folder::WorkingFolder,
};
use crate::{
    api::{Client, ClientResult},
    clock,
    files::Placed,
    secret::Secret,
    system,
};

/// The longest note that is written and read: names and files of the longest manifest.
const MAX_NOTE_BYTES: u64 = 32 * 1024 * 1024;
/// What a file system may do to the time of a file: FAT counts in steps of two seconds.
const TIME_STEP: u64 = 2;

/// The receipt of what was saved, or is about to be, until its relay has it.
pub struct PendingReceipt {
    /// What is noted.
    pub note: Note,
    /// Where; nowhere if the ticket is kept nowhere.
    path: Option<PathBuf>,
    /// Locked meanwhile. A note without a ticket is of what the relay has been told.
    ticket: Option<TicketFile>,
}

/// What was saved, or is about to be.
#[derive(Serialize, Deserialize)]
pub struct Note {
    version: u64,
    link: String,
    /// What the receipt was made for; the ticket's file may hold another by now.
    ticket: Secret,
    /// When share and ticket are both over, in seconds since 1970 by the relay's clock.
    ends_at: u64,
    /// The receipt.
    pub receipt: Receipt,
    /// What the sender calls themselves.
    pub sender: Option<String>,
    /// How many files there are, if that was noted.
    pub files: Option<u64>,
    /// Bytes of all files together.
    pub bytes: u64,
    /// SHA-256 of the content, if somebody wanted to know it.
    pub sha256: Option<Bytes32>,
    /// Where to; nothing for standard output.
    place: Option<Place>,
    saved: Extent,
}

const VERSION: u64 = 1;

/// How much of it has the names that are noted.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Extent {
    /// What is in the working folder no more.
    Planned,
    /// All that is noted, and there is more.
    Some,
    /// All of it.
    All,
}

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

impl PendingReceipt {
    /// Of content that has been verified, and was fetched with this ticket. Share and ticket are both over at `ends_at`.
    pub fn new(
        link: &Link,
        manifest: &Manifest,
        ticket: Ticket,
        ends_at: u64,
        receipt: Receipt,
        sha256: Option<Bytes32>,
    ) -> Self {
        let note = Note {
            version: VERSION,
            link: link.to_string(),
            ticket: ticket.secret,
            ends_at,
            receipt,
            sender: manifest.sender.clone(),
            files: Some(manifest.files),
            bytes: manifest.bytes,
            sha256,
            place: None,
            saved: Extent::Planned,
        };
        Self { note, path: ticket.file.as_ref().map(TicketFile::note), ticket: ticket.file }
    }

    /// That of an earlier download of this link into this folder, unless another program is at it. With `force`, what was
    /// saved whole is asked for again.
    pub async fn find(tickets: &Path, link: &Link, output: &Path, force: bool) -> Option<Self> {
        let here = fs::canonicalize(output).ok()?;
        let found = Self::of_link(tickets, link).await.filter(|found| found.is_in(&here))?;
        (!force || found.note.saved != Extent::All).then_some(found)
    }

    /// That of what was saved whole in this folder, from which it may have been taken since, folder and all.
    pub async fn of_saved(tickets: &Path, link: &Link, folder: &Path) -> Option<Self> {
        Self::of_link(tickets, link).await.filter(|found| found.is_in(&without_links(folder)))
    }

    async fn of_link(tickets: &Path, link: &Link) -> Option<Self> {
        let path = tickets::note_of(tickets, link);
        fs::symlink_metadata(&path).ok()?;
        let ticket = match unless_busy(|| TicketFile::beside(&path)).await {
            Ok(ticket) => Some(ticket),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => return None,
        };
        let note = Note::read(&path).filter(|note| note.link == link.to_string())?;
        Some(Self { note, path: Some(path), ticket })
    }

    fn is_in(&self, folder: &Path) -> bool {
        self.note.place.as_ref().is_some_and(|place| Path::new(&place.output) == folder)
    }

    /// That of this note, and its link, unless another program is at it, or not all was saved.
    pub fn of_note(path: &Path) -> Option<(Link, Self)> {
        let ticket = match TicketFile::beside(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _ = fs::remove_file(path);
                return None;
            }
            ticket => ticket.ok()?,
        };
        let note = Note::read(path).filter(|note| note.saved == Extent::All)?;
        let link = Link::parse(&note.link).ok()?;
        Some((link, Self { note, path: Some(path.to_owned()), ticket: Some(ticket) }))
    }

    /// Whether its relay may lack it.
    pub fn is_unsent(&self) -> bool {
        self.ticket.is_some() || self.path.is_none()
    }

    /// Sends it, once.
    pub async fn send(&self, client: &Client, link: &Link) -> ClientResult<()> {
        client.receipt(&link.id, &self.note.ticket, &self.note.receipt).await
    }

    /// Whether a relay that says this of it will never take it. That its time is over, this computer's clock must say too.
    pub fn is_refused(&self, code: Option<Code>) -> bool {
        match code {
            Some(Code::Expired) => clock::now() > self.note.ends_at,
            code => matches!(code, Some(Code::Collected | Code::Revoked | Code::TicketInvalid)),
        }
    }

    /// Notes the names that are about to be given, before they are.
    pub fn plan(&mut self, output: &Path, staged: &Path, manifest: &Manifest, planned: &[Placed]) -> io::Result<()> {
        if self.path.is_none() {
            return Ok(());
        }
        let files = manifest.entries.iter().filter(|entry| !entry.folder).filter_map(|entry| {
            let metadata = fs::symlink_metadata(staged.join(&entry.path)).ok()?;
            Some((entry.path.clone(), metadata.len(), changed_at(&metadata)))
        });
        let (output, staged) = (fs::canonicalize(output)?.into(), fs::canonicalize(staged)?.into());
        self.note.place = Some(Place { output, staged, names: names(planned)?, files: files.collect() });
        self.write()
    }

    /// Notes the names that were given, where they are not those that were planned.
    pub fn placed(&mut self, placed: &[Placed]) -> io::Result<()> {
        let Some(place) = &mut self.note.place else { return Ok(()) };
        let names = names(placed)?;
        self.note.saved = Extent::All;
        if place.names == names {
            return Ok(());
        }
        place.names = names;
        self.write()
    }

    /// Keeps it for a later run. Tells whether it can be.
    pub fn keep(&mut self) -> bool {
        self.note.saved = Extent::All;
        self.path.is_some() && self.write().is_ok()
    }

    /// After the relay has it, or has said that it never will.
    pub fn forget(&self) {
        match (&self.ticket, &self.path) {
            (Some(ticket), _) => ticket.forget(&self.note.ticket),
            (None, Some(path)) => drop(fs::remove_file(path)),
            (None, None) => {}
        }
    }

    /// What has its final name in `output` and is there as it was saved; and the paths of what has been given one, but is
    /// not there any more, or not as it was. If that is a file in a folder, the folder does not count as there.
    pub fn saved_and_lost(&self, output: &Path) -> (Vec<Placed>, Vec<PathBuf>) {
        let Some(place) = &self.note.place else { return Default::default() };
        let given = place.names.iter().filter(|(wanted, _)| {
            let staged = fs::symlink_metadata(Path::new(&place.staged).join(wanted));
            self.note.saved != Extent::Planned || staged.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        });
        let given = given.map(|(wanted, actual)| (wanted.as_str(), output.join(actual)));
        let (there, gone): (Vec<_>, Vec<_>) = given.partition(|(_, actual)| fs::symlink_metadata(actual).is_ok());
        let changed = changed(&place.files, &there);
        let damaged: BTreeSet<_> = changed.iter().map(|(name, _)| *name).collect();
        let saved = there.iter().filter(|(name, _)| !damaged.contains(name));
        let saved = saved.map(|(name, actual)| Placed { wanted: output.join(name), actual: actual.clone() }).collect();
        (saved, gone.into_iter().chain(changed).map(|(_, path)| path).collect())
    }

    /// Whether that is all of it.
    pub fn is_all(&self, saved: &[Placed]) -> bool {
        let all = self.note.place.as_ref().is_some_and(|place| saved.len() == place.names.len());
        all && self.note.saved != Extent::Some
    }

    /// Removes the working folder, in which nothing is left that has no final name.
    pub fn remove_working_folder(&self) {
        let Some(place) = &self.note.place else { return };
        let staged = Path::new(&place.staged);
        let (Some(left), Ok(own)) = (staged.parent(), WorkingFolder::create(Path::new(&place.output))) else { return };
        for mut other in own.others(Path::new(&place.output), |folder| folder == left) {
            other.keep(false);
        }
    }

    /// Notes that this is there, and that the rest is to be downloaded again: what is in the working folder tells that no
    /// longer. The receipt of what was saved whole stays until another takes its place.
    pub fn reduce(mut self, saved: &[Placed]) {
        if self.note.saved != Extent::Planned {
            return;
        }
        let names = names(saved).ok().filter(|names| !names.is_empty());
        match (self.note.place.as_mut(), names) {
            (Some(place), Some(names)) => {
                place.names = names;
                self.note.saved = Extent::Some;
                // Where that cannot be noted, what is there is saved once more.
                let _ = self.write();
            }
            _ => self.path.iter().for_each(|path| drop(fs::remove_file(path))),
        }
    }

    /// Writes it, so that it survives power loss.
    fn write(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let json = private_file::json(&self.note);
        match json.len() as u64 > MAX_NOTE_BYTES {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => private_file::write(path, &json),
        }
    }
}

impl Note {
    /// What is noted there; nothing if it is no note.
    fn read(path: &Path) -> Option<Self> {
        let json = private_file::read(system::open_regular(path), MAX_NOTE_BYTES).ok()??;
        serde_json::from_slice(&json).ok().filter(|note: &Self| note.version == VERSION)
    }
}

/// The folder's path without symbolic links, as far as it is there.
fn without_links(folder: &Path) -> PathBuf {
    match (fs::canonicalize(folder), folder.parent(), folder.file_name()) {
        (Ok(path), ..) => path,
        (Err(_), Some(parent), Some(name)) => without_links(parent).join(name),
        _ => folder.to_owned(),
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
