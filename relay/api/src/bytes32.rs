//! 32 bytes that travel as 64 lower-case hexadecimal digits: hashes, keys, proofs, tickets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 32 bytes, written as 64 lower-case hexadecimal digits. `Debug` shows nothing, because some of them are secrets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes32(pub [u8; 32]);

/// The text is not exactly 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes32Error;

impl fmt::Display for Bytes32Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 lower-case hexadecimal digits")
    }
}

impl std::error::Error for Bytes32Error {}

impl fmt::Debug for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bytes32(..)")
    }
}

impl fmt::Display for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Bytes32 {
    type Err = Bytes32Error;

    fn from_str(text: &str) -> Result<Self, Bytes32Error> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| Bytes32Error)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn digit(ascii: u8) -> Result<u8, Bytes32Error> {
    match ascii {
        b'0'..=b'9' => Ok(ascii - b'0'),
        b'a'..=b'f' => Ok(ascii - b'a' + 10),
        _ => Err(Bytes32Error),
    }
}

impl Serialize for Bytes32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl de::Visitor<'_> for Hex {
            type Value = Bytes32;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lower-case hexadecimal digits")
            }
            // The message never repeats the text: it may be most of a secret.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes32, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let bytes = Bytes32(std::array::from_fn(|i| i as u8 * 7));
        assert_eq!(bytes.to_string().parse(), Ok(bytes));
        let json = serde_json::to_string(&bytes).unwrap();
        assert_eq!(serde_json::from_str::<Bytes32>(&json).unwrap(), bytes);
    }

    #[test]
    fn refuses_anything_but_64_digits_without_repeating_it() {
        let others = ["g".repeat(64), "A".repeat(64), "é".repeat(32), format!("+{}", "0".repeat(63))];
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65)].into_iter().chain(others.iter().map(String::as_str)) {
            assert_eq!(text.parse::<Bytes32>(), Err(Bytes32Error), "{text:?}");
            let error = serde_json::from_str::<Bytes32>(&format!("{text:?}")).unwrap_err().to_string();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }
}
