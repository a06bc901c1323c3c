//! What happened to a share, bounded.

use share_relay_api::{Event, EventKind, limits::MAX_EVENTS};

/// Adds an event at its place in time. When there are too many, the oldest goes that is not a receipt: whoever
/// floods the list cannot push out what the sender waits for.
pub fn push(events: &mut Vec<Event>, at: u64, kind: EventKind) {
    let place = events.partition_point(|event| event.at <= at);
    events.insert(place, Event { at, kind });
    if events.len() > MAX_EVENTS
        && let Some(oldest) = events.iter().position(may_go)
    {
        events.remove(oldest);
    }
}

/// Whether there is room for a receipt: there is none once all events are receipts.
pub fn has_room_for_receipt(events: &[Event]) -> bool {
    events.len() < MAX_EVENTS || events.iter().any(may_go)
}

fn may_go(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Receipt { .. })
}

#[cfg(test)]
mod tests {
    use share_relay_api::{Bytes32, Receipt, Saved};

    use super::*;

    #[test]
    fn a_flood_is_bounded_and_leaves_the_receipt() {
        let zero = Bytes32([0; 32]);
        let receipt = Receipt { fingerprint: zero, time: 1, saved: Saved::Disk, mac: zero };
        let mut events = Vec::new();
        push(&mut events, 0, EventKind::Created);
        push(&mut events, 1, EventKind::Receipt { ticket_hash: zero, receipt });
        for at in 2..3000 {
            push(&mut events, at, EventKind::WrongProof);
        }
        assert_eq!(events.len(), MAX_EVENTS);
        assert!(matches!(events[0].kind, EventKind::Receipt { .. }));
        assert_eq!(events[MAX_EVENTS - 1].at, 2999);
    }

    #[test]
    fn receipts_never_push_each_other_out() {
        let zero = Bytes32([0; 32]);
        let receipt = || EventKind::Receipt {
            ticket_hash: zero,
            receipt: Receipt { fingerprint: zero, time: 1, saved: Saved::Disk, mac: zero },
        };
        let mut events = Vec::new();
        push(&mut events, 0, EventKind::Created);
        for at in 0..MAX_EVENTS as u64 {
            assert!(has_room_for_receipt(&events));
            push(&mut events, at, receipt());
        }
        assert!(!has_room_for_receipt(&events));
        push(&mut events, 9999, EventKind::WrongProof);
        assert!(events.len() == MAX_EVENTS && !events.iter().any(may_go));
    }

    #[test]
    fn a_late_note_goes_to_its_place_in_time() {
        let mut events = Vec::new();
        for at in [1, 9, 5] {
            push(&mut events, at, EventKind::WrongProof);
        }
        assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [1, 5, 9]);
    }
}
