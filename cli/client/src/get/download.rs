//! Where the plaintext goes. Into a folder, over as many tries as it takes: what is there of an earlier one is found
//! whole first, and what a failure leaves there is kept, unless it is of no use any more. Or to standard output, in order.

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufReader, Read, Write},
    ops::Range,
    path::Path,
    sync::Arc,
};

use aws_lc_rs::digest;
use share_format::{
    FormatError,
    envelope::{CHUNK, Stream},
    manifest::Manifest,
};
use share_relay_api::{Bytes32, Code};

use super::{
    Fetch,
    event::{Event, Question},
    folder::OutputFolder,
    open::Opened,
};
use crate::{
    clock,
    error::{Error, Result},
    error_kind::ErrorKind,
    files::{ContentWriter, FilesError, Placed, content_writer::Found, find_in_the_way, place, plan, unpack},
    host::{Context, Host},
    progress::{Progress, Work},
    state::tag_file::TagFile,
    state::{
        partial_download::{self, DownloadJournal, OLD_AFTER, PartialDownload, STALE_AFTER},
        receipts::PendingReceipt,
        remote_state::RemoteState,
        tickets::Ticket,
        working_folder::remove_all_but,
    },
    threads::blocking,
    transfer::{download_sink::DownloadSink, ranged, segments::Runs},
};

/// The name of content whose entries are not listed, until it is unpacked.
const SPOOLED: &str = "content";
/// Bytes read back at once.
const READ_BYTES: usize = 1024 * 1024;

/// A download into a folder.
pub struct FolderDownload {
    folder: OutputFolder,
    sink: Arc<DownloadSink>,
}

impl FolderDownload {
    /// Makes the folder, finds it writable and large enough, with nothing in the way, and makes all files and folders in
    /// it, or finds those of an earlier download: a folder that cannot hold them costs no download.
    pub async fn prepare(fetch: &Fetch<'_>, opened: &Arc<Opened>) -> Result<Self> {
        let (context, request) = (fetch.context, fetch.request);
        let (output, link, force, opened) =
            (request.folder.clone(), request.link.clone(), request.force, Arc::clone(opened));
        let removable = if context.host.can_answer() { STALE_AFTER } else { OLD_AFTER };
        let (download, others) = blocking(move || {
            let manifest = &opened.manifest;
            if force {
                find_in_the_way(&manifest.entries, &output)?;
            }
            let mut folder = OutputFolder::create(&output)?;
            let noted = folder.resume(&link, &opened.sealed, Runs::of(manifest.length).chunks());
            folder.check_room(manifest.room().saturating_sub(noted.saturating_mul(CHUNK as u64)))?;
            let others = PartialDownload::all(&folder.working, &output, |journal, age| {
                !journal.is_of(&link) && age >= removable
            });
            let sink = Arc::new(sink(&opened, &mut folder)?);
            folder.check_depth(&manifest.entries)?;
            Ok::<_, Error>((Self { folder, sink }, others))
        })
        .await?;
        if download.sink.content().is_open_to_others()? {
            context.report(Event::NotPrivate(download.folder.path()));
        }
        remove_others(fetch, others).await?;
        Ok(download)
    }

    /// Downloads and verifies what is not there yet. Gives the fingerprint, and SHA-256 of the content if that is wanted.
    /// What is there when it fails is kept, and that is told.
    pub async fn run(
        &mut self,
        fetch: &Fetch<'_>,
        opened: &Arc<Opened>,
        ticket: &Ticket,
    ) -> Result<(Bytes32, Option<Bytes32>)> {
        let earlier = self.folder.earlier.as_ref();
        if earlier.is_some_and(|earlier| earlier.ticket_expires_at < ticket.expires_at) {
            fetch.context.report(Event::TicketOver);
        }
        let journal = DownloadJournal::new(&fetch.request.link, fetch.kind, fetch.expires_at, ticket.expires_at);
        journal.write(&mut self.folder.working).map_err(|error| Error::writing(self.folder.path(), error))?;
        let filled = fetch.context.cancel.unless_cancelled(self.fill(fetch, opened, ticket)).await;
        filled.map_err(|error| self.keep_or_remove(fetch, ticket.expires_at, error))
    }

    async fn fill(
        &self,
        fetch: &Fetch<'_>,
        opened: &Arc<Opened>,
        ticket: &Ticket,
    ) -> Result<(Bytes32, Option<Bytes32>)> {
        let missing = match self.folder.earlier {
            Some(_) => self.find_missing(fetch.context).await?,
            None => Some(0..self.sink.runs().count()).into_iter().collect(),
        };
        let expected = opened.expected();
        let (download, working) = fetch.download(ticket, Some(expected.total()));
        fetch.context.host.progress(Progress::Held(self.sink.held()));
        ranged::fetch(download, expected, Arc::clone(&self.sink), missing).await?;
        drop(working);
        self.folder.check_not_swapped()?;
        self.finish(fetch, opened).await
    }

    /// What is not there whole of an earlier download.
    async fn find_missing(&self, context: &Context) -> Result<Vec<Range<u64>>> {
        let (sink, host, of) = (Arc::clone(&self.sink), Arc::clone(&context.host), self.sink.content().length());
        let working = context.begin(Work::Check, Some(of));
        let missing = blocking(move || Ok::<_, Error>(sink.find_missing(&*host))).await?;
        drop(working);
        context.report(Event::GoingOn { there: self.sink.held(), of });
        Ok(missing)
    }

    /// Unpacks what needs it, brings all to the disk, and reads it once more if somebody wants its digest.
    async fn finish(&self, fetch: &Fetch<'_>, opened: &Arc<Opened>) -> Result<(Bytes32, Option<Bytes32>)> {
        let (opened, sink, host) = (Arc::clone(opened), Arc::clone(&self.sink), Arc::clone(&fetch.context.host));
        let files = self.folder.working.files();
        let _working = fetch.context.begin(Work::Check, Some(sink.content().length()));
        let digest = fetch.request.digest.then(|| digest::Context::new(&digest::SHA256));
        blocking(move || {
            let fingerprint = sink.fingerprint()?;
            let content = InOrder { content: sink.content(), read: 0, digest, host: &*host };
            let mut content = BufReader::with_capacity(READ_BYTES, content);
            if opened.manifest.entries.is_empty() {
                // What an earlier try has unpacked.
                remove_all_but(&files, None).map_err(|error| Error::writing(&files, error))?;
                unpack(&mut content, &opened.manifest, &files)?;
            } else {
                sink.finish()?;
                if content.get_ref().digest.is_some() {
                    io::copy(&mut content, &mut io::sink()).map_err(FormatError::Input)?;
                }
            }
            let digest = content.into_inner().digest.map(digest::Context::finish);
            let sha256 = digest.map(|sha256| Bytes32(sha256.as_ref().try_into().expect("SHA-256 gives 32 bytes")));
            Ok((fingerprint, sha256))
        })
        .await
    }

    /// After a download that failed: keeps what can be gone on with, and tells. Gives the error to show.
    fn keep_or_remove(&mut self, fetch: &Fetch<'_>, ticket_expires_at: u64, error: Error) -> Error {
        let (arrived, of) = (self.sink.noted(), self.sink.content().length());
        if is_impossible_name(&error) {
            fetch.context.report(Event::NotHere);
        }
        let is_over = is_end(&error) || has_expired(fetch, ticket_expires_at, &error);
        self.folder.working.keep(arrived > 0 && !is_over);
        if !self.folder.working.is_kept() {
            return error;
        }
        let folder = self.folder.working.path();
        match error {
            Error::Interrupted => Error::DownloadKept { arrived, of, folder: folder.to_owned() },
            error if error.code() == Some(Code::Expired) => self.kept_as_clocks_disagree(error),
            error => {
                fetch.context.report(Event::Kept { arrived, of, folder });
                error
            }
        }
    }

    /// After no ticket was given: removes what is there of an earlier download, if the share has ended. Gives the error to
    /// show.
    pub fn without_ticket(&mut self, fetch: &Fetch<'_>, error: Error) -> Error {
        let Some(earlier) = &self.folder.earlier else { return error };
        if error.is_taken_away() || has_expired(fetch, earlier.ticket_expires_at, &error) {
            self.folder.working.keep(false);
            fetch.context.report(Event::PartialRemoved);
        } else if error.code() == Some(Code::Expired) {
            return self.kept_as_clocks_disagree(error);
        }
        error
    }

    fn kept_as_clocks_disagree(&self, error: Error) -> Error {
        Error::ClocksDisagree { error: Box::new(error), folder: self.folder.working.path().to_owned() }
    }

    /// Gives everything its final name. Never interrupted: short, and otherwise some of several files would stay.
    pub async fn place(
        self,
        fetch: &Fetch<'_>,
        opened: Arc<Opened>,
        mut pending: PendingReceipt,
    ) -> Result<(Vec<Placed>, PendingReceipt)> {
        let there = match &fetch.saved_before {
            Some((fingerprint, placed)) if *fingerprint == pending.note.receipt.fingerprint => placed.clone(),
            _ => Vec::new(),
        };
        let working = &self.folder.working;
        let kept = working.is_kept().then(|| working.path().to_owned());
        let force = fetch.request.force;
        let placing = move || Ok((self.place_but(there, &opened.manifest, force, &mut pending)?, pending));
        blocking(placing).await.inspect_err(|error| {
            if let Some(folder) = kept.as_ref().filter(|_| !is_end(error)) {
                fetch.context.report(Event::NotPlaced(folder));
            }
        })
    }

    /// Gives everything its final name but what is there already, and notes that before.
    fn place_but(
        self,
        there: Vec<Placed>,
        manifest: &Manifest,
        force: bool,
        pending: &mut PendingReceipt,
    ) -> Result<Vec<Placed>> {
        let Self { mut folder, sink } = self;
        // A file that is open when it is removed keeps its folder on network file systems.
        drop(sink);
        folder.check_not_swapped()?;
        let (staged, output) = (folder.working.files(), folder.path().to_owned());
        let names = all_but(&there, manifest.top_level(), &staged).map_err(|error| Error::writing(&staged, error))?;
        let planned = plan(&staged, names.as_deref(), &output, force)?;
        // Where it cannot be noted, a program killed from here on downloads again what it has saved.
        let _ = pending.plan(&output, &staged, manifest, &[&there[..], &planned].concat());
        // What cannot be placed now stays: it need not be fetched again.
        let placed = place(&staged, names.as_deref(), &output, force)?;
        let all = [there, placed].concat();
        let _ = pending.placed(&all);
        folder.working.keep(false);
        Ok(all)
    }
}

/// Makes the files and folders of this content, or finds those of an earlier download, and the tags of what is there.
fn sink(opened: &Opened, folder: &mut OutputFolder) -> Result<DownloadSink> {
    let stream = Arc::new(Stream::new(&opened.file_key, &opened.manifest.nonce));
    if folder.earlier.is_some() {
        let tags = TagFile::open(&partial_download::tags_file(&folder.working));
        match (tags, writer(&opened.manifest, folder, Found::Leftovers)) {
            (Ok(tags), Ok(content)) => return Ok(DownloadSink::new(content, tags, stream)),
            (_, Err(error @ (FilesError::DiskFull(_) | FilesError::NoPermission(_)))) => return Err(error.into()),
            // Not as this program leaves it, so nothing to go on with.
            _ => folder.start_afresh()?,
        }
    }
    let begun = partial_download::begin(&folder.working, &opened.sealed);
    let tags = begun.map_err(|error| Error::writing(folder.path(), error))?;
    Ok(DownloadSink::new(writer(&opened.manifest, folder, Found::Nothing)?, tags, stream))
}

fn writer(manifest: &Manifest, folder: &OutputFolder, found: Found) -> Result<ContentWriter, FilesError> {
    match manifest.entries.is_empty() {
        true => ContentWriter::whole(SPOOLED, manifest.length, folder.working.held(), found),
        false => ContentWriter::create(manifest, folder.working.held_files(), found),
    }
}

/// Removes what other downloads have left here that nobody is expected to go on with, and asks about what may be
/// forgotten. Each relay is asked about its share first.
async fn remove_others(fetch: &Fetch<'_>, others: Vec<PartialDownload>) -> Result<()> {
    let host = &fetch.context.host;
    let states = RemoteState::of_all(others.iter().map(|other| other.journal.link.clone()).collect()).await;
    for (other, state) in others.into_iter().zip(states) {
        let link = &other.journal.link;
        let remove = if other.is_old(state) {
            fetch.context.report(Event::OtherRemoved { link });
            true
        } else if host.can_answer() && !other.can_go_on(state) {
            host.ask_recipient(Question::RemoveOther { link, folder: other.folder.path() })?
        } else {
            false
        };
        if remove {
            other.remove();
        }
    }
    Ok(())
}

/// The names that are still to be given; removes in the working folder what is there already.
fn all_but(there: &[Placed], names: Option<Vec<String>>, staged: &Path) -> io::Result<Option<Vec<String>>> {
    let there: Vec<_> = there.iter().filter_map(|placed| placed.wanted.file_name()).collect();
    for name in &there {
        let path = staged.join(name);
        match fs::symlink_metadata(&path) {
            Ok(staged) if staged.is_dir() => fs::remove_dir_all(path)?,
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names.map(|names| names.into_iter().filter(|name| !there.contains(&OsStr::new(name))).collect()))
}

/// Whether what has been fetched is of no use after this. A record that its relay cannot read may be mended.
fn is_end(error: &Error) -> bool {
    error.is_taken_away()
        || error.kind() == ErrorKind::Corrupt && error.code() != Some(Code::RecordDamaged)
        || is_impossible_name(error)
        || matches!(error, Error::WorkingFolderSwapped { .. })
}

/// Whether the folder cannot hold a name, so that nothing can be gone on with there.
fn is_impossible_name(error: &Error) -> bool {
    matches!(error, Error::Files(FilesError::NameTaken(_) | FilesError::Unnameable(..)) | Error::TooDeep(_))
}

/// Whether the time of the share and of this ticket is over by two clocks: the relay's, whose error this is, and this
/// computer's. Either may be wrong.
fn has_expired(fetch: &Fetch<'_>, ticket_expires_at: u64, error: &Error) -> bool {
    error.code() == Some(Code::Expired) && clock::now() > ticket_expires_at.max(fetch.expires_at)
}

/// The content that has arrived, in order, hashed on its way if that is wanted.
struct InOrder<'a> {
    content: &'a ContentWriter,
    read: u64,
    digest: Option<digest::Context>,
    host: &'a dyn Host,
}

impl Read for InOrder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.content.length() - self.read).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        let piece = &mut buffer[..count];
        self.content.read_at(self.read, piece).map_err(io::Error::other)?;
        if let Some(digest) = &mut self.digest {
            digest.update(piece);
        }
        self.read += count as u64;
        self.host.progress(Progress::Moved(count as u64));
        Ok(count)
    }
}

/// Writes the plaintext to standard output, in order, so on one connection. Gives the fingerprint.
pub async fn write_out(fetch: &Fetch<'_>, opened: &Opened, ticket: &Ticket) -> Result<Bytes32> {
    let expected = opened.expected();
    let (download, _working) = fetch.download(ticket, Some(expected.total()));
    let write = |piece: &[u8]| {
        let mut out = io::stdout().lock();
        out.write_all(piece).and_then(|()| out.flush()).map_err(Error::StandardOutput)
    };
    let written = async {
        let written = download.open_into(expected, Box::new(write)).await;
        written.map_err(|error| Error::PartlyWritten(Box::new(error)))
    };
    fetch.context.cancel.unless_cancelled(written).await
}
