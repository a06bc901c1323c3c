//! The id and manage key of each row's share, derived from a secret of this computer. Nothing that encrypts is derived.

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use share_format::RelayUrl;
use share_relay_api::{Bytes32, ShareId};

use crate::{
    error::Result,
    secret::Secret,
    send::ShareIdentity,
    state::{Dirs, Item, StateError, private_file},
};

/// Hexadecimal digits of a run's tag.
const TAG_DIGITS: usize = 12;

/// One run of a job: its rows have the same shares whenever it is run again.
pub struct Run {
    pub(super) relay: RelayUrl,
    name: Vec<u8>,
    key: hmac::Key,
    tag: String,
}

/// The file with the secret that ids and manage keys are derived from.
#[derive(Serialize, Deserialize)]
struct BatchSecret {
    secret: Secret,
}

impl Run {
    /// The run of this name through this relay. The secret is made when there is none yet.
    ///
    /// # Errors
    /// The secret cannot be read or written. It is never replaced: with another one everything would be sent once more.
    pub fn open(dirs: &Dirs, relay: RelayUrl, name: &[u8]) -> Result<Self> {
        let path = dirs.batch_secret()?;
        let known = private_file::load::<Option<BatchSecret>>(Item::BatchSecret, path.clone())?;
        let secret = match known {
            Some(known) => known.secret,
            None => {
                let new = BatchSecret { secret: Secret::random()? };
                let unwritable =
                    |source| StateError::Unwritable { item: Item::BatchSecret, path: path.clone(), source };
                private_file::write_new(&path, &private_file::json(&new)).map_err(unwritable)?;
                // Another process may have been quicker.
                let known = private_file::load::<Option<BatchSecret>>(Item::BatchSecret, path.clone())?;
                known.ok_or(StateError::Damaged { item: Item::BatchSecret, path })?.secret
            }
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*secret.bytes());
        let mut run = Self { relay, name: name.to_owned(), key, tag: String::new() };
        run.tag = run.derive(b"tag", "", "", 0).to_string();
        run.tag.truncate(TAG_DIGITS);
        Ok(run)
    }

    /// Tells this run from others on this computer, through whatever relay. It tells nothing else.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The share of a row in its n-th attempt, from 1.
    pub fn identity(&self, row: &str, attempt: u32) -> ShareIdentity {
        let id = self.derive(b"id", self.relay.as_str(), row, attempt);
        let id = *id.0.first_chunk().expect("a tag has 32 bytes");
        ShareIdentity {
            id: ShareId::from_random(id),
            manage: self.derive(b"manage key", self.relay.as_str(), row, attempt).into(),
        }
    }

    /// HMAC-SHA-256 over purpose, relay, run, row and attempt, each after its length.
    fn derive(&self, purpose: &[u8], relay: &str, row: &str, attempt: u32) -> Bytes32 {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"share batch 1");
        for field in [purpose, relay.as_bytes(), &self.name, row.as_bytes(), &attempt.to_be_bytes()] {
            context.update(&(field.len() as u64).to_be_bytes());
            context.update(field);
        }
        Bytes32(context.sign().as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn shares_are_the_same_again_and_differ_by_all_that_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let (dirs, other) = (
            Dirs::of_user().with_state_in(folder.path().join("a")),
            Dirs::of_user().with_state_in(folder.path().join("b")),
        );
        let identity = |dirs: &Dirs, relay: &str, run: &str, row: &str, attempt| {
            let run = Run::open(dirs, RelayUrl::parse(relay).unwrap(), run.as_bytes()).unwrap();
            let ShareIdentity { id, manage } = run.identity(row, attempt);
            (id.to_string(), manage.hex().to_owned())
        };
        let first = || identity(&dirs, "https://relay.example", "run", "row", 1);
        assert_eq!(first(), first());
        let all = [
            first(),
            identity(&other, "https://relay.example", "run", "row", 1),
            identity(&dirs, "https://other.example", "run", "row", 1),
            identity(&dirs, "https://relay.example", "ru", "nrow", 1),
            identity(&dirs, "https://relay.example", "run", "row", 2),
        ];
        let ids: BTreeSet<_> = all.iter().map(|(id, _)| id).collect();
        let keys: BTreeSet<_> = all.iter().map(|(_, key)| key).collect();
        assert_eq!((ids.len(), keys.len()), (5, 5));
    }

    #[test]
    fn a_damaged_secret_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = Dirs::of_user().with_state_in(folder.path().to_owned());
        let relay = || RelayUrl::parse("https://relay.example").unwrap();
        Run::open(&dirs, relay(), b"run").unwrap();
        let path = dirs.batch_secret().unwrap();
        std::fs::write(&path, "{").unwrap();
        assert!(Run::open(&dirs, relay(), b"run").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
    }
}
