use std::cell::Cell;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};

use super::AskError;

/// Reads a query's fields from URL parameters. `known` are its fields' names.
pub(crate) fn read_parameters<Q: DeserializeOwned>(
    parameters: &[(String, String)],
    known: &[String],
) -> Result<Q, AskError> {
    for (place, (name, _)) in parameters.iter().enumerate() {
        let malformed = |problem: String| AskError::Malformed { field: name.clone(), problem };
        if !known.contains(name) {
            return Err(malformed(format!("there is no such parameter: use one of {}", known.join(", "))));
        }
        if parameters[..place].iter().any(|(earlier, _)| earlier == name) {
            return Err(malformed("given twice".to_owned()));
        }
    }
    let current = Cell::new("");
    let pairs = parameters.iter().map(|(name, text)| (name.as_str(), Text { name, text, current: &current }));
    Q::deserialize(MapDeserializer::<_, Error>::new(pairs)).map_err(|error| {
        let problem = error.to_string();
        // A parameter that is missing is named by serde; any other fault is that of the one that was being read.
        let missing = problem.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        AskError::Malformed { field: missing.unwrap_or(current.get()).to_owned(), problem }
    })
}

/// One parameter: a text that is read as whatever its field wants.
struct Text<'a> {
    name: &'a str,
    text: &'a str,
    /// The name of the parameter that is being read.
    current: &'a Cell<&'a str>,
}

impl<'de> IntoDeserializer<'de, Error> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self.current.set(self.name);
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty, $wanted:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.text.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Error::custom(format!("`{}` is not {}", short(self.text), $wanted))),
            }
        }
    )*};
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_i8 visit_i8 i8, "a whole number in range";
        deserialize_i16 visit_i16 i16, "a whole number in range";
        deserialize_i32 visit_i32 i32, "a whole number in range";
        deserialize_i64 visit_i64 i64, "a whole number in range";
        deserialize_u8 visit_u8 u8, "a whole number, zero or above";
        deserialize_u16 visit_u16 u16, "a whole number, zero or above";
        deserialize_u32 visit_u32 u32, "a whole number, zero or above";
        deserialize_u64 visit_u64 u64, "a whole number, zero or above";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant: serde::de::value::StrDeserializer<'_, Error> = self.text.into_deserializer();
        visitor.visit_enum(variant)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Find {
        term: String,
        #[serde(default)]
        least: i64,
        month: Option<watershed_core::Month>,
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Find, AskError> {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        read_parameters(&pairs, &["term".to_owned(), "least".to_owned(), "month".to_owned()])
    }

    #[test]
    fn parameters_are_read_as_their_fields_want_them() {
        let found = read(&[("term", "12"), ("least", "70"), ("month", "2024-09")]).unwrap();
        assert_eq!(found, Find { term: "12".into(), least: 70, month: "2024-09".parse().ok() });
        assert_eq!(read(&[("term", "")]).unwrap().least, 0);
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let field = |pairs: &[(&str, &str)]| match read(pairs) {
            Err(AskError::Malformed { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(&[("term", "a"), ("least", "many")]), "least");
        assert_eq!(field(&[("term", "a"), ("month", "2024-13")]), "month");
        assert_eq!(field(&[]), "term");
        assert_eq!(field(&[("term", "a"), ("most", "1")]), "most");
        assert_eq!(field(&[("term", "a"), ("term", "b")]), "term");
    }
}
