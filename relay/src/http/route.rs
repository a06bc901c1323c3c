//! Maps a method and path to a call. All routes are defined here, and ids are parsed only here.

use share_relay_api::{Code, ShareId};

use super::page_files;

/// A call of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `GET /v1`
    Info,
    /// `GET /healthz`
    Healthz,
    /// `GET /readyz`
    Readyz,
    /// `GET /s/{id}`
    Page,
    /// `GET /page/{name}`
    PageFile(&'static str),
    /// `GET /page/operator.json`
    Profile,
    /// `GET /page/operator-logo`
    Logo,
    /// `GET /page/operator.css`
    Colours,
    /// `GET /favicon.ico`
    Icon,
    /// `GET /`, `/privacy` or `/accessibility`
    StaticPage(StaticPage),
    /// `GET /robots.txt`
    Robots,
    /// `GET /.well-known/security.txt`
    Security,
    /// A call on one share.
    Share(ShareId, ShareCall),
}

/// A page of the relay itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaticPage {
    /// What this relay is, for visitors without a link.
    Landing,
    /// The privacy statement: the operator's, or the default one.
    Privacy,
    /// The operator's statement about accessibility, if the relay has its text.
    Accessibility,
}

/// A call on one share, under `/v1/shares/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareCall {
    /// `PUT`
    Create,
    /// `GET`
    Status,
    /// `DELETE`
    Revoke,
    /// `PUT …/header`
    PutHeader,
    /// `PUT …/manifest`
    PutManifest,
    /// `GET …/parts`
    Parts,
    /// `PUT …/parts/{n}`
    PutPart(u64),
    /// `POST …/seal`
    Seal,
    /// `POST …/open`
    Open,
    /// `POST …/tickets`
    TakeTicket,
    /// `GET …/content`
    Content,
    /// `POST …/receipt`
    Receipt,
    /// `GET …/events`
    Events,
    /// `POST …/unlock`
    Unlock,
}

/// Why there is no call for a method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteError {
    /// There is nothing at this path, or its id is damaged.
    NotFound(Code),
    /// The path has other methods, as listed for `Allow`.
    MethodNotAllowed(String),
    /// The path is that of a damaged link; its page is at this address, relative to the path.
    Redirect(String),
}

/// The call for `method` on `path`. `HEAD` is the same call as `GET`.
pub fn find(method: &str, path: &str) -> Result<Call, RouteError> {
    let method = if method == "HEAD" { "GET" } else { method };
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).splitn(7, '/').collect();
    if let Some(address) = repaired_link(&segments).filter(|_| method == "GET") {
        return Err(RouteError::Redirect(address));
    }
    call(method, &segments)
        .map_err(RouteError::NotFound)?
        .ok_or_else(|| RouteError::MethodNotAllowed(allowed(&segments)))
}

/// The address of the page for a link whose path has additional slashes, capitals or segments compared to `/s/{id}`. A
/// redirect is needed because the page finds its files relative to that address. The page itself reports an id that is
/// damaged or missing.
fn repaired_link(segments: &[&str]) -> Option<String> {
    let mut filled = segments.iter().filter(|segment| !segment.is_empty());
    filled.next().filter(|first| first.eq_ignore_ascii_case("s"))?;
    let id = filled.next().unwrap_or(&"");
    // Relative, because a web server may serve the relay under a path of its own.
    (segments != ["s", id]).then(|| format!("{}s/{id}", "../".repeat(segments.len() - 1)))
}

fn allowed(segments: &[&str]) -> String {
    let has = |method: &&str| matches!(call(method, segments), Ok(Some(_)));
    let mut methods: Vec<&str> = ["GET", "PUT", "POST", "DELETE"].into_iter().filter(has).collect();
    if methods.first() == Some(&"GET") {
        methods.insert(1, "HEAD");
    }
    methods.join(", ")
}

/// `None` where the path has no such method.
fn call(method: &str, segments: &[&str]) -> Result<Option<Call>, Code> {
    let get = |call| Ok((method == "GET").then_some(call));
    match segments {
        ["v1"] => get(Call::Info),
        ["healthz"] => get(Call::Healthz),
        ["readyz"] => get(Call::Readyz),
        ["s", _] => get(Call::Page),
        ["page", "operator.json"] => get(Call::Profile),
        ["page", "operator-logo"] => get(Call::Logo),
        ["page", "operator.css"] => get(Call::Colours),
        [""] => get(Call::StaticPage(StaticPage::Landing)),
        ["privacy"] => get(Call::StaticPage(StaticPage::Privacy)),
        ["accessibility"] => get(Call::StaticPage(StaticPage::Accessibility)),
        ["favicon.ico"] => get(Call::Icon),
        ["robots.txt"] => get(Call::Robots),
        [".well-known", "security.txt"] => get(Call::Security),
        ["page", name] => get(Call::PageFile(page_files::find(name).ok_or(Code::NoSuchPath)?)),
        ["v1", "shares", id, rest @ ..] => {
            let id = id.parse().map_err(|_| Code::DamagedId)?;
            Ok(share_call(method, rest)?.map(|call| Call::Share(id, call)))
        }
        _ => Err(Code::NoSuchPath),
    }
}

fn share_call(method: &str, rest: &[&str]) -> Result<Option<ShareCall>, Code> {
    let call = match (rest, method) {
        ([], "PUT") => ShareCall::Create,
        ([], "GET") => ShareCall::Status,
        ([], "DELETE") => ShareCall::Revoke,
        (["header"], "PUT") => ShareCall::PutHeader,
        (["manifest"], "PUT") => ShareCall::PutManifest,
        (["parts"], "GET") => ShareCall::Parts,
        (["parts", number], "PUT") => ShareCall::PutPart(plain_number(number).ok_or(Code::NoSuchPath)?),
        (["seal"], "POST") => ShareCall::Seal,
        (["open"], "POST") => ShareCall::Open,
        (["tickets"], "POST") => ShareCall::TakeTicket,
        (["content"], "GET") => ShareCall::Content,
        (["receipt"], "POST") => ShareCall::Receipt,
        (["events"], "GET") => ShareCall::Events,
        (["unlock"], "POST") => ShareCall::Unlock,
        ([] | ["parts", _], _) => return Ok(None),
        ([name], _) if OBJECTS.contains(name) => return Ok(None),
        _ => return Err(Code::NoSuchPath),
    };
    Ok(Some(call))
}

/// Parses a decimal number without a sign or leading zeros.
fn plain_number(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|number: &u64| number.to_string() == digits)
}

const OBJECTS: [&str; 10] =
    ["header", "manifest", "parts", "seal", "open", "tickets", "content", "receipt", "events", "unlock"];

impl Call {
    /// The path with placeholders for its variables, for logs.
    pub fn template(self) -> &'static str {
        match self {
            Self::Info => "/v1",
            Self::Healthz => "/healthz",
            Self::Readyz => "/readyz",
            Self::Page => "/s/{id}",
            Self::PageFile(_) | Self::Profile | Self::Logo | Self::Colours => "/page/{name}",
            Self::StaticPage(_) | Self::Icon | Self::Robots | Self::Security => "/{name}",
            Self::Share(_, call) => call.template(),
        }
    }

    /// The share it is about.
    pub fn share(self) -> Option<ShareId> {
        if let Self::Share(id, _) = self { Some(id) } else { None }
    }
}

impl ShareCall {
    fn template(self) -> &'static str {
        match self {
            Self::Create | Self::Status | Self::Revoke => "/v1/shares/{id}",
            Self::PutHeader => "/v1/shares/{id}/header",
            Self::PutManifest => "/v1/shares/{id}/manifest",
            Self::Parts => "/v1/shares/{id}/parts",
            Self::PutPart(_) => "/v1/shares/{id}/parts/{n}",
            Self::Seal => "/v1/shares/{id}/seal",
            Self::Open => "/v1/shares/{id}/open",
            Self::TakeTicket => "/v1/shares/{id}/tickets",
            Self::Content => "/v1/shares/{id}/content",
            Self::Receipt => "/v1/shares/{id}/receipt",
            Self::Events => "/v1/shares/{id}/events",
            Self::Unlock => "/v1/shares/{id}/unlock",
        }
    }
}

#[cfg(test)]
mod tests {
    use share_relay_api::paths;

    use super::*;

    #[test]
    fn every_path_of_the_contract_has_its_methods() {
        let id = ShareId::from_random([9; 12]);
        let table = [
            (paths::INFO.to_owned(), "GET, HEAD"),
            (paths::HEALTHZ.to_owned(), "GET, HEAD"),
            (paths::READYZ.to_owned(), "GET, HEAD"),
            (paths::page(&id), "GET, HEAD"),
            (paths::share(&id), "GET, HEAD, PUT, DELETE"),
            (paths::header(&id), "PUT"),
            (paths::manifest(&id), "PUT"),
            (paths::parts(&id), "GET, HEAD"),
            (paths::part(&id, 7), "PUT"),
            (paths::seal(&id), "POST"),
            (paths::open(&id), "POST"),
            (paths::tickets(&id), "POST"),
            (paths::content(&id), "GET, HEAD"),
            (paths::receipt(&id), "POST"),
            (paths::events(&id), "GET, HEAD"),
            (paths::unlock(&id), "POST"),
        ];
        for (path, allow) in table {
            assert_eq!(find("PATCH", &path), Err(RouteError::MethodNotAllowed(allow.to_owned())), "{path}");
            for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
                let expected = allow.split(", ").any(|allowed| allowed == method);
                assert_eq!(find(method, &path).is_ok(), expected, "{method} {path}");
            }
        }
        assert_eq!(find("PUT", &paths::part(&id, 7)), Ok(Call::Share(id, ShareCall::PutPart(7))));
        let shouted = paths::content(&id).replace(id.as_str(), &id.as_str().to_uppercase());
        assert_eq!(find("GET", &shouted), Ok(Call::Share(id, ShareCall::Content)));
    }

    #[test]
    fn a_mangled_link_leads_to_its_page() {
        let addresses = [
            ("/s", "s/"),
            ("//s", "../s/"),
            ("/s/a/", "../../s/a"),
            ("/S/A", "../s/A"),
            ("//s//a", "../../../s/a"),
            ("/s/a/b", "../../s/a"),
        ];
        for (path, address) in addresses {
            assert_eq!(find("GET", path), Err(RouteError::Redirect(address.to_owned())), "{path}");
            assert_eq!(find("HEAD", path), find("GET", path));
            assert!(
                matches!(find("POST", path), Err(RouteError::NotFound(_) | RouteError::MethodNotAllowed(_))),
                "{path}"
            );
        }
        for path in ["/s/", "/s/a", "/s/a."] {
            assert_eq!(find("GET", path), Ok(Call::Page), "{path}");
        }
    }

    /// An id with its first character percent-encoded, which is the same path to a web server.
    fn percent_encoded(id: &ShareId) -> String {
        format!("%{:x}{}", id.as_str().as_bytes()[0], &id.as_str()[1..])
    }

    #[test]
    fn anything_else_is_no_path_or_a_damaged_id() {
        let id = ShareId::from_random([9; 12]);
        for path in ["//", "/v1/", "//v1", "/v2", "/v1/shares", "/sa", "/x/s/a", "*", "/metrics", "/../v1"] {
            assert_eq!(find("GET", path), Err(RouteError::NotFound(Code::NoSuchPath)), "{path}");
        }
        let share = paths::share(&id);
        for rest in ["/", "/x", "/seal/", "/parts/1/2", "/parts/99999999999999999999", "/a/b/c/d/e/f/g", "/%73eal"] {
            assert_eq!(find("PUT", &format!("{share}{rest}")), Err(RouteError::NotFound(Code::NoSuchPath)), "{rest}");
        }
        for number in ["", "-1", "+1", "01", "00", "1.0", "1e0", "0x1", "%31", "１", " 1"] {
            assert_eq!(
                find("PUT", &format!("{share}/parts/{number}")),
                Err(RouteError::NotFound(Code::NoSuchPath)),
                "{number}"
            );
        }
        for id in
            ["", "x", "..", "%2e%2e", &percent_encoded(&id), &id.as_str()[1..], &format!("{}\u{202e}", id.as_str())]
        {
            let path = format!("/v1/shares/{id}");
            assert_eq!(find("GET", &path), Err(RouteError::NotFound(Code::DamagedId)), "{path}");
        }
    }
}
