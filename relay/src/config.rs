//! What an operator decides, checked: who may send, how much, for how long.

use std::{fmt, sync::Arc};

use share_relay_api::RelayLimits;

use crate::{
    admission::Senders,
    clock::{Clock, SystemClock},
    limits::Limits,
    operator::Operator,
};

/// How a relay behaves.
#[derive(Clone)]
pub struct Config {
    /// Who may create shares.
    pub senders: Senders,
    /// What is accepted; never more than [`RelayLimits::PROTOCOL`].
    pub accepts: RelayLimits,
    /// Bounds against slow, greedy or hostile clients.
    pub limits: Limits,
    /// Whose page it is.
    pub operator: Operator,
    /// How long a download that was given to a browser can be made again, in seconds.
    pub grace: u64,
    /// The clock of the rules.
    pub clock: Arc<dyn Clock>,
}

/// Largest content unless the operator says otherwise: 100 GiB.
pub const DEFAULT_MAX_SIZE: u64 = 100 << 30;

/// Longest life of a share unless the operator says otherwise: 30 days.
pub const DEFAULT_MAX_EXPIRY: u64 = 30 * 24 * 3600;

/// How long a download that was given to a browser can be made again unless the operator says otherwise: an hour.
pub const DEFAULT_GRACE: u64 = 3600;

impl Config {
    /// These senders, default limits, the system's clock.
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
