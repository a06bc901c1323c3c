//! Bytes and moments that look random, and can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes that repeat nowhere in a file of test size.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Random numbers that can be repeated.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        let seed = std::env::var("SHARE_SEED").ok().and_then(|text| text.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = seed.unwrap_or_else(now);
        eprintln!("SHARE_SEED={seed}");
        Self(seed | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// A moment of a transfer of so many bytes, in bytes on the way: early, among the small calls; anywhere; or near its
    /// end.
    pub fn moment(&mut self, bytes: u64) -> u64 {
        match self.below(3) {
            0 => self.below(4000),
            1 => self.below(bytes),
            _ => bytes + self.below(80_000),
        }
    }
}

/// How often a test that leaves something to chance does so.
pub fn rounds() -> u64 {
    std::env::var("SHARE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}
