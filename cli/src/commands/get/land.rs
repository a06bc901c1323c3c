//! Into a folder: the content lands in a staging folder, over as many tries as it takes. What is there of an earlier
//! one is found whole first; what a failure leaves there is kept, unless it is of no use any more.

use std::{
    fs,
    io::{self, Read},
    ops::Range,
    path::Path,
    sync::Arc,
};

use aws_lc_rs::digest;
use share_format::{FormatError, envelope::Stream, manifest::Manifest};
use share_relay_api::{Bytes32, Code};

use super::{
    Held, Incoming,
    folder::Folder,
    kept::{self, Age, Kept},
    open::Opened,
    save::{Digest, Target},
};
use crate::{
    commands::unless_stopped,
    content::{ContentError, Scatter, scatter::Found, unpack},
    error::{Error, Kind, Result},
    i18n::fl,
    quote::quoted,
    secret::Secret,
    system::StopSignal,
    threads::blocking,
    time,
    transfer::{landing::Landing, leftover::Standing, ranged::Ranged, tags::TagFile},
    ui::{Progress, percent, shown},
};

/// What a name is told as that the folder cannot hold, so that nothing can be gone on with there.
const NAME_NOT_POSSIBLE: &str = "name_not_possible";
/// The name of content whose entries are not listed, until it is unpacked.
const SPOOLED: &str = "content";
/// Bytes read back at once.
const READ_BYTES: usize = 1024 * 1024;

/// Content that is in its staging folder, verified.
pub struct Landed {
    pub folder: Folder,
    pub fingerprint: Bytes32,
    pub digest: Digest,
}

impl Incoming<'_> {
    /// Downloads and verifies what is not there yet. What is there when it fails is kept, and that is told.
    pub(super) async fn land(
        &self,
        opened: Opened,
        mut folder: Folder,
        landing: &Arc<Landing>,
        ticket: &Held,
        stop: &mut StopSignal,
    ) -> Result<Landed> {
        if folder.earlier_ticket_expires_at().is_some_and(|earlier| earlier < ticket.expires_at) {
            self.context.ui.note(fl!("get-ticket-over"));
        }
        let journal = kept::write_journal(folder.staging_mut(), &self.link, &self.about, ticket.expires_at);
        journal.map_err(|error| Error::writing(folder.path(), error))?;
        let fill = self.fill(&opened, &folder, landing, &ticket.secret);
        match unless_stopped(stop, fl!("get-interrupted"), fill).await {
            Ok((fingerprint, digest)) => Ok(Landed { folder, fingerprint, digest }),
            Err(error) => Err(self.leave(folder, landing, ticket.expires_at, error)),
        }
    }

    async fn fill(
        &self,
        opened: &Opened,
        folder: &Folder,
        landing: &Arc<Landing>,
        ticket: &Secret,
    ) -> Result<(Bytes32, Digest)> {
        let missing = match folder.is_resumed() {
            true => self.find_missing(landing).await?,
            false => Some(0..landing.runs().count()).into_iter().collect(),
        };
        let expected = opened.expected();
        let (download, progress) = self.download(ticket, Some(expected.total()));
        progress.held(landing.held());
        Ranged::new(download, expected, Arc::clone(landing)).fetch(missing).await?;
        progress.done();
        folder.check()?;
        self.finish(&opened.manifest, folder, landing).await
    }

    /// What is not there whole of an earlier download.
    async fn find_missing(&self, landing: &Arc<Landing>) -> Result<Vec<Range<u64>>> {
        let progress = self.checking(landing);
        let looked = Arc::clone(landing);
        let shown = progress.clone();
        let missing = blocking(move || Ok(looked.find_missing(&shown))).await?;
        progress.done();
        let there = percent(landing.held(), landing.scatter().length());
        self.context.ui.note(fl!("get-going-on", percent = there.to_string()));
        Ok(missing)
    }

    /// Unpacks what needs it, brings all to the disk, and reads it once more if somebody wants its digest.
    async fn finish(&self, manifest: &Manifest, folder: &Folder, landing: &Arc<Landing>) -> Result<(Bytes32, Digest)> {
        let (manifest, landing, staged) = (manifest.clone(), Arc::clone(landing), folder.staged());
        let progress = self.checking(&landing);
        let is_wanted = self.context.ui.is_json();
        blocking(move || {
            let fingerprint = landing.fingerprint()?;
            let mut content = InOrder::new(landing.scatter(), progress, is_wanted);
            match manifest.entries.is_empty() {
                true => {
                    clear(&staged).map_err(|error| Error::writing(&staged, error))?;
                    unpack(&mut content, &manifest, &staged)?;
                }
                false => {
                    landing.finish()?;
                    if is_wanted {
                        io::copy(&mut content, &mut io::sink()).map_err(FormatError::Input)?;
                    }
                }
            }
            Ok((fingerprint, content.finish()))
        })
        .await
    }

    fn checking(&self, landing: &Landing) -> Progress {
        let progress = self.context.ui.progress(Some(landing.scatter().length()));
        progress.labelled(fl!("get-checking"));
        progress
    }

    /// Keeps what can be gone on with, and tells; gives the error to show.
    fn leave(&self, mut folder: Folder, landing: &Landing, ticket_expires_at: u64, error: Error) -> Error {
        let noted = landing.noted();
        if error.code() == NAME_NOT_POSSIBLE {
            self.context.ui.note(fl!("get-not-here"));
        }
        folder.staging_mut().keep(noted > 0 && !is_end(&error) && !self.has_expired(ticket_expires_at, &error));
        if !folder.staging().is_kept() {
            return error;
        }
        let there = percent(noted, landing.scatter().length()).to_string();
        let path = shown(folder.staging().path());
        match error.kind() {
            Kind::Interrupted => Error::interrupted(fl!("get-interrupted-kept", percent = there))
                .hint(fl!("get-interrupted-kept-hint", folder = path)),
            _ if error.code() == Code::Expired.as_str() => self.keep_as_clocks_differ(&folder, error),
            _ => {
                self.context.ui.note(fl!("get-kept", percent = there, folder = path));
                error
            }
        }
    }

    /// Removes what is there of an earlier download, if the share has ended; gives the error to show.
    pub(super) fn give_up(&self, target: Target, error: Error) -> Error {
        let Target::Folder { mut folder, .. } = target else { return error };
        let Some(ticket_expires_at) = folder.earlier_ticket_expires_at() else { return error };
        if is_taken_away(&error) || self.has_expired(ticket_expires_at, &error) {
            folder.staging_mut().keep(false);
            self.context.ui.note(fl!("get-kept-removed"));
        } else if error.code() == Code::Expired.as_str() {
            return self.keep_as_clocks_differ(&folder, error);
        }
        error
    }

    /// Whether the time of the share and of this ticket is over by two clocks: the relay's, whose error this is, and
    /// this computer's. Either may be wrong.
    fn has_expired(&self, ticket_expires_at: u64, error: &Error) -> bool {
        error.code() == Code::Expired.as_str() && time::now() > ticket_expires_at.max(self.about.expires_at)
    }

    fn keep_as_clocks_differ(&self, folder: &Folder, error: Error) -> Error {
        error.hint(fl!("get-kept-clocks-hint", folder = shown(folder.staging().path())))
    }

    /// From which age on what other downloads left is removed, or asked about if somebody can answer.
    pub(super) fn removable(&self) -> Age {
        if self.context.ui.is_interactive() && !self.args.yes { Age::Stale } else { Age::Old }
    }

    /// Removes what nobody is expected to go on with, and asks about what may be forgotten. Each relay is asked about its
    /// share first.
    pub(super) async fn offer_removal(&self, others: Vec<Kept>) -> Result<()> {
        let ui = &self.context.ui;
        let standings = Standing::of_all(others.iter().map(|other| other.link().to_owned()).collect()).await;
        for (other, standing) in others.into_iter().zip(standings) {
            let (folder, link) = (shown(other.staging.path()), quoted(other.link()));
            let remove = if other.is_old(standing) {
                ui.note(fl!("get-removed-left", link = link.as_str()));
                true
            } else if self.removable() == Age::Stale && !other.can_go_on(standing) {
                ui.confirm(&fl!("get-remove-left", link = link.as_str(), folder = folder), "--yes")?
            } else {
                false
            };
            if remove {
                other.remove();
            }
        }
        Ok(())
    }
}

/// Makes the files and folders of this content, or finds those of an earlier download, and the tags of what is there.
pub fn prepare(manifest: &Manifest, sealed: &[u8], stream: Arc<Stream>, folder: &mut Folder) -> Result<Landing> {
    if folder.is_resumed() {
        let tags = TagFile::open(&kept::tags_file(folder.staging()));
        match (tags, scatter(manifest, folder, Found::Leftovers)) {
            (Ok(tags), Ok(scatter)) => return Ok(Landing::new(scatter, tags, stream)),
            (_, Err(error @ (ContentError::DiskFull(_) | ContentError::NoPermission(_)))) => return Err(error.into()),
            // Not as this program leaves it, so nothing to go on with.
            _ => folder.start_afresh()?,
        }
    }
    let begun = kept::begin(folder.staging(), sealed);
    let tags = begun.map_err(|error| Error::writing(folder.path(), error))?;
    Ok(Landing::new(scatter(manifest, folder, Found::Nothing)?, tags, stream))
}

/// Whether the share has ended in a way that no clock decides, so that nothing of it will ever come.
pub fn is_taken_away(error: &Error) -> bool {
    [Code::Revoked, Code::Collected].iter().any(|code| error.code() == code.as_str())
}

/// Whether what has been fetched is of no use after this. A record that its relay cannot read may be mended.
pub fn is_end(error: &Error) -> bool {
    is_taken_away(error)
        || error.kind() == Kind::Corrupt && error.code() != Code::RecordDamaged.as_str()
        || [NAME_NOT_POSSIBLE, "staging_swapped"].contains(&error.code())
}

fn scatter(manifest: &Manifest, folder: &Folder, found: Found) -> std::result::Result<Scatter, ContentError> {
    let staging = folder.staging();
    match manifest.entries.is_empty() {
        true => Scatter::whole(SPOOLED, manifest.length, staging.held(), found),
        false => Scatter::create(manifest, staging.held_files(), found),
    }
}

/// Removes what an earlier try unpacked.
fn clear(folder: &Path) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        match item.file_type()?.is_dir() {
            true => fs::remove_dir_all(item.path())?,
            false => fs::remove_file(item.path())?,
        }
    }
    Ok(())
}

/// The content that has landed, in order, hashed on its way if that is wanted.
struct InOrder<'a> {
    scatter: &'a Scatter,
    read: u64,
    buffer: Vec<u8>,
    taken: usize,
    context: Option<digest::Context>,
    progress: Progress,
}

impl<'a> InOrder<'a> {
    fn new(scatter: &'a Scatter, progress: Progress, hashed: bool) -> Self {
        let context = hashed.then(|| digest::Context::new(&digest::SHA256));
        Self { scatter, read: 0, buffer: Vec::new(), taken: 0, context, progress }
    }

    fn finish(self) -> Digest {
        self.progress.done();
        let digest = self.context?.finish();
        Some(Bytes32(digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")))
    }

    fn read_more(&mut self) -> io::Result<()> {
        let left = self.scatter.length() - self.read;
        self.buffer.resize(left.min(READ_BYTES as u64) as usize, 0);
        self.scatter.read_at(self.read, &mut self.buffer).map_err(io::Error::other)?;
        if let Some(context) = &mut self.context {
            context.update(&self.buffer);
        }
        self.read += self.buffer.len() as u64;
        self.taken = 0;
        self.progress.moved(self.buffer.len() as u64);
        Ok(())
    }
}

impl Read for InOrder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.buffer.len() && self.read < self.scatter.length() {
            self.read_more()?;
        }
        let count = buffer.len().min(self.buffer.len() - self.taken);
        buffer[..count].copy_from_slice(&self.buffer[self.taken..][..count]);
        self.taken += count;
        Ok(count)
    }
}
