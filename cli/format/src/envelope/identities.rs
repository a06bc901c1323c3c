//! Private keys to open with: age identity files, also passphrase-encrypted ones, and ssh private keys.

use std::{io::Read, panic::AssertUnwindSafe, path::Path, sync::Arc};

use age::{Decryptor, armor::ArmoredReader, secrecy::SecretString, ssh};
use zeroize::Zeroizing;

use super::{
    EnvelopeError, KeyError,
    header::{open_error, scrypt_identity},
    recipients::{key_lines, start_of},
};
use crate::text;

/// The largest identity file; an RSA key of 16,384 bits takes 13 KB.
const MAX_FILE_BYTES: usize = 64 * 1024;

/// The largest log₂ N for a passphrase-encrypted identity file. It is the user's own, made by a tool that may have
/// tuned itself to a fast computer; stock age goes as far.
const MAX_FILE_WORK_FACTOR: u8 = 22;

/// Private keys, tried in turn.
#[derive(Clone)]
pub struct Identities(Vec<Arc<dyn age::Identity + Send + Sync>>);

impl Identities {
    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|identity| &**identity as _)
    }

    /// A single key.
    #[cfg(test)]
    pub(super) fn from_age(identity: age::x25519::Identity) -> Self {
        Self(vec![Arc::new(identity)])
    }

    /// Adds those of another file.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Reads an identity file. `ask` is called at most once, if the file is protected by a passphrase.
pub fn read_identities(
    path: &Path,
    ask: &mut dyn FnMut() -> Option<Zeroizing<String>>,
) -> Result<Identities, KeyError> {
    let bytes = text::read_bytes(path, MAX_FILE_BYTES).map_err(KeyError::reading)?;
    if bytes.starts_with(b"age-encryption.org/") || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return parse_age(&text_of(&decrypt_file(&bytes, ask)?)?);
    }
    let text = text_of(&bytes)?;
    let text = text.trim_start();
    if text.starts_with("-----BEGIN ") { parse_ssh(text, ask) } else { parse_age(text) }
}

fn text_of(bytes: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    text::decode(bytes).ok_or(KeyError::NotAnIdentity)
}

fn decrypt_file(
    bytes: &[u8],
    ask: &mut dyn FnMut() -> Option<Zeroizing<String>>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = |_| KeyError::Encrypted(EnvelopeError::HeaderMalformed);
    let decryptor = Decryptor::new(ArmoredReader::new(bytes)).map_err(malformed)?;
    if !decryptor.is_scrypt() {
        return Err(KeyError::Encrypted(EnvelopeError::NeedsKeys));
    }
    let passphrase = ask().ok_or(KeyError::PassphraseNeeded)?;
    let identity = scrypt_identity(&passphrase, MAX_FILE_WORK_FACTOR);
    let plain = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|error| {
        match open_error(error, EnvelopeError::WrongWords, MAX_FILE_WORK_FACTOR) {
            EnvelopeError::WrongWords => KeyError::PassphraseWrong,
            other => KeyError::Encrypted(other),
        }
    })?;
    // Its file is not longer than allowed, and it not longer than its file. The buffer never moves, so it leaves no copy.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES + 1024));
    plain.take(MAX_FILE_BYTES as u64).read_to_end(&mut bytes).map_err(KeyError::Unreadable)?;
    Ok(bytes)
}

fn parse_age(text: &str) -> Result<Identities, KeyError> {
    let identities = key_lines(text)
        .map(|(line, key)| parse_age_line(key).map_err(|error| KeyError::Line { line, source: Box::new(error) }))
        .collect::<Result<Vec<_>, _>>()?;
    if identities.is_empty() { Err(KeyError::NoKeys) } else { Ok(Identities(identities)) }
}

fn parse_age_line(line: &str) -> Result<Arc<dyn age::Identity + Send + Sync>, KeyError> {
    if let Ok(identity) = line.parse::<age::x25519::Identity>() {
        return Ok(Arc::new(identity));
    }
    let upper = Zeroizing::new(line.to_ascii_uppercase());
    if let Some((name, _)) = upper.strip_prefix("AGE-PLUGIN-").and_then(|rest| rest.split_once("-1")) {
        return Err(KeyError::Plugin { name: start_of(&name.to_ascii_lowercase()) });
    }
    if upper.starts_with("AGE-SECRET-KEY-PQ-1") {
        return Err(KeyError::Unsupported { kind: "AGE-SECRET-KEY-PQ".into() });
    }
    Err(KeyError::NotAnIdentity)
}

fn parse_ssh(text: &str, ask: &mut dyn FnMut() -> Option<Zeroizing<String>>) -> Result<Identities, KeyError> {
    let (identity, public) = unless_damaged(|| {
        let identity = ssh::Identity::from_buffer(text.as_bytes(), None).ok()?;
        let public = ssh::Recipient::try_from(identity.clone());
        Some((identity, public))
    })?;
    // The public half tells the kind even of a protected key, so nobody is asked in vain.
    match public {
        Err(ssh::ParseRecipientKeyError::Unsupported(kind)) => {
            return Err(KeyError::Unsupported { kind: start_of(&kind) });
        }
        Err(ssh::ParseRecipientKeyError::Ignore) => return Err(KeyError::Unsupported { kind: "PEM".into() }),
        _ => {}
    }
    let identity = match identity {
        ssh::Identity::Encrypted(key) => {
            let passphrase = ask().ok_or(KeyError::PassphraseNeeded)?;
            let decrypt = || Some(key.decrypt(SecretString::from(passphrase.as_str())));
            ssh::Identity::from(unless_damaged(decrypt)?.map_err(|_| KeyError::PassphraseWrong)?)
        }
        open => open,
    };
    Ok(Identities(vec![Arc::new(identity)]))
}

/// What `read` makes of an ssh key. The crate's reader (0.12.1) panics on a number written in nothing but zero bytes,
/// which a damaged RSA key can have, and a protected one shows only inside.
fn unless_damaged<T>(read: impl FnOnce() -> Option<T>) -> Result<T, KeyError> {
    std::panic::catch_unwind(AssertUnwindSafe(read)).ok().flatten().ok_or(KeyError::NotAnIdentity)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;
    use crate::envelope::{FileKey, Opener, PendingHeader, open_header, parse_recipient, tests::vector_path};

    fn key_path(name: &str) -> std::path::PathBuf {
        vector_path("keys").join(name)
    }

    fn read(name: &str, passphrase: Option<&str>) -> Result<Identities, KeyError> {
        read_identities(&key_path(name), &mut || passphrase.map(|text| Zeroizing::new(text.to_owned())))
    }

    fn read_text(text: impl AsRef<[u8]>) -> Result<Identities, KeyError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        read_identities(file.path(), &mut || panic!("asked"))
    }

    /// Whether these identities open what is sealed to this public key.
    fn opens(public: &str, identities: Identities) -> bool {
        let pending = PendingHeader::for_keys(&[parse_recipient(public).unwrap()]).unwrap();
        let sealed: FileKey = pending.file_key.clone();
        match open_header(&pending.finish().unwrap(), &Opener::Identities(identities)) {
            Ok(opened) => opened.expose() == sealed.expose(),
            Err(EnvelopeError::NoIdentityFits) => false,
            Err(error) => panic!("{error:?}"),
        }
    }

    fn public(name: &str) -> String {
        std::fs::read_to_string(key_path(name)).unwrap()
    }

    fn age_public() -> String {
        let text = public("age.txt");
        text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
    }

    #[test]
    fn each_kind_of_identity_opens_what_is_sealed_to_it() {
        for (public, secret) in [("ed25519.pub", "ed25519"), ("rsa.pub", "rsa")] {
            assert!(opens(&self::public(public), read(secret, None).unwrap()), "{secret}");
        }
        for (public, secret) in [("ed25519_protected.pub", "ed25519_protected"), ("rsa_protected.pub", "rsa_protected")]
        {
            assert!(opens(&self::public(public), read(secret, Some("open sesame")).unwrap()), "{secret}");
        }
        assert!(opens(&age_public(), read("age.txt", None).unwrap()));
        assert!(read("rsa_pem", None).is_ok());
    }

    #[test]
    fn encrypted_identity_files_open_binary_and_armored() {
        for name in ["age_protected.age", "age_protected_armor.age"] {
            assert!(opens(&age_public(), read(name, Some("open sesame")).unwrap()), "{name}");
        }
    }

    #[test]
    fn passphrases_missing_or_wrong_are_told_apart() {
        for name in ["ed25519_protected", "rsa_protected", "age_protected.age"] {
            assert!(matches!(read(name, None), Err(KeyError::PassphraseNeeded)), "{name}");
            assert!(matches!(read(name, Some("wrong")), Err(KeyError::PassphraseWrong)), "{name}");
            assert!(matches!(read(name, Some("")), Err(KeyError::PassphraseWrong)), "{name}");
        }
    }

    #[test]
    fn several_files_are_tried_in_turn() {
        let mut identities = read("ed25519", None).unwrap();
        assert!(!opens(&age_public(), read("ed25519", None).unwrap()));
        identities.extend(read("rsa", None).unwrap());
        identities.extend(read("age.txt", None).unwrap());
        assert!(opens(&age_public(), identities));
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused_before_anyone_is_asked() {
        for (name, expected) in [("ecdsa_protected", "ecdsa-sha2-nistp256"), ("rsa_pem_protected", "PEM")] {
            let refused = read_identities(&key_path(name), &mut || panic!("asked"));
            assert!(matches!(refused, Err(KeyError::Unsupported { kind }) if kind == expected), "{name}");
        }
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_alone() {
        let cases =
            ["AGE-SECRET-KEY-1QQQ", "AGE-PLUGIN-YUBIKEY-1QQQ", "age-secret-key-pq-1qq", "secret \u{1b}[31m words"];
        for line in cases {
            let Err(KeyError::Line { line: 3, source }) = read_text(format!("# mine\n\n{line}\n")) else {
                panic!("{line}")
            };
            match line {
                "AGE-PLUGIN-YUBIKEY-1QQQ" => assert!(matches!(*source, KeyError::Plugin { name } if name == "yubikey")),
                "age-secret-key-pq-1qq" => assert!(matches!(*source, KeyError::Unsupported { .. })),
                _ => assert!(matches!(*source, KeyError::NotAnIdentity) && !source.to_string().contains("QQQ")),
            }
        }
    }

    #[test]
    fn other_files_are_no_identities() {
        assert!(matches!(read_text("# nothing\n"), Err(KeyError::NoKeys)));
        assert!(matches!(read_text([0xff, 0x00]), Err(KeyError::NotAnIdentity)));
        assert!(matches!(read_text(vec![b'\n'; 1 << 17]), Err(KeyError::FileTooLarge)));
        assert!(matches!(read_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"), Err(KeyError::NotAnIdentity)));
        assert!(matches!(read_text("-----BEGIN PRIVATE KEY-----\nAAAA\n"), Err(KeyError::NotAnIdentity)));
        assert!(matches!(read_text("age-encryption.org/v1\n"), Err(KeyError::Encrypted(_))));
        assert!(matches!(read("none", None), Err(KeyError::Unreadable(_))));
        let sealed = PendingHeader::for_keys(&[parse_recipient(&age_public()).unwrap()]).unwrap().finish().unwrap();
        let file = [&sealed[..], &[0; 40]].concat();
        assert!(matches!(read_text(file), Err(KeyError::Encrypted(EnvelopeError::NeedsKeys))));
    }

    #[test]
    fn a_damaged_rsa_key_is_refused_without_a_panic() {
        let text = public("rsa");
        let mut lines: Vec<_> = text.lines().collect();
        let (begin, end) = (lines.remove(0), lines.pop().unwrap());
        let mut bytes = BASE64_STANDARD.decode(lines.concat()).unwrap();
        let exponent = bytes.windows(7).position(|window| window == [0, 0, 0, 3, 1, 0, 1]).unwrap();
        bytes[exponent + 4..exponent + 7].fill(0);
        let damaged = format!("{begin}\n{}\n{end}\n", BASE64_STANDARD.encode(bytes));
        assert!(matches!(read_text(damaged), Err(KeyError::NotAnIdentity)));
    }
}
