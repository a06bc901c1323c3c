//! `share doctor`: whether a relay serves browsers exactly the page of this release, bytes and headers.

use std::collections::{BTreeMap, BTreeSet};

use share_client::{
    api::{Client, ClientError, ClientResult, PageFile},
    secret::{random_id, sha256},
    state::Dirs,
};
use share_format::{
    link::{Link, RelayUrl},
    quote::quoted,
};
use share_relay_api::{Bytes32, Code, page, paths};

use super::{chosen_relay, unless_stopped};
use crate::{
    args,
    error::{Error, Kind, Result},
    i18n::fl,
    ui::Ui,
};

/// Most file names that are told.
const MAX_TOLD: usize = 5;
/// Headers that have a browser load or open something that is not in the page's files.
const LEADING_ELSEWHERE: [&str; 2] = ["refresh", "link"];

/// Compares what the relay says of its page, and what it serves, with the released page.
pub async fn run(ui: &Ui, dirs: &Dirs, args: args::Doctor) -> Result<()> {
    unless_stopped(examine(ui, dirs, args)).await
}

async fn examine(ui: &Ui, dirs: &Dirs, args: args::Doctor) -> Result<()> {
    let (relay, id) = match args.link.as_deref().map(Link::parse).transpose()? {
        Some(link) => (link.relay, link.id),
        // The page is the same for every id.
        None => (relay(dirs, args)?, random_id().map_err(share_client::Error::from)?),
    };
    let client = Client::new(&relay)?;
    let info = client.info(None).await?;
    let released = page::released();
    let mut wrong = differing(&released, &info.page);
    for (name, hash) in &released {
        let document = page::DOCUMENTS.iter().find(|(_, document)| document == name);
        let (path, language) = match document {
            Some((language, _)) => (paths::page(&id), *language),
            None => (paths::page_file(name), "*"),
        };
        match served(client.page_file(&path, language).await)? {
            Some(file) if sha256(&file.bytes) == *hash => {
                wrong.extend(wrong_headers(name, &file).then(|| format!("{name} (headers)")));
            }
            _ => drop(wrong.insert((*name).to_owned())),
        }
    }
    if !wrong.is_empty() {
        return Err(not_as_released(&relay, &wrong, &info.software));
    }
    ui.event(&serde_json::json!({ "event": "doctor", "relay": relay.as_str(), "page": "released" }))?;
    ui.say(fl!("doctor-page-released", relay = relay.as_str(), version = env!("CARGO_PKG_VERSION")))?;
    ui.note(fl!("doctor-page-now"));
    Ok(())
}

fn relay(dirs: &Dirs, args: args::Doctor) -> Result<RelayUrl> {
    let none = || Error::usage(fl!("doctor-no-relay")).hint(fl!("doctor-no-relay-hint"));
    chosen_relay(dirs, args.relay)?.ok_or_else(none)
}

/// Files that the relay's own list lacks, has beside the released ones, or gives another hash.
fn differing(released: &BTreeMap<&str, Bytes32>, told: &BTreeMap<String, Bytes32>) -> BTreeSet<String> {
    let changed = released.iter().filter(|(name, hash)| told.get(**name) != Some(hash)).map(|(name, _)| *name);
    let added = told.keys().map(String::as_str).filter(|name| !released.contains_key(name));
    changed.chain(added).map(str::to_owned).collect()
}

/// Without the file, or with something too long for it, the page is another one; a lost connection says nothing.
fn served(answer: ClientResult<PageFile>) -> ClientResult<Option<PageFile>> {
    match answer {
        Ok(file) => Ok(Some(file)),
        Err(ClientError::Problem { problem, .. }) if problem.code == Code::NoSuchPath => Ok(None),
        Err(error) => match error.inner() {
            ClientError::Redirected | ClientError::Intercepted | ClientError::BadAnswer(_) => Ok(None),
            ClientError::Status { status: 403 | 404, .. } => Ok(None),
            _ => Err(error),
        },
    }
}

/// Whether the headers make another page of the same bytes. A web server in front may add others, and more policies.
fn wrong_headers(name: &str, file: &PageFile) -> bool {
    let has = |header: &str, wanted: &str| file.headers.iter().any(|(name, value)| name == header && value == wanted);
    let leads_elsewhere = file.headers.iter().any(|(name, _)| LEADING_ELSEWHERE.contains(&&**name));
    leads_elsewhere || !has("content-security-policy", page::POLICY) || !has("content-type", page::content_type(name))
}

fn not_as_released(relay: &RelayUrl, wrong: &BTreeSet<String>, software: &str) -> Error {
    let named: Vec<String> = wrong.iter().take(MAX_TOLD).map(|name| quoted(name)).collect();
    let more = if wrong.len() > MAX_TOLD { ", …" } else { "" };
    let files = format!("{}{more}", named.join(", "));
    let version = env!("CARGO_PKG_VERSION");
    let message = fl!("doctor-page-differs", relay = relay.as_str(), version = version, files = files);
    let hint = fl!("doctor-page-differs-hint", software = quoted(software), version = version);
    Error::new(Kind::Corrupt, "page_differs", message).hint(hint)
}
