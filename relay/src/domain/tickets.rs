//! Tickets: the right to download once, as often interrupted as need be, and what becomes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use share_relay_api::{Bytes32, Code, Event, EventKind, Receipt, Saved, Ticket, limits};

use super::{Ending, Life, Record, Refusal, Share, events};
use crate::{
    admission::tokens,
    limits::{FRESH_TICKET_SECONDS, RECEIPT_WAIT},
};

/// A ticket that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// SHA-256 of the ticket.
    pub hash: Bytes32,
    /// When it ends.
    pub expires_at: u64,
    /// Bytes of content served on it. A range is charged before it is served and what was not sent is refunded
    /// after, so a crash in between can only count too much. A ticket that replaces one on which everything was served
    /// goes on from that.
    pub served: u64,
    /// Whether a receipt came for its place in the download limit, on this ticket or on one that it replaced: then the
    /// place is used up, whatever becomes of this ticket.
    pub received: bool,
    /// Whether it was given to a browser, and can be downloaded again until it ends.
    pub again: bool,
}

impl Record {
    /// Takes one of the allowed downloads, or takes over one that somebody has taken and left: a download that was
    /// given to a browser, or one without a receipt on which no answer runs (`quiet_for` tells for how long, `None` if
    /// one does). That takes a proof, so a share to public keys has none to take over. The ticket that is replaced ends,
    /// but may still send its receipt if all was served on it.
    ///
    /// The same ticket again gets the same answer while it runs and takes no second place; one that has ended is refused.
    pub fn take_ticket(
        &mut self,
        proof_hash: Option<&Bytes32>,
        ticket: &Bytes32,
        quiet_for: impl Fn(&Bytes32) -> Option<Duration>,
        now: u64,
    ) -> Result<Ticket, Refusal> {
        if self.kept(now)?.running(ticket, now).is_none() {
            self.live(now)?;
        }
        self.prove(proof_hash, now)?;
        if let Some(running) = self.kept(now)?.running(ticket, now) {
            return Ok(Ticket { expires_at: running.expires_at });
        }
        if self.has_ended(ticket) {
            return Err(Code::TicketInvalid.into());
        }
        let (share, log) = self.kept_mut(now)?;
        let expires_at = now.saturating_add(limits::TICKET_SECONDS);
        let mut new = Running { hash: *ticket, expires_at, served: 0, received: false, again: false };
        let replaced = share.place_for_ticket(quiet_for, now)?;
        if let Some(old) = &replaced {
            new.received = old.received;
            if old.served >= share.content_bytes() {
                new.served = old.served;
                share.replaced.push(old.hash);
                bound(&mut share.replaced);
            }
        }
        share.running.push(new);
        events::push(log, now, EventKind::Ticket { ticket_hash: *ticket, replaces: replaced.map(|old| old.hash) });
        Ok(Ticket { expires_at })
    }

    /// How many tickets run.
    pub fn running_tickets(&self) -> usize {
        if let Life::Live(share) = &self.life { share.running.len() } else { 0 }
    }

    /// The share and the running ticket of this hash.
    pub fn admitted(&self, ticket: Option<&Bytes32>, now: u64) -> Result<(&Share, &Running), Refusal> {
        let share = self.kept(now)?;
        if let Some(running) = ticket.and_then(|hash| share.running(hash, now)) {
            return Ok((share, running));
        }
        self.live(now)?;
        Err(Code::TicketInvalid.into())
    }

    /// Charges bytes that are about to be served.
    pub fn charge(&mut self, ticket: &Bytes32, bytes: u64, now: u64) -> Result<(), Refusal> {
        let running = self.running_mut(ticket, now)?;
        running.served = running.served.saturating_add(bytes);
        Ok(())
    }

    /// Gives back what was charged and not sent.
    pub fn refund(&mut self, ticket: &Bytes32, bytes: u64, now: u64) -> Result<(), Refusal> {
        let running = self.running_mut(ticket, now)?;
        running.served = running.served.saturating_sub(bytes);
        Ok(())
    }

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
            Some(hash) if self.has_receipt(hash) => match self.kept(now).ok().and_then(|it| it.running(hash, now)) {
                Some(running) if receipt.saved == Saved::Browser => return Ok(Some(running.expires_at)),
                Some(_) => {}
                None => return Ok(None),
            },
            _ => {}
        }
        if !events::has_room_for_receipt(&self.events) {
            return Err(Code::TooBusy.into());
        }
        if let Some(hash) = ticket.filter(|hash| self.kept(now).is_ok_and(|it| lists(&it.replaced, hash))) {
            // Its place is somebody else's by now, and has its own end.
            events::push(&mut self.events, now, EventKind::Receipt { ticket_hash: *hash, receipt: receipt.clone() });
            return Ok(None);
        }
        let mut place = self.may_receive(ticket, now)?;
        let (share, log) = self.kept_mut(now)?;
        share.let_go(&place.hash);
        events::push(log, now, EventKind::Receipt { ticket_hash: place.hash, receipt: receipt.clone() });
        if receipt.saved == Saved::Browser {
            place = Running { expires_at: now.saturating_add(grace), received: true, again: true, ..place };
            let again_until = place.expires_at;
            share.running.push(place);
            return Ok(Some(again_until));
        }
        share.received = share.received.saturating_add(1);
        if share.request.downloads.is_some_and(|allowed| share.received >= allowed) {
            self.end(Ending::Collected, now);
        }
        Ok(None)
    }

    /// The ticket that runs, or that has ended after all was served on it.
    fn may_receive(&self, ticket: Option<&Bytes32>, now: u64) -> Result<Running, Refusal> {
        let share = self.kept(now)?;
        let all = share.content_bytes();
        let same = |hash: &Bytes32| ticket.is_some_and(|ticket| tokens::same(hash, ticket));
        if let Some(hash) = share.late.iter().find(|hash| same(hash)) {
            return Ok(Running { hash: *hash, expires_at: now, served: all, received: false, again: false });
        }
        match share.running.iter().find(|running| same(&running.hash) && running.served >= all) {
            Some(served) => Ok(served.clone()),
            None => Ok(self.admitted(ticket, now)?.1.clone()),
        }
    }

    /// Whether a receipt came on this ticket.
    fn has_receipt(&self, ticket: &Bytes32) -> bool {
        self.events.iter().any(
            |event| matches!(&event.kind, EventKind::Receipt { ticket_hash, .. } if tokens::same(ticket_hash, ticket)),
        )
    }

    /// Whether this ticket is known to have ended. Those without a receipt are forgotten with their event.
    fn has_ended(&self, ticket: &Bytes32) -> bool {
        let ended = |event: &Event| match &event.kind {
            EventKind::Receipt { ticket_hash, .. } | EventKind::TicketReturned { ticket_hash } => Some(*ticket_hash),
            EventKind::Ticket { replaces, .. } => *replaces,
            _ => None,
        };
        let late = || matches!(&self.life, Life::Live(share) if lists(&share.late, ticket));
        self.events.iter().filter_map(ended).any(|hash| tokens::same(&hash, ticket)) || late()
    }

    fn running_mut(&mut self, ticket: &Bytes32, now: u64) -> Result<&mut Running, Refusal> {
        let (share, _) = self.kept_mut(now)?;
        share.running.iter_mut().find(|running| tokens::same(&running.hash, ticket)).ok_or(Code::TicketInvalid.into())
    }
}

impl Running {
    /// Whether its holder has only just taken it.
    fn is_fresh(&self, now: u64) -> bool {
        self.served == 0 && now.saturating_add(limits::TICKET_SECONDS - FRESH_TICKET_SECONDS) < self.expires_at
    }
}

/// Forgets the oldest of too many ended tickets.
fn bound(tickets: &mut Vec<Bytes32>) {
    let too_many = tickets.len().saturating_sub(limits::MAX_RUNNING_TICKETS);
    tickets.drain(..too_many);
}

/// Whether this ticket is one of these.
fn lists(tickets: &[Bytes32], ticket: &Bytes32) -> bool {
    tickets.iter().any(|listed| tokens::same(listed, ticket))
}

impl Share {
    /// Allowed downloads that nobody has taken; `None` for no limit.
    pub fn downloads_left(&self) -> Option<u32> {
        let taken = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let used = self.received.saturating_add(self.unconfirmed).saturating_add(taken);
        self.request.downloads.map(|allowed| allowed.saturating_sub(used))
    }

    /// Until when a download that was given to a browser can be made again, if there is one.
    pub fn again_until(&self, now: u64) -> Option<u64> {
        self.running.iter().filter(|running| running.again && now < running.expires_at).map(|it| it.expires_at).max()
    }

    /// Ends tickets whose time is over. One that was not served everything gives its place back.
    pub(super) fn end_tickets(&mut self, now: u64, log: &mut Vec<Event>) {
        let all = self.content_bytes();
        for ended in self.running.extract_if(.., |running| now >= running.expires_at) {
            if ended.received {
                self.received = self.received.saturating_add(1);
            } else if ended.served >= all {
                self.unconfirmed = self.unconfirmed.saturating_add(1);
                self.late.push(ended.hash);
            } else {
                events::push(log, ended.expires_at, EventKind::TicketReturned { ticket_hash: ended.hash });
            }
        }
        bound(&mut self.late);
    }

    pub(super) fn content_bytes(&self) -> u64 {
        self.layout().content_bytes().unwrap_or(u64::MAX)
    }

    fn running(&self, ticket: &Bytes32, now: u64) -> Option<&Running> {
        self.running.iter().find(|running| tokens::same(&running.hash, ticket) && now < running.expires_at)
    }

    /// Takes a ticket out of those that run, or that ended after all was served on them.
    fn let_go(&mut self, ticket: &Bytes32) {
        self.running.retain(|running| running.hash != *ticket);
        if let Some(late) = self.late.iter().position(|late| late == ticket) {
            self.late.remove(late);
            self.unconfirmed = self.unconfirmed.saturating_sub(1);
        }
    }

    /// A place for a new ticket: a free one, or else that of the ticket which is given here and runs no more.
    fn place_for_ticket(
        &mut self,
        quiet_for: impl Fn(&Bytes32) -> Option<Duration>,
        now: u64,
    ) -> Result<Option<Running>, Refusal> {
        if self.header.is_none() || self.manifest.is_none() || self.payload_bytes.is_none() {
            return Err(Refusal::NotReady { stored: 0, total: self.payload_bytes });
        }
        let is_full = self.running.len() >= limits::MAX_RUNNING_TICKETS;
        if self.downloads_left() != Some(0) && !is_full {
            return Ok(None);
        }
        match self.left_behind(quiet_for, now) {
            Some(place) => Ok(Some(self.running.remove(place))),
            None if is_full => Err(Code::TooBusy.into()),
            None => Err(Code::DownloadsTaken.into()),
        }
    }

    /// Which of the running tickets somebody with a proof may replace: first those nobody downloads on.
    fn left_behind(&self, quiet_for: impl Fn(&Bytes32) -> Option<Duration>, now: u64) -> Option<usize> {
        self.request.proof_hash?;
        let all = self.content_bytes();
        let numbered = self.running.iter().enumerate();
        let candidates = numbered.filter_map(|(number, running)| {
            let quiet = quiet_for(&running.hash);
            let may_go = match quiet {
                _ if running.again => now < running.expires_at,
                None => false,
                Some(quiet) if running.served >= all => quiet >= RECEIPT_WAIT,
                Some(_) => !running.is_fresh(now),
            };
            may_go.then_some((quiet.is_none(), !running.again, running.expires_at, number))
        });
        candidates.min().map(|(.., number)| number)
    }
}
