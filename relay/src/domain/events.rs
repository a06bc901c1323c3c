//! What happened to a share. Its record has the newest events, and of the others what the rules go by; all others are in a
//! record of their own, the log, because they are many and only the sender reads them.
//!
//! Events move to the log in three steps, each of which may be the last: they are stored in the record, they are stored in
//! the log, they are dropped from the record. Both count how many events were moved before, so that none is read or moved
//! twice.

use serde::{Deserialize, Serialize};
use share_relay_api::{
    Bytes32, Event, EventKind,
    limits::{MAX_EVENTS, MAX_RUNNING_TICKETS},
};

use super::delivery::ticket_set::TicketSet;
use crate::limits::MAX_NEWEST_EVENTS;

// The tickets of all receipts are remembered.
const _: () = assert!(MAX_EVENTS <= MAX_RUNNING_TICKETS);

/// What a record has of a share's events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Events that are in the log and not here any more.
    moved: u64,
    /// Those that came after them, in the order they were noted.
    newest: Vec<Event>,
    /// Receipts among all of them.
    receipts: usize,
    /// The tickets of these receipts.
    received: TicketSet,
    /// The newest tickets that ended without a receipt, and before all was served.
    ended: TicketSet,
    is_damaged: bool,
}

/// The other events of a share, in the order of their times, at most [`MAX_EVENTS`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLog {
    /// Events that were moved here, those that were dropped since among them.
    moved: u64,
    events: Vec<Event>,
}

impl History {
    /// Notes an event. While no log can be written, what is no receipt is dropped once there are too many.
    pub fn push(&mut self, at: u64, kind: EventKind) {
        match &kind {
            EventKind::Receipt { ticket_hash, .. } => {
                self.receipts += 1;
                self.received.insert(ticket_hash);
            }
            EventKind::TicketReturned { ticket_hash: ended } | EventKind::Ticket { replaces: Some(ended), .. } => {
                self.ended.insert(ended);
            }
            EventKind::Damaged => self.is_damaged = true,
            _ => {}
        }
        let event = Event { at, kind };
        if self.newest.len() < MAX_EVENTS || !may_go(&event) {
            self.newest.push(event);
        }
    }

    /// Whether a receipt came on this ticket.
    pub fn has_receipt(&self, ticket: &Bytes32) -> bool {
        self.received.contains(ticket)
    }

    /// Whether this ticket is known to have ended, by its receipt or before all was served on it.
    pub fn has_ended(&self, ticket: &Bytes32) -> bool {
        self.received.contains(ticket) || self.ended.contains(ticket)
    }

    /// Whether there is room for a receipt: there is none once all events are receipts.
    pub fn has_room_for_receipt(&self) -> bool {
        self.receipts < MAX_EVENTS
    }

    /// Receipts that came so far.
    pub fn receipts(&self) -> usize {
        self.receipts
    }

    /// Whether the content was found damaged.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Whether there are so many events here that they are to be moved to the log.
    pub fn is_full(&self) -> bool {
        self.newest.len() >= MAX_NEWEST_EVENTS
    }

    /// Drops the events that this log has.
    pub fn drop_moved(&mut self, log: &EventLog) {
        let dropped =
            self.newest.len().min(usize::try_from(log.moved.saturating_sub(self.moved)).unwrap_or(usize::MAX));
        self.newest.drain(..dropped);
        self.moved += dropped as u64;
    }
}

impl EventLog {
    /// Takes over the events that are not here yet, each to its place in time. When there are too many, the oldest goes that
    /// is not a receipt: whoever floods the list cannot push out what the sender waits for. `false` if there are none.
    pub fn take_over(&mut self, history: &History) -> bool {
        let known = usize::try_from(self.moved.saturating_sub(history.moved)).unwrap_or(usize::MAX);
        let new = history.newest.get(known..).unwrap_or_default();
        for event in new {
            let place = self.events.partition_point(|other| other.at <= event.at);
            self.events.insert(place, event.clone());
            if self.events.len() > MAX_EVENTS
                && let Some(oldest) = self.events.iter().position(may_go)
            {
                self.events.remove(oldest);
            }
        }
        self.moved = self.moved.max(history.moved + history.newest.len() as u64);
        !new.is_empty()
    }

    /// All events, those of this history among them.
    pub fn with(mut self, history: &History) -> Vec<Event> {
        self.take_over(history);
        self.events
    }
}

fn may_go(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Receipt { .. })
}

#[cfg(test)]
mod tests {
    use share_relay_api::{Receipt, Saved};

    use super::*;

    fn receipt(ticket: u8) -> EventKind {
        let zero = Bytes32([0; 32]);
        let receipt = Receipt { fingerprint: zero, time: 1, saved: Saved::Disk, mac: zero };
        EventKind::Receipt { ticket_hash: Bytes32([ticket; 32]), receipt }
    }

    /// Pushes, and moves what is too much, as the relay does.
    fn push(history: &mut History, log: &mut EventLog, at: u64, kind: EventKind) {
        history.push(at, kind);
        if history.is_full() {
            log.take_over(history);
            history.drop_moved(log);
        }
    }

    #[test]
    fn a_flood_is_bounded_and_leaves_the_receipt() {
        let (mut history, mut log) = (History::default(), EventLog::default());
        push(&mut history, &mut log, 0, EventKind::Created);
        push(&mut history, &mut log, 1, receipt(1));
        for at in 2..3000 {
            push(&mut history, &mut log, at, EventKind::WrongProof);
            assert!(history.newest.len() < MAX_NEWEST_EVENTS);
        }
        let events = log.with(&history);
        assert_eq!(events.len(), MAX_EVENTS);
        assert!(matches!(events[0].kind, EventKind::Receipt { .. }));
        assert_eq!(events[MAX_EVENTS - 1].at, 2999);
    }

    #[test]
    fn receipts_never_push_each_other_out() {
        for can_move in [true, false] {
            let (mut history, mut log) = (History::default(), EventLog::default());
            let push = |history: &mut History, log: &mut EventLog, at, kind| match can_move {
                true => push(history, log, at, kind),
                false => history.push(at, kind),
            };
            push(&mut history, &mut log, 0, EventKind::Created);
            for at in 0..MAX_EVENTS as u64 {
                assert!(history.has_room_for_receipt());
                push(&mut history, &mut log, at, receipt(1));
            }
            assert!(!history.has_room_for_receipt());
            push(&mut history, &mut log, 9999, EventKind::WrongProof);
            let events = log.with(&history);
            assert!(events.len() == MAX_EVENTS && !events.iter().any(may_go));
        }
    }

    #[test]
    fn a_late_note_goes_to_its_place_in_time() {
        let mut history = History::default();
        for at in [1, 9, 5] {
            history.push(at, EventKind::WrongProof);
        }
        let events = EventLog::default().with(&history);
        assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [1, 5, 9]);
    }

    #[test]
    fn events_are_told_once_wherever_a_crash_came_between() {
        let mut history = History::default();
        (0..5).for_each(|at| history.push(at, EventKind::WrongProof));
        let mut log = EventLog::default();
        assert!(log.take_over(&history));
        // They are in both, and one more comes.
        history.push(5, EventKind::WrongProof);
        let times = |history: &History, log: &EventLog| {
            log.clone().with(history).iter().map(|event| event.at).collect::<Vec<_>>()
        };
        assert_eq!(times(&history, &log), [0, 1, 2, 3, 4, 5]);
        history.drop_moved(&log);
        assert_eq!((times(&history, &log), history.newest.len()), (vec![0, 1, 2, 3, 4, 5], 1));
        assert!(log.take_over(&history) && !log.take_over(&history));
        assert_eq!(times(&history, &log), [0, 1, 2, 3, 4, 5]);
        history.drop_moved(&log);
        history.drop_moved(&log);
        assert_eq!((times(&history, &log), history.newest.len()), (vec![0, 1, 2, 3, 4, 5], 0));
    }
}
