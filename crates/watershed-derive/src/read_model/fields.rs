use syn::{Attribute, Field, Ident};

use crate::row::{KeyMark, RowField, at_read, has};
use crate::support::{Errors, Place, Words, refuse_serde};

/// The fields with their marks, checked one by one and together.
pub(super) fn read<'a>(row: &Ident, fields: &[&'a Field], errors: &mut Errors) -> Vec<RowField<'a>> {
    let read: Vec<RowField<'a>> = fields.iter().filter_map(|field| one(field, errors)).collect();
    check_key(row, &read, errors);
    read
}

fn one<'a>(field: &'a Field, errors: &mut Errors) -> Option<RowField<'a>> {
    refuse_serde(&field.attrs, Place::RowField, errors);
    let mut read = RowField {
        key: key_mark(&field.attrs, errors),
        indexed: has(field, "index", errors),
        searched: has(field, "search", errors),
        internal: has(field, "internal", errors),
        json: has(field, "json", errors),
        at_read: at_read(field, errors),
        ..RowField::plain(field, field.ident.as_ref()?)
    };
    read.check(errors);
    Some(read)
}

fn key_mark(attributes: &[Attribute], errors: &mut Errors) -> Option<KeyMark> {
    let words = Words::read(attributes, "key", &["stream"], &[], errors);
    let stream = words.flag("stream", errors);
    words.is_present().then_some(if stream { KeyMark::Stream } else { KeyMark::Part })
}

fn check_key(row: &Ident, fields: &[RowField<'_>], errors: &mut Errors) {
    let marks = |mark| fields.iter().filter(move |field| field.key == Some(mark));
    let streams = marks(KeyMark::Stream).count();
    if streams == 0 && marks(KeyMark::Part).count() == 0 {
        errors.say(
            row,
            "say what a row's key is: mark the field that holds the stream's id with #[key(stream)], or the fields that make the key with #[key]",
        );
    }
    if streams > 1 {
        for field in marks(KeyMark::Stream).skip(1) {
            errors.say(field.ident, "a row has one #[key(stream)]: take this one away");
        }
    }
    if streams > 0 {
        for field in marks(KeyMark::Part) {
            errors.say(
                field.ident,
                "the key is either the stream's id (one #[key(stream)]) or made of #[key] fields: choose one of the two styles",
            );
        }
    }
}
