//! Where the bytes of a share are: header and nonce, then parts one after the other. Arithmetic that cannot overflow.

use share_relay_api::{
    Code, CreateShare, RelayLimits,
    limits::{MAX_HEADER_BYTES, MAX_PARTS, SEALED_CHUNK_BYTES},
};

use super::refusal::Refusal;

/// The sizes a share's parts follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How often the parts were made smaller.
    pub generation: u32,
    /// Bytes before the first part.
    pub header_bytes: u64,
    /// Bytes of all parts, once known.
    pub payload_bytes: Option<u64>,
    /// Bytes of every part but the last.
    pub part_bytes: u64,
}

/// Where one part goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartPlace {
    /// That of its layout.
    pub generation: u32,
    /// The part number, from 0.
    pub number: u64,
    /// Offset of its first byte in the content.
    pub offset: u64,
    /// Bytes in the part.
    pub bytes: u64,
}

/// Which parts are held, in order from the first one asked for, by their lengths; 0 for one that is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts(pub Vec<u32>);

/// Refuses a new share that goes beyond what the relay accepts.
pub fn check(request: &CreateShare, accepts: &RelayLimits) -> Result<(), Refusal> {
    let chunks = request.part_bytes.is_multiple_of(SEALED_CHUNK_BYTES);
    let nothing = request.part_bytes == 0 || request.header_bytes == 0 || request.expires_in == 0;
    if !chunks || nothing || request.downloads == Some(0) {
        return Err(Code::BadRequest.into());
    }
    at_most(request.part_bytes, accepts.part_bytes)?;
    at_most(request.header_bytes, MAX_HEADER_BYTES)?;
    if request.expires_in > accepts.expiry_seconds {
        return Err(Refusal::ExpiryTooLong { limit: accepts.expiry_seconds });
    }
    request.payload_bytes.map_or(Ok(()), |payload| check_size(request, payload, accepts))
}

/// Refuses a payload that is empty or beyond what the relay accepts.
pub fn check_size(request: &CreateShare, payload_bytes: u64, accepts: &RelayLimits) -> Result<(), Refusal> {
    if payload_bytes == 0 {
        return Err(Code::BadRequest.into());
    }
    at_most(payload_bytes, request.part_bytes.saturating_mul(MAX_PARTS))?;
    at_most(payload_bytes.saturating_add(request.header_bytes), accepts.content_bytes)
}

fn at_most(bytes: u64, limit: u64) -> Result<(), Refusal> {
    if bytes <= limit { Ok(()) } else { Err(Refusal::TooLarge { limit }) }
}

impl Layout {
    /// Bytes of the whole content, once known.
    pub fn content_bytes(&self) -> Option<u64> {
        self.payload_bytes.map(|payload| payload.saturating_add(self.header_bytes))
    }

    /// Where a part of this number and length goes, if the share has such a part.
    pub fn place(&self, number: u64, bytes: u64, accepts: &RelayLimits) -> Result<PartPlace, Refusal> {
        let before = number.checked_mul(self.part_bytes).ok_or(Code::BadRequest)?;
        if number >= MAX_PARTS || self.payload_bytes.is_some_and(|payload| before >= payload) {
            return Err(Code::BadRequest.into());
        }
        if !self.fits(before, bytes) {
            return Err(Code::WrongLength.into());
        }
        let offset = self.header_bytes.saturating_add(before);
        at_most(offset.saturating_add(bytes), accepts.content_bytes)?;
        Ok(PartPlace { generation: self.generation, number, offset, bytes })
    }

    fn fits(&self, before: u64, bytes: u64) -> bool {
        match self.payload_bytes {
            Some(payload) => bytes == self.part_bytes.min(payload.saturating_sub(before)),
            None => (1..=self.part_bytes).contains(&bytes),
        }
    }

    /// Whether these are all the parts of a payload of this size, and nothing else.
    pub fn is_complete(&self, payload_bytes: u64, parts: &Parts) -> bool {
        let whole = Self { payload_bytes: Some(payload_bytes), ..*self };
        let count = payload_bytes.div_ceil(self.part_bytes);
        let held = parts.0.iter().filter(|&&bytes| bytes > 0).count() as u64;
        held == count
            && (0..count)
                .zip(&parts.0)
                .all(|(number, &bytes)| whole.fits(number.saturating_mul(self.part_bytes), u64::from(bytes)))
    }

    /// The part in which a byte of the content lies; the first one for a byte of the header.
    pub fn part_at(&self, offset: u64) -> u64 {
        offset.saturating_sub(self.header_bytes) / self.part_bytes
    }

    /// Bytes of content there are from `offset` on without a gap, when the header is held and these parts are,
    /// counted from [`Layout::part_at`] on.
    pub fn available(&self, offset: u64, parts: &Parts) -> u64 {
        let mut end = self.header_bytes.saturating_add(self.part_at(offset).saturating_mul(self.part_bytes));
        for &bytes in parts.0.iter().take_while(|&&bytes| bytes > 0) {
            end = end.saturating_add(u64::from(bytes));
            if u64::from(bytes) < self.part_bytes {
                break;
            }
        }
        end.saturating_sub(offset)
    }
}

impl Parts {
    /// Whether a part is held.
    pub fn holds(&self, number: u64) -> bool {
        usize::try_from(number).is_ok_and(|number| self.0.get(number).is_some_and(|&bytes| bytes > 0))
    }

    /// The held parts as half-open ranges, in order, not touching; at most `most` of them.
    pub fn ranges(&self, most: usize) -> Vec<(u64, u64)> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in (0..).zip(&self.0).filter(|(_, bytes)| **bytes > 0).map(|(number, _)| number) {
            if let Some(last) = ranges.last_mut().filter(|last| last.1 == number) {
                last.1 += 1;
            } else if ranges.len() < most {
                ranges.push((number, number + 1));
            } else {
                break;
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPTS: RelayLimits = RelayLimits::PROTOCOL;

    fn layout(payload_bytes: Option<u64>) -> Layout {
        Layout { generation: 3, header_bytes: 182, payload_bytes, part_bytes: 1000 }
    }

    #[test]
    fn every_part_but_the_last_is_full() {
        let known = layout(Some(2500));
        assert_eq!(
            known.place(1, 1000, &ACCEPTS),
            Ok(PartPlace { generation: 3, number: 1, offset: 1182, bytes: 1000 })
        );
        assert_eq!(known.place(2, 500, &ACCEPTS), Ok(PartPlace { generation: 3, number: 2, offset: 2182, bytes: 500 }));
        for (number, bytes) in [(0, 999), (0, 1001), (0, 0), (2, 499), (2, 1000)] {
            assert_eq!(known.place(number, bytes, &ACCEPTS), Err(Code::WrongLength.into()), "{number} {bytes}");
        }
        for number in [3, MAX_PARTS, u64::MAX] {
            assert_eq!(known.place(number, 1000, &ACCEPTS), Err(Code::BadRequest.into()), "{number}");
        }
        assert!(layout(Some(2000)).place(2, 0, &ACCEPTS).is_err());
    }

    #[test]
    fn without_a_known_size_any_part_may_be_the_last() {
        let unknown = layout(None);
        assert!(unknown.place(7, 1, &ACCEPTS).is_ok() && unknown.place(7, 1000, &ACCEPTS).is_ok());
        assert_eq!(unknown.place(7, 1001, &ACCEPTS), Err(Code::WrongLength.into()));
        let small = RelayLimits { content_bytes: 2182, ..ACCEPTS };
        assert!(unknown.place(1, 1000, &small).is_ok());
        assert_eq!(unknown.place(2, 1, &small), Err(Refusal::TooLarge { limit: 2182 }));
    }

    #[test]
    fn complete_means_all_parts_full_and_none_beyond() {
        let complete = |payload, lengths: &[u32]| layout(None).is_complete(payload, &Parts(lengths.to_vec()));
        assert!(complete(2500, &[1000, 1000, 500]));
        assert!(complete(2000, &[1000, 1000]) && complete(2000, &[1000, 1000, 0]));
        assert!(complete(1, &[1]));
        assert!(!complete(2500, &[1000, 0, 500]) && !complete(2500, &[1000, 999, 500]));
        assert!(!complete(2500, &[1000, 1000]) && !complete(2500, &[1000, 1000, 499]));
        assert!(!complete(2000, &[1000, 1000, 500]) && !complete(2000, &[1000, 0, 0, 1000]) && !complete(1, &[]));
    }

    #[test]
    fn what_is_available_stops_at_the_first_gap() {
        let layout = layout(Some(4000));
        let parts = Parts(vec![1000, 1000, 0, 1000]);
        let available = |offset| {
            let first = parts.0.len().min(layout.part_at(offset) as usize);
            layout.available(offset, &Parts(parts.0[first..].to_vec()))
        };
        assert_eq!(available(0), 2182);
        assert_eq!(available(100), 2082);
        assert_eq!(available(182), 2000);
        assert_eq!(available(1500), 682);
        assert_eq!(available(2182), 0);
        assert_eq!(available(2500), 0);
        assert_eq!(available(3200), 982);
        assert_eq!(available(4182), 0);
        assert_eq!(layout.available(0, &Parts::default()), 182);
    }

    #[test]
    fn held_parts_are_told_as_ranges() {
        let parts = Parts(vec![0, 5, 5, 0, 5, 0]);
        assert_eq!(parts.ranges(10), [(1, 3), (4, 5)]);
        assert_eq!(parts.ranges(1), [(1, 3)]);
        assert!(parts.holds(4) && !parts.holds(3) && !parts.holds(99) && !parts.holds(u64::MAX));
        assert_eq!(Parts::default().ranges(10), []);
    }

    #[test]
    fn sizes_at_the_edge_of_numbers_are_refused_and_do_not_overflow() {
        let zero = share_relay_api::Bytes32([0; 32]);
        let fine = CreateShare {
            manage_key_hash: zero,
            proof_hash: None,
            header_bytes: 182,
            payload_bytes: Some(1),
            part_bytes: SEALED_CHUNK_BYTES,
            expires_in: 1,
            downloads: None,
        };
        assert_eq!(check(&fine, &ACCEPTS), Ok(()));
        let refused = [
            CreateShare { part_bytes: 0, ..fine.clone() },
            CreateShare { part_bytes: SEALED_CHUNK_BYTES + 1, ..fine.clone() },
            CreateShare { part_bytes: u64::MAX / SEALED_CHUNK_BYTES * SEALED_CHUNK_BYTES, ..fine.clone() },
            CreateShare { payload_bytes: Some(0), ..fine.clone() },
            CreateShare { payload_bytes: Some(u64::MAX), ..fine.clone() },
            CreateShare { payload_bytes: Some(MAX_PARTS * SEALED_CHUNK_BYTES + 1), ..fine.clone() },
            CreateShare { header_bytes: 0, ..fine.clone() },
            CreateShare { header_bytes: u64::MAX, ..fine.clone() },
            CreateShare { expires_in: 0, ..fine.clone() },
            CreateShare { expires_in: u64::MAX, ..fine.clone() },
            CreateShare { downloads: Some(0), ..fine.clone() },
        ];
        for request in refused {
            assert!(check(&request, &ACCEPTS).is_err(), "{request:?}");
        }
    }
}
