//! Whose relay this is, as its pages tell it: name, how to reach the operator, statements, colours, logo. They are read once
//! from a file, and held to what every page can show safely and legibly.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::line::is_visible;

/// Characters in a name, and in a contact line.
const MAX_NAME: usize = 60;
const MAX_CONTACT: usize = 200;
const MAX_PHONE: usize = 30;
/// Characters in an address: of a mailbox, or of a page.
const MAX_ADDRESS: usize = 250;
const MAX_LOGO_BYTES: u64 = 128 * 1024;
const MAX_STATEMENT_BYTES: u64 = 64 * 1024;
/// Where the relay itself shows a statement.
const PRIVACY: &str = "privacy";
const ACCESSIBILITY: &str = "accessibility";
/// What text needs against what is behind it (WCAG 2.2, 1.4.3).
const CONTRAST: f64 = 4.5;
/// What the accent stands on, or carries, in `web/src/style.css`: sheet, notes, and the text of its buttons.
const LIGHT: [Colour; 2] = [Colour(0xff_ff_ff), Colour(0xee_f4_f6)];
const DARK: [Colour; 3] = [Colour(0x1c_22_26), Colour(0x1e_30_37), Colour(0x07_26_2e)];

/// What is known of an operator; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    profile: Profile,
    logo: Option<Logo>,
    privacy: Option<Statement>,
    accessibility: Option<Statement>,
    security: Option<String>,
}

/// What the page is told, as JSON. Addresses are `https:`, `mailto:`, or a path below the relay's own.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// What the operator is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A line on how to reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// A telephone number, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// A mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The address at which misuse is reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abuse: Option<String>,
    /// The address of what it says of privacy.
    pub privacy: String,
    /// The address of what it says of accessibility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessibility: Option<String>,
    /// The colour of its band, buttons and links on a light page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// That of buttons and links on a dark one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<String>,
    /// Whether there is one.
    pub logo: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: None,
            contact: None,
            phone: None,
            email: None,
            abuse: None,
            privacy: PRIVACY.into(),
            accessibility: None,
            accent: None,
            accent_dark: None,
            logo: false,
        }
    }
}

/// A statement's text, in each language.
#[derive(Debug, Clone)]
pub struct Statement {
    english: String,
    dutch: String,
}

/// A picture.
#[derive(Debug, Clone)]
pub struct Logo {
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Why an operator's file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// It, or the logo, cannot be read.
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is not the JSON it has to be.
    #[error("{0} is not as docs/operating.md describes it")]
    Malformed(PathBuf, #[source] serde_json::Error),
    /// A text is too long or has characters that show nothing.
    #[error("{0} must be 1 to {1} visible characters in one line")]
    Text(&'static str, usize),
    /// It is no telephone number.
    #[error("phone must be a telephone number of 3 to 15 digits, such as 14 0123 or +31 88 123 45 67")]
    Phone,
    /// It is neither a mailbox nor the address of a page, or not of the kind that is needed.
    #[error("{0} must be {1}")]
    Address(&'static str, &'static str),
    /// There is no text, or too much, or what is no text.
    #[error("{0} must name text files of 1 byte to {max} KiB", max = MAX_STATEMENT_BYTES / 1024)]
    Statement(&'static str),
    /// A colour is not one.
    #[error("{0} must be a colour such as #0b5566")]
    Colour(&'static str),
    /// A colour cannot be read on the page.
    #[error("{0} has too little contrast: {1:.1} where {CONTRAST} is needed; choose a {2} colour")]
    Contrast(&'static str, f64, &'static str),
    /// The logo is something else.
    #[error("the logo must be a .png or .svg file of at most {} KiB", MAX_LOGO_BYTES / 1024)]
    Logo,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Option<String>,
    contact: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    abuse: Option<String>,
    security: Option<String>,
    privacy: Option<WrittenStatement>,
    accessibility: Option<WrittenStatement>,
    accent: Option<String>,
    accent_dark: Option<String>,
    logo: Option<PathBuf>,
}

/// Where a statement is: on a page of the operator's, or in text files.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenStatement {
    At(String),
    In(Texts),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    en: Option<PathBuf>,
    nl: Option<PathBuf>,
}

impl Operator {
    /// Reads an operator's file; paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self, OperatorError> {
        let json = fs::read(path).map_err(|error| OperatorError::Unreadable(path.to_owned(), error))?;
        let written: Written =
            serde_json::from_slice(&json).map_err(|error| OperatorError::Malformed(path.to_owned(), error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let logo = written.logo.as_ref().map(|logo| Logo::read(&folder.join(logo))).transpose()?;
        let (privacy_at, privacy) = statement(PRIVACY, written.privacy, folder)?;
        let (accessibility_at, accessibility) = statement(ACCESSIBILITY, written.accessibility, folder)?;
        let profile = Profile {
            name: text("name", written.name, MAX_NAME)?,
            contact: text("contact", written.contact, MAX_CONTACT)?,
            phone: phone(written.phone)?,
            email: written.email.map(|email| mailbox("email", email)).transpose()?,
            abuse: written.abuse.map(|abuse| reached_at("abuse", abuse)).transpose()?,
            privacy: privacy_at.unwrap_or_else(|| PRIVACY.into()),
            accessibility: accessibility_at,
            accent: accent("accent", written.accent, &LIGHT, "darker")?,
            accent_dark: accent("accent_dark", written.accent_dark, &DARK, "lighter")?,
            logo: logo.is_some(),
        };
        let security = written.security.map(|security| reached_at("security", security)).transpose()?;
        Ok(Self { profile, logo, privacy, accessibility, security })
    }

    /// What the relay shows at `/privacy` in place of its own words.
    pub fn privacy(&self) -> Option<&Statement> {
        self.privacy.as_ref()
    }

    /// What the relay shows at `/accessibility`.
    pub fn accessibility(&self) -> Option<&Statement> {
        self.accessibility.as_ref()
    }

    /// The address at which flaws are reported.
    pub fn security(&self) -> Option<&str> {
        self.security.as_deref()
    }

    /// What the page is told.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The logo, if there is one.
    pub fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }
}

impl Logo {
    fn read(path: &Path) -> Result<Self, OperatorError> {
        let content_type = match path.extension().and_then(|extension| extension.to_str()) {
            Some("png") => "image/png",
            Some("svg") => "image/svg+xml",
            _ => return Err(OperatorError::Logo),
        };
        let unreadable = |error| OperatorError::Unreadable(path.to_owned(), error);
        if fs::metadata(path).map_err(unreadable)?.len() > MAX_LOGO_BYTES {
            return Err(OperatorError::Logo);
        }
        Ok(Self { content_type, bytes: fs::read(path).map_err(unreadable)?.into() })
    }
}

impl Statement {
    fn read(field: &'static str, texts: Texts, folder: &Path) -> Result<Self, OperatorError> {
        let read = |path: PathBuf| {
            let path = folder.join(path);
            let unreadable = |error| OperatorError::Unreadable(path.clone(), error);
            if fs::metadata(&path).map_err(unreadable)?.len() > MAX_STATEMENT_BYTES {
                return Err(OperatorError::Statement(field));
            }
            let text = String::from_utf8(fs::read(&path).map_err(unreadable)?);
            let text = text.map_err(|_| OperatorError::Statement(field))?.replace("\r\n", "\n");
            let is_shown = text.chars().all(|c| c == '\n' || c == '\t' || is_visible(c)) && !text.trim().is_empty();
            if is_shown { Ok(text) } else { Err(OperatorError::Statement(field)) }
        };
        let (english, dutch) = (texts.en.map(read).transpose()?, texts.nl.map(read).transpose()?);
        // One that is in one language is shown to all.
        let any = dutch.clone().or(english.clone()).ok_or(OperatorError::Statement(field))?;
        Ok(Self { english: english.unwrap_or_else(|| any.clone()), dutch: dutch.unwrap_or(any) })
    }

    /// Its text for a reader of this language.
    pub fn text(&self, language: &str) -> &str {
        if language == "nl" { &self.dutch } else { &self.english }
    }
}

/// Where a statement is found, and its text if that is here.
fn statement(
    field: &'static str,
    written: Option<WrittenStatement>,
    folder: &Path,
) -> Result<(Option<String>, Option<Statement>), OperatorError> {
    Ok(match written {
        None => (None, None),
        Some(WrittenStatement::At(address)) if is_page(&address) => (Some(address), None),
        Some(WrittenStatement::At(_)) => {
            return Err(OperatorError::Address(
                field,
                "an address that begins with https://, or text files by language",
            ));
        }
        Some(WrittenStatement::In(texts)) => (Some(field.into()), Some(Statement::read(field, texts, folder)?)),
    })
}

fn phone(written: Option<String>) -> Result<Option<String>, OperatorError> {
    let Some(phone) = written else { return Ok(None) };
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let is_number = phone.chars().all(|c| c.is_ascii_digit() || "+()-. ".contains(c));
    let is_fit = is_number && (3..=15).contains(&digits) && phone.len() <= MAX_PHONE;
    if is_fit { Ok(Some(phone)) } else { Err(OperatorError::Phone) }
}

fn mailbox(field: &'static str, written: String) -> Result<String, OperatorError> {
    let wrong = OperatorError::Address(field, "an e-mail address");
    if is_mailbox(&written) { Ok(written) } else { Err(wrong) }
}

/// The address of a mailbox or page, as links have it.
fn reached_at(field: &'static str, written: String) -> Result<String, OperatorError> {
    if is_page(&written) {
        return Ok(written);
    }
    let wrong = OperatorError::Address(field, "an e-mail address, or an address that begins with https://");
    if is_mailbox(&written) { Ok(format!("mailto:{written}")) } else { Err(wrong) }
}

/// A plain one, without what would mean something else in a link.
fn is_mailbox(text: &str) -> bool {
    let is_made_of = |text: &str, others: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    let parts = text.split_once('@').filter(|_| text.len() <= MAX_ADDRESS);
    parts.is_some_and(|(user, host)| is_made_of(user, ".!$*+-/=^_~") && is_made_of(host, ".-"))
}

fn is_page(text: &str) -> bool {
    let authority = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let Some(authority) = authority else { return false };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    let is_port = port.chars().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_plain = text.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`\\^{|}".contains(c));
    is_host && is_port && is_plain && text.len() <= MAX_ADDRESS
}

fn text(field: &'static str, text: Option<String>, max: usize) -> Result<Option<String>, OperatorError> {
    let is_shown = |text: &String| (1..=max).contains(&text.trim().chars().count()) && text.chars().all(is_visible);
    match text {
        Some(text) if !is_shown(&text) => Err(OperatorError::Text(field, max)),
        text => Ok(text),
    }
}

fn accent(
    field: &'static str,
    text: Option<String>,
    against: &[Colour],
    way_out: &'static str,
) -> Result<Option<String>, OperatorError> {
    let Some(text) = text else { return Ok(None) };
    let colour = Colour::parse(&text).ok_or(OperatorError::Colour(field))?;
    let least = against.iter().map(|other| colour.contrast(*other)).fold(f64::INFINITY, f64::min);
    if least < CONTRAST { Err(OperatorError::Contrast(field, least, way_out)) } else { Ok(Some(text)) }
}

/// Red, green and blue, eight bits each.
#[derive(Debug, Clone, Copy)]
struct Colour(u32);

impl Colour {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| is_hex).map(Self)
    }

    /// From 1 to 21 (WCAG 2.2, "contrast ratio").
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let part = |shift: u32| {
            let value = f64::from(self.0 >> shift & 0xff) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Operator, OperatorError> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("logo.svg"), "<svg/>").unwrap();
        fs::write(dir.path().join("large.png"), vec![0; 128 * 1024 + 1]).unwrap();
        fs::write(dir.path().join("statement.txt"), "# Voor iedereen\r\n\r\nTekst.\r\n").unwrap();
        fs::write(dir.path().join("large.txt"), vec![b'x'; 64 * 1024 + 1]).unwrap();
        fs::write(dir.path().join("empty.txt"), "\n").unwrap();
        fs::write(dir.path().join("turned.txt"), "\u{202e}x").unwrap();
        let path = dir.path().join("operator.json");
        fs::write(&path, json).unwrap();
        Operator::read(&path)
    }

    #[test]
    fn a_full_file_is_taken_and_told_without_paths() {
        let json = r##"{"name":"Gemeente Dam","contact":"Bel 14 020","accent":"#0b5566","accent_dark":"#86cbdb","logo":"logo.svg"}"##;
        let operator = read(json).unwrap();
        assert_eq!(operator.logo().unwrap().content_type, "image/svg+xml");
        let told = serde_json::to_string(operator.profile()).unwrap();
        assert_eq!(
            told,
            json.replace(r#""logo.svg""#, "true").replace(r#""accent":"#, r#""privacy":"privacy","accent":"#)
        );
        let nothing = r#"{"privacy":"privacy","logo":false}"#;
        assert_eq!(serde_json::to_string(Operator::default().profile()).unwrap(), nothing);
        assert_eq!(serde_json::to_string(read("{}").unwrap().profile()).unwrap(), nothing);
        assert!(read("{}").unwrap().logo().is_none());
    }

    #[test]
    fn how_to_reach_it_and_what_it_states_can_be_followed() {
        let json = r#"{"phone":"+31 (0)88 123 45 67","email":"hulp@dam.example","abuse":"abuse@dam.example",
            "security":"https://dam.example/security?a=b#c","privacy":"https://dam.example/privacy",
            "accessibility":{"nl":"statement.txt"}}"#;
        let operator = read(json).unwrap();
        let told = r#"{"phone":"+31 (0)88 123 45 67","email":"hulp@dam.example","abuse":"mailto:abuse@dam.example",
            "privacy":"https://dam.example/privacy","accessibility":"accessibility","logo":false}"#;
        let told: serde_json::Value = serde_json::from_str(told).unwrap();
        assert_eq!(serde_json::to_value(operator.profile()).unwrap(), told);
        assert_eq!(operator.security(), Some("https://dam.example/security?a=b#c"));
        assert!(operator.privacy().is_none());
        let statement = operator.accessibility().unwrap();
        assert_eq!((statement.text("nl"), statement.text("en")), ("# Voor iedereen\n\nTekst.\n", statement.text("nl")));
        assert_eq!(read(r#"{"security":"a@b"}"#).unwrap().security(), Some("mailto:a@b"));
        assert!(read(r#"{"security":"https://dam.example:65535/x"}"#).is_ok());
    }

    #[test]
    fn what_cannot_be_shown_followed_or_read_is_refused() {
        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(61));
        for wrong in [
            r#"{"name":""}"#,
            r#"{"name":" "}"#,
            &long,
            r#"{"contact":"a\nb"}"#,
            r#"{"name":"\u202egnp"}"#,
            r##"{"accent":"#0b55666"}"##,
            r##"{"accent":"#+b5566"}"##,
            r#"{"accent":"red;background:url(x)"}"#,
            r##"{"accent":"#86cbdb"}"##,
            r##"{"accent_dark":"#0b5566"}"##,
            r#"{"logo":"missing.png"}"#,
            r#"{"logo":"large.png"}"#,
            r#"{"logo":"logo.html"}"#,
            r#"{"colour":"x"}"#,
            r#"{"phone":"14"}"#,
            r#"{"phone":"bel 14 0123"}"#,
            r#"{"phone":"1234567890123456"}"#,
            r#"{"email":"https://dam.example"}"#,
            r#"{"email":"a@b?subject=x"}"#,
            r#"{"email":"a b@dam.example"}"#,
            r##"{"email":"a#b@dam.example"}"##,
            r#"{"abuse":"http://dam.example/"}"#,
            r#"{"abuse":"javascript:alert(1)"}"#,
            r#"{"abuse":"https://dam.example/\"onclick"}"#,
            r#"{"security":"https:///x"}"#,
            r#"{"security":"https://dam.example:0/"}"#,
            r#"{"security":"https://dam.example:65536/"}"#,
            r#"{"security":"https://dam.example:+443/"}"#,
            r#"{"security":"https://dam.example:/"}"#,
            r#"{"security":"https://dam.example:1:2/"}"#,
            r#"{"security":"https://user@dam.example/"}"#,
            r#"{"privacy":"a@b"}"#,
            r#"{"privacy":{}}"#,
            r#"{"privacy":{"fy":"statement.txt"}}"#,
            r#"{"privacy":{"nl":"missing.txt"}}"#,
            r#"{"privacy":{"nl":"large.txt"}}"#,
            r#"{"privacy":{"nl":"empty.txt"}}"#,
            r#"{"accessibility":{"nl":"statement.txt","en":"turned.txt"}}"#,
            "[]",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_accent_is_held_against_the_colours_of_the_page() {
        let css = include_str!("../web/src/style.css");
        let (light, rest) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let (dark, _) = rest.split_once("\n}").unwrap();
        let colours = |scheme: &str| {
            let colour = |name| scheme.split_once(name).and_then(|(_, rest)| Colour::parse(rest.split_once(';')?.0));
            ["--sheet: ", "--tint: ", "--on-accent: "].map(|name| colour(name).expect(name).0)
        };
        let [sheet, notes, text] = colours(light);
        assert_eq!((LIGHT.map(|colour| colour.0), sheet), ([sheet, notes], text), "white on the accent as beneath it");
        assert_eq!(DARK.map(|colour| colour.0), colours(dark));
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let ratio = |a, b| Colour(a).contrast(Colour(b));
        assert!((ratio(0, 0xff_ff_ff) - 21.0).abs() < 1e-9);
        assert!((ratio(0x76_76_76, 0xff_ff_ff) - 4.54).abs() < 0.01);
    }
}
