//! Blocks: records sorted by list, in the bytes of a page.
//!
//! A record is a stretch of one list: the version of its first event, its positions. A block is the number of its records
//! (two bytes), their list ids, where each one's data ends (two bytes each), the data, and a checksum (eight bytes).

use watershed_core::{Position, Version};

use crate::log::lists::ListId;

/// A row of so many bytes just fits a page of 4,096.
const SIZE: usize = 4_040;
/// What a record takes beside its data.
const PLACE: usize = 16 + 2;
/// What a block takes beside its records.
const FRAME: usize = 2 + 8;
/// A record's data before its further positions: three numbers of at most ten bytes.
const HEAD: usize = 30;

/// Appends a number, seven bits a byte, lowest first.
fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number off the front.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

/// A block that is being filled.
#[derive(Debug, Default)]
pub(super) struct Filling {
    lists: Vec<ListId>,
    ends: Vec<u16>,
    data: Vec<u8>,
    further: Vec<u8>,
}

impl Filling {
    pub(super) fn first(&self) -> Option<ListId> {
        self.lists.first().copied()
    }

    fn room(&self) -> usize {
        SIZE.saturating_sub(FRAME + self.lists.len() * PLACE + self.data.len())
    }

    /// Adds as many of the positions as there is room for, and says how many.
    pub(super) fn add(&mut self, list: ListId, version: Version, positions: &[Position]) -> usize {
        let Some(first) = positions.first() else { return 0 };
        let Some(room) = self.room().checked_sub(PLACE + HEAD) else { return 0 };
        self.further.clear();
        let mut taken = 1;
        for pair in positions.windows(2) {
            let before = self.further.len();
            put(pair[1] - pair[0], &mut self.further);
            if self.further.len() > room {
                self.further.truncate(before);
                break;
            }
            taken += 1;
        }
        put(version, &mut self.data);
        put(*first, &mut self.data);
        put(taken as u64, &mut self.data);
        self.data.append(&mut self.further);
        self.lists.push(list);
        // invariant: a block is shorter than 65,536 bytes.
        self.ends.push(self.data.len() as u16);
        taken
    }

    /// The block's bytes, which stand under this number; empties it.
    pub(super) fn finish(&mut self, number: i64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&(self.lists.len() as u16).to_le_bytes());
        self.lists.iter().for_each(|list| out.extend_from_slice(&list.to_bytes()));
        self.ends.iter().for_each(|end| out.extend_from_slice(&end.to_le_bytes()));
        out.append(&mut self.data);
        let sum = checksum(number, out);
        out.extend_from_slice(&sum.to_le_bytes());
        self.lists.clear();
        self.ends.clear();
    }
}

/// The number goes in, too: a block that stands in another's place is found out.
fn checksum(number: i64, bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(bytes, u64::from_ne_bytes(number.to_ne_bytes()))
}

/// A block's bytes, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    lists: &'a [[u8; 16]],
    ends: &'a [[u8; 2]],
    data: &'a [u8],
}

/// A stretch of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) version: Version,
    pub(super) first: Position,
    pub(super) count: u64,
    further: &'a [u8],
}

impl<'a> Block<'a> {
    /// The block that stands under this number; none where the bytes are not what was written.
    pub(super) fn read(number: i64, bytes: &'a [u8]) -> Option<Self> {
        let (checked, sum) = bytes.split_last_chunk::<8>()?;
        let whole = u64::from_le_bytes(*sum) == checksum(number, checked);
        whole.then(|| Self::trusted(bytes)).flatten()
    }

    /// A block whose checksum has been verified before.
    pub(super) fn trusted(bytes: &'a [u8]) -> Option<Self> {
        let (bytes, _) = bytes.split_last_chunk::<8>()?;
        let (count, rest) = bytes.split_first_chunk::<2>()?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (lists, rest) = rest.split_at_checked(count * 16)?;
        let (ends, data) = rest.split_at_checked(count * 2)?;
        Some(Self { lists: lists.as_chunks().0, ends: ends.as_chunks().0, data })
    }

    pub(super) fn list(&self, place: usize) -> Option<ListId> {
        self.lists.get(place).map(|list| ListId(u128::from_be_bytes(*list)))
    }

    pub(super) fn record(&self, place: usize) -> Option<Record<'a>> {
        let end = |place: usize| self.ends.get(place).map(|end| usize::from(u16::from_le_bytes(*end)));
        let start = place.checked_sub(1).map_or(Some(0), end)?;
        let mut data = self.data.get(start..end(place)?)?;
        let (version, first, count) = (take(&mut data)?, take(&mut data)?, take(&mut data)?);
        Some(Record { version, first, count, further: data })
    }

    /// The places of the list's records.
    pub(super) fn find(&self, list: ListId) -> std::ops::Range<usize> {
        let wanted = list.to_bytes();
        let start = self.lists.partition_point(|list| *list < wanted);
        let same = self.lists[start..].iter().take_while(|list| **list == wanted).count();
        start..start + same
    }
}

impl Record<'_> {
    /// Appends its positions; none where they are not what was written.
    pub(super) fn positions(&self, out: &mut Vec<Position>) -> Option<()> {
        let mut at = self.first;
        out.push(at);
        let mut further = self.further;
        for _ in 1..self.count {
            at = at.checked_add(take(&mut further)?)?;
            out.push(at);
        }
        further.is_empty().then_some(())
    }

    /// Its last position.
    pub(super) fn last(&self) -> Option<Position> {
        let mut at = self.first;
        let mut further = self.further;
        while !further.is_empty() {
            at = at.checked_add(take(&mut further)?)?;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_any_length_comes_back_in_blocks_that_fit_a_page() {
        let positions: Vec<Position> = (0..20_000).map(|number| 7 + number * number).collect();
        let mut filling = Filling::default();
        assert_eq!(filling.add(ListId(1), 0, &[5]), 1);
        let (mut left, mut version) = (&positions[..], 1);
        let (mut bytes, mut found) = (Vec::new(), Vec::new());
        for number in 0.. {
            let taken = filling.add(ListId(2), version, left);
            version += taken as u64;
            left = &left[taken..];
            filling.finish(number, &mut bytes);
            assert!(bytes.len() <= SIZE, "{}", bytes.len());
            let block = Block::read(number, &bytes).unwrap();
            for place in block.find(ListId(2)) {
                let record = block.record(place).unwrap();
                assert_eq!(record.version, 1 + found.len() as u64);
                record.positions(&mut found).unwrap();
                assert_eq!(record.last(), found.last().copied());
            }
            if left.is_empty() {
                break;
            }
        }
        assert_eq!(found, positions);
    }

    #[test]
    fn a_flipped_bit_or_a_block_in_anothers_place_is_found_out() {
        let mut filling = Filling::default();
        (1..100).for_each(|number| assert_eq!(filling.add(ListId(number), 1, &[number as u64, 900]), 2));
        let mut bytes = Vec::new();
        filling.finish(9, &mut bytes);
        assert!(Block::read(8, &bytes).is_none());
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Block::read(9, &bytes).is_none(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(Block::read(9, &bytes).is_some());
    }
}
