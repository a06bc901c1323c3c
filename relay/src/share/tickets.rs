//! Tickets: the right to download once, as often interrupted as need be, and what becomes of it.

use serde::{Deserialize, Serialize};
use share_relay_api::{Bytes32, Code, Event, EventKind, Receipt, Ticket, limits};

use super::{BlobKind, Ending, Record, Refusal, Share, events};
use crate::auth;

/// A ticket that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// SHA-256 of the ticket.
    pub hash: Bytes32,
    /// When it ends.
    pub expires_at: u64,
    /// Bytes of content served on it. A range is charged before it is served and what was not sent is refunded
    /// after, so a crash in between can only count too much.
    pub served: u64,
}

impl Record {
    /// Takes one of the allowed downloads. The same ticket again gets the same answer and takes no second place.
    pub fn take_ticket(&mut self, proof_hash: Option<&Bytes32>, ticket: &Bytes32, now: u64) -> Result<Ticket, Refusal> {
        if self.kept()?.running(ticket).is_none() {
            self.live(now)?;
        }
        self.prove(proof_hash, now)?;
        let (share, log) = self.kept_mut()?;
        if let Some(running) = share.running(ticket) {
            return Ok(Ticket { expires_at: running.expires_at });
        }
        share.may_give_ticket()?;
        let expires_at = now.saturating_add(limits::TICKET_SECONDS);
        share.running.push(Running { hash: *ticket, expires_at, served: 0 });
        events::push(log, now, EventKind::Ticket { ticket_hash: *ticket });
        Ok(Ticket { expires_at })
    }

    /// The share and the running ticket of this hash.
    pub fn admitted(&self, ticket: Option<&Bytes32>, now: u64) -> Result<(&Share, &Running), Refusal> {
        let share = self.kept()?;
        if let Some(running) = ticket.and_then(|hash| share.running(hash)) {
            return Ok((share, running));
        }
        self.live(now)?;
        Err(Code::TicketInvalid.into())
    }

    /// Charges bytes that are about to be served.
    pub fn charge(&mut self, ticket: &Bytes32, bytes: u64) -> Result<(), Refusal> {
        let running = self.running_mut(ticket)?;
        running.served = running.served.saturating_add(bytes);
        Ok(())
    }

    /// Gives back what was charged and not sent.
    pub fn refund(&mut self, ticket: &Bytes32, bytes: u64) -> Result<(), Refusal> {
        let running = self.running_mut(ticket)?;
        running.served = running.served.saturating_sub(bytes);
        Ok(())
    }

    /// Notes that a download was received, which ends its ticket. The last allowed one ends the share. The same
    /// ticket's receipt again changes nothing.
    pub fn receive(&mut self, ticket: Option<&Bytes32>, receipt: &Receipt, now: u64) -> Result<(), Refusal> {
        if ticket.is_some_and(|hash| self.has_receipt(hash)) {
            return Ok(());
        }
        let hash = self.may_receive(ticket, now)?;
        if !events::has_room_for_receipt(&self.events) {
            return Err(Code::TooBusy.into());
        }
        let (share, log) = self.kept_mut()?;
        share.running.retain(|running| running.hash != hash);
        if let Some(late) = share.late.iter().position(|late| *late == hash) {
            share.late.remove(late);
            share.unconfirmed = share.unconfirmed.saturating_sub(1);
        }
        share.received = share.received.saturating_add(1);
        events::push(log, now, EventKind::Receipt { ticket_hash: hash, receipt: receipt.clone() });
        if share.request.downloads.is_some_and(|allowed| share.received >= allowed) {
            self.end(Ending::Collected, now);
        }
        self.settle(now);
        Ok(())
    }

    /// The hash of a ticket that runs, or that has ended after all was served on it.
    fn may_receive(&self, ticket: Option<&Bytes32>, now: u64) -> Result<Bytes32, Refusal> {
        let late =
            |hash: &&Bytes32| self.kept().is_ok_and(|share| share.late.iter().any(|late| auth::same(late, hash)));
        match ticket.filter(late) {
            Some(hash) => Ok(*hash),
            None => Ok(self.admitted(ticket, now)?.1.hash),
        }
    }

    fn has_receipt(&self, ticket: &Bytes32) -> bool {
        self.events.iter().any(
            |event| matches!(&event.kind, EventKind::Receipt { ticket_hash, .. } if auth::same(ticket_hash, ticket)),
        )
    }

    fn running_mut(&mut self, ticket: &Bytes32) -> Result<&mut Running, Refusal> {
        let (share, _) = self.kept_mut()?;
        share.running.iter_mut().find(|running| auth::same(&running.hash, ticket)).ok_or(Code::TicketInvalid.into())
    }
}

impl Share {
    /// Tickets that can still be taken; `None` for no limit.
    pub fn downloads_left(&self) -> Option<u32> {
        let taken = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let used = self.received.saturating_add(self.unconfirmed).saturating_add(taken);
        self.request.downloads.map(|allowed| allowed.saturating_sub(used))
    }

    /// Ends tickets whose time is over. One that was not served everything gives its place back.
    pub(super) fn end_tickets(&mut self, now: u64, log: &mut Vec<Event>) {
        let all = self.layout().content_bytes().unwrap_or(u64::MAX);
        for ended in self.running.extract_if(.., |running| now >= running.expires_at) {
            if ended.served < all {
                events::push(log, ended.expires_at, EventKind::TicketReturned { ticket_hash: ended.hash });
            } else {
                self.unconfirmed = self.unconfirmed.saturating_add(1);
                self.late.push(ended.hash);
            }
        }
        let too_many = self.late.len().saturating_sub(limits::MAX_RUNNING_TICKETS);
        self.late.drain(..too_many);
    }

    fn running(&self, ticket: &Bytes32) -> Option<&Running> {
        self.running.iter().find(|running| auth::same(&running.hash, ticket))
    }

    fn may_give_ticket(&self) -> Result<(), Refusal> {
        let begun = self.holds(BlobKind::Header) && self.holds(BlobKind::Manifest);
        if !begun || self.payload_bytes.is_none() {
            return Err(Refusal::NotReady { stored: 0, total: self.payload_bytes });
        }
        if self.downloads_left() == Some(0) {
            return Err(Code::DownloadsTaken.into());
        }
        if self.running.len() >= limits::MAX_RUNNING_TICKETS {
            return Err(Code::TooBusy.into());
        }
        Ok(())
    }
}
