//! Tickets: the right to download once, as often interrupted as need be, and what becomes of it.

use std::time::Duration;

use share_relay_api::{Bytes32, Code, EventKind, Ticket, limits};

use super::{
    super::{
        record::{Life, Record, Share},
        refusal::Refusal,
    },
    ticket::ActiveTicket,
};
use crate::{domain::digest, limits::RECEIPT_WAIT};

impl Record {
    /// Takes one of the allowed downloads, or takes over one that somebody has taken and left: a download that was
    /// given to a browser, or one without a receipt on which no answer runs (`idle_for` tells for how long, `None` if
    /// one does). That takes a proof, so a share to public keys has none to take over. The ticket that is replaced ends,
    /// but may still send its receipt if all was served on it.
    ///
    /// The same ticket again gets the same answer while it runs and takes no second place; one that has ended is refused.
    pub fn take_ticket(
        &mut self,
        proof_hash: Option<&Bytes32>,
        ticket: &Bytes32,
        idle_for: impl Fn(&Bytes32) -> Option<Duration>,
        now: u64,
    ) -> Result<Ticket, Refusal> {
        if self.not_ended(now)?.delivery.running(ticket, now).is_none() {
            self.live(now)?;
        }
        self.prove(proof_hash, now)?;
        if let Some(running) = self.not_ended(now)?.delivery.running(ticket, now) {
            return Ok(Ticket { expires_at: running.expires_at });
        }
        if self.has_ended(ticket) {
            return Err(Code::TicketInvalid.into());
        }
        let (share, history) = self.not_ended_mut(now)?;
        let expires_at = now.saturating_add(limits::TICKET_SECONDS);
        let mut new = ActiveTicket { hash: *ticket, expires_at, served: 0, received: false, again: false };
        let replaced = share.place_for_ticket(idle_for, now)?;
        if let Some(old) = &replaced {
            new.received = old.received;
            if old.served >= share.content_bytes() {
                new.served = old.served;
                share.delivery.replaced.insert(&old.hash);
            }
        }
        share.delivery.running.push(new);
        history.push(now, EventKind::Ticket { ticket_hash: *ticket, replaces: replaced.map(|old| old.hash) });
        Ok(Ticket { expires_at })
    }

    /// How many tickets run.
    pub fn running_tickets(&self) -> usize {
        if let Life::Live(share) = &self.life { share.delivery.running.len() } else { 0 }
    }

    /// The share and the running ticket of this hash.
    pub fn admitted(&self, ticket: Option<&Bytes32>, now: u64) -> Result<(&Share, &ActiveTicket), Refusal> {
        let share = self.not_ended(now)?;
        if let Some(running) = ticket.and_then(|hash| share.delivery.running(hash, now)) {
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

    /// Whether this ticket is known to have ended. Of those that did before all was served, only the newest are.
    fn has_ended(&self, ticket: &Bytes32) -> bool {
        let is_late = matches!(&self.life, Life::Live(share) if share.delivery.late.contains(ticket));
        is_late || self.history.has_ended(ticket)
    }

    fn running_mut(&mut self, ticket: &Bytes32, now: u64) -> Result<&mut ActiveTicket, Refusal> {
        let (share, _) = self.not_ended_mut(now)?;
        share
            .delivery
            .running
            .iter_mut()
            .find(|running| digest::equal(&running.hash, ticket))
            .ok_or(Code::TicketInvalid.into())
    }
}

impl Share {
    /// Allowed downloads that nobody has taken; `None` for no limit.
    pub fn downloads_left(&self) -> Option<u32> {
        let taken = u32::try_from(self.delivery.running.len()).unwrap_or(u32::MAX);
        let used = self.delivery.received.saturating_add(self.delivery.unconfirmed).saturating_add(taken);
        self.request.downloads.map(|allowed| allowed.saturating_sub(used))
    }

    pub(super) fn content_bytes(&self) -> u64 {
        self.layout().content_bytes().unwrap_or(u64::MAX)
    }

    /// A place for a new ticket: a free one, or else that of the ticket which is given here and runs no more.
    fn place_for_ticket(
        &mut self,
        idle_for: impl Fn(&Bytes32) -> Option<Duration>,
        now: u64,
    ) -> Result<Option<ActiveTicket>, Refusal> {
        if !self.object.can_be_fetched() {
            return Err(Refusal::NotReady { stored: 0, total: self.object.payload_bytes });
        }
        let is_full = self.delivery.running.len() >= limits::MAX_RUNNING_TICKETS;
        if self.downloads_left() != Some(0) && !is_full {
            return Ok(None);
        }
        match self.replaceable_ticket(idle_for, now) {
            Some(place) => Ok(Some(self.delivery.running.remove(place))),
            None if is_full => Err(Code::TooBusy.into()),
            None => Err(Code::DownloadsTaken.into()),
        }
    }

    /// Which of the running tickets somebody with a proof may replace: first those nobody downloads on.
    fn replaceable_ticket(&self, idle_for: impl Fn(&Bytes32) -> Option<Duration>, now: u64) -> Option<usize> {
        self.request.proof_hash?;
        let all = self.content_bytes();
        let numbered = self.delivery.running.iter().enumerate();
        let candidates = numbered.filter_map(|(number, running)| {
            let quiet = idle_for(&running.hash);
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
