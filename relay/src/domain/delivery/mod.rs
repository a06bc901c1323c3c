//! How a share gets to its recipients: proofs and the locks that wrong ones bring, tickets, receipts, and the limits in
//! number and time. Nothing here is about how its bytes came to the relay.

pub mod attempts;
mod expiry;
mod proofs;
mod receipts;
pub mod state;
pub mod ticket;
pub mod ticket_set;
mod tickets;
