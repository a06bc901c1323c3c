//! What is said of what travels: envelopes, keys, names, words, links.

use share_format::{
    Fault, FormatError, LinkError, NameError, RelayUrlError, WordsError,
    envelope::{EnvelopeError, KeyError},
    manifest::{MAX_ENTRIES, MAX_MESSAGE_BYTES, MAX_SENDER_CHARACTERS},
    names::{MAX_COMPONENT_BYTES, MAX_DEPTH, MAX_PATH_BYTES, SENT_UNICODE, escaped_or_self, printable},
    quote::quoted,
};

use crate::i18n::fl;

/// Why an envelope could not be made or opened.
pub fn envelope(error: &EnvelopeError) -> String {
    use EnvelopeError as E;
    match error {
        E::HeaderMalformed => fl!("envelope-header-malformed"),
        E::HeaderTampered => fl!("envelope-header-tampered"),
        E::NeedsWords => fl!("envelope-needs-words"),
        E::NeedsKeys => fl!("envelope-needs-keys"),
        E::WrongWords => fl!("envelope-wrong-words"),
        E::NoIdentityFits => fl!("envelope-no-identity-fits"),
        E::TooMuchWork { found, max } => {
            fl!("envelope-too-much-work", found = found.to_string(), max = max.to_string())
        }
        E::Tampered { chunk } => fl!("envelope-tampered", chunk = chunk.to_string()),
        E::Truncated => fl!("envelope-truncated"),
        E::TrailingData => fl!("envelope-trailing-data"),
        E::NoRecipients => fl!("envelope-no-recipients"),
        E::TooManyRecipients => fl!("envelope-too-many-recipients"),
        E::RecipientsDoNotMix => fl!("envelope-recipients-do-not-mix"),
        E::System(_) => fl!("envelope-system"),
        E::Library(what) => fl!("envelope-library", what = quoted(what)),
    }
}

/// Why a key or a file with keys is of no use.
pub fn key(error: &KeyError) -> String {
    use KeyError as K;
    match error {
        K::Unreadable(_) => fl!("key-unreadable"),
        K::FileTooLarge => fl!("key-file-too-large"),
        K::Line { line, .. } => fl!("key-line", line = line.to_string()),
        K::NotARecipient { start } => fl!("key-not-a-recipient", start = start.as_str()),
        K::SecretKey => fl!("key-secret"),
        K::Plugin { name } => fl!("key-plugin", name = name.as_str()),
        K::Unsupported { kind } => fl!("key-unsupported", kind = kind.as_str()),
        K::RsaTooSmall => fl!("key-rsa-too-small"),
        K::RsaTooLarge => fl!("key-rsa-too-large"),
        K::NoKeys => fl!("key-none"),
        K::NotAnIdentity => fl!("key-not-an-identity"),
        K::PassphraseNeeded => fl!("key-passphrase-needed"),
        K::PassphraseWrong => fl!("key-passphrase-wrong"),
        K::Encrypted(_) => fl!("key-encrypted"),
    }
}

/// Why content or manifest cannot be read, or what the sender gave cannot travel.
pub fn format(error: &FormatError) -> String {
    use FormatError as F;
    match error {
        F::Newer => fl!("content-newer"),
        F::Manifest(_) => fl!("content-manifest"),
        F::Archive(path, _) => fl!("content-archive", path = quoted(path)),
        F::Input(_) => fl!("content-input"),
        F::ForbiddenName(path, _) => fl!("content-forbidden-name", path = quoted(path)),
        F::MessageLong => fl!("content-message-long", limit = (MAX_MESSAGE_BYTES / 1024).to_string()),
        F::MessageCharacter(c) => fl!("content-message-character", character = printable(&c.to_string())),
        F::SenderLength => fl!("content-sender-length", most = MAX_SENDER_CHARACTERS),
        F::SenderSpaces => fl!("content-sender-spaces"),
        F::SenderCharacter(c) => fl!("content-sender-character", character = code_point(*c)),
    }
}

pub fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Truncated => fl!("fault-truncated"),
        Fault::Trailing => fl!("fault-trailing"),
        Fault::Malformed => fl!("fault-malformed"),
        Fault::Type(byte) => fl!("fault-type", kind = byte.escape_ascii().to_string()),
        Fault::Name(_) => fl!("fault-name"),
        Fault::SameName => fl!("fault-same-name"),
        Fault::NoFolder => fl!("fault-no-folder"),
        Fault::Order => fl!("fault-order"),
        Fault::Totals => fl!("fault-totals"),
        Fault::TooMany => fl!("fault-too-many", limit = MAX_ENTRIES),
        Fault::Unlisted => fl!("fault-unlisted"),
        Fault::Message => fl!("fault-message"),
        Fault::Sender => fl!("fault-sender"),
        Fault::Nonce => fl!("fault-nonce"),
    }
}

/// Why a path may not travel.
pub fn name(error: &NameError) -> String {
    use NameError as N;
    match error {
        N::Empty => fl!("name-empty"),
        N::Dots => fl!("name-dots"),
        N::Character(c) => fl!("name-character", character = escaped_or_self(*c)),
        N::Device => fl!("name-device"),
        N::Staging => fl!("name-staging"),
        N::Ending => fl!("name-ending"),
        N::NotComposed => fl!("name-not-composed"),
        N::Unassigned(c) => fl!("name-unassigned", character = code_point(*c), version = SENT_UNICODE),
        N::Long => fl!("name-long", bytes = MAX_COMPONENT_BYTES, total = MAX_PATH_BYTES),
        N::Deep => fl!("name-deep", depth = MAX_DEPTH),
    }
}

/// Why these are no words of a passphrase. Shows none of them: this may end in a log.
pub fn words(error: &WordsError) -> String {
    match error {
        WordsError::Unknown { position, .. } => fl!("words-unknown-place", position = position),
        WordsError::Count { found } => fl!("words-count", found = found),
        WordsError::Checksum => fl!("words-checksum"),
    }
}

/// The same for who typed the words just now: with the wrong word, and what it may have to be.
pub fn words_for_typist(error: &WordsError) -> String {
    match error {
        WordsError::Unknown { position, word, suggestions } if suggestions.is_empty() => {
            fl!("words-unknown", position = position, word = word.as_str())
        }
        WordsError::Unknown { position, word, suggestions } => {
            let alike = suggestions.join(", ");
            fl!("words-unknown-alike", position = position, word = word.as_str(), alike = alike)
        }
        WordsError::Count { .. } | WordsError::Checksum => words(error),
    }
}

/// Why a text is no link.
pub fn link(error: &LinkError) -> String {
    match error {
        LinkError::Damaged => fl!("link-damaged"),
        LinkError::NotALink => fl!("link-not-a-link"),
        LinkError::Hidden { host } => fl!("link-hidden", host = host.as_str()),
        LinkError::Insecure { host } => fl!("link-insecure", host = host.as_str()),
    }
}

/// What the user can do about it.
pub fn link_hint(error: &LinkError) -> String {
    match error {
        LinkError::Damaged => fl!("link-damaged-hint"),
        LinkError::NotALink => fl!("link-not-a-link-hint"),
        LinkError::Hidden { .. } => fl!("link-hidden-hint"),
        LinkError::Insecure { .. } => fl!("link-insecure-hint"),
    }
}

/// Why a text is no relay's address.
pub fn relay_url(error: &RelayUrlError) -> String {
    match error {
        RelayUrlError::Invalid => fl!("relay-url-invalid"),
        RelayUrlError::Link { .. } => fl!("relay-url-link"),
        RelayUrlError::Insecure { host } => fl!("link-insecure", host = host.as_str()),
    }
}

/// What the user can do about it.
pub fn relay_url_hint(error: &RelayUrlError) -> String {
    match error {
        RelayUrlError::Invalid => fl!("relay-url-invalid-hint"),
        RelayUrlError::Link { relay } => fl!("relay-url-link-hint", relay = relay.as_str()),
        RelayUrlError::Insecure { .. } => fl!("link-insecure-hint"),
    }
}

fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}
