//! The operator's settings, checked: who may send, how much, for how long.

use std::{fmt, sync::Arc};

use share_relay_api::RelayLimits;

use crate::{
    admission::Senders,
    clock::{Clock, SystemClock},
    limits::Limits,
    operator::Operator,
};

/// The settings of a relay.
#[derive(Clone)]
pub struct Config {
    /// Who may create shares.
    pub senders: Senders,
    /// The largest values accepted; never more than [`RelayLimits::PROTOCOL`].
    pub accepts: RelayLimits,
    /// Bounds against slow, greedy or hostile clients.
    pub limits: Limits,
    /// The operator's name, contact and branding.
    pub operator: Operator,
    /// How long a download in a browser can be repeated, in seconds.
    pub grace: u64,
    /// The clock that expiry and locks go by.
    pub clock: Arc<dyn Clock>,
}

/// Largest content unless the operator says otherwise: 100 GiB.
pub const DEFAULT_MAX_SIZE: u64 = 100 << 30;

/// Longest life of a share unless the operator says otherwise: 30 days.
pub const DEFAULT_MAX_EXPIRY: u64 = 30 * 24 * 3600;

/// How long a download in a browser can be repeated unless the operator says otherwise: an hour.
pub const DEFAULT_GRACE: u64 = 3600;

impl Config {
    /// Settings with these senders and otherwise defaults.
    pub fn new(senders: Senders) -> Self {
        Self {
            senders,
            accepts: RelayLimits {
                content_bytes: DEFAULT_MAX_SIZE,
                expiry_seconds: DEFAULT_MAX_EXPIRY,
                ..RelayLimits::PROTOCOL
            },
            limits: Limits::default(),
            operator: Operator::default(),
            grace: DEFAULT_GRACE,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { senders, accepts, limits, operator, grace, clock: _ } = self;
        f.debug_struct("Config")
            .field("senders", senders)
            .field("accepts", accepts)
            .field("limits", limits)
            .field("operator", operator)
            .field("grace", grace)
            .finish_non_exhaustive()
    }
}
