//! The object of a share: header, manifest and parts as the sender brings them, until it is sealed.

use serde::{Deserialize, Serialize};
use share_relay_api::{Bytes32, Code, limits::UNFINISHED_SECONDS};

use super::refusal::Refusal;
use crate::limits::TOUCH_SECONDS;

/// What the sender has brought so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// How often the parts were made smaller.
    pub generation: u32,
    /// When a part last arrived, give or take [`TOUCH_SECONDS`].
    pub touched_at: u64,
    /// The age header and the content's nonce.
    pub header: Option<Blob>,
    /// The manifest's age file.
    pub manifest: Option<Blob>,
    /// Bytes of the payload, once known.
    pub payload_bytes: Option<u64>,
    /// Whether the upload is complete.
    pub is_sealed: bool,
}

/// A small object the sender sets once, which is stored durably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// SHA-256 of its bytes.
    pub hash: Bytes32,
    /// How many.
    pub bytes: u64,
}

/// The two objects a sender sets once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobKind {
    /// The age header and the content's nonce.
    Header,
    /// The manifest's age file.
    Manifest,
}

impl Object {
    /// One of which nothing has come yet.
    pub fn new(payload_bytes: Option<u64>, now: u64) -> Self {
        Self { generation: 0, touched_at: now, header: None, manifest: None, payload_bytes, is_sealed: false }
    }

    /// The header or manifest, once it is stored durably.
    pub fn blob(&self, kind: BlobKind) -> Option<&Blob> {
        match kind {
            BlobKind::Header => self.header.as_ref(),
            BlobKind::Manifest => self.manifest.as_ref(),
        }
    }

    /// Whether this header or manifest is stored already. Another one than is stored is refused.
    pub fn holds(&self, kind: BlobKind, blob: &Blob) -> Result<bool, Refusal> {
        match self.blob(kind) {
            Some(held) if held != blob => Err(Code::Conflict.into()),
            held => Ok(held.is_some()),
        }
    }

    /// Notes that the header or manifest is stored durably.
    pub fn hold(&mut self, kind: BlobKind, blob: Blob, now: u64) -> Result<(), Refusal> {
        self.holds(kind, &blob)?;
        self.touched_at = now;
        match kind {
            BlobKind::Header => self.header = Some(blob),
            BlobKind::Manifest => self.manifest = Some(blob),
        }
        Ok(())
    }

    /// Whether a part that arrives now must be noted.
    pub fn wants_touch(&self, now: u64) -> bool {
        !self.is_sealed && now >= self.touched_at.saturating_add(TOUCH_SECONDS)
    }

    /// When it counts as abandoned, unless more comes; `None` once it is sealed.
    pub fn abandoned_at(&self) -> Option<u64> {
        (!self.is_sealed).then(|| self.touched_at.saturating_add(UNFINISHED_SECONDS + TOUCH_SECONDS))
    }

    /// Whether a recipient may begin: header and manifest are stored, and the size is known.
    pub fn can_be_fetched(&self) -> bool {
        self.header.is_some() && self.manifest.is_some() && self.payload_bytes.is_some()
    }

    /// Refuses another payload size than was said before.
    pub fn check_payload(&self, payload_bytes: u64) -> Result<(), Refusal> {
        match self.payload_bytes {
            Some(known) if known != payload_bytes => Err(Code::Conflict.into()),
            _ => Ok(()),
        }
    }

    /// Refuses to seal without header and manifest. `true` if it is sealed already.
    pub fn may_seal(&self) -> Result<bool, Refusal> {
        if self.header.is_some() && self.manifest.is_some() {
            Ok(self.is_sealed)
        } else {
            Err(Code::PartsMissing.into())
        }
    }

    /// Makes it complete, with a payload of this size. `false` if it was already.
    pub fn seal(&mut self, payload_bytes: u64) -> Result<bool, Refusal> {
        self.check_payload(payload_bytes)?;
        if self.is_sealed {
            return Ok(false);
        }
        (self.is_sealed, self.payload_bytes) = (true, Some(payload_bytes));
        Ok(true)
    }
}
