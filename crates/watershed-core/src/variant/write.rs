use std::fmt;

use serde::ser::{Impossible, Serialize, Serializer};

/// A value that is no variant with named fields or none, or whose fields cannot be JSON.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(String);

impl serde::ser::Error for WriteError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Json<'a> = &'a mut serde_json::Serializer<&'a mut Vec<u8>>;

/// Appends the fields of `value`, which must be a variant of an enum, to `out` as a JSON object.
///
/// # Errors
/// Where `value` is a tuple variant or no enum at all, or a field cannot be written as JSON.
pub fn write_variant<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), WriteError> {
    let mut json = serde_json::Serializer::new(out);
    value.serialize(Fields { json: &mut json })
}

struct Fields<'a> {
    json: Json<'a>,
}

struct Struct<'a>(<Json<'a> as Serializer>::SerializeStruct);

impl serde::ser::SerializeStructVariant for Struct<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        serde::ser::SerializeStruct::serialize_field(&mut self.0, key, value).map_err(json_error)
    }

    fn end(self) -> Result<(), WriteError> {
        serde::ser::SerializeStruct::end(self.0).map_err(json_error)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn json_error(error: serde_json::Error) -> WriteError {
    WriteError(error.to_string())
}

fn not_a_variant<T>() -> Result<T, WriteError> {
    Err(WriteError("only enum variants with named fields, or none, can be written".into()))
}

type Never = Impossible<(), WriteError>;

impl<'a> Serializer for Fields<'a> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Struct<'a>;

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        len: usize,
    ) -> Result<Struct<'a>, WriteError> {
        self.json.serialize_struct(name, len).map(Struct).map_err(json_error)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, _: &'static str) -> Result<(), WriteError> {
        serde::ser::SerializeStruct::end(self.json.serialize_struct(name, 0).map_err(json_error)?)
            .map_err(json_error)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        value.serialize(self.json).map_err(json_error)
    }

    fn serialize_bool(self, _: bool) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_i8(self, _: i8) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_i16(self, _: i16) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_i32(self, _: i32) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_i64(self, _: i64) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_u8(self, _: u8) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_u16(self, _: u16) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_u32(self, _: u32) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_u64(self, _: u64) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_f32(self, _: f32) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_f64(self, _: f64) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_char(self, _: char) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_str(self, _: &str) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_none(self) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_unit(self) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), WriteError> {
        not_a_variant()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Never, WriteError> {
        not_a_variant()
    }
    fn serialize_tuple(self, _: usize) -> Result<Never, WriteError> {
        not_a_variant()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, WriteError> {
        not_a_variant()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, WriteError> {
        not_a_variant()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Never, WriteError> {
        not_a_variant()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Never, WriteError> {
        not_a_variant()
    }
}
