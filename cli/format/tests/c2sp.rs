//! The public age vectors (C2SP/CCTV `age/testdata`), all that concern binary files, through our envelope.

use std::{collections::HashMap, fs, io::Read, path::Path};

use aws_lc_rs::digest::{SHA256, digest};
use share_format::envelope::{self, EnvelopeError, FileKey, KeyError, NONCE, Opener, SEALED_CHUNK, Stream};
use zeroize::Zeroizing;

/// Vectors whose identity is `AGE-SECRET-KEY-PQ-1…`: the `age` crate 0.12.1 has no native post-quantum identities
/// (str4d/rage#632), so `share` refuses the identity itself, as [`post_quantum_identities_are_refused`] shows.
const POST_QUANTUM: &str = "hybrid";

struct Vector {
    name: String,
    fields: HashMap<String, Vec<String>>,
    file: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let blank = bytes.windows(2).position(|pair| pair == b"\n\n").expect("a blank line ends the fields");
        let mut fields = HashMap::<_, Vec<_>>::new();
        for line in std::str::from_utf8(&bytes[..blank]).unwrap().lines() {
            let (key, value) = line.split_once(": ").unwrap();
            fields.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        let mut file = bytes[blank + 2..].to_vec();
        if fields.contains_key("compressed") {
            let mut plain = Vec::new();
            flate2::read::ZlibDecoder::new(&file[..]).read_to_end(&mut plain).unwrap();
            file = plain;
        }
        Self { name: path.file_name().unwrap().to_str().unwrap().to_owned(), fields, file }
    }

    fn values(&self, key: &str) -> &[String] {
        self.fields.get(key).map_or(&[], Vec::as_slice)
    }

    fn is_post_quantum(&self) -> bool {
        self.name.starts_with(POST_QUANTUM)
    }

    fn identity_file(&self) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, self.values("identity").join("\n")).unwrap();
        file
    }

    fn openers(&self) -> Vec<Opener> {
        let mut openers: Vec<_> =
            self.values("passphrase").iter().map(|p| Opener::Passphrase(Zeroizing::new(p.clone()))).collect();
        if !self.values("identity").is_empty() {
            let identities = envelope::read_identities(self.identity_file().path(), &mut || None).unwrap();
            openers.push(Opener::Identities(identities));
        }
        openers
    }

    /// What happened, in the vectors' words, and the plaintext released before it did.
    fn outcome(&self) -> (&'static str, Vec<u8>) {
        let mut released = Vec::new();
        let outcome = match self.open(&mut released) {
            Ok(()) => "success",
            Err(EnvelopeError::HeaderMalformed | EnvelopeError::TooMuchWork { .. }) => "header failure",
            Err(EnvelopeError::HeaderTampered) => "HMAC failure",
            // To `share`, a header without a scrypt stanza it knows was not sealed with words.
            Err(EnvelopeError::WrongWords | EnvelopeError::NoIdentityFits | EnvelopeError::NeedsKeys) => "no match",
            Err(EnvelopeError::Tampered { .. } | EnvelopeError::Truncated) => "payload failure",
            Err(other) => panic!("{}: {other:?}", self.name),
        };
        (outcome, released)
    }

    fn open(&self, released: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let len = envelope::header_len(&self.file)?.ok_or(EnvelopeError::HeaderMalformed)?;
        let (header, rest) = self.file.split_at(len);
        // A missing nonce is a header failure to the vectors.
        let (nonce, payload) = rest.split_first_chunk::<NONCE>().ok_or(EnvelopeError::HeaderMalformed)?;
        let file_key = open_with_any(header, &self.openers())?;
        open_by_chunks(&Stream::new(&file_key, nonce), payload, released)
    }
}

fn open_with_any(header: &[u8], openers: &[Opener]) -> Result<FileKey, EnvelopeError> {
    let mut result = Err(EnvelopeError::HeaderMalformed);
    for opener in openers {
        result = envelope::open_header(header, opener);
        if !matches!(result, Err(EnvelopeError::WrongWords | EnvelopeError::NoIdentityFits)) {
            break;
        }
    }
    result
}

fn open_by_chunks(stream: &Stream, payload: &[u8], released: &mut Vec<u8>) -> Result<(), EnvelopeError> {
    let mut payload = payload.to_vec();
    let count = payload.len().div_ceil(SEALED_CHUNK);
    if count == 0 {
        return stream.open_run(0, true, &mut payload).map(|_| ());
    }
    for (i, chunk) in payload.chunks_mut(SEALED_CHUNK).enumerate() {
        let (i, last, mut copy) = (i as u64, i + 1 == count, chunk.to_vec());
        match stream.open_run(i, last, chunk) {
            Ok(plain) => released.extend_from_slice(plain),
            Err(error) => {
                // We know the payload's length and refuse at once. The vectors' plaintext is what a reader that
                // finds the end only by trying has released by then.
                released.extend_from_slice(stream.open_run(i, !last, &mut copy).unwrap_or_default());
                return Err(error);
            }
        }
    }
    Ok(())
}

fn vectors() -> Vec<Vector> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/age");
    let mut vectors: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| Vector::read(&entry.unwrap().path())).collect();
    vectors.sort_by(|a, b| a.name.cmp(&b.name));
    vectors
}

#[test]
fn every_binary_vector_has_its_outcome() {
    let vectors: Vec<_> = vectors().into_iter().filter(|vector| !vector.is_post_quantum()).collect();
    assert_eq!(vectors.len(), 92, "a vector is missing");
    let mut wrong = Vec::new();
    for vector in &vectors {
        let (outcome, released) = vector.outcome();
        if outcome != vector.values("expect")[0] {
            wrong.push(format!("{}: {outcome}, not {}", vector.name, vector.values("expect")[0]));
        }
        let sha256: String = digest(&SHA256, &released).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        if vector.values("payload").first().is_some_and(|payload| *payload != sha256) {
            wrong.push(format!("{}: released {} bytes of wrong plaintext", vector.name, released.len()));
        }
        assert!(vector.fields.contains_key("payload") || released.is_empty(), "{}", vector.name);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn post_quantum_identities_are_refused() {
    let vectors: Vec<_> = vectors().into_iter().filter(Vector::is_post_quantum).collect();
    assert_eq!(vectors.len(), 18, "a vector is missing");
    for vector in vectors {
        let refused = envelope::read_identities(vector.identity_file().path(), &mut || None).err();
        let Some(KeyError::Line { line, source }) = refused else { panic!("{}: {refused:?}", vector.name) };
        assert!(matches!(*source, KeyError::Unsupported { .. }), "{} line {line}: {source:?}", vector.name);
    }
}
