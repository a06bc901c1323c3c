//! E-mail addresses, as people write them in tables and on the command line.

use share_format::names::printable;

/// The longest address, RFC 5321 section 4.5.3.1.3.
const MAX_BYTES: usize = 254;
const MAX_LOCAL_PART_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

/// An e-mail address, and whose it is if that was written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The name before it.
    pub name: Option<String>,
    /// The address itself: ASCII without spaces, quotes, brackets, commas and controls.
    pub mail: String,
}

/// Reads `anna@example.org` or `Anna Bakker <anna@example.org>`; `None` for anything else.
pub fn parse(text: &str) -> Option<Address> {
    let text = text.trim();
    let (name, mail) = match text.strip_suffix('>') {
        Some(text) => text.rsplit_once('<')?,
        None => ("", text),
    };
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    (is_name(name) && is_mail(mail))
        .then(|| Address { name: (!name.is_empty()).then(|| name.to_owned()), mail: mail.to_owned() })
}

/// One name: an `@` in it would be another address.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_BYTES && !text.contains(['@', '<', '>', '"']) && printable(text) == text
}

fn is_mail(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= MAX_BYTES && is_local_part(local) && (is_domain(domain) || domain == "localhost")
}

/// RFC 5321 section 4.1.2, without quoted strings.
fn is_local_part(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= MAX_LOCAL_PART_BYTES && text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_plain))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_a_name() {
        for (text, name, mail) in [
            ("anna@example.org", None, "anna@example.org"),
            (" Anna.B+files@Mail.Example.org ", None, "Anna.B+files@Mail.Example.org"),
            ("root@localhost", None, "root@localhost"),
            ("-x@example.org", None, "-x@example.org"),
            ("<anna@example.org>", None, "anna@example.org"),
            ("Anna <anna@example.org>", Some("Anna"), "anna@example.org"),
            ("\"Bakker, Änna\" <anna@example.org>", Some("Bakker, Änna"), "anna@example.org"),
            ("Bakker, Anna <anna@example.org>", Some("Bakker, Anna"), "anna@example.org"),
        ] {
            let address = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((address.name.as_deref(), address.mail.as_str()), (name, mail), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_address_is_refused() {
        for text in [
            "",
            "anna",
            "@example.org",
            "anna@",
            "anna@example",
            "anna@example.",
            "anna@.org",
            "anna@-example.org",
            "anna@@example.org",
            "anna@b@example.org",
            "an na@example.org",
            "anna,bob@example.org",
            "anna@example.org,bob@example.org",
            "anna@example.org, Bob <bob@example.org>",
            ".anna@example.org",
            "an..na@example.org",
            "\"an na\"@example.org",
            "anna@[127.0.0.1]",
            "anna@example.org\r\nBcc: eve@example.org",
            "Anna\r\nBcc: eve <anna@example.org>",
            "Anna\u{202e} <anna@example.org>",
            "Anna <anna@example.org",
            "Anna <anna@example.org> x",
            "anna\0@example.org",
            "änna@example.org",
            "anna@exämple.org",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        let domain = format!("{}example.org", "a.".repeat(100));
        assert!(parse(&format!("a@{domain}")).is_some());
        assert_eq!(parse(&format!("{}@{domain}", "a".repeat(60))), None);
        assert_eq!(parse(&format!("{}@example.org", "a".repeat(65))), None);
    }
}
