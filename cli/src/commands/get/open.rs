//! Words or keys, and the manifest they open.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use share_format::{
    envelope::{self, FileKey, Identities, Opener, Stream},
    manifest::Manifest,
    text,
    words::Passphrase,
};
use share_relay_api::{Bytes32, Kind as ShareKind, OpenShare};
use zeroize::Zeroizing;

use super::Incoming;
use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    messages,
    threads::{blocking, detached},
    transfer::download::Expected,
    ui::{printable, shown},
};

/// Bytes of a file with words: ten, however they are laid out.
const MAX_WORDS_FILE: usize = 64 * 1024;

/// What the words, or a key, opened.
pub struct Opened {
    pub proof: Option<Bytes32>,
    /// The manifest's age file, as the relay gave it out.
    pub sealed: Bytes,
    pub header: Bytes,
    pub file_key: FileKey,
    pub manifest: Manifest,
}

impl Opened {
    /// What the content must be.
    pub fn expected(&self) -> Expected {
        let Manifest { nonce, length, .. } = self.manifest;
        let stream = Arc::new(Stream::new(&self.file_key, &nonce));
        Expected { header: self.header.clone(), nonce, length, stream }
    }
}

/// Words the relay has accepted.
struct Proved {
    words: Zeroizing<String>,
    proof: Bytes32,
    sealed: Bytes,
}

impl Incoming<'_> {
    /// Proves to know the words, or finds the key, and opens the manifest.
    pub(super) async fn open(&self) -> Result<Opened> {
        let (proof, sealed, opener) = match self.about.kind {
            ShareKind::Words => {
                let Proved { words, proof, sealed } = self.prove().await?;
                (Some(proof), sealed, Opener::Passphrase(words))
            }
            ShareKind::Keys => {
                let identities = self.identities()?;
                (None, self.sealed_manifest(None).await?, Opener::Identities(identities))
            }
        };
        blocking(move || open_manifest(proof, sealed, opener)).await
    }

    /// The proof, where the share has one; it alone gives out the ciphertext.
    pub(super) async fn proof_if_needed(&self) -> Result<Option<Bytes32>> {
        match self.about.kind {
            ShareKind::Words => Ok(Some(self.prove().await?.proof)),
            ShareKind::Keys if self.args.passphrase_file.is_some() => Err(needs_key()),
            ShareKind::Keys => Ok(None),
        }
    }

    /// Asks for the words until the relay accepts them.
    async fn prove(&self) -> Result<Proved> {
        if !self.args.identity.is_empty() {
            return Err(Error::usage(fl!("get-needs-words")));
        }
        loop {
            let words = self.words().await?;
            let (words, proof) = self.proof(words).await?;
            match self.sealed_manifest(Some(proof)).await {
                Ok(sealed) => return Ok(Proved { words, proof, sealed }),
                Err(error) if self.may_ask_again(&error) => self.context.ui.warn(error.to_string()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn proof(&self, words: Zeroizing<String>) -> Result<(Zeroizing<String>, Bytes32)> {
        let id = self.link.id;
        blocking(move || {
            let proof = envelope::proof(&words, &id);
            Ok((words, proof))
        })
        .await
    }

    fn may_ask_again(&self, error: &Error) -> bool {
        error.kind() == Kind::WordsWrong && self.args.passphrase_file.is_none()
    }

    /// The words, from the file or the terminal, checked before a try is spent.
    async fn words(&self) -> Result<Zeroizing<String>> {
        if let Some(path) = self.args.passphrase_file.clone() {
            let text = detached(move || {
                let unreadable = |error| Error::local(fl!("get-words-unreadable", path = shown(&path)), error);
                text::read(&path, MAX_WORDS_FILE).map_err(unreadable)
            });
            return Ok(Zeroizing::new(Passphrase::read(&text.await?)?.as_str().to_owned()));
        }
        loop {
            let text = self.context.ui.ask_secret(&fl!("get-ask-words"), "--passphrase-file FILE")?;
            match Passphrase::read(&text) {
                Ok(words) => return Ok(Zeroizing::new(words.as_str().to_owned())),
                Err(error) => self.context.ui.warn(messages::words_for_typist(&error)),
            }
        }
    }

    fn identities(&self) -> Result<Identities> {
        if self.args.passphrase_file.is_some() {
            return Err(needs_key());
        }
        let mut all: Option<Identities> = None;
        for path in &self.args.identity {
            let found = self.identities_in(path)?;
            match &mut all {
                Some(all) => all.extend(found),
                None => all = Some(found),
            }
        }
        all.ok_or_else(needs_key)
    }

    /// The keys in one file; their passphrase, if they have one, is asked for.
    fn identities_in(&self, path: &Path) -> Result<Identities> {
        let shown = printable(&path.display().to_string());
        let prompt = fl!("get-ask-identity", path = shown.as_str());
        let mut stopped = None;
        let mut ask = || match self.context.ui.ask_secret(&prompt, "--identity FILE") {
            Err(error) if error.kind() == Kind::Interrupted => {
                stopped = Some(error);
                None
            }
            // Without a terminal there is no answer, and the error says that one was needed.
            answer => answer.ok(),
        };
        let found = envelope::read_identities(path, &mut ask);
        match stopped {
            Some(error) => Err(error),
            None => found.map_err(|error| Error::key(fl!("get-bad-identity", path = shown), error)),
        }
    }

    async fn sealed_manifest(&self, proof: Option<Bytes32>) -> Result<Bytes> {
        if let Some(kept) = &self.about.kept_manifest {
            return Ok(kept.clone());
        }
        let open = OpenShare { proof };
        Ok(self.patience.with(async || self.client.open(&self.link.id, &open).await).await?)
    }
}

fn needs_key() -> Error {
    Error::usage(fl!("get-needs-identity")).hint(fl!("get-needs-identity-hint"))
}

/// Opens the manifest's age file; its header is the content's too, so this is the only key derivation.
fn open_manifest(proof: Option<Bytes32>, sealed: Bytes, opener: Opener) -> Result<Opened> {
    let length = envelope::header_len(&sealed)?.ok_or(envelope::EnvelopeError::HeaderMalformed)?;
    let (header, rest) = (sealed.slice(..length), sealed.slice(length..));
    let file_key = envelope::open_header(&header, &opener)?;
    let nonce = rest.first_chunk().ok_or(envelope::EnvelopeError::Truncated)?;
    let manifest = Manifest::parse(&envelope::open_bytes(&file_key, &rest)?, nonce)?;
    Ok(Opened { proof, sealed, header, file_key, manifest })
}
