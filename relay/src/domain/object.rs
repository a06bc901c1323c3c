//! The upload of a share: its header, manifest and parts, until it is sealed.

use share_relay_api::{Code, CreateShare, Created, EventKind, RelayLimits};

use super::{
    events,
    layout::{self, Layout},
    record::{Blob, BlobKind, Life, Record, Share},
    refusal::{Ending, Refusal},
};
use crate::limits::TOUCH_SECONDS;

impl Record {
    /// Whether a repeated request to create asks for smaller parts, and for nothing else that is new.
    pub fn wants_smaller_parts(&self, request: &CreateShare, now: u64) -> Result<bool, Refusal> {
        let first = &self.live(now)?.request;
        let resized = CreateShare { part_bytes: first.part_bytes, ..request.clone() };
        Ok(request.part_bytes < first.part_bytes && resized == *first)
    }

    /// Makes the parts smaller, as a repeated request asks. The caller has made sure that none is held, and that none
    /// is written meanwhile.
    pub fn make_parts_smaller(
        &mut self,
        request: &CreateShare,
        accepts: &RelayLimits,
        now: u64,
    ) -> Result<Created, Refusal> {
        if self.wants_smaller_parts(request, now)? {
            layout::check(request, accepts)?;
            self.live_mut(now)?.0.request.part_bytes = request.part_bytes;
        }
        self.created_again(request, now)
    }

    /// Whether this header or manifest is stored already. Another one than is stored is refused.
    pub fn holds(&self, kind: BlobKind, blob: &Blob, now: u64) -> Result<bool, Refusal> {
        match self.live(now)?.blob(kind) {
            Some(held) if held != blob => Err(Code::Conflict.into()),
            held => Ok(held.is_some()),
        }
    }

    /// Notes that the header or manifest is stored durably.
    pub fn hold(&mut self, kind: BlobKind, blob: Blob, now: u64) -> Result<(), Refusal> {
        self.holds(kind, &blob, now)?;
        let (share, _) = self.live_mut(now)?;
        share.touched_at = now;
        *share.blob_mut(kind) = Some(blob);
        Ok(())
    }

    /// Whether a part that arrives now must be noted with [`Record::touch`].
    pub fn wants_touch(&self, now: u64) -> bool {
        matches!(&self.life, Life::Live(share) if !share.ready && now >= share.touched_at.saturating_add(TOUCH_SECONDS))
    }

    /// Notes that a part arrived.
    pub fn touch(&mut self, now: u64) -> Result<(), Refusal> {
        let (share, _) = self.live_mut(now)?;
        share.touched_at = now;
        Ok(())
    }

    /// Refuses to seal with another size than was said before, or without header and manifest. `true` if it is
    /// sealed already.
    pub fn may_seal(&self, payload_bytes: u64, accepts: &RelayLimits, now: u64) -> Result<bool, Refusal> {
        if matches!(self.life, Life::Gone { ending: Ending::Collected, .. }) {
            return Ok(true);
        }
        let share = self.live(now)?;
        if share.payload_bytes.is_some_and(|known| known != payload_bytes) {
            return Err(Code::Conflict.into());
        }
        layout::check_size(&share.request, payload_bytes, accepts)?;
        if share.header.is_some() && share.manifest.is_some() {
            Ok(share.ready)
        } else {
            Err(Code::PartsMissing.into())
        }
    }

    /// Makes the share ready. The caller has checked [`Record::may_seal`] and that all parts are held.
    pub fn seal(&mut self, payload_bytes: u64, now: u64) -> Result<(), Refusal> {
        let (share, events) = self.live_mut(now)?;
        if share.payload_bytes.is_some_and(|known| known != payload_bytes) {
            return Err(Code::Conflict.into());
        }
        if !share.ready {
            share.ready = true;
            share.payload_bytes = Some(payload_bytes);
            events::push(events, now, EventKind::Ready);
        }
        Ok(())
    }
}

impl Share {
    /// Where its parts go.
    pub fn layout(&self) -> Layout {
        Layout {
            header_bytes: self.request.header_bytes,
            payload_bytes: self.payload_bytes,
            part_bytes: self.request.part_bytes,
        }
    }

    /// The header or manifest, once it is stored durably.
    pub fn blob(&self, kind: BlobKind) -> Option<&Blob> {
        match kind {
            BlobKind::Header => self.header.as_ref(),
            BlobKind::Manifest => self.manifest.as_ref(),
        }
    }

    fn blob_mut(&mut self, kind: BlobKind) -> &mut Option<Blob> {
        match kind {
            BlobKind::Header => &mut self.header,
            BlobKind::Manifest => &mut self.manifest,
        }
    }
}
