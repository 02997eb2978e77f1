//! The values that bags count.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use watershed_core::{ColumnKind, Decimal, Input, Timestamp, Value};

use super::Total;

/// One value. All of one bag are of one kind, and are ordered as columns of that kind are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Number(Decimal),
    Text(Box<str>),
    Instant(Timestamp),
}

/// Of so many items, one begins a page; and of so many pages, one begins a page of pages.
const BITS: u32 = 5;

impl Item {
    /// The value that an input gives, and its weight where it says one.
    pub(super) fn of(input: &Input) -> Option<(Self, Option<Decimal>)> {
        match input {
            Input::Number(number) => Some((Self::Number(number.normalized()), None)),
            Input::Item(value) => Some((Self::from_value(value)?, None)),
            Input::Weighed(value, weight) => Some((Self::from_value(value)?, Some(*weight))),
            _ => None,
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Decimal(number) => Some(Self::Number(number.normalized())),
            Value::Int(number) => Some(Self::Number((*number).into())),
            Value::Text(text) => Some(Self::Text(text.clone())),
            Value::Timestamp(instant) => Some(Self::Instant(*instant)),
            _ => None,
        }
    }

    /// As the content of a column of that kind.
    pub(super) fn to_value(&self, kind: ColumnKind) -> Value {
        match self {
            Self::Number(number) if kind == ColumnKind::Int => whole(*number),
            Self::Number(number) => Value::Decimal(*number),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Instant(instant) => Value::Timestamp(*instant),
        }
    }

    /// As JSON for readers: whole numbers as such, others as texts.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Number(number) => number_as_json(*number),
            Self::Text(text) => (&**text).into(),
            Self::Instant(instant) => instant.to_string().into(),
        }
    }

    /// How many levels of pages begin with this item. A hash of it and nothing else, so that the same items always lie in the
    /// same pages. Stored bags rest on it: it never changes.
    pub(super) fn level(&self) -> u8 {
        let hash = match self {
            Self::Number(number) => {
                let (units, scale) = number.to_parts();
                let hash = hashed(FNV, &units.to_le_bytes());
                hashed(hash, &scale.to_le_bytes())
            }
            Self::Text(text) => hashed(FNV, text.as_bytes()),
            Self::Instant(instant) => hashed(FNV, &instant.as_micros().to_le_bytes()),
        };
        u8::try_from(mixed(hash).trailing_zeros() / BITS).unwrap_or(0)
    }
}

/// A number for a column of whole ones.
pub(super) fn whole(number: Decimal) -> Value {
    number.rounded(0).to_i64().map_or(Value::Null, Value::Int)
}

pub(super) fn number_as_json(number: Decimal) -> serde_json::Value {
    number.to_i64().map_or_else(|| number.normalized().to_string().into(), Into::into)
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
const FNV: u64 = 0xCBF2_9CE4_8422_2325;

fn hashed(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// FNV's low bits depend on its input's low bits alone; this is the finalizer of SplitMix64.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

/// The item as a part of a page's name, and as it stands in pages. The first letter says of which kind it is.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "#{number}"),
            Self::Text(text) => write!(f, "={text}"),
            Self::Instant(instant) => write!(f, "@{}", instant.as_micros()),
        }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Short, for they are the most frequent.
            Self::Number(number) => match number.to_parts() {
                (units, 0) if i64::try_from(units).is_ok() => {
                    serializer.serialize_i64(i64::try_from(units).unwrap_or_default())
                }
                _ => serializer.collect_str(self),
            },
            Self::Text(_) | Self::Instant(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a counted value")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Item, E> {
                Ok(Item::Number(number.into()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Item, E> {
                Ok(Item::Number(number.into()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Item, E> {
                read(text).ok_or_else(|| E::custom(format!("`{text}` is not a counted value")))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

fn read(text: &str) -> Option<Item> {
    match text.as_bytes().first()? {
        b'#' => Some(Item::Number(text[1..].parse().ok()?)),
        b'=' => Some(Item::Text(text[1..].into())),
        b'@' => Some(Item::Instant(Timestamp::from_micros(text[1..].parse().ok()?))),
        _ => None,
    }
}

/// One of the values that occur most often, as readers get it.
pub(super) fn top_as_json((total, item): &(Total, Item)) -> serde_json::Value {
    serde_json::json!({ "value": item.to_json(), "total": number_as_json(total.to_decimal()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_as_it_was_written() {
        let text = |text: &str| Item::Text(text.into());
        let number = |text: &str| Item::Number(text.parse().unwrap());
        let items = [text(""), text("#1"), text("ä \"b\""), number("-1.5"), number("7"), number("-3")];
        for item in items.into_iter().chain([Item::Instant(Timestamp::from_micros(-5))]) {
            let written = serde_json::to_string(&item).unwrap();
            assert_eq!(serde_json::from_str::<Item>(&written).unwrap(), item, "{written}");
        }
    }

    #[test]
    fn one_of_about_thirty_two_items_begins_a_page() {
        for items in [
            (0..32_000).map(|number| Item::Number(Decimal::new(number, 2).normalized())).collect::<Vec<_>>(),
            (0..32_000).map(|number| Item::Text(format!("customer-{number}").into())).collect(),
            (0..32_000).map(|number| Item::Instant(Timestamp::from_micros(number * 1_000_000))).collect(),
        ] {
            let (pages, of_pages) = (items.iter().filter(|item| item.level() > 0), items.iter());
            let of_pages = of_pages.filter(|item| item.level() > 1).count();
            let pages = pages.count();
            assert!((900..1_100).contains(&pages) && (15..50).contains(&of_pages), "{pages}, {of_pages}");
        }
    }

    #[test]
    fn equal_numbers_are_one_item() {
        let item = |text: &str| Item::of(&Input::Number(text.parse().unwrap())).unwrap().0;
        assert_eq!(item("3.0").level(), item("3").level());
        assert_eq!(item("3.0").to_string(), "#3");
    }
}
