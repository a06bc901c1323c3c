//! How the page looks at this operator's: name, contact line, colours, logo. They are read once from a file, and held to
//! what every page can show safely and legibly.

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
const MAX_LOGO_BYTES: u64 = 128 * 1024;
/// What text needs against what is behind it (WCAG 2.2, 1.4.3).
const CONTRAST: f64 = 4.5;
/// What the accent stands on, or carries, in `web/src/style.css`: sheet, notes, and the text of its buttons.
const LIGHT: [Colour; 2] = [Colour(0xff_ff_ff), Colour(0xee_f4_f6)];
const DARK: [Colour; 3] = [Colour(0x1c_22_26), Colour(0x1e_30_37), Colour(0x07_26_2e)];

/// What the page shows of an operator; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    look: Look,
    logo: Option<Logo>,
}

/// What the page is told, as JSON.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Look {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accent_dark: Option<String>,
    /// Whether there is one.
    logo: bool,
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
    accent: Option<String>,
    accent_dark: Option<String>,
    logo: Option<PathBuf>,
}

impl Operator {
    /// Reads an operator's file; the path of the logo in it is relative to its folder.
    pub fn read(path: &Path) -> Result<Self, OperatorError> {
        let json = fs::read(path).map_err(|error| OperatorError::Unreadable(path.to_owned(), error))?;
        let written: Written =
            serde_json::from_slice(&json).map_err(|error| OperatorError::Malformed(path.to_owned(), error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let logo = written.logo.as_ref().map(|logo| Logo::read(&folder.join(logo))).transpose()?;
        let look = Look {
            name: text("name", written.name, MAX_NAME)?,
            contact: text("contact", written.contact, MAX_CONTACT)?,
            accent: accent("accent", written.accent, &LIGHT, "darker")?,
            accent_dark: accent("accent_dark", written.accent_dark, &DARK, "lighter")?,
            logo: logo.is_some(),
        };
        Ok(Self { look, logo })
    }

    /// What the page is told.
    pub fn look(&self) -> &Look {
        &self.look
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
        let path = dir.path().join("operator.json");
        fs::write(&path, json).unwrap();
        Operator::read(&path)
    }

    #[test]
    fn a_full_file_is_taken_and_told_without_paths() {
        let json = r##"{"name":"Gemeente Dam","contact":"Bel 14 020","accent":"#0b5566","accent_dark":"#86cbdb","logo":"logo.svg"}"##;
        let operator = read(json).unwrap();
        assert_eq!(operator.logo().unwrap().content_type, "image/svg+xml");
        let told = serde_json::to_string(operator.look()).unwrap();
        assert_eq!(told, json.replace(r#""logo.svg""#, "true"));
        assert_eq!(serde_json::to_string(Operator::default().look()).unwrap(), r#"{"logo":false}"#);
        assert!(read("{}").unwrap().logo().is_none());
    }

    #[test]
    fn what_cannot_be_shown_or_read_is_refused() {
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
            ["--sheet: ", "--note-back: ", "--on-accent: "].map(|name| colour(name).expect(name).0)
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
