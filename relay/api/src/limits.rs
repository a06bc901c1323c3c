//! Sizes, counts and times both sides agree on. A relay may allow less ([`crate::RelayLimits`]), never more.

/// Bytes of one sealed chunk: 64 KiB of plaintext and a 16-byte tag (age-encryption.org/v1, "Payload").
pub const SEALED_CHUNK_BYTES: u64 = 65_536 + 16;

/// Chunks in a part as `share` makes them.
pub const CHUNKS_PER_PART: u64 = 128;

/// Bytes of one part as `share` makes them: 8,390,656. Every part but the last is this long.
pub const PART_BYTES: u64 = CHUNKS_PER_PART * SEALED_CHUNK_BYTES;

/// The largest part any client may choose: 1,024 chunks, 64 MiB of plaintext.
pub const MAX_PART_BYTES: u64 = 1024 * SEALED_CHUNK_BYTES;

/// The most parts a share may have; with [`MAX_PART_BYTES`] that is 62 TiB.
pub const MAX_PARTS: u64 = 1_000_000;

/// Bytes of a preamble, an age header with the content's 16-byte nonce: room for several hundred recipients.
pub const MAX_HEADER_BYTES: u64 = 64 * 1024;

/// Bytes of a manifest's whole age file.
pub const MAX_MANIFEST_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes of any JSON body a client sends.
pub const MAX_JSON_BYTES: u64 = 16 * 1024;

/// Wrong proofs in a row that lock a share.
pub const TRIES: u32 = 10;

/// Seconds of the first lock; each further lock lasts twice as long.
pub const FIRST_LOCK_SECONDS: u64 = 3600;

/// Seconds the longest lock lasts.
pub const MAX_LOCK_SECONDS: u64 = 30 * 24 * 3600;

/// Seconds a ticket lasts, even past the share's expiry.
pub const TICKET_SECONDS: u64 = 24 * 3600;

/// Seconds an unfinished upload is kept after its last part.
pub const UNFINISHED_SECONDS: u64 = 48 * 3600;

/// Seconds a tombstone is kept, so that "expired" is not answered with "unknown".
pub const TOMBSTONE_SECONDS: u64 = 30 * 24 * 3600;

/// The most tickets that may be running on one share at once.
pub const MAX_RUNNING_TICKETS: usize = 1000;

/// The most events a share remembers; receipts are kept, of the others the newest.
pub const MAX_EVENTS: usize = 1000;
