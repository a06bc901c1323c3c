//! When time ends tickets, and the share with them.

use share_relay_api::EventKind;

use super::{
    super::{
        events::History,
        record::{Life, Record, Share},
        refusal::Ending,
    },
    ticket::ActiveTicket,
};
use crate::limits::TOUCH_SECONDS;

impl Record {
    /// Writes down what time has ended: tickets, and the share with them once it is over.
    pub fn settle(&mut self, now: u64) {
        let Life::Live(share) = &mut self.life else { return };
        let ended = share.ended(now);
        share.end_tickets(now, &mut self.history);
        if let Some((ending, at)) = ended {
            self.end(ending, at);
        }
    }
}

impl Share {
    /// Ends tickets whose time is over. One that was not served everything gives its place back.
    fn end_tickets(&mut self, now: u64, history: &mut History) {
        let all = self.content_bytes();
        for ended in self.delivery.running.extract_if(.., |running| now >= running.expires_at) {
            if ended.received {
                self.delivery.received = self.delivery.received.saturating_add(1);
            } else if ended.served >= all {
                self.delivery.unconfirmed = self.delivery.unconfirmed.saturating_add(1);
                self.delivery.late.insert(&ended.hash);
            } else {
                history.push(ended.expires_at, EventKind::TicketReturned { ticket_hash: ended.hash });
            }
        }
    }

    /// When it is over for newcomers: its expiry, or earlier if its upload stopped.
    pub(in crate::domain) fn end(&self) -> u64 {
        self.object.abandoned_at().map_or(self.expires_at, |abandoned| self.expires_at.min(abandoned))
    }

    /// How and when time has ended it, written down or not: the last allowed download was given to a browser and can be
    /// made no more, or it is over and nothing keeps it. A ticket on a complete share is honoured to its own end.
    pub(in crate::domain) fn ended(&self, now: u64) -> Option<(Ending, u64)> {
        let is_over = |running: &&ActiveTicket| now >= running.expires_at;
        if self.is_used_up(|running| running.received && is_over(&running)) {
            let last = self.delivery.running.iter().filter(is_over).map(|running| running.expires_at).max();
            return Some((Ending::Collected, last.unwrap_or(now)));
        }
        let is_kept = self.object.is_sealed && !self.delivery.running.iter().all(|running| is_over(&running));
        (now >= self.end() && !is_kept).then(|| (Ending::Expired, self.end()))
    }

    /// Until when parts may arrive without being noted: then one must be noted, or comes too late.
    pub fn parts_unnoted_until(&self) -> u64 {
        self.end().min(self.object.touched_at.saturating_add(TOUCH_SECONDS))
    }

    /// When a ticket ends next, or the share.
    pub(in crate::domain) fn due(&self) -> u64 {
        let ends = self.delivery.running.iter().map(|running| running.expires_at);
        let is_kept = self.object.is_sealed && ends.clone().any(|end| end > self.end());
        ends.chain((!is_kept).then(|| self.end())).min().unwrap_or_else(|| self.end())
    }

    /// When the content goes if nothing else happens.
    pub(in crate::domain) fn content_until(&self) -> u64 {
        let last = self.delivery.running.iter().map(|running| running.expires_at).max();
        match last {
            Some(last) if self.is_used_up(|running| running.received) => last,
            Some(last) if self.object.is_sealed => last.max(self.end()),
            _ => self.end(),
        }
    }

    /// Whether every allowed download was received, if these running ones were.
    fn is_used_up(&self, were_received: impl Fn(&ActiveTicket) -> bool) -> bool {
        let running = self.delivery.running.iter().filter(|running| were_received(running)).count();
        let received = usize::try_from(self.delivery.received).unwrap_or(usize::MAX).saturating_add(running);
        self.request.downloads.is_some_and(|allowed| received >= usize::try_from(allowed).unwrap_or(usize::MAX))
    }
}
