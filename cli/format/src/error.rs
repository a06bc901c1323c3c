//! What can be wrong with what travels. Every name in here is printable already.

use std::io;

use crate::{names::NameError, quote::quoted};

/// Why content and manifest cannot be read, or what a sender gives cannot travel.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The manifest is of a version this program does not know.
    #[error("the manifest has a newer version")]
    Newer,
    /// The manifest is not what any client of this format makes.
    #[error("the manifest is not as the format says")]
    Manifest(#[source] Fault),
    /// The content is not what the manifest promises or the format allows; near this file.
    #[error("the content is not as the format says, near {}", quoted(.0))]
    Archive(String, #[source] Fault),
    /// The content could not be read; the cause is the reader's.
    #[error("the content cannot be read")]
    Input(#[source] io::Error),
    /// A file name that would be refused by the recipient.
    #[error("{} cannot travel under this name", quoted(.0))]
    ForbiddenName(String, #[source] NameError),
    /// The sender's message is too long.
    #[error("the message is too long")]
    MessageLong,
    /// The sender's message holds a control character.
    #[error("the message holds a control character")]
    MessageCharacter(char),
    /// The sender's name is empty or too long.
    #[error("the sender's name is empty or too long")]
    SenderLength,
    /// The sender's name holds a character that is not shown, or not everywhere.
    #[error("the sender's name holds U+{:04X}", u32::from(*.0))]
    SenderCharacter(char),
    /// The sender's name holds two spaces in a row.
    #[error("the sender's name holds two spaces in a row")]
    SenderSpaces,
}

/// What is wrong with a manifest or an archive. None is the recipient's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It ends too early.
    #[error("it ends too early")]
    Truncated,
    /// Something follows its end.
    #[error("something follows its end")]
    Trailing,
    /// Not in the one form that the format prescribes.
    #[error("it is not in the one form that is allowed")]
    Malformed,
    /// An entry that is neither a file nor a folder; the type byte.
    #[error("an entry is of type {}", .0.escape_ascii())]
    Type(u8),
    /// A name that may not travel.
    #[error("a name is not allowed")]
    Name(#[source] NameError),
    /// The same name twice, or two that differ in case only.
    #[error("two entries have the same name")]
    SameName,
    /// A file inside something that is no folder.
    #[error("an entry lies in no folder")]
    NoFolder,
    /// Entries are not in ascending order.
    #[error("the entries are not in order")]
    Order,
    /// Sizes, offsets or counts that contradict each other.
    #[error("sizes, places or counts contradict each other")]
    Totals,
    /// More entries than allowed.
    #[error("there are too many entries")]
    TooMany,
    /// The archive holds another entry than the manifest lists.
    #[error("an entry is not the one that is listed")]
    Unlisted,
    /// A message that is too long or holds control characters.
    #[error("the message is not allowed")]
    Message,
    /// A sender's name that is empty, too long, or not shown as it is.
    #[error("the sender's name is not allowed")]
    Sender,
    /// The manifest's age file has the nonce of the content's.
    #[error("content and manifest have one nonce")]
    Nonce,
}
