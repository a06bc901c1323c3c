//! The page of this release, by the hashes of its files and the headers they come with: what every relay of this version
//! serves to browsers.

use std::collections::BTreeMap;

use crate::Bytes32;

/// The file that is served for a link; all others have paths of their own.
pub const INDEX: &str = "index.html";

/// The content security policy of every file: only our own files, and nothing a script could leak to another place.
/// WebAssembly needs a permission of its own; `share` is the name of the one trusted-types policy.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
    frame-src 'self'; img-src 'self'; style-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types share";

/// `hash  name`, a line for each file; `npm run build` in `relay/web` writes it.
const LIST: &str = include_str!("../../web/dist.sha256");

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
        assert!(released.len() == LIST.lines().count() && released.contains_key(INDEX), "{released:?}");
    }
}
