//! Whole envelopes: against the `age` crate in both directions, and against the vectors in `tests/vectors`.

use std::{io::Read, path::PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use share_relay_api::{Bytes32, Receipt, Saved};
use zeroize::Zeroizing;

use super::*;
use crate::words::{Passphrase, WordList};

/// The pattern of `tests/vectors/make.py`.
pub(super) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + (i >> 8) * 17 + (i >> 16) * 101) as u8).collect()
}

pub(super) fn vector_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")).join(name)
}

fn vectors(name: &str) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(vector_path(name)).unwrap()).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn bytes32(value: &Value) -> Bytes32 {
    value.as_str().unwrap().parse().unwrap()
}

fn file_key(value: &Value) -> FileKey {
    FileKey::from_bytes(Zeroizing::new(hex(value).try_into().unwrap()))
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn words(text: &str) -> Opener {
    Opener::Passphrase(Zeroizing::new(text.to_owned()))
}

/// A fresh pair of age keys, one for each side.
fn key_pair() -> (Recipient, age::x25519::Identity, Opener) {
    let identity = age::x25519::Identity::generate();
    let recipient = parse_recipient(&identity.to_public().to_string()).unwrap();
    let opener = Opener::Identities(Identities::from_age(identity.clone()));
    (recipient, identity, opener)
}

/// Opens a whole file as a recipient of `share` does.
fn open_file(file: &[u8], opener: &Opener) -> Result<Vec<u8>, EnvelopeError> {
    let len = header_len(file)?.ok_or(EnvelopeError::HeaderMalformed)?;
    open_bytes(&open_header(&file[..len], opener)?, &file[len..])
}

fn open_with_age(file: &[u8], identity: &dyn age::Identity) -> Vec<u8> {
    let mut plain = Vec::new();
    let decryptor = age::Decryptor::new(file).unwrap();
    decryptor.decrypt(std::iter::once(identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn the_age_crate_opens_ours_and_we_open_its() {
    const PART: usize = 128 * CHUNK;
    let (recipient, identity, opener) = key_pair();
    let pending = PendingHeader::for_keys(&[recipient]).unwrap();
    let (file_key, header) = (pending.file_key.clone(), pending.finish().unwrap());
    for len in [0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK - 1, 3 * CHUNK, PART - 1, PART, PART + 1] {
        let plain = pattern(len);
        let ours = seal_bytes(&header, &random_nonce().unwrap(), &file_key, &plain);
        assert!(open_with_age(&ours, &identity) == plain, "ours, {len} bytes");
        let theirs = age::encrypt(&identity.to_public(), &plain).unwrap();
        assert!(open_file(&theirs, &opener).unwrap() == plain, "theirs, {len} bytes");
    }
}

#[test]
fn words_make_a_standard_file_whose_header_has_the_foretold_length() {
    let spoken = Passphrase::generate(WordList::En, 6).unwrap();
    let opener = || words(spoken.as_str());
    let pending = PendingHeader::for_words(FileKey::random().unwrap(), &spoken).unwrap();
    let (file_key, foretold) = (pending.file_key.clone(), pending.len);
    let header = pending.finish().unwrap();
    assert_eq!(header.len() as u64, foretold);
    assert!(header.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    assert_eq!(open_header(&header, &opener()).unwrap().expose(), file_key.expose());

    let again = PendingHeader::for_words(file_key.clone(), &spoken).unwrap().finish().unwrap();
    assert_ne!(again, header);
    assert_eq!(open_header(&again, &opener()).unwrap().expose(), file_key.expose());

    let file = seal_bytes(&header, &random_nonce().unwrap(), &file_key, b"hello");
    let identity = header::scrypt_identity(spoken.as_str(), MAX_WORK_FACTOR);
    assert_eq!(open_with_age(&file, &identity), b"hello");
    assert!(matches!(open_file(&file, &words("six-spoken-word")), Err(EnvelopeError::WrongWords)));
    assert!(matches!(open_file(&file, &key_pair().2), Err(EnvelopeError::NeedsWords)));
}

#[test]
fn a_file_of_the_stock_tool_opens_with_its_odd_passphrase() {
    let file = std::fs::read(vector_path("stock/odd_passphrase.age")).unwrap();
    let passphrase = " Ünïcødé \"quoted\" \\ $HOME 日本 🗝 --x ";
    let plain = open_file(&file, &words(passphrase)).unwrap();
    assert_eq!(plain, b"Sealed by age 1.1.1 under an odd passphrase.\n");
    assert!(matches!(open_file(&file, &words(passphrase.trim())), Err(EnvelopeError::WrongWords)));
}

#[test]
fn too_much_work_is_refused_before_it_is_done() {
    let file = std::fs::read(vector_path("stock/odd_passphrase.age")).unwrap();
    let header = String::from_utf8(file[..header_len(&file).unwrap().unwrap()].to_vec()).unwrap();
    for factor in [21u8, 22, 40, 63, 64, 255] {
        let header = header.replacen(" 18\n", &format!(" {factor}\n"), 1);
        let refused = open_header(header.as_bytes(), &words("any"));
        let Err(EnvelopeError::TooMuchWork { found, max: 20 }) = refused else { panic!("{refused:?}") };
        assert_eq!(found, factor);
    }
}

#[test]
fn each_of_several_recipients_opens_it_and_nobody_else() {
    let (recipients, others): (Vec<_>, Vec<_>) = (0..5).map(|_| key_pair()).map(|(r, i, o)| (r, (i, o))).unzip();
    let pending = PendingHeader::for_keys(&recipients).unwrap();
    let (file_key, header) = (pending.file_key.clone(), pending.finish().unwrap());
    let file = seal_bytes(&header, &random_nonce().unwrap(), &file_key, b"for all five");
    for (identity, opener) in &others {
        assert_eq!(open_file(&file, opener).unwrap(), b"for all five");
        assert_eq!(open_with_age(&file, identity), b"for all five");
    }
    assert!(matches!(open_file(&file, &key_pair().2), Err(EnvelopeError::NoIdentityFits)));
    assert!(matches!(open_file(&file, &words("any")), Err(EnvelopeError::NeedsKeys)));
}

#[test]
fn headers_hold_hundreds_of_recipients_and_no_more() {
    let recipients = |count| (0..count).map(|_| key_pair().0).collect::<Vec<_>>();
    let pending = PendingHeader::for_keys(&recipients(500)).unwrap();
    let header = pending.finish().unwrap();
    assert_eq!(header_len(&header).unwrap(), Some(header.len()));
    assert!(matches!(PendingHeader::for_keys(&recipients(700)), Err(EnvelopeError::TooManyRecipients)));
    assert!(matches!(PendingHeader::for_keys(&[]), Err(EnvelopeError::NoRecipients)));
}

#[test]
fn a_header_ends_where_it_ends_however_much_of_the_file_is_there() {
    for _ in 0..20 {
        // The age crate adds a random stanza to each.
        let header = PendingHeader::for_keys(&[key_pair().0]).unwrap().finish().unwrap();
        let file = [&header[..], &pattern(3000)].concat();
        for len in 0..file.len() {
            let expected = (len >= header.len()).then_some(header.len());
            assert_eq!(header_len(&file[..len]).unwrap(), expected, "{len}");
        }
    }
}

#[test]
fn what_is_no_header_is_refused_within_bounds() {
    let malformed = |bytes: &[u8]| matches!(header_len(bytes), Err(EnvelopeError::HeaderMalformed));
    let limit = share_relay_api::limits::MAX_HEADER_BYTES as usize;
    assert!(malformed(&vec![b'x'; limit]), "a line without end");
    assert!(malformed(&[b"age-encryption.org/v1\n", &b"-> a\n\n".repeat(limit / 6)[..]].concat()), "endless stanzas");
    assert!(malformed(
        &[b"age-encryption.org/v1\n-> a\n", &[&[b'A'; 64][..], b"\n"].concat().repeat(1100)[..]].concat()
    ));
    let with_stanzas = |count| [b"age-encryption.org/v1\n", &b"-> a\n\n".repeat(count)[..], b"--- A\n"].concat();
    assert!(header_len(&with_stanzas(1000)).unwrap().is_some());
    assert!(malformed(&with_stanzas(1001)), "more stanzas than are worth reading");
    for text in [
        "\n",
        "age-encryption.org/v2\n",
        "age-encryption.org/v1\r\n",
        "-----BEGIN AGE ENCRYPTED FILE-----\n",
        "age-encryption.org/v1\n->\n",
        "age-encryption.org/v1\n-> a\n---\n",
        "age-encryption.org/v1\n-> a\nAA=\n",
        "age-encryption.org/v1\n---\n",
    ] {
        assert!(malformed(text.as_bytes()), "{text:?}");
    }
    for text in ["age-encryption.org/v1\n--- \n", "age-encryption.org/v1\n-> a\n\n--- AAAA\n"] {
        let refused = open_header(text.as_bytes(), &words("any"));
        assert!(matches!(refused, Err(EnvelopeError::HeaderMalformed)), "{text:?}: {refused:?}");
    }
}

#[test]
fn any_changed_byte_of_a_header_is_refused() {
    let (recipient, _, opener) = key_pair();
    let header = PendingHeader::for_keys(&[recipient]).unwrap().finish().unwrap();
    assert!(open_header(&header, &opener).is_ok());
    for at in 0..header.len() {
        for flip in [1, 2, 0x20, 0x80] {
            let mut changed = header.clone();
            changed[at] ^= flip;
            assert!(open_header(&changed, &opener).is_err(), "byte {at} ^ {flip}");
        }
    }
    for len in 0..header.len() {
        assert!(open_header(&header[..len], &opener).is_err(), "cut to {len}");
    }
    assert!(open_header(&[&header[..], b"x"].concat(), &opener).is_err(), "one byte more");
}

#[test]
fn parts_of_one_file_are_refused_in_another() {
    let (recipient, _, opener) = key_pair();
    let recipients = [recipient];
    let seal = |plain: &[u8]| {
        let pending = PendingHeader::for_keys(&recipients).unwrap();
        let (file_key, header) = (pending.file_key.clone(), pending.finish().unwrap());
        (seal_bytes(&header, &random_nonce().unwrap(), &file_key, plain), header.len())
    };
    let ((one, at_one), (two, at_two)) = (seal(b"first"), seal(b"other"));
    assert_eq!(open_file(&one, &opener).unwrap(), b"first");
    let swapped_header = [&two[..at_two], &one[at_one..]].concat();
    let swapped_nonce = [&one[..at_one], &two[at_two..at_two + NONCE], &one[at_one + NONCE..]].concat();
    let swapped_payload = [&one[..at_one + NONCE], &two[at_two + NONCE..]].concat();
    for file in [swapped_header, swapped_nonce, swapped_payload] {
        assert!(matches!(open_file(&file, &opener), Err(EnvelopeError::Tampered { chunk: 0 })));
    }
    for len in at_one..at_one + NONCE + TAG {
        assert!(matches!(open_file(&one[..len], &opener), Err(EnvelopeError::Truncated)), "{len}");
    }
}

#[test]
fn one_header_serves_content_and_manifest() {
    let pending = PendingHeader::for_keys(&[key_pair().0]).unwrap();
    let (file_key, header) = (pending.file_key.clone(), pending.finish().unwrap());
    let (one, two) = (random_nonce().unwrap(), random_nonce().unwrap());
    let content = seal_bytes(&header, &one, &file_key, b"same");
    let manifest = seal_bytes(&header, &two, &file_key, b"same");
    assert_ne!(content[header.len() + NONCE..], manifest[header.len() + NONCE..]);
    assert_eq!(open_bytes(&file_key, &manifest[header.len()..]).unwrap(), b"same");
    assert_eq!(seal_bytes(&header, &one, &file_key, b"same"), content, "sealing again gives the same bytes");
}

#[test]
fn streams_and_fingerprints_are_those_of_other_code() {
    for vector in vectors("stream.json") {
        let stream = Stream::new(&file_key(&vector["file_key"]), &hex(&vector["nonce"]).try_into().unwrap());
        let plain = pattern(vector["plain_bytes"].as_u64().unwrap() as usize);
        assert_eq!(sha256(&plain), hex(&vector["plain_sha256"]));
        let mut payload = Vec::new();
        stream.seal_run(0, true, &plain, &mut payload);
        assert_eq!(payload.len() as u64, vector["payload_bytes"].as_u64().unwrap());
        assert_eq!(sha256(&payload), hex(&vector["payload_sha256"]));
        if !vector["payload"].is_null() {
            assert_eq!(payload, hex(&vector["payload"]));
        }
        let (mut by_run, mut by_tags) = (Fingerprint::new(), Fingerprint::new());
        for run in payload.chunks(2 * SEALED_CHUNK) {
            by_run.add_sealed(run);
            by_tags.add_tags(&tags(run));
        }
        assert_eq!(by_run.finish(), bytes32(&vector["fingerprint"]));
        assert_eq!(by_tags.finish(), bytes32(&vector["fingerprint"]));
        assert!(stream.open_run(0, true, &mut payload).unwrap() == plain);
    }
}

#[test]
fn proofs_are_those_of_other_code() {
    for vector in vectors("proof.json") {
        let proof = proof(vector["words"].as_str().unwrap(), &vector["id"].as_str().unwrap().parse().unwrap());
        assert_eq!(proof, bytes32(&vector["proof"]));
        assert_eq!(sha256(&proof.0), hex(&vector["proof_hash"]));
    }
}

#[test]
fn receipts_are_those_of_other_code_and_forgeries_are_not() {
    for vector in vectors("receipt.json") {
        let key = ReceiptKey::derive(&file_key(&vector["file_key"]));
        assert_eq!(key.to_bytes(), bytes32(&vector["receipt_key"]));
        let (ticket, print) = (bytes32(&vector["ticket_hash"]), bytes32(&vector["fingerprint"]));
        let (time, mac) = (vector["time"].as_str().unwrap().parse().unwrap(), bytes32(&vector["mac"]));
        let saved: Saved = serde_json::from_value(vector["saved"].clone()).unwrap();
        let receipt = key.sign(&ticket, print, time, saved);
        assert_eq!(receipt, Receipt { fingerprint: print, time, saved, mac });

        let key = ReceiptKey::from_bytes(key.to_bytes());
        assert!(key.verify(&ticket, &receipt) && !key.verify(&print, &receipt));
        let forged = [
            Receipt { fingerprint: ticket, ..receipt.clone() },
            Receipt { time: time ^ 1, ..receipt.clone() },
            Receipt { mac: Bytes32(mac.0.map(|byte| byte ^ 1)), ..receipt.clone() },
        ];
        let others = [Saved::Disk, Saved::Browser, Saved::Confirmed].into_iter().filter(|other| *other != saved);
        let forged = forged.into_iter().chain(others.map(|saved| Receipt { saved, ..receipt.clone() }));
        assert!(forged.into_iter().all(|forged| !key.verify(&ticket, &forged)));
        assert!(!ReceiptKey::from_bytes(print).verify(&ticket, &receipt));
    }
}

#[test]
fn debug_shows_no_key() {
    let key = FileKey::from_bytes(Zeroizing::new([0xab; 16]));
    assert_eq!(format!("{key:?}"), "FileKey(..)");
    assert_eq!(format!("{:?}", ReceiptKey::derive(&key)), "ReceiptKey(..)");
}
