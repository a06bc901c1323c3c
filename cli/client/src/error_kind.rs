//! The kinds of things that go wrong, whatever part of this library they go wrong in.

/// What kind of thing went wrong. Each is an exit code of `share` (docs/architecture.md, "Exit codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A mistake of ours, or of a library we use: never what a relay, a sender, a disk or a system can bring about.
    Unexpected = 1,
    /// Something impossible is asked for.
    Usage = 2,
    /// The relay or the network cannot be reached, or does not answer as a relay does.
    Unreachable = 3,
    /// The words, or the key, do not open the share.
    WordsWrong = 4,
    /// Expired, revoked, collected or unknown.
    Gone = 5,
    /// Locked after too many wrong words.
    Locked = 6,
    /// The sender's upload has not finished.
    NotReady = 7,
    /// The data is corrupt or was tampered with.
    Corrupt = 8,
    /// The relay refuses: token, quota, size, space.
    Refused = 9,
    /// A problem with a file or folder on this computer, or with what its system gives.
    LocalFile = 10,
    /// The link is damaged.
    LinkDamaged = 11,
    /// A file changed while it was being sent.
    Changed = 12,
    /// Some rows of a batch failed.
    SomeFailed = 13,
    /// The same batch is running already.
    AlreadyRunning = 14,
    /// Stopped by the user.
    Interrupted = 130,
    /// Whoever read standard output went away: as of a program that SIGPIPE ended.
    ReaderGone = 141,
}
