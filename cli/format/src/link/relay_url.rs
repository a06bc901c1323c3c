//! The base URL of a relay, as a user configures it and as a link begins.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use url::Host;

/// The longest host name, RFC 1035 section 2.3.4.
const MAX_HOST_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;
const MAX_PREFIX_BYTES: usize = 512;

/// A relay's base URL: `https://host[:port][/prefix]`, without a slash at its end. The host is ASCII (punycode).
///
/// `http://` is accepted only for this computer and for addresses in private networks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelayUrl {
    base: String,
    local: bool,
}

/// Why a text is not a relay's base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    /// Not `https://host[:port][/prefix]`.
    #[error("this is no address of a relay")]
    Invalid,
    /// The link of a share.
    #[error("this is the link of a share")]
    Link {
        /// Its relay.
        relay: String,
    },
    /// `http://` to a host beyond this computer and private networks.
    #[error("{host} is named with http://")]
    Insecure {
        /// The host.
        host: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl RelayUrl {
    /// Reads what a user gives as a relay; without a scheme it means `https`.
    pub fn parse(text: &str) -> Result<Self, RelayUrlError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Scheme::read(scheme).ok_or(RelayUrlError::Invalid)?, rest),
            None => (Scheme::Https, text),
        };
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let relay = Self::from_parts(scheme, authority, prefix)?;
        match relay.base.rsplit_once("/s/") {
            Some((relay, _)) => Err(RelayUrlError::Link { relay: relay.to_owned() }),
            None => Ok(relay),
        }
    }

    /// `authority` is `host[:port]`; `prefix` has any number of slashes around it.
    pub(super) fn from_parts(scheme: Scheme, authority: &str, prefix: &str) -> Result<Self, RelayUrlError> {
        let (host, port) = split_port(authority).ok_or(RelayUrlError::Invalid)?;
        let host = read_host(host).ok_or(RelayUrlError::Invalid)?;
        let prefix = read_prefix(prefix).ok_or(RelayUrlError::Invalid)?;
        let local = is_local(&host);
        if scheme == Scheme::Http && !local {
            return Err(RelayUrlError::Insecure { host: host.to_string() });
        }
        let port = match port {
            Some(port) if port != scheme.default_port() => format!(":{port}"),
            _ => String::new(),
        };
        Ok(Self { base: format!("{}://{host}{port}{prefix}", scheme.as_str()), local })
    }

    /// The URL of a path that begins with `/`, as [`share_relay_api::paths`] gives it.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The base URL.
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// Whether the relay is this computer or an address in a private network: no proxy leads there.
    pub fn is_local(&self) -> bool {
        self.local
    }
}

impl FromStr for RelayUrl {
    type Err = RelayUrlError;

    fn from_str(text: &str) -> Result<Self, RelayUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl Scheme {
    fn read(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Host text and port. The colons inside `[…]` belong to an IPv6 address.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_address = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[after_address..].find(':') else {
        return Some((authority, None));
    };
    let (host, port) = (&authority[..after_address + colon], &authority[after_address + colon + 1..]);
    let digits = port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    let port = digits.then(|| port.parse().ok()).flatten()?;
    (port != 0).then_some((host, Some(port)))
}

/// A host as it is plainly written: no percent-encoding, no IPv4 address in disguise (`0x7f.1`).
pub(super) fn read_host(text: &str) -> Option<Host<String>> {
    let host = Host::parse(text).ok().filter(|_| !text.contains('%'))?;
    let plain = match &host {
        Host::Domain(name) => name.len() <= MAX_HOST_BYTES && name.split('.').all(is_label),
        Host::Ipv4(address) => address.to_string() == text,
        Host::Ipv6(_) => true,
    };
    plain.then_some(host)
}

fn is_label(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// `/a/b` or nothing; only characters that mean themselves in a URL (RFC 3986 section 2.3).
fn read_prefix(text: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let mut prefix = String::new();
    for segment in text.split('/').filter(|segment| !segment.is_empty()) {
        if segment == "." || segment == ".." || !segment.bytes().all(plain) {
            return None;
        }
        prefix.push('/');
        prefix.push_str(segment);
    }
    (prefix.len() <= MAX_PREFIX_BYTES).then_some(prefix)
}

fn is_local(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Host::Ipv6(address) => is_local_v6(address),
    }
}

fn is_local_v6(address: &Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(v4) => is_local(&Host::Ipv4(v4)),
        None => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_base_urls_and_writes_them_in_one_form() {
        for (text, base) in [
            ("https://relay.example", "https://relay.example"),
            (" HTTPS://Relay.Example/ ", "https://relay.example"),
            ("relay.example", "https://relay.example"),
            ("relay.example:8443/base/", "https://relay.example:8443/base"),
            ("https://relay.example:443//Base//x", "https://relay.example/Base/x"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example"),
            ("https://intranet", "https://intranet"),
            ("http://localhost:80", "http://localhost"),
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://8.8.8.8", "https://8.8.8.8"),
        ] {
            assert_eq!(RelayUrl::parse(text).unwrap().as_str(), base, "{text}");
        }
    }

    #[test]
    fn a_link_is_no_relay() {
        for (link, relay) in [
            ("https://relay.example/s/0123456789abcdefghjk", "https://relay.example"),
            ("relay.example/base/s/x", "https://relay.example/base"),
        ] {
            assert_eq!(RelayUrl::parse(link), Err(RelayUrlError::Link { relay: relay.to_owned() }), "{link}");
        }
        assert_eq!(RelayUrl::parse("https://relay.example/s/").unwrap().as_str(), "https://relay.example/s");
    }

    #[test]
    fn plain_http_goes_no_further_than_private_networks() {
        for local in [
            "127.0.0.1",
            "127.9.9.9",
            "localhost",
            "LOCALHOST",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.20",
            "169.254.7.7",
            "[::1]",
            "[fe80::1]",
            "[fd12::1]",
            "[::ffff:10.0.0.1]",
        ] {
            let url = RelayUrl::parse(&format!("http://{local}:8787")).unwrap();
            assert!(url.is_local(), "{local}");
        }
        for far in [
            "relay.example",
            "8.8.8.8",
            "172.32.0.1",
            "[2001:db8::1]",
            "[::ffff:8.8.8.8]",
            "localhost.example",
            "intranet",
            "0.0.0.0",
        ] {
            let error = RelayUrl::parse(&format!("http://{far}")).unwrap_err();
            assert!(matches!(error, RelayUrlError::Insecure { .. }), "{far}");
            assert!(!RelayUrl::parse(&format!("https://{far}")).unwrap().is_local(), "{far}");
        }
    }

    #[test]
    fn refuses_what_is_not_plainly_a_relay() {
        for text in [
            "",
            "https://",
            "ftp://relay.example",
            "https://user@relay.example",
            "https://relay.example?x=1",
            "https://relay.example/a?x",
            "https://relay.example#x",
            "https://relay.example/a/../b",
            "https://relay.example/%61",
            "https://relay.example:0",
            "https://relay.example:",
            "https://relay.example:+1",
            "https://relay.example:65536",
            "https://relay.example:1:2",
            "https://relay..example",
            "https://relay.example.",
            "https://-relay.example",
            "https://0x7f.1",
            "https://2130706433",
            "https://127.1",
            "https://relay,example",
            "https://re%6cay.example",
            "https://relay.example\\x",
            "https://rel ay.example",
            "https://[::1",
            "https://::1",
            "javascript:alert(1)",
        ] {
            assert_eq!(RelayUrl::parse(text), Err(RelayUrlError::Invalid), "{text}");
        }
        assert!(RelayUrl::parse(&format!("https://{}", "a.".repeat(200) + "example")).is_err());
        assert!(RelayUrl::parse(&format!("https://relay.example/{}", "a/".repeat(1000))).is_err());
    }

    #[test]
    fn endpoints_keep_the_prefix() {
        assert_eq!(RelayUrl::parse("relay.example/base/").unwrap().endpoint("/v1"), "https://relay.example/base/v1");
    }
}
