use std::fmt;

/// A word under which an event can be found, beside its stream: `transaction_id:txn-9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// What the value is: the field's name, as a rule.
    pub name: Box<str>,
    /// The value.
    pub value: Box<str>,
    /// Refuse a second event with this tag in the tenant, for ever.
    pub once: bool,
}

impl Tag {
    /// The tag `name:value`, which many events may bear.
    pub fn new(name: &str, value: impl fmt::Display) -> Self {
        Self { name: name.into(), value: value.to_string().into(), once: false }
    }

    /// The tag `name:value`, which one event in the tenant may bear.
    pub fn once(name: &str, value: impl fmt::Display) -> Self {
        Self { once: true, ..Self::new(name, value) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.value)
    }
}
