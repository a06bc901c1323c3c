//! The record of a share, which the store keeps, and its life from creation to tombstone.
//!
//! Every function that takes `now` refuses what has expired by then, whether or not that has been written down with
//! [`Record::settle`]: while the relay's clock cannot be trusted, it is not.

use serde::{Deserialize, Serialize};
use share_relay_api::{
    Bytes32, Code, CreateShare, Created, EventKind, Events, RelayLimits, ShareStatus, State, limits,
};

use super::{
    delivery::state::Delivery,
    digest,
    events::{EventLog, History},
    layout::{self, Layout},
    object::Object,
    refusal::{Ending, Refusal},
};
use crate::admission::Principal;

/// All the relay knows of a share besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What happened.
    pub history: History,
    /// The share, or what is left of it.
    pub life: Life,
}

/// Whether there is still something to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// It has content, or is getting it.
    Live(Box<Share>),
    /// A tombstone. With the events, this is all that is kept.
    Gone {
        /// How it ended.
        ending: Ending,
        /// When it ended.
        at: u64,
        /// SHA-256 of the manage key, so that the sender can still read the events.
        manage_key_hash: Bytes32,
        /// Whether its content may still be there.
        has_content: bool,
    },
}

/// A share with content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who sent it.
    pub owner: Principal,
    /// As the sender asked for it.
    pub request: CreateShare,
    /// When it was created.
    pub created_at: u64,
    /// When it expires.
    pub expires_at: u64,
    /// What the sender has brought.
    pub object: Object,
    /// What recipients have done.
    pub delivery: Delivery,
}

impl Record {
    /// A new share, if the request is within the relay's limits.
    pub fn create(request: CreateShare, owner: Principal, accepts: &RelayLimits, now: u64) -> Result<Self, Refusal> {
        layout::check(&request, accepts)?;
        let share = Share {
            owner,
            created_at: now,
            expires_at: now.saturating_add(request.expires_in),
            object: Object::new(request.payload_bytes, now),
            delivery: Delivery::default(),
            request,
        };
        let mut history = History::default();
        history.push(now, EventKind::Created);
        Ok(Self { history, life: Life::Live(Box::new(share)) })
    }

    /// What a repeated request to create is answered: the same, if it is the same.
    pub fn created_again(&self, request: &CreateShare, now: u64) -> Result<Created, Refusal> {
        let share = self.live(now)?;
        if share.request == *request { Ok(share.created()) } else { Err(Code::Conflict.into()) }
    }

    /// The share, unless it has ended or its time is over.
    pub fn live(&self, now: u64) -> Result<&Share, Refusal> {
        let share = self.not_ended(now)?;
        if now < share.end() { Ok(share) } else { Err(Refusal::Gone { ending: Ending::Expired, at: share.end() }) }
    }

    /// The share, unless it has ended. Past its expiry it has not ended while tickets on it are running.
    pub fn not_ended(&self, now: u64) -> Result<&Share, Refusal> {
        match &self.life {
            Life::Live(share) => match share.ended(now) {
                None => Ok(share),
                Some((ending, at)) => Err(Refusal::Gone { ending, at }),
            },
            Life::Gone { ending, at, .. } => Err(Refusal::Gone { ending: *ending, at: *at }),
        }
    }

    /// Where the share is in its life, as told to anybody.
    pub fn state(&self, now: u64) -> State {
        match self.live(now) {
            Ok(share) if share.object.is_sealed => State::Ready,
            Ok(_) => State::Uploading,
            Err(Refusal::Gone { ending, .. }) => ending.into(),
            Err(_) => State::Expired,
        }
    }

    /// Refuses whoever does not hold the manage key.
    pub fn managed_by(&self, key_hash: Option<&Bytes32>) -> Result<(), Refusal> {
        let known = match &self.life {
            Life::Live(share) => &share.request.manage_key_hash,
            Life::Gone { manage_key_hash, .. } => manage_key_hash,
        };
        match key_hash {
            Some(given) if digest::equal(known, given) => Ok(()),
            _ => Err(Code::NotManager.into()),
        }
    }

    /// Takes the share back, also past its expiry, as long as there is content. Doing it again changes nothing.
    pub fn revoke(&mut self, now: u64) -> Result<(), Refusal> {
        match self.life {
            Life::Live(_) => self.end(Ending::Revoked, now),
            Life::Gone { ending: Ending::Revoked, .. } => {}
            Life::Gone { ending, at, .. } => return Err(Refusal::Gone { ending, at }),
        }
        Ok(())
    }

    /// Notes that content was found damaged, once: the sender can send again.
    pub fn note_damage(&mut self, now: u64) -> Result<(), Refusal> {
        let (_, history) = self.not_ended_mut(now)?;
        if !history.is_damaged() {
            history.push(now, EventKind::Damaged);
        }
        Ok(())
    }

    /// What the sender may read, to the tombstone's end. `log` has the events that were moved there.
    pub fn events(&self, log: EventLog, now: u64) -> Events {
        let content_until = self.not_ended(now).ok().map(Share::content_until);
        Events { state: self.state(now), content_until, events: log.with(&self.history) }
    }

    /// Whether this is a tombstone that is old enough to be removed.
    pub fn forgotten(&self, now: u64) -> bool {
        matches!(self.life, Life::Gone { at, .. } if now >= at.saturating_add(limits::TOMBSTONE_SECONDS))
    }

    /// When [`Record::settle`] next changes something, or the tombstone, its content or itself, is to be removed.
    pub fn due(&self) -> u64 {
        match &self.life {
            Life::Live(share) => share.due(),
            Life::Gone { at, has_content: true, .. } => *at,
            Life::Gone { at, .. } => at.saturating_add(limits::TOMBSTONE_SECONDS),
        }
    }

    /// Whether this is a tombstone whose content may still be there.
    pub fn has_content_to_delete(&self) -> bool {
        matches!(self.life, Life::Gone { has_content: true, .. })
    }

    /// Notes that the content of a tombstone is deleted.
    pub fn note_deleted(&mut self) {
        if let Life::Gone { has_content, .. } = &mut self.life {
            *has_content = false;
        }
    }

    /// Whether this is a tombstone.
    pub fn is_gone(&self) -> bool {
        matches!(self.life, Life::Gone { .. })
    }

    pub(super) fn live_mut(&mut self, now: u64) -> Result<(&mut Share, &mut History), Refusal> {
        self.live(now)?;
        self.not_ended_mut(now)
    }

    pub(super) fn not_ended_mut(&mut self, now: u64) -> Result<(&mut Share, &mut History), Refusal> {
        self.not_ended(now)?;
        match &mut self.life {
            Life::Live(share) => Ok((share, &mut self.history)),
            Life::Gone { ending, at, .. } => Err(Refusal::Gone { ending: *ending, at: *at }),
        }
    }

    pub(super) fn end(&mut self, ending: Ending, at: u64) {
        let Life::Live(share) = &self.life else { return };
        let manage_key_hash = share.request.manage_key_hash;
        self.life = Life::Gone { ending, at, manage_key_hash, has_content: true };
        let kind = match ending {
            Ending::Collected => EventKind::Collected,
            Ending::Revoked => EventKind::Revoked,
            Ending::Expired => EventKind::Expired,
        };
        self.history.push(at, kind);
    }
}

impl Share {
    /// Where its parts go.
    pub fn layout(&self) -> Layout {
        Layout {
            generation: self.object.generation,
            header_bytes: self.request.header_bytes,
            payload_bytes: self.object.payload_bytes,
            part_bytes: self.request.part_bytes,
        }
    }

    /// When it was created and when it ends, as the sender is told.
    pub fn created(&self) -> Created {
        Created { created_at: self.created_at, expires_at: self.expires_at }
    }

    /// What anybody with the link may know. `stored_bytes` is what the store holds of the payload.
    pub fn status(&self, stored_bytes: u64, now: u64) -> ShareStatus {
        ShareStatus {
            state: if self.object.is_sealed { State::Ready } else { State::Uploading },
            kind: self.request.kind(),
            now,
            created_at: self.created_at,
            expires_at: self.expires_at,
            header_bytes: self.request.header_bytes,
            payload_bytes: self.object.payload_bytes,
            part_bytes: self.request.part_bytes,
            stored_bytes,
            tries_left: self.delivery.attempts.tries_left(now),
            locked_until: self.delivery.attempts.locked_until(now),
            downloads_left: self.downloads_left(),
            again_until: self.delivery.again_until(now),
        }
    }
}
