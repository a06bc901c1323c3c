//! The files of the browser page (`relay/web/dist`), embedded in the program.

use std::{io::Write, sync::LazyLock};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::header::HeaderValue;
use rust_embed::Embed;
use share_relay_api::{
    Bytes32,
    page::{content_type, is_hashed},
};

use crate::domain::digest;

#[derive(Embed)]
#[folder = "web/dist"]
struct Dist;

/// A file of the page.
pub struct File {
    /// The last segment of its path.
    pub name: String,
    /// The media type.
    pub content_type: &'static str,
    /// A tag that identifies its bytes.
    pub etag: HeaderValue,
    /// The uncompressed bytes.
    pub bytes: Bytes,
    /// The bytes compressed with gzip.
    pub gzipped: Bytes,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    Dist::iter().filter_map(|name| Dist::get(&name).map(|file| File::new(name.into(), &file.data))).collect()
});

/// A file of the page.
pub fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

/// The name of a file that has a path of its own under `/page/`, if there is one.
pub fn find(name: &str) -> Option<&'static str> {
    FILES.iter().find(|file| file.name == name && is_hashed(name)).map(|file| &*file.name)
}

/// The file whose name is this prefix and its hash.
pub fn called(stem: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name.starts_with(stem))
}

/// The name of the style sheet.
pub fn style() -> &'static str {
    called("style-").map_or("", |file| &file.name)
}

/// SHA-256 of each file of the page, by name.
pub fn hashes() -> impl Iterator<Item = (String, Bytes32)> {
    FILES.iter().map(|file| (file.name.clone(), digest::of(&file.bytes)))
}

impl File {
    fn new(name: String, bytes: &[u8]) -> Self {
        let content_type = content_type(&name);
        let etag = etag(bytes);
        Self { name, content_type, etag, bytes: Bytes::copy_from_slice(bytes), gzipped: gzipped(bytes) }
    }
}

/// An ETag for these bytes. It is weak, because the compressed bytes have the same one.
pub fn etag(bytes: &[u8]) -> HeaderValue {
    let hash = digest::of(bytes).to_string();
    HeaderValue::from_str(&format!("W/\"{}\"", &hash[..32])).expect("digits and quotes")
}

fn gzipped(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.expect("memory takes everything").into()
}

#[cfg(test)]
mod tests {
    use share_relay_api::page::DOCUMENTS;

    use super::*;

    fn text(name: &str) -> String {
        let file = FILES.iter().find(|file| file.name == name).unwrap();
        String::from_utf8(file.bytes.to_vec()).unwrap()
    }

    #[test]
    fn the_page_runs_nothing_inline_and_loads_only_its_own_files() {
        for (_, name) in DOCUMENTS {
            let page = text(name);
            for forbidden in ["<style", "style=", "url(", "http:", "https:", "onload", "onclick", "@import", "{{"] {
                assert!(!page.contains(forbidden), "{forbidden}");
            }
            assert!(page.matches("<script").count() == 1 && page.contains("></script>"));
            let loaded: Vec<&str> = page.split('"').filter_map(|value| value.strip_prefix("../page/")).collect();
            assert!(loaded.iter().all(|name| *name == "operator.json" || find(name).is_some()), "{loaded:?}");
            let has = |start: &str| loaded.iter().filter(|name| name.starts_with(start)).count();
            assert_eq!(["style-", "start-", "worker-", "icon-", "operator.json"].map(has), [1; 5], "{loaded:?}");
            let links = page.matches(" href=").count() + page.matches(" src=").count();
            assert_eq!(links, loaded.len());
        }
    }

    #[test]
    fn it_is_the_page_of_this_release() {
        let released = share_relay_api::page::released();
        let served: std::collections::BTreeMap<_, _> = hashes().collect();
        assert!(served.iter().map(|(name, hash)| (&**name, *hash)).eq(released), "npm run build");
    }

    #[test]
    fn who_cannot_run_the_page_is_told_what_to_type() {
        for (language, name) in DOCUMENTS {
            let page = text(name);
            let told: Vec<&str> = page.split("<section lang=\"").skip(1).map(|section| &section[..2]).collect();
            assert!(told.len() == 2 && told[0] == language && told[1] != language, "{told:?}");
            assert!(page.contains(&format!("<html lang=\"{language}\">")));
            assert_eq!(page.matches("share get LINK").count(), 2);
        }
    }

    #[test]
    fn every_file_has_a_type_a_browser_runs_it_by_and_unpacks_to_itself() {
        assert!(DOCUMENTS.iter().all(|(_, name)| find(name).is_none()), "the page has its own path");
        for file in FILES.iter() {
            assert_ne!(file.content_type, "application/octet-stream", "{}", file.name);
            let mut unpacked = Vec::new();
            std::io::copy(&mut flate2::read::GzDecoder::new(&file.gzipped[..]), &mut unpacked).unwrap();
            assert!(unpacked == file.bytes, "{}", file.name);
        }
    }
}
