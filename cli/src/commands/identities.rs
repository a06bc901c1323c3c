//! Private keys from files, for the commands that fetch.

use std::path::PathBuf;

use share_client::files::shown;
use share_format::envelope::{self, Identities};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    messages::key_file,
};

/// The keys in these files, or nothing if there are no files. `ask` asks for the passphrase of a file that has one, with
/// this question.
pub fn read(files: &[PathBuf], ask: impl Fn(&str) -> Result<Zeroizing<String>>) -> Result<Option<Identities>> {
    let mut all: Option<Identities> = None;
    for path in files {
        let prompt = fl!("get-ask-identity", path = shown(path));
        let mut stopped = None;
        let mut ask = || match ask(&prompt) {
            Err(error) if error.kind() == Kind::Interrupted => {
                stopped = Some(error);
                None
            }
            // Without a terminal there is no answer, and the error says that one was needed.
            answer => answer.ok(),
        };
        let found = envelope::read_identities(path, &mut ask);
        if let Some(error) = stopped {
            return Err(error);
        }
        let found = found.map_err(|error| key_file(fl!("get-bad-identity", path = shown(path)), error))?;
        match &mut all {
            Some(all) => all.extend(found),
            None => all = Some(found),
        }
    }
    Ok(all)
}

/// A share that opens with a key, and none was named.
pub fn needed() -> Error {
    Error::usage(fl!("get-needs-identity")).hint(fl!("get-needs-identity-hint"))
}
