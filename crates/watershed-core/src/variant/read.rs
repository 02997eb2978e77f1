use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, VariantAccess,
    Visitor,
};

/// A body that is not the variant that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", .field.as_ref().map(|field| format!("`{field}`: ")).unwrap_or_default())]
pub struct ReadError {
    /// The field at fault, as a path (`address.street`), where one field is.
    pub field: Option<String>,
    /// What is wrong, in words for whoever sent the body.
    pub problem: String,
}

/// How a body is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Refuse a field that the variant does not have, rather than pass it over. A log passes it over:
    /// an older program must be able to read what a newer one wrote.
    pub strict: bool,
    /// A text field that the body may leave out; it is then read as empty.
    pub may_lack: Option<&'static str>,
}

/// Reads `body`, a JSON object of the fields, as the variant of `T` that bears the Rust name `variant`.
///
/// # Errors
/// Where the body is no JSON, lacks a field, has one of the wrong type or (strict) one too many; the error names the field.
pub fn read_variant<T: DeserializeOwned>(
    variant: &'static str,
    body: &[u8],
    how: Reading,
) -> Result<T, ReadError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    if let Ok(value) = T::deserialize(Body { variant, how, json: &mut json }) {
        json.end().map_err(|error| ReadError { field: None, problem: error.to_string() })?;
        return Ok(value);
    }
    // Keeping track of the path costs as much as reading: only whoever has an error to explain pays for it.
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    match T::deserialize(Body { variant, how, json: tracked }) {
        Ok(value) => Ok(value),
        Err(error) => Err(explain(&error, &track.path())),
    }
}

fn explain(error: &serde_json::Error, path: &serde_path_to_error::Path) -> ReadError {
    let problem = error.to_string();
    let path = path.to_string();
    let named = quoted_field(&problem);
    let field = match (path.as_str(), named) {
        (".", named) => named,
        (path, _) => Some(path.to_owned()),
    };
    ReadError { field, problem }
}

/// serde names a missing or unknown field in its message only.
fn quoted_field(problem: &str) -> Option<String> {
    let rest = problem.strip_prefix("missing field `").or_else(|| problem.strip_prefix("unknown field `"))?;
    rest.split('`').next().map(str::to_owned)
}

struct Body<D> {
    variant: &'static str,
    how: Reading,
    json: D,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Body<D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(serde::de::Error::custom("only enums can be read as a variant"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for Body<D> {
    type Error = D::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), D::Error> {
        let name: serde::de::value::StrDeserializer<'static, D::Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Body<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        self.struct_variant(&[], Nothing)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.json)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, D::Error> {
        Err(serde::de::Error::custom("tuple variants cannot be read: give the fields names"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.json.deserialize_map(Object { visitor, fields, how: self.how })
    }
}

struct Nothing;

impl<'de> Visitor<'de> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Takes objects only, and hands their entries on.
struct Object<V> {
    visitor: V,
    fields: &'static [&'static str],
    how: Reading,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        if self.how.strict || self.how.may_lack.is_some() {
            let fields = self.how.strict.then_some(self.fields);
            self.visitor.visit_map(Checked { map, fields, lacking: self.how.may_lack, supplying: false })
        } else {
            self.visitor.visit_map(map)
        }
    }
}

/// Refuses a key that is not one of the fields: a misspelt optional field must not pass in silence.
/// Supplies the field that may be left out.
struct Checked<A> {
    map: A,
    fields: Option<&'static [&'static str]>,
    lacking: Option<&'static str>,
    supplying: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(key) = self.map.next_key::<std::borrow::Cow<'de, str>>()? else {
            let Some(lacking) = self.lacking.take() else {
                return Ok(None);
            };
            self.supplying = true;
            let key: serde::de::value::StrDeserializer<'static, A::Error> = lacking.into_deserializer();
            return seed.deserialize(key).map(Some);
        };
        if self.lacking == Some(key.as_ref()) {
            self.lacking = None;
        }
        if let Some(fields) = self.fields
            && !fields.contains(&key.as_ref())
        {
            return Err(serde::de::Error::unknown_field(&key, fields));
        }
        let key: serde::de::value::CowStrDeserializer<'_, A::Error> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if self.supplying {
            let empty: serde::de::value::StrDeserializer<'static, A::Error> = "".into_deserializer();
            return seed.deserialize(empty);
        }
        self.map.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}
