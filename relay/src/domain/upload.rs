//! The sender's calls on the object of a share that is still live.

use share_relay_api::{CreateShare, Created, EventKind, RelayLimits};

use super::{
    layout,
    object::{Blob, BlobKind},
    record::{Life, Record},
    refusal::{Ending, Refusal},
};

impl Record {
    /// Whether a repeated request to create asks for smaller parts, and for nothing else that is new.
    pub fn wants_smaller_parts(&self, request: &CreateShare, now: u64) -> Result<bool, Refusal> {
        let first = &self.live(now)?.request;
        let resized = CreateShare { part_bytes: first.part_bytes, ..request.clone() };
        Ok(request.part_bytes < first.part_bytes && resized == *first)
    }

    /// Makes the parts smaller, as a repeated request asks, which begins a new generation of them. The caller has made sure
    /// that none is held.
    pub fn make_parts_smaller(
        &mut self,
        request: &CreateShare,
        accepts: &RelayLimits,
        now: u64,
    ) -> Result<Created, Refusal> {
        if self.wants_smaller_parts(request, now)? {
            layout::check(request, accepts)?;
            let (share, _) = self.live_mut(now)?;
            share.request.part_bytes = request.part_bytes;
            share.object.generation = share.object.generation.saturating_add(1);
        }
        self.created_again(request, now)
    }

    /// Whether this header or manifest is stored already. Another one than is stored is refused.
    pub fn holds(&self, kind: BlobKind, blob: &Blob, now: u64) -> Result<bool, Refusal> {
        self.live(now)?.object.holds(kind, blob)
    }

    /// Notes that the header or manifest is stored durably.
    pub fn hold(&mut self, kind: BlobKind, blob: Blob, now: u64) -> Result<(), Refusal> {
        let (share, _) = self.live_mut(now)?;
        share.object.hold(kind, blob, now)
    }

    /// Notes that a part arrived, unless that was noted a moment ago.
    pub fn touch(&mut self, now: u64) -> Result<(), Refusal> {
        let (share, _) = self.live_mut(now)?;
        if share.object.wants_touch(now) {
            share.object.touched_at = now;
        }
        Ok(())
    }

    /// Refuses to seal with another size than was said before, or without header and manifest. `true` if it is
    /// sealed already.
    pub fn may_seal(&self, payload_bytes: u64, accepts: &RelayLimits, now: u64) -> Result<bool, Refusal> {
        if matches!(self.life, Life::Gone { ending: Ending::Collected, .. }) {
            return Ok(true);
        }
        let share = self.live(now)?;
        share.object.check_payload(payload_bytes)?;
        layout::check_size(&share.request, payload_bytes, accepts)?;
        share.object.may_seal()
    }

    /// Makes the share ready. The caller has checked [`Record::may_seal`] and that all parts are held.
    pub fn seal(&mut self, payload_bytes: u64, now: u64) -> Result<(), Refusal> {
        let (share, history) = self.live_mut(now)?;
        if share.object.seal(payload_bytes)? {
            history.push(now, EventKind::Ready);
        }
        Ok(())
    }
}
