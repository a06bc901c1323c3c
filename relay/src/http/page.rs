//! The page a browser gets for a link, the same bytes for every id and in the reader's language, and the files it is made of
//! (`relay/web/dist`).

use std::{io::Write, sync::LazyLock};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::{
    HeaderMap, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use rust_embed::Embed;
use share_relay_api::{
    Bytes32,
    page::{PERMISSIONS, POLICY, content_type, document, is_hashed},
};

use super::answer::{self, Answer};
use crate::{
    admission::tokens,
    operator::{Logo, Profile},
};

#[derive(Embed)]
#[folder = "web/dist"]
struct Dist;

/// A file with a hash in its name is never another one.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// A browser keeps it, and asks each time whether it still holds. (`no-store` would also end the page that one goes back to.)
pub const REVALIDATE: &str = "no-cache";
/// What an operator has changed shows after five minutes.
const FIVE_MINUTES: &str = "max-age=300";

/// No other site may embed it.
const SAME_ORIGIN: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A file of the page.
struct File {
    name: String,
    content_type: &'static str,
    etag: HeaderValue,
    bytes: Bytes,
    gzipped: Bytes,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    Dist::iter().filter_map(|name| Dist::get(&name).map(|file| File::new(name.into(), &file.data))).collect()
});

/// The page, to who takes `Accept-Encoding` and `Accept-Language` as these headers say.
pub fn answer(asked: &HeaderMap) -> Option<Answer> {
    file(preferred(asked).1, asked)
}

/// The language to speak to who asks so.
pub fn language(asked: &HeaderMap) -> &'static str {
    preferred(asked).0
}

fn preferred(asked: &HeaderMap) -> (&'static str, &'static str) {
    let accepted = asked.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    document(accepted.unwrap_or_default())
}

/// The name of a file of the page, if there is one.
pub fn find(name: &str) -> Option<&'static str> {
    FILES.iter().find(|file| file.name == name && is_hashed(name)).map(|file| &*file.name)
}

/// A file of the page, by the name that [`find`] gave.
pub fn file(name: &str, asked: &HeaderMap) -> Option<Answer> {
    FILES.iter().find(|file| file.name == name).map(|file| file.answer(asked))
}

/// The name of the style sheet.
pub fn style() -> &'static str {
    called("style-").map_or("", |file| &file.name)
}

/// The icon, for who asks for it without having read a page.
pub fn icon(asked: &HeaderMap) -> Option<Answer> {
    called("icon-").map(|file| answer::kept(file.answer(asked), asked, FIVE_MINUTES, &file.etag))
}

fn called(stem: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name.starts_with(stem))
}

/// For robots, who are to leave everything alone.
pub fn robots() -> Answer {
    answer::whole(StatusCode::OK, TEXT, "User-agent: *\nDisallow: /\n")
}

/// Where flaws of this relay are reported (RFC 9116), which holds for half a year.
pub fn security(contact: &str, now: u64) -> Option<Answer> {
    const HALF_A_YEAR: u64 = 180 * 24 * 3600;
    let expires = jiff::Timestamp::from_second(i64::try_from(now + HALF_A_YEAR).ok()?).ok()?;
    let text = format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: nl, en\n");
    Some(answer::whole(StatusCode::OK, TEXT, text))
}

/// The operator's colours, for pages that have no scripts.
pub fn colours(profile: &Profile, asked: &HeaderMap) -> Answer {
    let property = |name: &str, colour: &Option<String>| {
        colour.as_ref().map(|colour| format!("{name}:{colour};")).unwrap_or_default()
    };
    let (light, dark) = (property("--accent-light", &profile.accent), property("--accent-dark", &profile.accent_dark));
    let text = format!(":root{{{light}{dark}}}");
    let etag = etag(text.as_bytes());
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(content_type(".css")), text);
    answer::kept(answer::with(answer, [SAME_ORIGIN]), asked, FIVE_MINUTES, &etag)
}

/// What the page is told of its operator.
pub fn profile(profile: &Profile, asked: &HeaderMap) -> Answer {
    let text = serde_json::to_vec(profile).expect("texts can be written");
    let etag = etag(&text);
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(content_type(".json")), text);
    answer::kept(answer::with(answer, [SAME_ORIGIN]), asked, FIVE_MINUTES, &etag)
}

/// The operator's logo. Opened by itself, it is a picture too, and nothing in it runs.
pub fn logo(logo: &Logo, asked: &HeaderMap) -> Answer {
    const PICTURE: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
    let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(logo.content_type), logo.bytes.clone());
    let answer = answer::with(answer, [(header::CONTENT_SECURITY_POLICY, PICTURE), SAME_ORIGIN]);
    answer::kept(answer, asked, FIVE_MINUTES, &etag(&logo.bytes))
}

/// SHA-256 of each file of the page, by name.
pub fn hashes() -> impl Iterator<Item = (String, Bytes32)> {
    FILES.iter().map(|file| (file.name.clone(), tokens::digest(&file.bytes)))
}

impl File {
    fn new(name: String, bytes: &[u8]) -> Self {
        let content_type = content_type(&name);
        let etag = etag(bytes);
        Self { name, content_type, etag, bytes: Bytes::copy_from_slice(bytes), gzipped: gzipped(bytes) }
    }

    fn answer(&self, asked: &HeaderMap) -> Answer {
        let packed = takes_gzip(asked);
        let body = if packed { &self.gzipped } else { &self.bytes };
        let answer = answer::whole(StatusCode::OK, HeaderValue::from_static(self.content_type), body.clone());
        let (kept, varies) = match is_hashed(&self.name) {
            true => (FOREVER, "accept-encoding"),
            false => (REVALIDATE, "accept-encoding, accept-language"),
        };
        let answer = guarded(answer, POLICY, varies);
        let answer = match packed {
            true => answer::with(answer, [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]),
            false => answer,
        };
        answer::kept(answer, asked, kept, &self.etag)
    }
}

/// Adds what every page and each file of one is held to.
pub fn guarded(answer: Answer, policy: &'static str, varies: &'static str) -> Answer {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        SAME_ORIGIN,
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        (header::VARY, HeaderValue::from_static(varies)),
    ];
    answer::with(answer, headers)
}

/// A name for these bytes; weak, as it is the same for those that are packed.
pub fn etag(bytes: &[u8]) -> HeaderValue {
    let hash = tokens::digest(bytes).to_string();
    HeaderValue::from_str(&format!("W/\"{}\"", &hash[..32])).expect("digits and quotes")
}

fn gzipped(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.expect("memory takes everything").into()
}

/// Whether `gzip` stands in `Accept-Encoding`. A browser never asks for it with a weight of nothing.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = lists.flat_map(|list| list.split(','));
    codings.any(|coding| coding.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("gzip")))
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

    #[test]
    fn only_who_takes_gzip_gets_it() {
        let asked = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            answer(&headers).unwrap().headers().contains_key(header::CONTENT_ENCODING)
        };
        assert!(asked("gzip") && asked("deflate, GZIP;q=1.0, br"));
        let unasked = answer(&HeaderMap::new()).unwrap();
        assert!(!asked("") && !asked("br, x-gzip") && !unasked.headers().contains_key("content-encoding"));
    }
}
