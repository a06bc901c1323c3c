//! All limits that only the relay needs to know. Limits that are part of the protocol are in
//! [`share_relay_api::limits`].

use std::time::Duration;

use share_relay_api::limits::MAX_PARTS;

/// Bytes gathered in memory before an upload is written to disk, and read from it at once for a download, where bytes move
/// fast. Each block takes a turn on the disk, which costs more than the copying if blocks are much smaller.
pub const BLOCK_BYTES: usize = 512 * 1024;

/// Unused blocks that are retained for reuse.
pub const IDLE_BLOCKS: usize = 16;

/// Bytes of a part gathered in memory where they come slowly, or where there is no memory for more. What arrives meanwhile
/// waits in the system's own buffer.
pub const SMALL_UPLOAD_BYTES: usize = 64 * 1024;

/// Parts of one share that are taken in at once; further ones wait, so that one upload does not take the memory of all
/// others. The number of connections limits a sender of many shares.
pub const PARTS_AT_ONCE: usize = 8;

/// Once this many bytes of a part have arrived at [`FAST_BYTES_PER_SECOND`] or faster, the part is gathered in blocks
/// of [`BLOCK_BYTES`].
pub const UPLOAD_TRIAL_BYTES: u64 = 256 * 1024;

/// Bytes read at once for a client that takes them slowly, or where there is no memory for more; and bytes handed at once
/// to a connection that carries several answers. A client that takes less than this in [`Limits::write_idle`] has
/// stalled.
pub const SLICE_BYTES: usize = 16 * 1024;

/// Blocks of an answer that are in memory at once: while the last of one is written to the connection, the next is read.
pub const ANSWER_BLOCKS: usize = 2;

/// Memory for an answer to a slow client: its blocks, and its own state.
pub const SLOW_ANSWER_BYTES: u64 = 96 * 1024;

/// Bytes per second from which on a transfer is fast enough for larger blocks.
pub const FAST_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// Bytes of an answer that the system may buffer in addition to those in flight. A small buffer shows how much the
/// client has taken.
pub const UNSENT_BYTES: u32 = 64 * 1024;

/// Answers with content that may run on one ticket at once.
pub const MAX_ANSWERS_PER_TICKET: usize = 8;

/// Parts a download that follows an upload looks ahead.
pub const PARTS_AHEAD: u64 = 1024;

/// Memory for the list of which parts of a share are held.
pub const PARTS_MEMORY: u64 = 4 * MAX_PARTS;

/// Time at shutdown, once all connections are closed, for downloads to give back what they did not send and for a sweep
/// to end.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Shares whose changes are remembered in memory while the disk takes no writes.
pub const MAX_UNSTORED: usize = 10_000;

/// Total tickets on the shares whose changes are remembered in memory.
pub const MAX_UNSTORED_TICKETS: usize = 20_000;

/// Events that a share's record keeps, before they are moved to its log.
pub const MAX_NEWEST_EVENTS: usize = 32;

/// Attempts to change a record, when other changes are stored first.
pub const CHANGE_TRIES: u32 = 32;

/// Most ranges of held parts in an answer; parts of ranges beyond these count as not held.
pub const MAX_HELD_RANGES: usize = 10_000;

/// Seconds in which a ticket is not taken over although nothing was served on it yet, because its holder is about to
/// begin. Otherwise recipients racing for a download would take it from each other.
pub const FRESH_TICKET_SECONDS: u64 = 10;

/// Time in which a ticket on which everything was served is not taken over, because its receipt is sent once everything
/// is on the recipient's disk.
pub const RECEIPT_WAIT: Duration = Duration::from_secs(5);

/// Seconds between two updates of the record while parts arrive. An unfinished upload may therefore be kept this much
/// longer than `UNFINISHED_SECONDS`, but never shorter.
pub const TOUCH_SECONDS: u64 = 600;

/// Largest list of sender tokens, in bytes.
pub const MAX_TOKENS_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Times, counts and sizes that keep slow, greedy or hostile clients within bounds.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's head; over HTTP/1 also the read buffer for its body, which the connection holds until it
    /// ends. A larger buffer costs less processing time.
    pub header_bytes: u32,
    /// Time from the first byte of a request's head to its last.
    pub head: Duration,
    /// Time in which a small JSON body must arrive.
    pub json: Duration,
    /// Time to the first byte of another body.
    pub first_byte: Duration,
    /// Time between two pieces of a body.
    pub body_idle: Duration,
    /// Slowest average rate of a body: it may take `first_byte`, and one second for each of this many bytes.
    pub body_bytes_per_second: u64,
    /// Time for which the rest of a refused body is read and discarded, so that its sender reads the answer.
    pub discard: Duration,
    /// Time after which a download is cut off because its client takes too little.
    pub write_idle: Duration,
    /// Time a download waits for the sender's next part.
    pub part_wait: Duration,
    /// Time from the start of a connection, or the end of its last request, in which the next one's head must come.
    pub connection_idle: Duration,
    /// Concurrent connections. For a further one, the connection that has been idle for longest is closed; while none
    /// is idle, the new one waits in the system's queue.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Total memory for JSON bodies; the same amount again for lists of parts and events, and for manifests and headers
    /// being received.
    pub call_memory: u64,
    /// Total memory for parts being received: [`SMALL_UPLOAD_BYTES`] each, or [`BLOCK_BYTES`].
    pub upload_memory: u64,
    /// Total memory for content and manifests being sent: [`SLOW_ANSWER_BYTES`] each, and for fast clients
    /// [`ANSWER_BLOCKS`] blocks of up to [`BLOCK_BYTES`].
    pub answer_memory: u64,
    /// Time a call waits for memory; then the answer is `too_busy`.
    pub memory_wait: Duration,
    /// Time for running requests to finish when the relay is told to stop. Answers with content are cut off at once,
    /// because clients request the rest again.
    pub drain: Duration,
    /// Time between two sweeps.
    pub sweep: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 128 * 1024,
            head: Duration::from_secs(15),
            json: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            body_idle: Duration::from_secs(30),
            body_bytes_per_second: 1024,
            discard: Duration::from_secs(10),
            write_idle: Duration::from_secs(120),
            part_wait: Duration::from_secs(60),
            connection_idle: Duration::from_secs(75),
            connections: 8 * 1024,
            streams: 32,
            call_memory: 64 * 1024 * 1024,
            upload_memory: 128 * 1024 * 1024,
            answer_memory: 512 * 1024 * 1024,
            memory_wait: Duration::from_secs(10),
            drain: Duration::from_secs(5),
            sweep: Duration::from_secs(300),
        }
    }
}

impl Limits {
    /// The most time a body of so many bytes may take in all.
    pub fn body_time(&self, bytes: u64) -> Duration {
        self.first_byte + self.body_idle + Duration::from_secs(bytes / self.body_bytes_per_second.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_body_gets_more_time() {
        let limits = Limits::default();
        assert_eq!(limits.body_time(0), Duration::from_secs(60));
        assert_eq!(limits.body_time(1024 * 1024), Duration::from_secs(60 + 1024));
    }
}
