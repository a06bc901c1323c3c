//! The manifest: what is inside a share, as JSON. docs/format.md, "Manifest", describes every field.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use share_relay_api::Json;

use crate::{
    Fault, FormatError,
    entry::{Entry, MAX_LENGTH, seconds},
    names::{self, is_ignorable, is_unassigned, is_visible, printable, with_previous},
    tar::Layout,
    tree::Tree,
};

/// The version this program writes and reads.
pub const VERSION: u64 = 1;
/// Most entries a manifest lists; of more it gives totals only.
pub const MAX_LISTED: usize = 10_000;
/// Most files and folders in one share.
pub const MAX_ENTRIES: u64 = 1_000_000;
/// Characters in the name by which the sender wants to be known.
pub const MAX_SENDER_CHARACTERS: usize = 100;
const BRAILLE_BLANK: char = '\u{2800}';
/// Bytes of UTF-8 in the sender's message.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Bytes of JSON. With the header and the tags of the age file this stays below the relay's 4 MiB.
pub const MAX_JSON_BYTES: usize = 4 * 1024 * 1024 - 128 * 1024;
/// What a file or folder takes on disk beyond its bytes.
const BLOCK_BYTES: u64 = 4096;

/// How the content is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The bytes of one file.
    File,
    /// A tar of files and folders.
    Tar,
}

/// What is inside a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this format: [`VERSION`].
    pub version: u64,
    /// How the content is made up.
    pub kind: Kind,
    /// The nonce of the content's age file, so that no other stream under the same key can stand in for it.
    #[serde(with = "hex")]
    pub nonce: [u8; 16],
    /// Bytes of content.
    pub length: u64,
    /// Number of files.
    pub files: u64,
    /// Number of folders.
    #[serde(default)]
    pub folders: u64,
    /// Bytes in all files together.
    pub bytes: u64,
    /// All files and folders in the order of the content, or nothing at all if there are too many to list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    /// The name by which the sender wants to be known: a claim, which nothing here verifies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// What the sender has to say; lines end in `\n`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Manifest {
    /// Of content with these entries, their offsets set; without a sender.
    pub fn new<'a>(
        kind: Kind,
        entries: impl ExactSizeIterator<Item = &'a Entry> + Clone,
        length: u64,
        nonce: [u8; 16],
        message: Option<String>,
    ) -> Self {
        let (files, folders, bytes) = count(entries.clone());
        let entries = if entries.len() > MAX_LISTED { Vec::new() } else { entries.cloned().collect() };
        Self { version: VERSION, kind, nonce, length, files, folders, bytes, entries, sender: None, message }
    }

    /// Of a stream whose length is known at its end, such as standard input, last changed now; without a sender.
    pub fn of_stream(name: &str, length: u64, nonce: [u8; 16], message: Option<String>) -> Result<Self, FormatError> {
        let path = stream_name(name)?;
        let mtime = seconds(SystemTime::now());
        let entry = Entry { path, folder: false, size: length, mtime, executable: false, private: false, offset: 0 };
        Ok(Self::new(Kind::File, [entry].iter(), length, nonce, message))
    }

    /// The JSON, at most [`MAX_JSON_BYTES`]: if long names make it longer, it gives totals only.
    pub fn to_json(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("strings and numbers always become JSON");
        if json.len() <= MAX_JSON_BYTES {
            return json;
        }
        let totals = Self { entries: Vec::new(), ..self.clone() };
        serde_json::to_vec(&totals).expect("strings and numbers always become JSON")
    }

    /// Bytes that the files take on disk, and what they are made from if it has to lie there too.
    pub fn room(&self) -> u64 {
        let blocks = self.files.saturating_add(self.folders).saturating_mul(BLOCK_BYTES);
        let spooled = if self.entries.is_empty() { self.length } else { 0 };
        self.bytes.saturating_add(blocks).saturating_add(spooled)
    }

    /// The names that are not in a folder; `None` if there are too many entries to list.
    pub fn top_level(&self) -> Option<Vec<String>> {
        let top = self.entries.iter().filter(|entry| !entry.path.contains('/')).map(|entry| entry.path.clone());
        (!self.entries.is_empty()).then(|| top.collect())
    }

    /// Reads a manifest whose own age file has this nonce, and checks all there is to check without the content.
    pub fn parse(json: &[u8], own_nonce: &[u8; 16]) -> Result<Self, FormatError> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        if json.len() > MAX_JSON_BYTES {
            return Err(FormatError::Manifest(Fault::TooMany));
        }
        let json: Json = serde_json::from_slice(json).map_err(malformed)?;
        let Version { version } = json.read().map_err(malformed)?;
        match version {
            VERSION => {}
            newer if newer > VERSION => return Err(FormatError::Newer),
            _ => return Err(FormatError::Manifest(Fault::Malformed)),
        }
        let manifest: Self = json.read().map_err(malformed)?;
        manifest.validate().map_err(FormatError::Manifest)?;
        match manifest.nonce == *own_nonce {
            false => Ok(manifest),
            // Each age file under one key has a nonce of its own, or else the two give each other away.
            true => Err(FormatError::Manifest(Fault::Nonce)),
        }
    }

    /// What [`Manifest::parse`] checks.
    pub fn validate(&self) -> Result<(), Fault> {
        if let Some(message) = &self.message {
            check_message(message).map_err(|_| Fault::Message)?;
        }
        if let Some(sender) = &self.sender {
            check_sender(sender).map_err(|_| Fault::Sender)?;
        }
        let count = self.files.saturating_add(self.folders);
        if count > MAX_ENTRIES || self.entries.len() > MAX_LISTED {
            return Err(Fault::TooMany);
        }
        let sound = match self.kind {
            Kind::File => self.is_sound_file()?,
            Kind::Tar if self.entries.is_empty() => self.has_sound_totals(count),
            Kind::Tar => self.has_sound_entries()?,
        };
        if sound && self.length <= MAX_LENGTH { Ok(()) } else { Err(Fault::Totals) }
    }

    fn is_sound_file(&self) -> Result<bool, Fault> {
        let [entry] = &self.entries[..] else { return Ok(false) };
        let within = Tree::default().enter(&entry.path, entry.folder)?;
        let totals = (self.files, self.folders, self.bytes) == (1, 0, entry.size);
        Ok(within == 0 && totals && entry.is_sound() && !entry.folder && (entry.offset, entry.size) == (0, self.length))
    }

    fn has_sound_totals(&self, count: u64) -> bool {
        let least = self.bytes.checked_add(Layout::least(count));
        count > 0 && self.length.is_multiple_of(512) && least.is_some_and(|least| least <= self.length)
    }

    fn has_sound_entries(&self) -> Result<bool, Fault> {
        let mut tree = Tree::default();
        let mut layout = Layout::default();
        for entry in &self.entries {
            tree.enter(&entry.path, entry.folder)?;
            if !entry.is_sound() || layout.place(entry) != Some(entry.offset) {
                return Ok(false);
            }
        }
        let counted = count(self.entries.iter()) == (self.files, self.folders, self.bytes);
        Ok(counted && layout.length() == self.length)
    }
}

/// A parser's own message is for programmers, and may quote the manifest.
fn malformed<E>(_: E) -> FormatError {
    FormatError::Manifest(Fault::Malformed)
}

/// Files, folders and bytes.
fn count<'a>(entries: impl Iterator<Item = &'a Entry>) -> (u64, u64, u64) {
    entries.fold((0, 0, 0), |(files, folders, bytes), entry| match entry.folder {
        true => (files, folders + 1, bytes),
        false => (files + 1, folders, bytes + entry.size),
    })
}

/// A message as it travels: lines end in `\n`, none at the end, and no byte order mark stands before it.
pub fn clean_message(text: &str) -> Result<String, FormatError> {
    let text = text.trim_start_matches('\u{feff}');
    let message = text.replace("\r\n", "\n").trim_end().to_owned();
    check_message(&message)?;
    Ok(message)
}

fn check_message(message: &str) -> Result<(), FormatError> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(FormatError::MessageLong);
    }
    match message.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
        Some(c) => Err(FormatError::MessageCharacter(c)),
        None => Ok(()),
    }
}

/// A sender's name as it travels: without spaces around it, and only of characters that everybody can show.
pub fn clean_sender(name: &str) -> Result<String, FormatError> {
    let name = name.trim();
    check_sender(name)?;
    // The replacement character stands for what was no text.
    match name.chars().find(|c| is_unassigned(*c) || *c == char::REPLACEMENT_CHARACTER) {
        Some(c) => Err(FormatError::SenderCharacter(c)),
        None => Ok(name.to_owned()),
    }
}

fn check_sender(name: &str) -> Result<(), FormatError> {
    if let Some((_, c)) = with_previous(name).find(|&(previous, c)| !is_visible(previous, c)) {
        return Err(FormatError::SenderCharacter(c));
    }
    // It is shown as a space.
    if name.contains(BRAILLE_BLANK) {
        return Err(FormatError::SenderCharacter(BRAILLE_BLANK));
    }
    // What stands behind a gap would not be read as a part of the name.
    let shown = || name.chars().filter(|c| !is_ignorable(*c)).map(char::is_whitespace);
    if shown().zip(shown().skip(1)).any(|both| both == (true, true)) {
        return Err(FormatError::SenderSpaces);
    }
    match name.chars().count() {
        1..=MAX_SENDER_CHARACTERS if name == name.trim() => Ok(()),
        _ => Err(FormatError::SenderLength),
    }
}

/// The name under which a stream travels: composed, and one component.
pub fn stream_name(name: &str) -> Result<String, FormatError> {
    let forbidden = |error| FormatError::ForbiddenName(printable(name), error);
    let name = names::composed(name);
    names::check_sent(&name).map_err(forbidden)?;
    match name.contains('/') {
        true => Err(forbidden(names::NameError::Character('/'))),
        false => Ok(name),
    }
}

/// Sixteen bytes as 32 lower-case hexadecimal digits.
pub mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the digits.
    pub fn serialize<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:032x}", u128::from_be_bytes(*bytes)))
    }

    /// Reads the digits; anything else is an error.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(&text, 16) {
            Ok(number) if digits => Ok(number.to_be_bytes()),
            _ => Err(D::Error::custom("a nonce is 32 lower-case hexadecimal digits")),
        }
    }
}
