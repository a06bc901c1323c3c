//! The tar's one form. An entry's header has exactly one encoding (POSIX ustar, with a pax extended header where
//! ustar cannot say it), so a reader decodes a header, encodes what it understood, and refuses any difference:
//! what two programs could read differently does not get in. docs/format.md, "Content", has every field.

use std::io::Read;

use tar::{EntryType, Header};

use crate::{
    Fault, FormatError,
    entry::{Entry, MAX_LENGTH, MAX_MTIME},
    names::{MAX_PATH_BYTES, printable},
};

const BLOCK: usize = 512;
/// Bytes of zeros after the last entry.
pub const END: u64 = 2 * BLOCK as u64;
/// The name field of a ustar header, its first.
const NAME_BYTES: usize = 100;
/// The type byte.
const TYPE: usize = 156;
/// The two device numbers, zero for files.
const DEVICE_NUMBERS: [std::ops::Range<usize>; 2] = [329..337, 337..345];
/// The largest size a ustar header can hold: 8 GiB less one byte.
const MAX_USTAR_SIZE: u64 = 0o77_777_777_777;
/// A pax extended header holds a path and a size, each once.
const MAX_RECORD_BYTES: u64 = MAX_PATH_BYTES as u64 + 128;

/// Finds where each entry of a tar lies.
#[derive(Debug, Default)]
pub struct Layout {
    end: u64,
}

impl Layout {
    /// Where the bytes of the next entry begin; nothing if the tar would become longer than content may be.
    pub fn place(&mut self, entry: &Entry) -> Option<u64> {
        let offset = self.end + header(entry).len() as u64;
        self.end = offset.checked_add(padded(entry.size)?).filter(|end| *end <= MAX_LENGTH)?;
        Some(offset)
    }

    /// Bytes of the whole tar.
    pub fn length(&self) -> u64 {
        self.end + END
    }

    /// Bytes that so many entries take at least, besides their own.
    pub fn least(count: u64) -> u64 {
        count.saturating_mul(BLOCK as u64).saturating_add(END)
    }
}

/// The size in whole blocks.
pub fn padded(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(BLOCK as u64)
}

/// All that precedes an entry's bytes.
pub fn header(entry: &Entry) -> Vec<u8> {
    let path = if entry.folder { format!("{}/", entry.path) } else { entry.path.clone() };
    let mut records = String::new();
    if path.len() > NAME_BYTES || !path.is_ascii() {
        records += &record("path", &path);
    }
    if entry.size > MAX_USTAR_SIZE {
        records += &record("size", &entry.size.to_string());
    }
    let mut blocks = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        blocks.extend(block("PaxHeader", EntryType::XHeader, records.len() as u64, 0, 0o644));
        blocks.extend(records.as_bytes());
        blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
    }
    // What a program that knows no pax headers will see.
    let name: String = path.chars().map(|c| if c.is_ascii() { c } else { '_' }).take(NAME_BYTES).collect();
    let size = if entry.size > MAX_USTAR_SIZE { 0 } else { entry.size };
    let kind = if entry.folder { EntryType::Directory } else { EntryType::Regular };
    blocks.extend(block(&name, kind, size, entry.mtime, mode(entry)));
    blocks
}

fn mode(entry: &Entry) -> u32 {
    let everyones = if entry.folder || entry.executable { 0o755 } else { 0o644 };
    if entry.private { everyones & 0o700 } else { everyones }
}

fn block(name: &str, kind: EntryType, size: u64, mtime: u64, mode: u32) -> [u8; BLOCK] {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(mtime);
    for number in DEVICE_NUMBERS {
        header.as_mut_bytes()[number].copy_from_slice(b"0000000\x00");
    }
    header.set_cksum();
    *header.as_bytes()
}

/// A pax record: its own length in decimal, a space, key, `=`, value and a line end.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length += 1;
    }
    format!("{length} {key}={value}\n")
}

/// Reads the next header; nothing at the end of the tar, whose blocks of zeros are then read too.
pub fn read_header<R: Read>(input: &mut Input<R>) -> Result<Option<Entry>, FormatError> {
    let mut blocks = vec![0; BLOCK];
    input.fill(&mut blocks)?;
    if blocks.iter().all(|byte| *byte == 0) {
        input.zeros(END - BLOCK as u64)?;
        return Ok(None);
    }
    if blocks[TYPE] == EntryType::XHeader.as_byte() {
        let size = Header::from_byte_slice(&blocks).entry_size().ok().filter(|size| *size <= MAX_RECORD_BYTES);
        let size = size.and_then(padded).ok_or_else(|| input.fault(malformed()))? as usize;
        blocks.resize(BLOCK + size + BLOCK, 0);
        input.fill(&mut blocks[BLOCK..])?;
    }
    let mut entry = decode(&blocks).map_err(|fault| input.fault(fault))?;
    input.near = printable(&entry.path);
    if header(&entry) != blocks {
        return Err(input.fault(malformed()));
    }
    entry.offset = input.position;
    Ok(Some(entry))
}

/// What the blocks of a header seem to say; only encoding it again tells whether they do.
fn decode(blocks: &[u8]) -> Result<Entry, Fault> {
    let (extended, main) = blocks.split_at(blocks.len() - BLOCK);
    let folder = match main[TYPE] {
        b'0' => false,
        b'5' => true,
        other => return Err(Fault::Type(other)),
    };
    let header = Header::from_byte_slice(main);
    let name = main[..NAME_BYTES].split(|byte| *byte == 0).next().unwrap_or_default();
    let number = |result: std::io::Result<u64>| result.map_err(|_| malformed());
    let mut path = text(name)?;
    let mut size = number(header.entry_size())?;
    for record in text(extended.get(BLOCK..).unwrap_or_default())?.lines() {
        match record.split_once(' ').and_then(|(_, record)| record.split_once('=')) {
            Some(("path", value)) => path = value,
            Some(("size", value)) => size = value.parse().map_err(|_| malformed())?,
            _ if record.starts_with('\0') => {}
            _ => return Err(malformed()),
        }
    }
    let path = if folder { path.strip_suffix('/').unwrap_or(path) } else { path };
    // Later times have another encoding, and then none that a clock reaches.
    let mtime = number(header.mtime()).and_then(|time| if time > MAX_MTIME { Err(malformed()) } else { Ok(time) })?;
    let mode = number(header.mode().map(u64::from))?;
    let (executable, private) = (!folder && mode & 0o100 != 0, mode & 0o077 == 0);
    Ok(Entry { path: path.to_owned(), folder, size, mtime, executable, private, offset: 0 })
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| malformed())
}

fn malformed() -> Fault {
    Fault::Malformed
}

/// The content as it is read: how far, how far it may go, and near which entry.
pub struct Input<R> {
    reader: R,
    position: u64,
    length: u64,
    near: String,
}

impl<R: Read> Input<R> {
    /// Content that is `length` bytes long, or else at fault.
    pub fn new(reader: R, length: u64, near: &str) -> Self {
        Self { reader, position: 0, length, near: printable(near) }
    }

    /// The fault, with the entry it was found at.
    pub fn fault(&self, fault: Fault) -> FormatError {
        FormatError::Archive(self.near.clone(), fault)
    }

    /// Fills the buffer.
    pub fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), FormatError> {
        if buffer.len() as u64 > self.length - self.position {
            return Err(self.fault(Fault::Truncated));
        }
        while !buffer.is_empty() {
            match self.read(buffer)? {
                0 => return Err(self.fault(Fault::Truncated)),
                read => buffer = &mut buffer[read..],
            }
        }
        Ok(())
    }

    /// Reads so many bytes, at most two blocks, that must be zero.
    pub fn zeros(&mut self, count: u64) -> Result<(), FormatError> {
        let mut zeros = [0; END as usize];
        let zeros = &mut zeros[..count as usize];
        self.fill(zeros)?;
        match zeros.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(self.fault(malformed())),
        }
    }

    /// Reads the end of the content, which must be here.
    pub fn finish(mut self) -> Result<(), FormatError> {
        if self.position < self.length || self.read(&mut [0])? > 0 {
            return Err(self.fault(Fault::Trailing));
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, FormatError> {
        loop {
            match self.reader.read(buffer) {
                Ok(read) => {
                    self.position += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FormatError::Input(error)),
            }
        }
    }
}
