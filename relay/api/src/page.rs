//! The page of this release, by the hashes of its files and the headers they come with: what every relay of this version
//! serves to browsers.

use std::collections::BTreeMap;

use crate::Bytes32;

/// The documents by their languages, of which one is served for a link; all other files have paths of their own.
pub const DOCUMENTS: [(&str, &str); 2] = [("en", "index.en.html"), ("nl", "index.nl.html")];

/// The content security policy of every file: only our own files, and nothing a script could leak to another place.
/// WebAssembly needs a permission of its own; `share` is the name of the one trusted-types policy. A file that is looked
/// at before it is saved is made into a document in memory (`blob:`), and a picture into a part of it (`data:`); neither
/// is an address at which anything could be asked for. WebKit holds that document to `frame-ancestors` as well, so it is
/// not 'none'.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
    frame-src 'self' blob:; img-src 'self' data:; style-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; \
    trusted-types share";

/// `hash  name`, a line for each file; `npm run build` in `relay/web` writes it.
const LIST: &str = include_str!("../../web/dist.sha256");

/// What its scripts may ask of the browser: that the screen stays on while something is saved.
pub const PERMISSIONS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), \
    encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), \
    identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), \
    otp-credentials=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), \
    publickey-credentials-get=(), screen-wake-lock=(self), serial=(), storage-access=(), usb=(), \
    window-management=(), xr-spatial-tracking=()";

/// Language and name of the document for who asks with this `Accept-Language`: of the first language in it that there is,
/// else English.
pub fn document(accepted: &str) -> (&'static str, &'static str) {
    let known = accepted.split(',').find_map(|range| {
        let language = range.split(['-', ';']).next()?.trim();
        DOCUMENTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(language))
    });
    *known.unwrap_or(&DOCUMENTS[0])
}

/// Whether a file's name has a hash of its bytes, so that another release has it under another name. Documents have none.
pub fn is_hashed(name: &str) -> bool {
    DOCUMENTS.iter().all(|(_, document)| *document != name)
}

/// The content type of a file of the page, by which a browser runs it.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// SHA-256 of each file of the page, by file name.
pub fn released() -> BTreeMap<&'static str, Bytes32> {
    let entry = |line: &'static str| {
        let (hash, name) = line.split_once("  ")?;
        Some((name, hash.parse().ok()?))
    };
    LIST.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let released = released();
        assert!(released.len() == LIST.lines().count(), "{released:?}");
        assert!(DOCUMENTS.iter().all(|(_, name)| released.contains_key(name)), "{released:?}");
    }

    #[test]
    fn the_document_is_in_the_first_known_language() {
        let documents = [
            ("nl", "nl"),
            ("NL-be,en;q=0.9", "nl"),
            ("fy-NL, nl;q=0.9, en;q=0.8", "nl"),
            ("en-US,en;q=0.5", "en"),
            ("de, en-GB;q=0.8, nl;q=0.7", "en"),
            ("de", "en"),
            ("nls, *", "en"),
            ("", "en"),
        ];
        for (accepted, language) in documents {
            assert_eq!(document(accepted), (language, &*format!("index.{language}.html")), "{accepted}");
        }
    }
}
