//! HTTP/1.1 and HTTP/2: accepts connections, bounds them, and turns requests into calls and their outcomes into
//! answers. This folder alone names hyper.

mod answer;
mod body;
mod connection;
mod counted_stream;
mod handler;
mod log;
mod page;
mod page_files;
mod plain;
mod range;
mod route;

use std::{convert::Infallible, future::Future, io, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use self::{
    answer::Answer,
    connection::{Connection, Idle},
    counted_stream::CountedStream,
};
use crate::{
    limits::{Limits, UNSENT_BYTES},
    line,
    service::{Metrics, Relay},
};

/// Bytes of an HTTP/2 answer that are buffered for the client.
const SEND_BYTES: usize = 64 * 1024;

/// Receive window for the body of an HTTP/2 request; that of the whole connection is twice as large.
const RECEIVE_BYTES: u32 = 128 * 1024;

/// Largest head of an HTTP/2 request. One byte on the wire may take seventy in memory, in every stream.
const HTTP2_HEAD_BYTES: u32 = 16 * 1024;

/// Pause after a connection could not be accepted, perhaps because file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often to look for an idle connection to close while there is none.
const PLACE_PAUSE: Duration = Duration::from_millis(50);

/// Concurrent connections to the operator's own listener.
const OPERATOR_CONNECTIONS: usize = 64;

/// Serves the protocol until `stop`, then lets running requests finish, within the drain limit.
pub async fn serve(listener: TcpListener, relay: Arc<Relay>, stop: watch::Receiver<bool>) {
    let limits = relay.config.limits.clone();
    let counted = relay.clone();
    let answer = move |request, connection| handler::handle(relay.clone(), request, connection);
    accept_until(listener, &limits, &counted.metrics, stop, answer).await;
}

/// Serves metrics and health to the operator until `stop`, independently of the load on the other listener.
pub async fn serve_operator(listener: TcpListener, relay: Arc<Relay>, stop: watch::Receiver<bool>) {
    let limits = Limits { connections: OPERATOR_CONNECTIONS, ..relay.config.limits.clone() };
    let answer = move |request, connection| handler::operator(relay.clone(), request, connection);
    // The operator's own connections are not counted.
    accept_until(listener, &limits, &Metrics::default(), stop, answer).await;
}

async fn accept_until<F, A>(
    listener: TcpListener,
    limits: &Limits,
    metrics: &Metrics,
    mut stop: watch::Receiver<bool>,
    answer: F,
) where
    F: Fn(Request<Incoming>, Connection) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let (places, idle) = (Arc::new(Semaphore::new(limits.connections)), Idle::default());
    let mut connections = JoinSet::new();
    let connections_stop = stop.clone();
    let mut stopped = pin!(stopped(&mut stop));
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            accepted = accept(&listener, &places, &idle, metrics) => match accepted {
                Ok((stream, place)) => {
                    let connection = Connection::new(&idle);
                    let serving = serve_one(stream, connection, limits.clone(), connections_stop.clone(), answer.clone());
                    let held = (place, metrics.connections.hold());
                    connections.spawn(async move { serving.await; drop(held) });
                    while connections.try_join_next().is_some() {}
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    idle.close_longest();
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain, drained).await.is_err() {
        tracing::warn!(left = connections.len(), "requests did not finish in time and are cut off");
    }
}

/// Completes when the relay is to stop, or when the sender of `stop` has been dropped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let told = stop.wait_for(|stop| *stop).await;
    drop(told);
}

/// Accepts the next connection, and waits until it is within the limit of connections.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    idle: &Idle,
    metrics: &Metrics,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    // Accepted before waiting for a place, so that an idle connection is closed only for one that exists.
    let (stream, _) = listener.accept().await?;
    let place = match places.clone().try_acquire_owned() {
        Ok(place) => place,
        Err(_) => {
            let _waiting = metrics.connections_waiting.hold();
            place(places, idle, metrics).await.map_err(io::Error::other)?
        }
    };
    if let Err(error) = stream.set_nodelay(true).and_then(|()| keep_little_unsent(&stream)) {
        tracing::debug!(%error, "a connection keeps its delays");
    }
    Ok((stream, place))
}

/// Waits for a place, and closes an idle connection to get one.
async fn place(
    places: &Arc<Semaphore>,
    idle: &Idle,
    metrics: &Metrics,
) -> Result<OwnedSemaphorePermit, tokio::sync::AcquireError> {
    let mut place = pin!(places.clone().acquire_owned());
    while !idle.close_longest() {
        if let Ok(place) = timeout(PLACE_PAUSE, place.as_mut()).await {
            return place;
        }
    }
    metrics.connections_shed.add(1);
    place.await
}

/// Limits the unsent bytes that the system buffers: the relay could not tell them from bytes that the client has taken,
/// and a larger buffer has no use.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn keep_little_unsent(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn keep_little_unsent(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

async fn serve_one<F, A>(
    stream: TcpStream,
    connection: Connection,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
    answer: F,
) where
    F: Fn(Request<Incoming>, Connection) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let io = TokioIo::new(CountedStream::new(stream, connection.clone()));
    let service = service_fn(|request| {
        let answered = answer(request, connection.clone());
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let builder = protocol(&limits);
    let mut serving = pin!(builder.serve_connection(io, service));
    tokio::select! {
        done = serving.as_mut() => return log_end(done),
        () = connection.finished(&limits) => return,
        () = stopped(&mut stop) => serving.as_mut().graceful_shutdown(),
    }
    // An answer with content is cut off, because its client requests the rest again from the relay that runs by then.
    if connection.is_fed() {
        return;
    }
    tokio::select! {
        done = serving.as_mut() => log_end(done),
        () = connection.finished(&limits) => {}
    }
}

fn protocol(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let head = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX);
    // No timeout for the head here: `Connection::finished` closes a connection whose head is late.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(head.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes.min(HTTP2_HEAD_BYTES))
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(RECEIVE_BYTES)
        .initial_connection_window_size(2 * RECEIVE_BYTES)
        .max_send_buf_size(SEND_BYTES);
    builder
}

/// Logs at debug level only, because clients often break off connections.
fn log_end(done: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = done {
        tracing::debug!(error = line::of_error(&*error), "connection ended");
    }
}

#[cfg(test)]
mod tests;
