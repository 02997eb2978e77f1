//! A blocked Bloom filter (Putze, Sanders, Singler 2007): tells in one look at one cache line that a list is not in a run.

use crate::log::lists::ListId;

/// Words of a block: 512 bits, a cache line.
const WORDS: usize = 8;
/// About one list in a hundred that is not there is taken for one that may be.
const BITS_A_LIST: usize = 10;
/// Bits that a list sets.
const PROBES: u32 = 6;

/// The lists that may be in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter(Box<[[u64; WORDS]]>);

impl Filter {
    /// For up to so many lists.
    pub(super) fn for_lists(lists: usize) -> Self {
        let blocks = (lists * BITS_A_LIST).div_ceil(WORDS * 64).max(1);
        Self(vec![[0; WORDS]; blocks].into_boxed_slice())
    }

    pub(super) fn add(&mut self, list: ListId) {
        let place = self.place(list);
        for (word, bit) in probes(list) {
            self.0[place][word] |= bit;
        }
    }

    pub(super) fn may_hold(&self, list: ListId) -> bool {
        let block = &self.0[self.place(list)];
        probes(list).all(|(word, bit)| block[word] & bit != 0)
    }

    /// List ids are hashes: their low half chooses the block, their high half the bits.
    fn place(&self, list: ListId) -> usize {
        let low = (list.0 as u64) >> 32;
        ((low * self.0.len() as u64) >> 32) as usize
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len() * WORDS * 8
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The filter that [`Filter::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<8>() else { return None };
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let (blocks, []) = words.as_chunks::<WORDS>() else { return None };
        (!blocks.is_empty()).then(|| Self(blocks.into()))
    }
}

fn probes(list: ListId) -> impl Iterator<Item = (usize, u64)> {
    let high = (list.0 >> 64) as u64;
    (0..PROBES).map(move |probe| {
        let nine = high >> (probe * 9);
        ((nine & 7) as usize, 1 << ((nine >> 3) & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::lists::Lists;

    #[test]
    fn a_list_that_is_there_is_never_denied_and_few_others_are_granted() {
        let lists = Lists::of_log(&[7; 16]);
        let list = |number: usize| lists.key("t", &number.to_string());
        let mut filter = Filter::for_lists(20_000);
        (0..20_000).for_each(|number| filter.add(list(number)));
        let filter = Filter::from_bytes(&filter.to_bytes()).unwrap();
        assert!((0..20_000).all(|number| filter.may_hold(list(number))));
        let wrong = (20_000..40_000).filter(|number| filter.may_hold(list(*number))).count();
        assert!(wrong < 400, "{wrong} of 20,000");
    }
}
