//! Share ids: 95 random bits and a check symbol, in Crockford base32, read forgivingly.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Crockford's alphabet: no i, l, o or u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of a share: 19 symbols of 5 random bits and one check symbol, written as 20 lower-case characters.
///
/// The 20 symbols d₀…d₁₉ satisfy Σ αⁱ·dᵢ = 0 in GF(2⁵) = GF(2)\[x\]/(x⁵+x²+1), α = x. The weights αⁱ are nonzero
/// and distinct, so one wrong character and any two swapped ones are always noticed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareId([u8; ShareId::LEN]);

/// Why a text is not an id. All of these mean "the link is damaged", never "the share is gone".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// Not [`ShareId::LEN`] characters, hyphens aside.
    Length,
    /// A character outside Crockford's alphabet and its look-alikes.
    Character,
    /// The check symbol does not fit the others.
    Checksum,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a share id has 20 characters",
            Self::Character => "a share id has only letters and digits",
            Self::Checksum => "the share id's check character does not fit",
        })
    }
}

impl std::error::Error for IdError {}

impl ShareId {
    /// Characters in a written id.
    pub const LEN: usize = 20;

    /// An id from 95 of the 96 given bits (the last one is left out). The caller brings the randomness.
    pub fn from_random(bytes: [u8; 12]) -> Self {
        let bits = u128::from_be_bytes(std::array::from_fn(|i| if i < 4 { 0 } else { bytes[i - 4] })) >> 1;
        let mut symbols = [0u8; Self::LEN];
        for (i, symbol) in symbols[..Self::LEN - 1].iter_mut().enumerate() {
            *symbol = (bits >> (5 * (18 - i))) as u8 & 31;
        }
        let sum = weighted_sum(&symbols);
        let last = (0..32).find(|&s| multiply(weight(Self::LEN - 1), s) == sum);
        symbols[Self::LEN - 1] = last.expect("multiplying by a nonzero element is a bijection");
        Self(symbols.map(|s| ALPHABET[usize::from(s)]))
    }

    /// The id as its 20 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

impl FromStr for ShareId {
    type Err = IdError;

    /// Reads an id forgivingly: any case, o for 0, i or l for 1, hyphens anywhere.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut symbols = [0u8; Self::LEN];
        let mut count = 0;
        for character in text.chars().filter(|c| *c != '-') {
            let symbol = symbol(character).ok_or(IdError::Character)?;
            *symbols.get_mut(count).ok_or(IdError::Length)? = symbol;
            count += 1;
        }
        if count != Self::LEN {
            return Err(IdError::Length);
        }
        if weighted_sum(&symbols) != 0 {
            return Err(IdError::Checksum);
        }
        Ok(Self(symbols.map(|s| ALPHABET[usize::from(s)])))
    }
}

fn symbol(character: char) -> Option<u8> {
    let plain = match character.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    let position = ALPHABET.iter().position(|&letter| char::from(letter) == plain)?;
    u8::try_from(position).ok()
}

fn weighted_sum(symbols: &[u8; ShareId::LEN]) -> u8 {
    symbols.iter().enumerate().fold(0, |sum, (i, &symbol)| sum ^ multiply(weight(i), symbol))
}

fn weight(position: usize) -> u8 {
    (0..position).fold(1, |power, _| multiply(power, 2))
}

/// The product in GF(2⁵) modulo x⁵ + x² + 1.
fn multiply(a: u8, b: u8) -> u8 {
    let mut product = 0;
    for bit in (0..5).rev() {
        product <<= 1;
        if product & 0b10_0000 != 0 {
            product ^= 0b10_0101;
        }
        if b >> bit & 1 == 1 {
            product ^= a;
        }
    }
    product
}

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ShareId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ShareId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = ShareId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share id")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ShareId, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_ids() -> impl Iterator<Item = ShareId> {
        (0u8..20).map(|seed| {
            ShareId::from_random(std::array::from_fn(|i| seed.wrapping_mul(37) ^ (i as u8).wrapping_mul(59)))
        })
    }

    #[test]
    fn reads_what_it_writes_in_any_dress() {
        for id in some_ids() {
            let text = id.to_string();
            assert_eq!(text.len(), ShareId::LEN);
            assert_eq!(text.parse(), Ok(id));
            assert_eq!(text.to_uppercase().parse(), Ok(id));
            assert_eq!(text.replace('0', "o").replace('1', "l").parse(), Ok(id));
            assert_eq!(format!("{}-{}", &text[..5], &text[5..]).parse(), Ok(id));
        }
    }

    #[test]
    fn all_ninety_five_bits_count() {
        let zero = ShareId::from_random([0; 12]);
        for bit in 0..95 {
            let mut bytes = [0u8; 12];
            bytes[bit / 8] |= 0x80 >> (bit % 8);
            assert_ne!(ShareId::from_random(bytes), zero, "bit {bit}");
        }
    }

    #[test]
    fn every_single_wrong_character_is_noticed() {
        for id in some_ids() {
            for position in 0..ShareId::LEN {
                for letter in ALPHABET {
                    let mut text = id.to_string().into_bytes();
                    if text[position] == *letter {
                        continue;
                    }
                    text[position] = *letter;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(text.parse::<ShareId>(), Err(IdError::Checksum), "{text}");
                }
            }
        }
    }

    #[test]
    fn every_swap_is_noticed() {
        for id in some_ids() {
            for a in 0..ShareId::LEN {
                for b in a + 1..ShareId::LEN {
                    let mut text = id.to_string().into_bytes();
                    if text[a] != text[b] {
                        text.swap(a, b);
                        assert!(String::from_utf8(text).unwrap().parse::<ShareId>().is_err());
                    }
                }
            }
        }
    }

    #[test]
    fn missing_doubled_and_foreign_characters_are_noticed() {
        let text = ShareId::from_random([7; 12]).to_string();
        assert_eq!(text[1..].parse::<ShareId>(), Err(IdError::Length));
        assert_eq!(format!("{text}{}", &text[19..]).parse::<ShareId>(), Err(IdError::Length));
        for wrong in ["u", "é", "/", " ", "\0", "\u{202e}"] {
            assert_eq!(format!("{wrong}{}", &text[1..]).parse::<ShareId>(), Err(IdError::Character));
        }
        assert_eq!("".parse::<ShareId>(), Err(IdError::Length));
    }
}
