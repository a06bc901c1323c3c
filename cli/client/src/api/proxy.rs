//! Which proxy leads to a relay and where its address comes from, so that an error can name both. reqwest chooses it
//! by the same matcher.

use std::env;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use share_format::link::RelayUrl;

/// A proxy, without the name and the password it may want.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    /// The environment variable it was given in; else the system's settings have it.
    variable: Option<&'static str>,
}

impl Proxy {
    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The environment variable that names it; else the system's settings do.
    pub fn variable(&self) -> Option<&'static str> {
        self.variable
    }

    /// The proxy that leads to this relay, if one does.
    ///
    /// # Errors
    /// The environment variable that is to name one and does not: reqwest would go past it.
    pub fn to(relay: &RelayUrl) -> Result<Option<Self>, &'static str> {
        let Ok(uri) = relay.as_str().parse::<Uri>() else { return Ok(None) };
        let value = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let given = variables(&uri).into_iter().find_map(|name| Some((name, value(name)?)));
        if let Some(proxy) = Matcher::from_system().intercept(&uri) {
            let variable = given.filter(|(_, value)| leads(value, &uri).as_ref() == Some(proxy.uri()));
            let address = proxy.uri().to_string().trim_end_matches('/').to_owned();
            return Ok(Some(Self { address, variable: variable.map(|(name, _)| name) }));
        }
        match given {
            Some((name, value)) if leads(&value, &uri).is_none() && is_wanted(&uri) => Err(name),
            _ => Ok(None),
        }
    }
}

/// The variables that may name it, the one that counts first.
fn variables(uri: &Uri) -> [&'static str; 4] {
    match uri.scheme_str() {
        Some("http") => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
        _ => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
    }
}

/// Whether a proxy would be used, if one were named: not for what `NO_PROXY` lists, nor in a CGI program, where a
/// variable may be a header of the request.
fn is_wanted(uri: &Uri) -> bool {
    let exempt = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| env::var(name).ok()).unwrap_or_default();
    let any = Matcher::builder().all("http://proxy").no(exempt).build();
    any.intercept(uri).is_some() && env::var_os("REQUEST_METHOD").is_none()
}

/// The proxy that a variable's value names.
fn leads(value: &str, uri: &Uri) -> Option<Uri> {
    Some(Matcher::builder().all(value).build().intercept(uri)?.uri().clone())
}
