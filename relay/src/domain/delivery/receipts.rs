//! Receipts, which use up a download and may end the share.

use share_relay_api::{Bytes32, Code, EventKind, Receipt, Saved};

use super::{
    super::{
        record::Record,
        refusal::{Ending, Refusal},
    },
    ticket::ActiveTicket,
};
use crate::domain::digest;

impl Record {
    /// Notes a receipt. One that says "on disk" or "confirmed" ends its ticket, and the last allowed one the share. One
    /// that says "given to a browser" uses up the place too, but the content stays for `grace` seconds, in which it can
    /// be downloaded again; gives until when. The same receipt again changes nothing.
    pub fn receive(
        &mut self,
        ticket: Option<&Bytes32>,
        receipt: &Receipt,
        grace: u64,
        now: u64,
    ) -> Result<Option<u64>, Refusal> {
        match ticket {
            Some(hash) if self.history.has_receipt(hash) => {
                match self.not_ended(now).ok().and_then(|it| it.delivery.running(hash, now)) {
                    Some(running) if receipt.saved == Saved::Browser => return Ok(Some(running.expires_at)),
                    Some(_) => {}
                    None => return Ok(None),
                }
            }
            _ => {}
        }
        if !self.history.has_room_for_receipt() {
            return Err(Code::TooBusy.into());
        }
        if let Some(hash) =
            ticket.filter(|hash| self.not_ended(now).is_ok_and(|it| it.delivery.replaced.contains(hash)))
        {
            // Its place is somebody else's by now, and has its own end.
            self.history.push(now, EventKind::Receipt { ticket_hash: *hash, receipt: receipt.clone() });
            return Ok(None);
        }
        let mut place = self.may_receive(ticket, now)?;
        let (share, history) = self.not_ended_mut(now)?;
        share.delivery.remove_ticket(&place.hash);
        history.push(now, EventKind::Receipt { ticket_hash: place.hash, receipt: receipt.clone() });
        if receipt.saved == Saved::Browser {
            place = ActiveTicket { expires_at: now.saturating_add(grace), received: true, again: true, ..place };
            let again_until = place.expires_at;
            share.delivery.running.push(place);
            return Ok(Some(again_until));
        }
        share.delivery.received = share.delivery.received.saturating_add(1);
        if share.request.downloads.is_some_and(|allowed| share.delivery.received >= allowed) {
            self.end(Ending::Collected, now);
        }
        Ok(None)
    }

    /// The ticket that runs, or that has ended after all was served on it.
    fn may_receive(&self, ticket: Option<&Bytes32>, now: u64) -> Result<ActiveTicket, Refusal> {
        let share = self.not_ended(now)?;
        let all = share.content_bytes();
        let same = |hash: &Bytes32| ticket.is_some_and(|ticket| digest::equal(hash, ticket));
        if let Some(hash) = ticket.filter(|hash| share.delivery.late.contains(hash)) {
            return Ok(ActiveTicket { hash: *hash, expires_at: now, served: all, received: false, again: false });
        }
        match share.delivery.running.iter().find(|running| same(&running.hash) && running.served >= all) {
            Some(served) => Ok(served.clone()),
            None => Ok(self.admitted(ticket, now)?.1.clone()),
        }
    }
}
