use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use super::Filter;

/// The key of a row within its tenant, as one text. A key of several columns joins them with `:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of several columns. A `:` or `%` inside a part is written `%3A` or `%25`, so that keys never collide.
    #[must_use]
    pub fn joined(parts: &[&dyn fmt::Display]) -> Self {
        use fmt::Write;
        let mut text = String::new();
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                text.push(':');
            }
            // Writing to a String cannot fail.
            let _ = write!(Escaped(&mut text), "{part}");
        }
        Self(text.into())
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for letter in part.chars() {
            match letter {
                ':' => self.0.push_str("%3A"),
                '%' => self.0.push_str("%25"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Arc<str>> for Key {
    fn from(text: Arc<str>) -> Self {
        Self(text)
    }
}

impl From<&Arc<str>> for Key {
    fn from(text: &Arc<str>) -> Self {
        Self(text.clone())
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// The rows of a read model that an event concerns.
pub enum Keys<R> {
    /// None.
    None,
    /// The row of the event's stream.
    Stream,
    /// One row.
    One(Key),
    /// Several rows; a key that is named twice counts once.
    Many(Vec<Key>),
    /// Every row of the event's tenant that fulfils a condition on its columns: one event that changes many rows. Behind each
    /// parked key it waits, and is then applied where the row, as it has become, fulfils the condition.
    Matching(Filter<R>),
}

impl<R> Keys<R> {
    /// The row with that key.
    pub fn one(key: impl Into<Key>) -> Self {
        Self::One(key.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn joined_keys_collide_only_where_their_parts_are_equal() {
        let key = |a: &str, b: &str| Key::joined(&[&a, &b]);
        assert_eq!(key("fam-1", "2024-09").as_str(), "fam-1:2024-09");
        assert_ne!(key("a:b", "c"), key("a", "b:c"));
        assert_ne!(key("a%3A", "c"), key("a:", "c"));
    }
}
