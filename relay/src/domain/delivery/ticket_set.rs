//! Tickets that have ended, as many as may run at once: of more, the oldest is forgotten.

use std::fmt::Write;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use share_relay_api::{Bytes32, limits};

/// Tickets, the oldest first, each by the first half of its hash, which no two of them share. Stored as hexadecimal digits,
/// all in one text: there may be a thousand in a record that is often read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketSet(Vec<u128>);

const DIGITS: usize = 32;

impl TicketSet {
    /// Remembers a ticket.
    pub fn insert(&mut self, ticket: &Bytes32) {
        if !self.contains(ticket) {
            self.0.push(half(ticket));
            let too_many = self.0.len().saturating_sub(limits::MAX_RUNNING_TICKETS);
            self.0.drain(..too_many);
        }
    }

    /// Forgets a ticket; `false` if it is not there.
    pub fn remove(&mut self, ticket: &Bytes32) -> bool {
        let before = self.0.len();
        self.0.retain(|known| *known != half(ticket));
        self.0.len() < before
    }

    /// Whether this ticket is remembered.
    pub fn contains(&self, ticket: &Bytes32) -> bool {
        self.0.contains(&half(ticket))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

fn half(ticket: &Bytes32) -> u128 {
    let (half, _) = ticket.0.as_chunks::<16>();
    u128::from_be_bytes(half[0])
}

impl Serialize for TicketSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = String::with_capacity(DIGITS * self.0.len());
        for ticket in &self.0 {
            write!(digits, "{ticket:032x}").map_err(serde::ser::Error::custom)?;
        }
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for TicketSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let (tickets, rest) = digits.as_bytes().as_chunks::<DIGITS>();
        let ticket = |digits: &[u8; DIGITS]| u128::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
        let tickets: Option<Vec<u128>> = tickets.iter().map(ticket).collect();
        tickets.filter(|_| rest.is_empty()).map(Self).ok_or_else(|| D::Error::custom("a list of tickets is damaged"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_read_back() {
        let ticket = |n: u32| Bytes32([n.to_be_bytes(); 8].concat().try_into().unwrap());
        let mut set = TicketSet::default();
        (0..=1000).for_each(|n| set.insert(&ticket(n)));
        set.insert(&ticket(5));
        assert!(!set.contains(&ticket(0)) && set.contains(&ticket(1)) && set.contains(&ticket(1000)));
        assert!(set.remove(&ticket(7)) && !set.remove(&ticket(7)) && set.len() == 999);
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text.len(), 2 + 999 * DIGITS);
        assert_eq!(serde_json::from_str::<TicketSet>(&text).unwrap(), set);
        for damaged in ["\"0\"", "\"é\"", &format!("\"{}\"", "g".repeat(DIGITS)), "[]"] {
            assert!(serde_json::from_str::<TicketSet>(damaged).is_err(), "{damaged}");
        }
    }
}
