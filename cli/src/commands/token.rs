//! The sender token, by which a relay knows who may send: from the environment, a file, or what `share login` remembered.

use std::{env, ffi::OsString, path::PathBuf};

use share_client::{
    secret::Secret,
    state::{Dirs, secret_store::SecretStore},
    threads::detached,
};
use share_format::{RelayUrl, text};

use crate::{
    error::{Error, Result},
    i18n::fl,
};

const VARIABLE: &str = "SHARE_TOKEN";
const FILE_VARIABLE: &str = "SHARE_TOKEN_FILE";

/// Bytes of a file with a token, which has 64 characters.
const MAX_TOKEN_FILE: usize = 4096;

/// The sender token for a relay: that of the environment, else the remembered one, if there is one.
pub async fn token(dirs: &Dirs, relay: &RelayUrl) -> Result<Option<Secret>> {
    match of_environment().await? {
        Some(token) => Ok(Some(token)),
        None => Ok(SecretStore::load(dirs)?.token(relay)),
    }
}

/// The sender token in `SHARE_TOKEN`, or in the file that `SHARE_TOKEN_FILE` names. A variable set to nothing is not set.
pub async fn of_environment() -> Result<Option<Secret>> {
    let set = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty());
    match (set(VARIABLE), set(FILE_VARIABLE).map(PathBuf::from)) {
        (Some(_), Some(_)) => Err(Error::usage(fl!("token-twice"))),
        (Some(token), None) => parse(token.to_str().unwrap_or_default(), VARIABLE).map(Some),
        // Standard input is for what is sent.
        (None, Some(path)) if text::is_stdin(&path) => Err(Error::usage(fl!("token-file-stdin"))),
        (None, Some(path)) => of_file(path, FILE_VARIABLE).await.map(Some),
        (None, None) => Ok(None),
    }
}

/// The sender token in a file, or in standard input for `-`. `named_by` is the option or variable with the path; errors
/// name that and not the path, in whose place somebody may have put the token itself.
pub async fn of_file(path: PathBuf, named_by: &'static str) -> Result<Secret> {
    let unreadable = move |error| Error::local(fl!("token-unreadable", source = named_by), error);
    let text = detached(move || text::read(&path, MAX_TOKEN_FILE).map_err(unreadable)).await?;
    parse(&text, named_by)
}

fn parse(text: &str, source: &str) -> Result<Secret> {
    Secret::parse(text).ok_or_else(|| Error::usage(fl!("token-malformed", source = source)))
}
