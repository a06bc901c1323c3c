//! Pages for people at addresses other than links: the landing page, the operator's statements, and "nothing here".
//! They have no scripts, and are in the reader's language. The operator's texts are escaped in them.

use hyper::{HeaderMap, StatusCode, header::HeaderValue};

use super::{
    answer::{self, Answer},
    page, page_files,
    route::StaticPage,
};
use crate::operator::{Operator, Profile};

const FRAME: &str = include_str!("plain/frame.html");
/// Allows only the relay's own style sheets and images.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Most segments of a path for which the root is given as a relative path. No link has more.
const MAX_DEPTH: usize = 8;

/// A page, or a redirect to the operator's own; `None` for a statement that the operator does not have.
pub fn answer(which: StaticPage, operator: &Operator, request: &HeaderMap) -> Option<Answer> {
    let profile = operator.profile();
    let address = match which {
        StaticPage::Landing => None,
        StaticPage::Privacy => Some(&profile.privacy),
        StaticPage::Accessibility => profile.accessibility.as_ref(),
    };
    if let Some(address) = address.filter(|address| address.starts_with("https://")) {
        return Some(answer::redirect(StatusCode::FOUND, address));
    }
    let language = page::language(request);
    let body = match (which, language) {
        (StaticPage::Landing, "nl") => include_str!("plain/landing.nl.html").to_owned(),
        (StaticPage::Landing, _) => include_str!("plain/landing.en.html").to_owned(),
        (StaticPage::Privacy, _) if operator.privacy().is_some() => markup(operator.privacy()?.text(language)),
        (StaticPage::Privacy, "nl") => include_str!("plain/privacy.nl.html").to_owned(),
        (StaticPage::Privacy, _) => include_str!("plain/privacy.en.html").to_owned(),
        (StaticPage::Accessibility, _) => markup(operator.accessibility()?.text(language)),
    };
    Some(framed(StatusCode::OK, "", &body, profile, request))
}

/// The page for a browser at an address that does not exist.
pub fn nothing_here(path: &str, operator: &Operator, request: &HeaderMap) -> Answer {
    let body = match page::language(request) {
        "nl" => include_str!("plain/nothing.nl.html"),
        _ => include_str!("plain/nothing.en.html"),
    };
    // Relative, because a web server may serve the relay under a path of its own.
    let root = match path.matches('/').count().saturating_sub(1) {
        depth @ ..=MAX_DEPTH => "../".repeat(depth),
        _ => "/".to_owned(),
    };
    framed(StatusCode::NOT_FOUND, &root, body, operator.profile(), request)
}

fn framed(status: StatusCode, root: &str, body: &str, profile: &Profile, request: &HeaderMap) -> Answer {
    const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
    let language = page::language(request);
    let title =
        body.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>")).map_or("share", |(title, _)| title);
    let logo = if profile.logo { format!("<img src=\"{root}page/operator-logo\" alt=\"\">") } else { String::new() };
    let (name, foot) = (escaped(profile.name.as_deref().unwrap_or("share")), foot(profile, root, language));
    // In one pass, because a value may look like another placeholder.
    let mut text = String::new();
    for piece in FRAME.split("{{") {
        let (key, rest) = piece.split_once("}}").unwrap_or(("", piece));
        text += match key {
            "lang" => language,
            "title" => title,
            "name" => &name,
            "root" => root,
            "style" => page_files::style(),
            "logo" => &logo,
            "body" => body,
            "foot" => &foot,
            _ => "",
        };
        text += rest;
    }
    let etag = page_files::etag(text.as_bytes());
    let answer = page::guarded(answer::whole(status, HTML, text), POLICY, "accept, accept-language");
    if status == StatusCode::OK { answer::cacheable(answer, request, page::REVALIDATE, &etag) } else { answer }
}

/// The footer, with the operator's contact and statements.
fn foot(profile: &Profile, root: &str, language: &str) -> String {
    let [privacy, accessibility, abuse] = match language {
        "nl" => ["Privacy", "Toegankelijkheid", "Misbruik melden"],
        _ => ["Privacy", "Accessibility", "Report misuse"],
    };
    let link = |address: &str, text: &str| {
        let root = if address.contains(':') { "" } else { root };
        format!("<li><a href=\"{root}{}\">{}</a></li>", escaped(address), escaped(text))
    };
    // A zero in brackets is not dialled after a country code.
    let dialled =
        |phone: &str| phone.replace("(0)", "").chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>();
    let links = [
        profile.phone.as_deref().map(|phone| link(&format!("tel:{}", dialled(phone)), phone)),
        profile.email.as_deref().map(|email| link(&format!("mailto:{email}"), email)),
        Some(link(&profile.privacy, privacy)),
        profile.accessibility.as_deref().map(|address| link(address, accessibility)),
        profile.abuse.as_deref().map(|address| link(address, abuse)),
    ];
    let contact = profile.contact.as_deref().map(|contact| format!("<p>{}</p>", escaped(contact))).unwrap_or_default();
    format!("{contact}<ul>{}</ul>", links.into_iter().flatten().collect::<String>())
}

/// A text as HTML. Empty lines separate paragraphs; one that begins with `# ` is a heading, the first one that of the
/// page.
fn markup(text: &str) -> String {
    let mut marked = String::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        let (tag, text) = match paragraph.strip_prefix("# ") {
            Some(heading) if marked.contains("<h1>") => ("h2", heading),
            Some(heading) => ("h1", heading),
            None => ("p", paragraph),
        };
        marked += &format!("<{tag}>{}</{tag}>\n", escaped(text));
    }
    marked
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' => escaped += &format!("&#{};", u32::from(c)),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_headings_and_paragraphs_and_never_markup() {
        let text = "# Voor <iedereen>\n\n\nEen & \"twee\"\nregels.\n\n# Nog een\n#geen";
        let marked =
            "<h1>Voor &#60;iedereen&#62;</h1>\n<p>Een &#38; &#34;twee&#34;\nregels.</p>\n<h2>Nog een\n#geen</h2>\n";
        assert_eq!(markup(text), marked);
    }

    #[test]
    fn whatever_an_operator_is_called_is_only_text() {
        let profile = Profile {
            name: Some("<script>{{body}}".into()),
            contact: Some("a < b".into()),
            phone: Some("+31 (0)88 123-45 67".into()),
            abuse: Some("mailto:a@b".into()),
            ..Profile::default()
        };
        let foot = foot(&profile, "../", "en");
        for link in ["<a href=\"tel:+31881234567\">+31 (0)88 123-45 67</a>", "<a href=\"mailto:a@b\">Report misuse</a>"]
        {
            assert!(foot.contains(link), "{foot}");
        }
        assert!(foot.contains("<p>a &#60; b</p>") && foot.contains("<a href=\"../privacy\">Privacy</a>"), "{foot}");
    }

    #[test]
    fn the_pages_say_the_same_in_both_languages() {
        let pages = [
            [include_str!("plain/landing.en.html"), include_str!("plain/landing.nl.html")],
            [include_str!("plain/nothing.en.html"), include_str!("plain/nothing.nl.html")],
            [include_str!("plain/privacy.en.html"), include_str!("plain/privacy.nl.html")],
        ];
        let tags = |page: &str| {
            page.split('<').skip(1).map(|tag| tag.split('>').next().map(str::to_owned)).collect::<Vec<_>>()
        };
        for [english, dutch] in pages {
            assert_eq!(tags(english), tags(dutch));
        }
    }
}
