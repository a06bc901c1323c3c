//! What the recipient is told: what is inside, what was saved.

use serde::Serialize;
use share_format::manifest::Manifest;

use super::{Incoming, Received, save::Saved};
use crate::{
    content::Placed,
    error::Result,
    i18n::fl,
    time,
    ui::{Ui, printable, shown, size},
};

/// Names shown before "and so many more".
const NAMES_SHOWN: usize = 20;

impl Incoming<'_> {
    /// Shows sender, message, names and sizes.
    pub(super) fn show(&self, manifest: &Manifest) -> Result<()> {
        let ui = &self.context.ui;
        let lines = self.description(manifest);
        if !self.args.list {
            lines.iter().for_each(|line| ui.note(line));
            return Ok(());
        }
        ui.event(&Listed {
            event: "listed",
            sender: manifest.sender.as_deref(),
            message: manifest.message.as_deref(),
            files: manifest.entries.iter().map(|entry| File { path: &entry.path, bytes: entry.size }).collect(),
            count: manifest.files,
            bytes: manifest.bytes,
            expires: time::rfc3339(self.about.expires_at),
        })?;
        lines.iter().try_for_each(|line| ui.say(line))
    }

    fn description(&self, manifest: &Manifest) -> Vec<String> {
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
        let shown = if self.args.list { usize::MAX } else { NAMES_SHOWN };
        lines.extend(listed.take(shown).map(|entry| format!("  {}  {}", printable(&entry.path), size(entry.size))));
        let more = manifest.files.saturating_sub(shown as u64);
        if more > 0 && !manifest.entries.is_empty() {
            lines.push(format!("  {}", fl!("list-and-more", count = more)));
        }
        lines.push(fl!("get-until", time = time::local(self.about.expires_at)));
        lines
    }

    /// Tells where the age file is.
    pub(super) fn report_ciphertext(&self, placed: &Placed, bytes: u64) -> Result<()> {
        let (ui, path) = (&self.context.ui, &placed.actual);
        ui.event(&serde_json::json!({ "event": "saved", "ciphertext": path.to_string_lossy(), "bytes": bytes }))?;
        if *path != placed.wanted {
            ui.warn(renamed(placed, &[]));
        }
        ui.note(fl!("get-ciphertext-saved"));
        ui.say(shown(path))
    }
}

/// Tells what was saved and where.
pub fn report(ui: &Ui, received: &Received, sender: Option<&str>) -> Result<()> {
    let placed = match &received.saved {
        Saved::Files(placed) => &placed[..],
        Saved::StandardOutput => &[],
    };
    ui.event(&ReceivedEvent {
        event: "received",
        sender,
        files: placed.iter().map(|placed| placed.actual.to_string_lossy().into_owned()).collect(),
        bytes: received.bytes,
        sha256: received.digest.map(|digest| digest.to_string()),
    })?;
    placed.iter().filter(|one| one.actual != one.wanted).for_each(|one| ui.warn(renamed(one, placed)));
    ui.note(fl!("get-verified"));
    placed.iter().try_for_each(|placed| ui.say(shown(&placed.actual)))
}

/// Why it does not have the name it wanted. If that is among all that was placed, this is the rest of a folder.
fn renamed(placed: &Placed, all: &[Placed]) -> String {
    let (wanted, actual) = (shown(&placed.wanted), shown(&placed.actual));
    match all.iter().any(|other| other.actual == placed.wanted) {
        true => fl!("get-rest-beside", wanted = wanted, actual = actual),
        false => fl!("get-renamed", wanted = wanted, actual = actual),
    }
}

#[derive(Serialize)]
struct Listed<'a> {
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
