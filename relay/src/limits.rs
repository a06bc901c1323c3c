//! Every bound the relay keeps for itself, in one place. Bounds both sides agree on are in [`share_relay_api::limits`].

use std::time::Duration;

use share_relay_api::limits::MAX_PARTS;

/// Bytes gathered in memory before an upload is written to disk, and read from it at once for a download, where bytes move
/// fast. Each block takes a turn on the disk, which costs more than the copying if blocks are much smaller.
pub const BLOCK_BYTES: usize = 512 * 1024;

/// Blocks kept for the next one who needs some.
pub const IDLE_BLOCKS: usize = 16;

/// Bytes of a part gathered in memory where they come slowly, or where there is no memory for more. What arrives meanwhile
/// waits in the system's own buffer.
pub const SMALL_UPLOAD_BYTES: usize = 64 * 1024;

/// Parts of one share that are taken in at once; further ones wait, so that one upload does not take the memory of all
/// others. Who makes many shares is bounded by the connections.
pub const PARTS_AT_ONCE: usize = 8;

/// A part of which so much has come at [`FAST_BYTES_PER_SECOND`] or more is gathered in blocks of [`BLOCK_BYTES`].
pub const UPLOAD_TRIAL_BYTES: u64 = 256 * 1024;

/// Bytes read at once for a client that takes them slowly, or where there is no memory for more; and bytes handed at once
/// to a connection that carries several answers. Whoever takes less than this for [`Limits::write_idle`] has stalled.
pub const SLICE_BYTES: usize = 16 * 1024;

/// Blocks of an answer that are in memory at once: while the last of one is written to the connection, the next is read.
pub const ANSWER_BLOCKS: usize = 2;

/// Memory that an answer takes which is taken slowly: its blocks, and what is kept about it.
pub const SLOW_ANSWER_BYTES: u64 = 96 * 1024;

/// Bytes a second from which on a transfer is a fast one, and is worth larger blocks.
pub const FAST_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// Bytes of an answer that the system may hold beside those that are on their way, so that what a client has not taken
/// stays few, and what it takes is seen.
pub const UNSENT_BYTES: u32 = 64 * 1024;

/// Answers with content that may run on one ticket at once.
pub const MAX_ANSWERS_PER_TICKET: usize = 8;

/// Parts a download that follows an upload looks ahead.
pub const PARTS_AHEAD: u64 = 1024;

/// Memory for the list of which parts of a share are held.
pub const PARTS_MEMORY: u64 = 4 * MAX_PARTS;

/// Time for what is left once all connections are closed: giving back what downloads did not send, ending a sweep.
pub const SETTLE: Duration = Duration::from_secs(2);

/// Shares whose changes are kept in memory while the disk takes nothing.
pub const MAX_UNSTORED: usize = 10_000;

/// Tickets on all of them.
pub const MAX_UNSTORED_TICKETS: usize = 20_000;

/// Events that a share's record keeps, before they are moved to its log.
pub const MAX_NEWEST_EVENTS: usize = 32;

/// Times a change of a record is tried again after somebody else changed it first.
pub const CHANGE_TRIES: u32 = 32;

/// Ranges of held parts that are told at most; what is left out counts as not held.
pub const MAX_HELD_RANGES: usize = 10_000;

/// Seconds in which a ticket on which nothing was served yet is not taken over: its holder is about to begin. So of those
/// who race for a download one gets it, and not all of them one after another.
pub const FRESH_TICKET_SECONDS: u64 = 10;

/// How long a ticket on which everything was served is not taken over: its receipt is about to come, once all of it is on
/// the recipient's disk.
pub const RECEIPT_WAIT: Duration = Duration::from_secs(5);

/// Seconds between two notes in the record that parts are still arriving.
/// An unfinished upload lives this much longer than `UNFINISHED_SECONDS`, never shorter.
pub const TOUCH_SECONDS: u64 = 600;

/// Bytes of a list of sender tokens.
pub const MAX_TOKENS_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Times, counts and sizes that keep slow, greedy or hostile clients within bounds.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's head; over HTTP/1 also those of its body that are read at once, which is the cheaper the more
    /// they are, and held by its connection until it ends.
    pub header_bytes: u32,
    /// Time from the first byte of a request's head to its last.
    pub head: Duration,
    /// Time in which a small JSON body must be there.
    pub json: Duration,
    /// Time to the first byte of another body.
    pub first_byte: Duration,
    /// Time between two pieces of a body.
    pub body_idle: Duration,
    /// A body may take `first_byte` and one second for each so many bytes, however steadily it drips.
    pub body_bytes_per_second: u64,
    /// Time the rest of a refused body is read, so that its sender gets to read the answer.
    pub discard: Duration,
    /// Time a client may take nothing of a download.
    pub write_idle: Duration,
    /// Time a download waits for the sender's next part.
    pub part_wait: Duration,
    /// Time from the start of a connection, or the end of its last request, in which the next one's head must come.
    pub connection_idle: Duration,
    /// Connections at once. For a further one the connection is closed that has asked for nothing for longest; while
    /// there is none, it waits in the system's queue.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Memory for JSON bodies, in all; as much again for lists of parts and events, and as much for manifests and headers
    /// on their way in.
    pub call_memory: u64,
    /// Memory for parts on their way in, in all: [`SMALL_UPLOAD_BYTES`] each, or [`BLOCK_BYTES`].
    pub upload_memory: u64,
    /// Memory for content and manifests on their way out, in all: [`SLOW_ANSWER_BYTES`] each, and where they are taken fast
    /// [`ANSWER_BLOCKS`] blocks of up to [`BLOCK_BYTES`].
    pub answer_memory: u64,
    /// Time a call waits for memory; then the answer is `too_busy`.
    pub memory_wait: Duration,
    /// Time running requests get to finish when the relay is told to stop. Answers with content end at once: the rest of
    /// them is asked for again.
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
