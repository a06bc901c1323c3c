//! The 32-byte secrets of the protocol, and the hashes by which the relay knows them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use share_relay_api::{Bytes32, ShareId};
use zeroize::Zeroizing;

/// A 32-byte secret of the protocol: manage key, ticket or sender token. Sent as `Authorization: Bearer <hex>`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A new random secret.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(Bytes32(*bytes).into())
    }

    /// Reads 64 hexadecimal digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse::<Bytes32>().ok().map(Self::from)
    }

    /// The 64 hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the 32 bytes: what the relay is told.
    pub fn hash(&self) -> Bytes32 {
        sha256(&*self.bytes())
    }

    /// The 32 bytes.
    pub(crate) fn bytes(&self) -> Zeroizing<[u8; 32]> {
        let bytes: Bytes32 = self.0.parse().expect("a secret holds 64 hexadecimal digits");
        Zeroizing::new(bytes.0)
    }
}

impl From<Bytes32> for Secret {
    fn from(bytes: Bytes32) -> Self {
        Self(Zeroizing::new(bytes.to_string()))
    }
}

/// The id of a new share.
pub fn random_id() -> Result<ShareId, getrandom::Error> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes)?;
    Ok(ShareId::from_random(bytes))
}

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Bytes32 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    Bytes32(digest.as_ref().try_into().expect("SHA-256 gives 32 bytes"))
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::<String>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not 64 hexadecimal digits"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_hides_itself_and_reads_back() {
        let secret = Secret::random().unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(Secret::parse(secret.hex()).unwrap().hash(), secret.hash());
        assert!(Secret::parse("00").is_none());
        assert_ne!(secret.hash(), Secret::random().unwrap().hash());
    }
}
