//! Logs one line for each request and counts it. Paths, queries, headers and bodies are never logged.

use std::{sync::Arc, time::Instant};

use share_relay_api::{Code, ShareId};

use super::route::Call;
use crate::service::{Relay, short};

/// The log entry of a request, written when dropped, after the last byte of the answer.
pub struct RequestLog {
    begun: Instant,
    method: &'static str,
    route: &'static str,
    share: Option<ShareId>,
    /// The answer's status; none if the client went away first.
    pub status: Option<u16>,
    /// The error code, for an error answer.
    pub code: Option<Code>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    count: Box<dyn Fn(&RequestLog) + Send>,
}

impl RequestLog {
    /// Begins the entry, from the head of the request.
    pub fn begin(relay: &Arc<Relay>, method: &str, call: Option<Call>) -> Self {
        let relay = relay.clone();
        Self {
            begun: Instant::now(),
            method: known_method(method),
            route: call.map_or("none", Call::template),
            share: call.and_then(Call::share),
            status: None,
            code: None,
            bytes_in: 0,
            bytes_out: 0,
            count: Box::new(move |log| count(&relay, log)),
        }
    }
}

fn count(relay: &Relay, log: &RequestLog) {
    relay.metrics.bytes_in.add(log.bytes_in);
    match log.status {
        Some(status) => relay.metrics.answered(status, log.code),
        None => relay.metrics.abandoned.add(1),
    }
}

/// The method if it is a known one, so that no text of the client's gets into the log.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "PUT", "POST", "DELETE"].into_iter().find(|known| *known == method).unwrap_or("other")
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        (self.count)(self);
        tracing::info!(
            method = self.method,
            route = self.route,
            share = self.share.as_ref().map(short),
            status = self.status,
            code = self.code.map(Code::as_str),
            bytes_in = self.bytes_in,
            bytes_out = self.bytes_out,
            ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }
}
