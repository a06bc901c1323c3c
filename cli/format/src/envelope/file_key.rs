//! The 16-byte file key: what a header hides and all else derives from.

use std::fmt;

use age::secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

/// The key of one share. Erased when dropped; `Debug` shows nothing.
#[derive(Clone)]
pub struct FileKey(Zeroizing<[u8; FileKey::LEN]>);

impl FileKey {
    /// Bytes of a file key.
    pub const LEN: usize = 16;

    /// A new random key.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// The key kept in a journal.
    pub fn from_bytes(bytes: Zeroizing<[u8; Self::LEN]>) -> Self {
        Self(bytes)
    }

    /// The secret itself, for a journal that only its owner can read.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Fills `out` with HKDF-SHA-256(ikm = this key, salt, info).
    pub(super) fn derive(&self, salt: &[u8], info: &[u8], out: &mut [u8; 32]) {
        use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
        Salt::new(HKDF_SHA256, salt)
            .extract(&*self.0)
            .expand(&[info], HKDF_SHA256)
            .and_then(|okm| okm.fill(out))
            .expect("32 bytes are one block of HKDF-SHA-256");
    }
}

impl From<&age_core::format::FileKey> for FileKey {
    fn from(key: &age_core::format::FileKey) -> Self {
        Self(Zeroizing::new(*key.expose_secret()))
    }
}

/// 32 hexadecimal digits.
impl Serialize for FileKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = Zeroizing::new(format!("{:032x}", u128::from_be_bytes(*self.0)));
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for FileKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = Zeroizing::<String>::deserialize(deserializer)?;
        match u128::from_str_radix(&digits, 16) {
            Ok(number) if digits.len() == 2 * Self::LEN => Ok(Self(Zeroizing::new(number.to_be_bytes()))),
            _ => Err(de::Error::custom("not 32 hexadecimal digits")),
        }
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}
