//! Words or keys, and the manifest they open.

use std::sync::Arc;

use bytes::Bytes;
use share_format::{
    envelope::{self, EnvelopeError, FileKey, Opener, Stream},
    manifest::Manifest,
    words::Passphrase,
};
use share_relay_api::{Bytes32, Kind as ShareKind, OpenShare};
use zeroize::Zeroizing;

use super::Fetch;
use crate::{
    api::ClientResult,
    error::{Error, Result},
    error_kind::ErrorKind,
    threads::{blocking, detached},
    transfer::download::Expected,
};

/// What the words, or a key, opened.
pub struct Opened {
    /// What proves to know the words.
    pub proof: Option<Bytes32>,
    /// The manifest's age file, as the relay gave it out.
    pub sealed: Bytes,
    header: Bytes,
    /// The key to manifest and content.
    pub file_key: FileKey,
    /// What is inside.
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

/// Proves to know the words, or finds the key, and opens the manifest.
pub async fn open(fetch: &Fetch<'_>) -> Result<Arc<Opened>> {
    let (proof, sealed, opener) = match fetch.kind {
        ShareKind::Words => {
            let (words, proof, sealed) = prove(fetch).await?;
            (Some(proof), sealed, Opener::Passphrase(Zeroizing::new(words.as_str().to_owned())))
        }
        ShareKind::Keys => {
            let host = Arc::clone(&fetch.context.host);
            let identities = detached(move || host.identities()).await?;
            (None, sealed_manifest(fetch, None).await?, Opener::Identities(identities))
        }
    };
    blocking(move || open_manifest(proof, sealed, &opener).map(Arc::new)).await
}

/// Asks for the words until the relay accepts them. Gives them, their proof, and the manifest's age file.
pub async fn prove(fetch: &Fetch<'_>) -> Result<(Passphrase, Bytes32, Bytes)> {
    let mut refused = None;
    loop {
        let (host, id) = (Arc::clone(&fetch.context.host), fetch.request.link.id);
        let words = detached(move || host.words(refused)).await?;
        let derive = move || {
            let proof = envelope::proof(words.as_str(), &id);
            Ok::<_, Error>((words, proof))
        };
        let (words, proof) = blocking(derive).await?;
        match sealed_manifest(fetch, Some(proof)).await {
            Ok(sealed) => return Ok((words, proof, sealed)),
            Err(error) if error.kind() == ErrorKind::WordsWrong => refused = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
}

async fn sealed_manifest(fetch: &Fetch<'_>, proof: Option<Bytes32>) -> ClientResult<Bytes> {
    if let Some(kept) = &fetch.kept_manifest {
        return Ok(kept.clone());
    }
    let open = OpenShare { proof };
    fetch.patience.with(async || fetch.client.open(&fetch.request.link.id, &open).await).await
}

/// Opens the manifest's age file; its header is the content's too, so this is the only key derivation.
fn open_manifest(proof: Option<Bytes32>, sealed: Bytes, opener: &Opener) -> Result<Opened> {
    let length = envelope::header_len(&sealed)?.ok_or(EnvelopeError::HeaderMalformed)?;
    let (header, rest) = (sealed.slice(..length), sealed.slice(length..));
    let file_key = envelope::open_header(&header, opener)?;
    let nonce = rest.first_chunk().ok_or(EnvelopeError::Truncated)?;
    let manifest = Manifest::parse(&envelope::open_bytes(&file_key, &rest)?, nonce)?;
    Ok(Opened { proof, sealed, header, file_key, manifest })
}
