//! The sweeper: regularly lets time take effect on shares nobody asks for.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use crate::{relay::Relay, store::Store};

/// Sweeps now and then regularly, for ever.
pub async fn run<S: Store>(relay: Arc<Relay<S>>) {
    let mut ticks = interval(relay.config.limits.sweep);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = relay.sweep().await {
            tracing::error!(error = &error as &dyn std::error::Error, "sweep");
        }
    }
}
