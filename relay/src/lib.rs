//! The relay: passes on ciphertext it cannot read.
//!
//! ```text
//! http -> service (the calls) -> domain (the rules) -> storage
//! ```
//! The library never sees a command line or a signal: [`serve`] gets a listener and is told when to stop. The wire
//! contract is the package `share-relay-api` and `docs/protocol.md`.

pub mod admission;
mod args;
pub mod clock;
pub mod config;
pub mod domain;
mod http;
pub mod limits;
mod line;
mod memory;
mod metrics;
pub mod operator;
mod program;
mod service;
pub mod storage;
mod turns;

use std::{future::Future, io, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

pub use config::{Config, Senders};
pub use domain::{Ending, Refusal};
pub use program::run;

/// Serves the protocol on `listener` until `shutdown`, then finishes what runs (at most [`limits::Limits::drain`] and
/// [`limits::SETTLE`]) and returns.
///
/// # Errors
/// If the listener has no address. What fails later is answered or logged, and does not end the relay.
pub async fn serve<S: storage::Store>(
    listener: TcpListener,
    config: Config,
    store: S,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_with_operator(listener, None, config, store, shutdown).await
}

/// Like [`serve`], with metrics and health on a listener of the operator's own.
pub async fn serve_with_operator<S: storage::Store>(
    listener: TcpListener,
    operator: Option<TcpListener>,
    config: Config,
    store: S,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    tracing::info!(
        address = %listener.local_addr()?,
        senders = config.senders.name(),
        max_size = config.accepts.content_bytes,
        max_expiry = config.accepts.expiry_seconds,
        connections = config.limits.connections,
        "relay started"
    );
    let relay = service::Relay::new(config, store);
    relay.check_clock().await;
    let (stop, stopped) = watch::channel(false);
    let sweeping = tokio::spawn(service::sweep::run(relay.clone(), stopped.clone()));
    let serving_operator = async {
        if let Some(operator) = operator {
            http::serve_operator(operator, relay.clone(), stopped.clone()).await;
        }
    };
    let stop_on_shutdown = async {
        shutdown.await;
        stop.send_replace(true);
    };
    tokio::join!(http::serve(listener, relay.clone(), stopped.clone()), serving_operator, stop_on_shutdown);
    tokio::join!(relay.settle_bodies(), finish(sweeping, limits::SETTLE));
    tracing::info!("relay stopped");
    Ok(())
}

/// Lets a task come to its end, within a limit.
async fn finish(mut task: JoinHandle<()>, limit: Duration) {
    match timeout(limit, &mut task).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the sweeper failed"),
        Err(_) => task.abort(),
    }
}
