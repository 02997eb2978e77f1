use syn::{Field, Ident, Type};

use super::children::Child;
use crate::row::{RowField, has};
use crate::support::{Errors, Given, Words};

/// The fields of a state, or of a row.
pub(super) struct Fields<'a> {
    /// Those that are columns.
    pub(super) columns: Vec<RowField<'a>>,
    /// Those that are rows of other tables.
    pub(super) children: Vec<Children<'a>>,
}

/// A field whose rows stand in a table of their own.
pub(super) struct Children<'a> {
    pub(super) field: &'a Field,
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) child: Child,
}

impl<'a> Fields<'a> {
    pub(super) fn read(fields: &[&'a Field], errors: &mut Errors) -> Self {
        let mut read = Self { columns: Vec::new(), children: Vec::new() };
        for field in fields {
            let Some(ident) = &field.ident else { continue };
            read.add(field, ident, errors);
        }
        read
    }

    fn add(&mut self, field: &'a Field, ident: &'a Ident, errors: &mut Errors) {
        let words = Words::read(&field.attrs, "tables", &["column", "children"], &[], errors);
        let json = has(field, "json", errors);
        let column = words.text("column", "column = \"unit_price\"", errors).map(|text| text.value());
        if let Some(word) = words.get("children") {
            if json || column.is_some() {
                errors.say(ident, "children stand in a table of their own: take the other marks away");
            }
            match &word.given {
                Given::List(list) => {
                    let child = Child::read(ident, list, errors);
                    self.children.push(Children { field, ident, ty: &field.ty, child });
                }
                _ => {
                    errors.say(word, super::children::WHOLE);
                    // The field is there all the same: that it is not would be told as well.
                    self.children.push(Children { field, ident, ty: &field.ty, child: Child::default() });
                }
            }
            return;
        }
        let mut plain = RowField { json, ..RowField::plain(field, ident) };
        if let Some(column) = column {
            plain.name = column;
        }
        self.columns.push(plain);
    }
}
