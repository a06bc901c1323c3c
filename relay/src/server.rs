//! A running relay: its listeners, its sweeper, and how it comes to an end.

use std::{future::Future, io, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use crate::{
    config::Config,
    http, limits,
    service::{Relay, sweep},
    storage::Storage,
};

/// Serves the protocol on `listener` until `shutdown`, then finishes what runs (in a few seconds, see `limits.rs`) and returns.
///
/// # Errors
/// If the listener has no address. What fails later is answered or logged, and does not end the relay.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    store: impl Into<Storage>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_with_operator(listener, None, config, store, shutdown).await
}

/// Like [`serve`], with metrics and health on a listener of the operator's own.
pub async fn serve_with_operator(
    listener: TcpListener,
    operator: Option<TcpListener>,
    config: Config,
    store: impl Into<Storage>,
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
    let relay = Relay::new(config, store.into());
    relay.check_clock().await;
    let (stop, stopped) = watch::channel(false);
    let sweeping = tokio::spawn(sweep::run(relay.clone(), stopped.clone()));
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
    tokio::join!(relay.drain_bodies(), finish(sweeping, limits::SHUTDOWN_GRACE));
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
