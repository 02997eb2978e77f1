use watershed_core::Version;

use crate::log::lists::ListId;
use crate::log::tail::ListMap;

/// The versions of the streams that were written or asked for last. Forgets the older half when it is full.
#[derive(Debug)]
pub(super) struct Heads {
    young: ListMap<Version>,
    old: ListMap<Version>,
    most: usize,
}

impl Heads {
    pub(super) fn new(most: usize) -> Self {
        Self { young: ListMap::default(), old: ListMap::default(), most: most.max(2) / 2 }
    }

    pub(super) fn get(&mut self, stream: ListId) -> Option<Version> {
        if let Some(version) = self.young.get(&stream) {
            return Some(*version);
        }
        let version = self.old.remove(&stream)?;
        self.put(stream, version);
        Some(version)
    }

    pub(super) fn put(&mut self, stream: ListId, version: Version) {
        if self.young.len() >= self.most && !self.young.contains_key(&stream) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(stream, version);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_replaced_never_comes_back() {
        let mut heads = Heads::new(4);
        let list = |number: u128| ListId(number << 64);
        heads.put(list(1), 1);
        heads.put(list(2), 1);
        heads.put(list(3), 1);
        heads.put(list(1), 2);
        heads.put(list(4), 1);
        heads.put(list(5), 1);
        assert!(heads.get(list(1)).is_none_or(|version| version == 2));
        assert_eq!(heads.get(list(5)), Some(1));
    }
}
