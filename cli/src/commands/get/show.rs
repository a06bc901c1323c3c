//! What the recipient is told: what happens, what is inside, what was saved.

use serde::Serialize;
use serde_json::json;
use share_client::{
    files::{Placed, shown},
    get::{Event, Received},
};
use share_format::{manifest::Manifest, names::printable, quote::quoted};

use crate::{
    error::{Error, Result},
    i18n::fl,
    messages::{percent, size, with_causes},
    time,
    ui::Ui,
};

/// Names shown before "and so many more".
const NAMES_SHOWN: usize = 20;

/// Tells what happens.
pub fn tell(ui: &Ui, event: Event<'_>) -> Result<()> {
    match event {
        Event::ReceiptSent { link } => ui.note(fl!("get-receipt-sent-now", link = quoted(link))),
        Event::SavedBefore => ui.note(fl!("get-saved-before")),
        Event::Lost(paths) => ui.warn_all(paths.iter().map(|path| fl!("get-gone-since", path = shown(path)))),
        Event::ClocksDiffer { relay, here } => {
            ui.note(fl!("get-clocks-differ", now = time::local(relay), here = time::local(here)));
        }
        Event::StillSending => ui.note(fl!("get-still-sending")),
        Event::PartialKept(folder) => ui.note(fl!("get-still-kept", folder = shown(folder))),
        Event::PartialRemoved => ui.note(fl!("get-kept-removed")),
        Event::Found(_) => {}
        Event::Opened { manifest, expires_at } => {
            describe(manifest, expires_at, NAMES_SHOWN).iter().for_each(|line| ui.note(line));
        }
        Event::NotPrivate(folder) => ui.warn(fl!("get-not-private", folder = shown(folder))),
        Event::OtherRemoved { link } => ui.note(fl!("get-removed-left", link = quoted(link))),
        Event::TicketNotKept(error) => ui.warn(fl!("get-ticket-not-kept", why = with_causes(&Error::from(error)))),
        Event::TicketOver => ui.note(fl!("get-ticket-over")),
        Event::GoingOn { there, of } => ui.note(fl!("get-going-on", percent = percent(there, of).to_string())),
        Event::NotHere => ui.note(fl!("get-not-here")),
        Event::Kept { arrived, of, folder } => {
            ui.note(fl!("get-kept", percent = percent(arrived, of).to_string(), folder = shown(folder)));
        }
        Event::Saved(_) => {}
        Event::NotPlaced(folder) => ui.note(fl!("get-not-placed", folder = shown(folder))),
        Event::ReceiptKept(error) => ui.warn(fl!("get-receipt-kept", why = why_unsent(error))),
        Event::NoReceipt(error) => ui.warn(fl!("get-no-receipt", why = why_unsent(error))),
    }
    Ok(())
}

/// Why a receipt did not reach its relay.
fn why_unsent(error: share_client::Error) -> String {
    interrupted_as(error, fl!("get-receipt-interrupted")).to_string()
}

/// Shows what is inside, to whoever wants no more.
pub fn list(ui: &Ui, manifest: &Manifest, expires_at: u64) -> Result<()> {
    ui.event(&ListedEvent {
        event: "listed",
        sender: manifest.sender.as_deref(),
        message: manifest.message.as_deref(),
        files: manifest.entries.iter().map(|entry| File { path: &entry.path, bytes: entry.size }).collect(),
        count: manifest.files,
        bytes: manifest.bytes,
        expires: time::rfc3339(expires_at),
    })?;
    describe(manifest, expires_at, usize::MAX).iter().try_for_each(|line| ui.say(line))
}

/// Sender, message, names and sizes.
fn describe(manifest: &Manifest, expires_at: u64, most_names: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(sender) = &manifest.sender {
        lines.push(fl!("get-sender", sender = printable(sender)));
    }
    if let Some(message) = &manifest.message {
        lines.push(fl!("get-message"));
        lines.extend(message.lines().map(|line| format!("  {}", printable(&line.replace('\t', "    ")))));
    }
    lines.push(match manifest.entries.is_empty() {
        false => fl!("get-contents", files = manifest.files, size = size(manifest.bytes)),
        true => fl!("get-contents-many", files = manifest.files, size = size(manifest.bytes)),
    });
    let listed = manifest.entries.iter().filter(|entry| !entry.folder);
    lines.extend(listed.take(most_names).map(|entry| format!("  {}  {}", printable(&entry.path), size(entry.size))));
    let more = manifest.files.saturating_sub(most_names as u64);
    if more > 0 && !manifest.entries.is_empty() {
        lines.push(format!("  {}", fl!("list-and-more", count = more)));
    }
    lines.push(fl!("get-until", time = time::local(expires_at)));
    lines
}

/// Tells what was saved and where.
pub fn received(ui: &Ui, received: &Received) -> Result<()> {
    let placed = &received.placed;
    ui.event(&ReceivedEvent {
        event: "received",
        sender: received.sender.as_deref(),
        files: placed.iter().map(|placed| placed.actual.to_string_lossy().into_owned()).collect(),
        bytes: received.bytes,
        sha256: received.sha256.map(|sha256| sha256.to_string()),
    })?;
    warn_of_names(ui, placed);
    ui.note(fl!("get-verified"));
    placed.iter().try_for_each(|placed| ui.say(shown(&placed.actual)))
}

/// Tells where the age file is.
pub fn ciphertext(ui: &Ui, received: &Received) -> Result<()> {
    for Placed { actual, .. } in &received.placed {
        ui.event(&json!({ "event": "saved", "ciphertext": actual.to_string_lossy(), "bytes": received.bytes }))?;
        warn_of_names(ui, &received.placed);
        ui.note(fl!("get-ciphertext-saved"));
        ui.say(shown(actual))?;
    }
    Ok(())
}

/// Tells what does not have the name it wanted, and why. If that is among all that was placed, it is the rest of a folder.
fn warn_of_names(ui: &Ui, placed: &[Placed]) {
    for Placed { wanted, actual } in placed.iter().filter(|placed| placed.actual != placed.wanted) {
        let is_rest = placed.iter().any(|other| other.actual == *wanted);
        let (wanted, actual) = (shown(wanted), shown(actual));
        ui.warn(match is_rest {
            true => fl!("get-rest-beside", wanted = wanted, actual = actual),
            false => fl!("get-renamed", wanted = wanted, actual = actual),
        });
    }
}

/// The same error with this sentence if it is that the user stopped.
pub fn interrupted_as(error: share_client::Error, sentence: String) -> Error {
    match error {
        share_client::Error::Interrupted => Error::interrupted(sentence),
        other => other.into(),
    }
}

#[derive(Serialize)]
struct ListedEvent<'a> {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// Empty where there are too many to list.
    files: Vec<File<'a>>,
    count: u64,
    bytes: u64,
    expires: String,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    bytes: u64,
}

#[derive(Serialize)]
struct ReceivedEvent<'a> {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    files: Vec<String>,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}
