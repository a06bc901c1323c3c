//! What the relay counts, in the text format of Prometheus. Nothing here tells one share or caller from another.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use share_relay_api::Code;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// A number of things under way.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicU64>);

/// One thing under way, until dropped.
#[derive(Debug)]
pub struct Held(Arc<AtomicU64>);

impl Counter {
    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}

impl Gauge {
    /// Counts one thing for as long as the answer is kept.
    pub fn hold(&self) -> Held {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self.0.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All counts of one relay.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers by status and code.
    answers: Mutex<BTreeMap<(u16, Option<Code>), u64>>,
    /// Requests whose client went away before the answer.
    pub abandoned: Counter,
    /// Bytes of bodies that came in.
    pub bytes_in: Counter,
    /// Bytes of manifests and content that went out.
    pub bytes_out: Counter,
    /// Shares created.
    pub shares_created: Counter,
    /// Tickets given, repeated requests included.
    pub tickets: Counter,
    /// Receipts accepted, repeated ones included.
    pub receipts: Counter,
    /// Wrong proofs.
    pub wrong_proofs: Counter,
    /// Open connections.
    pub connections: Gauge,
    /// Connections closed because they asked for nothing while others waited.
    pub connections_shed: Counter,
    /// Connections that were accepted and wait for a place.
    pub connections_waiting: Gauge,
    /// Calls that wait for memory.
    pub waiting_for_memory: Gauge,
    /// Running downloads.
    pub downloads_running: Gauge,
    /// How far the clock was trusted when that was last asked, as a [`crate::clock::Trust`].
    pub clock: AtomicU64,
}

impl Metrics {
    /// Counts an answer, and for an error which one.
    pub fn answered(&self, status: u16, code: Option<Code>) {
        *self.answers().entry((status, code)).or_default() += 1;
    }

    fn answers(&self) -> MutexGuard<'_, BTreeMap<(u16, Option<Code>), u64>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All counts as text.
    pub fn render(&self) -> String {
        let mut text = String::from("# TYPE share_relay_answers_total counter\n");
        for ((status, code), count) in self.answers().iter() {
            let code = code.map_or("", Code::as_str);
            text.push_str(&format!("share_relay_answers_total{{status=\"{status}\",code=\"{code}\"}} {count}\n"));
        }
        let counters = [
            ("abandoned_requests_total", &self.abandoned),
            ("received_bytes_total", &self.bytes_in),
            ("served_bytes_total", &self.bytes_out),
            ("shares_created_total", &self.shares_created),
            ("tickets_total", &self.tickets),
            ("receipts_total", &self.receipts),
            ("wrong_proofs_total", &self.wrong_proofs),
            ("connections_shed_total", &self.connections_shed),
        ];
        for (name, Counter(value)) in counters {
            single(&mut text, name, "counter", value);
        }
        single(&mut text, "connections", "gauge", &self.connections.0);
        single(&mut text, "connections_waiting", "gauge", &self.connections_waiting.0);
        single(&mut text, "calls_waiting_for_memory", "gauge", &self.waiting_for_memory.0);
        single(&mut text, "downloads_running", "gauge", &self.downloads_running.0);
        single(&mut text, "clock_trust", "gauge", &self.clock);
        text
    }
}

fn single(text: &mut String, name: &str, kind: &str, value: &AtomicU64) {
    text.push_str(&format!("# TYPE share_relay_{name} {kind}\n"));
    text.push_str(&format!("share_relay_{name} {}\n", value.load(Ordering::Relaxed)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_rendered() {
        let metrics = Metrics::default();
        metrics.answered(204, None);
        metrics.answered(404, Some(Code::NotFound));
        metrics.answered(404, Some(Code::NotFound));
        metrics.bytes_in.add(7);
        let held = metrics.connections.hold();
        let text = metrics.render();
        assert!(text.contains("share_relay_answers_total{status=\"204\",code=\"\"} 1\n"), "{text}");
        assert!(text.contains("share_relay_answers_total{status=\"404\",code=\"not_found\"} 2\n"), "{text}");
        assert!(text.contains("share_relay_received_bytes_total 7\n"), "{text}");
        assert!(text.contains("# TYPE share_relay_connections gauge\nshare_relay_connections 1\n"), "{text}");
        drop(held);
        assert!(metrics.render().contains("share_relay_connections 0\n"));
    }
}
