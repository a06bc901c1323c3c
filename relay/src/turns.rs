//! Locks by which calls on one share take turns.

use share_relay_api::ShareId;

/// A fixed number of locks of any kind; which one is a share's follows from its id.
#[derive(Debug)]
pub struct Turns<L>([L; 64]);

impl<L: Default> Default for Turns<L> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| L::default()))
    }
}

impl<L> Turns<L> {
    /// The lock of this share, and of some others.
    pub fn of(&self, id: ShareId) -> &L {
        let sum = id.as_str().bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        &self.0[sum % self.0.len()]
    }
}
