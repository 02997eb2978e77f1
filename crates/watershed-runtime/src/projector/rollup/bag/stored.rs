//! How bags are stored: JSON, for people who look into the table.
//!
//! A value is `[value, times]` or `[value, times, weight]`; a page, as the page above it knows it,
//! `[start, elements, distinct, times]` and, where values are ranked, its best total.

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::node::{Elements, Entry, Ref, Summary};
use super::{Bag, Item, Total};

impl Elements {
    pub(super) fn to_text(&self) -> String {
        // invariant: sequences of texts and numbers are JSON
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a page of that level.
    pub(super) fn read(level: u8, text: &str) -> serde_json::Result<Self> {
        if level == 0 {
            serde_json::from_str(text).map(Self::Entries)
        } else {
            serde_json::from_str(text).map(Self::Refs)
        }
    }
}

impl Serialize for Elements {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Entries(entries) => entries.serialize(serializer),
            Self::Refs(refs) => refs.serialize(serializer),
        }
    }
}

/// The height, what stands in the row, and, where values are ranked and there are pages, the best ones.
impl Serialize for Bag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.most, &self.best) {
            (1.., Some(best)) => (self.height, &self.root, best).serialize(serializer),
            _ => (self.height, &self.root).serialize(serializer),
        }
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_seq(Some(2 + usize::from(self.weight.is_some())))?;
        entry.serialize_element(&self.item)?;
        entry.serialize_element(&self.times)?;
        if let Some(weight) = &self.weight {
            entry.serialize_element(weight)?;
        }
        entry.end()
    }
}

impl Serialize for Ref {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Summary { elements, distinct, times, best } = &self.sum;
        let mut page = serializer.serialize_seq(Some(4 + usize::from(best.is_some())))?;
        page.serialize_element(&self.start)?;
        page.serialize_element(elements)?;
        page.serialize_element(distinct)?;
        page.serialize_element(times)?;
        if let Some(best) = best {
            page.serialize_element(best)?;
        }
        page.end()
    }
}

/// The next element of a sequence that has to have one.
fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(sequence: &mut A) -> Result<T, A::Error> {
    sequence.next_element()?.ok_or_else(|| serde::de::Error::custom("an element is missing"))
}

/// Reads a type from a sequence.
macro_rules! from_sequence {
    ($type:ty, $expecting:literal, |$sequence:ident| $read:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;
                impl<'de> Visitor<'de> for Read {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, mut $sequence: A) -> Result<$type, A::Error> {
                        $read
                    }
                }
                deserializer.deserialize_seq(Read)
            }
        }
    };
}

from_sequence!(Entry, "a value and its times", |sequence| {
    let (item, times): (Item, i64) = (next(&mut sequence)?, next(&mut sequence)?);
    let weight: Option<Total> = sequence.next_element()?;
    Ok(Entry { item, times, weight: weight.map(Box::new) })
});

from_sequence!(Ref, "a page", |sequence| {
    let start: Option<Item> = next(&mut sequence)?;
    let (elements, distinct) = (next(&mut sequence)?, next(&mut sequence)?);
    let (times, best) = (next(&mut sequence)?, sequence.next_element()?);
    let sum = Summary { elements, distinct, times, best };
    Ok(Ref { start, sum, elements: None, is_dirty: false })
});

// How many values are asked for is the measure's business: see [`Bag::rank`].
from_sequence!(Bag, "a bag", |sequence| {
    let height: u8 = next(&mut sequence)?;
    let root = if height == 0 {
        Elements::Entries(next(&mut sequence)?)
    } else {
        Elements::Refs(next(&mut sequence)?)
    };
    let best = sequence.next_element()?;
    Ok(Bag { height, root, most: 0, best, dropped: Vec::new() })
});

impl Bag {
    /// So many of the most frequent values are going to be asked for.
    pub(in super::super) fn rank(&mut self, most: usize) {
        self.most = most;
    }
}
