//! Mail gateways and sites that put their own address around a link, and how each hides the link in it.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use url::form_urlencoded;

use super::repair::{Address, decode_fully};

/// Gateways that carry the link in a query parameter: host (or parent of it), parameter.
const BY_PARAMETER: &[(&str, &str)] = &[
    // Microsoft Defender Safe Links, in mail and in Teams
    ("safelinks.protection.outlook.com", "url"),
    ("safelinks.protection.office365.us", "url"),
    ("statics.teams.cdn.office.net", "url"),
    // Barracuda
    ("linkprotect.cudasvc.com", "a"),
    // Symantec
    ("clicktime.symantec.com", "u"),
    // Zix
    ("link.zixcentral.com", "u"),
    // Libraesva
    ("urlsand.esvalabs.com", "u"),
    ("l.facebook.com", "u"),
    ("slack-redir.net", "url"),
];

/// Gateways on the host of whoever runs them, with the link in `url`: FortiMail, Trend Micro.
const BY_PATH: &[&str] = &["/fmlurlsvc", "/wis/clicktime/"];

/// Gateways whose links do not tell where they lead.
const HIDDEN: &[&str] = &["mimecast.com", "mimecastprotect.com", "atpscan.global.hornetsecurity.com"];

/// RFC 4648 section 5, padded or not; the standard alphabet is mapped to it first.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What an address leads to.
pub(super) enum Wrapped {
    /// Itself.
    No,
    /// Another address.
    Target(String),
    /// Another address, which it does not tell.
    Hidden,
}

/// Takes one wrapper off.
pub(super) fn unwrap(address: &Address) -> Wrapped {
    let host = address.host();
    let under = |parent: &&str| host.strip_suffix(*parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if HIDDEN.iter().any(under) {
        return Wrapped::Hidden;
    }
    let target = if let Some((_, name)) = BY_PARAMETER.iter().find(|(parent, _)| under(parent)) {
        parameter(address, name)
    } else if ["urldefense.proofpoint.com", "urldefense.com", "urldefense.us"].iter().any(under) {
        proofpoint(address)
    } else if is_google(&host) && address.path == "/url" {
        parameter(address, "q").or_else(|| parameter(address, "url"))
    } else if under(&"secure-web.cisco.com") {
        after_token(&address.rest)
    } else if under(&"protection.sophos.com") {
        parameter(address, "u").and_then(|encoded| from_base64(&encoded))
    } else if BY_PATH.iter().any(|start| address.path.starts_with(start)) {
        parameter(address, "url")
    } else {
        return Wrapped::No;
    };
    target.map_or(Wrapped::Hidden, Wrapped::Target)
}

fn parameter(address: &Address, wanted: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(address.query.as_bytes());
    parameters.find(|(name, value)| name == wanted && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// URL Defense: v1 percent-encodes, v2 writes `-` for `%` and `_` for `/`, v3 sets the link between `__` and `__;`.
/// What v3 takes out of a link and keeps apart (`*`) are characters ours do not have.
fn proofpoint(address: &Address) -> Option<String> {
    if let Some(rest) = address.rest.strip_prefix("/v3/__") {
        return rest.split_once("__;").map(|(link, _)| link.to_owned());
    }
    let link = parameter(address, "u")?;
    if address.path.starts_with("/v2/") { decode_fully(&link.replace('-', "%").replace('_', "/")) } else { Some(link) }
}

/// `/token/link`.
fn after_token(rest: &str) -> Option<String> {
    let (_token, link) = rest.strip_prefix('/')?.split_once('/')?;
    (!link.is_empty()).then(|| link.to_owned())
}

fn from_base64(text: &str) -> Option<String> {
    let text = text.replace(['+', ' '], "-").replace('/', "_");
    String::from_utf8(BASE64.decode(text).ok()?).ok()
}

/// `www.google.com`, `google.nl`, `www.google.co.uk`.
fn is_google(host: &str) -> bool {
    let domain = host.strip_prefix("www.").unwrap_or(host);
    domain.strip_prefix("google.").is_some_and(|rest| rest.len() <= 6 && rest.is_ascii())
}
