//! The sweeper: regularly lets time take effect on shares nobody asks for.

use std::sync::Arc;

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::relay::Relay;
use crate::line;

/// Sweeps now and then regularly, until `stop`.
pub async fn run(relay: Arc<Relay>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(relay.config.limits.sweep);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => return,
        }
        relay.check_clock().await;
        if let Err(error) = relay.sweep().await {
            tracing::error!(error = line::of_error(&error), "sweep");
        }
    }
}
