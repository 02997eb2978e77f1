use syn::ext::IdentExt;
use syn::{Expr, Field, Ident, Type};

use crate::support::{Errors, option_of};

/// How a field is part of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyMark {
    /// It is the stream's id.
    Stream,
    /// It is the key, or a part of it.
    Part,
}

/// One field of a row.
pub(crate) struct RowField<'a> {
    pub(crate) field: &'a Field,
    pub(crate) ident: &'a Ident,
    /// The column's name: the field's, without `r#`.
    pub(crate) name: String,
    pub(crate) ty: &'a Type,
    pub(crate) key: Option<KeyMark>,
    pub(crate) indexed: bool,
    pub(crate) searched: bool,
    pub(crate) internal: bool,
    /// Stored as JSON.
    pub(crate) json: bool,
    /// Not stored: computed when answering, by the closure.
    pub(crate) at_read: Option<Option<Expr>>,
}

impl<'a> RowField<'a> {
    /// The field, without any mark.
    pub(crate) fn plain(field: &'a Field, ident: &'a Ident) -> Self {
        Self {
            field,
            ident,
            name: ident.unraw().to_string(),
            ty: &field.ty,
            key: None,
            indexed: false,
            searched: false,
            internal: false,
            json: false,
            at_read: None,
        }
    }

    /// Refuses marks that do not go together. A key that cannot be one is a key no more.
    pub(crate) fn check(&mut self, errors: &mut Errors) {
        let mut say = |message: &str| errors.say(self.ident, message);
        if self.at_read.is_some() {
            if self.key.is_some() || self.indexed || self.searched || self.internal || self.json {
                say(
                    "an #[at_read(..)] column is computed for each answer and not stored: take the other marks away",
                );
            }
            return;
        }
        if self.key.is_some() && self.internal {
            say("readers ask by the key: a key column cannot be #[internal]");
        }
        if self.json && (self.key.is_some() || self.indexed) {
            say("nested data cannot be compared: a #[json] column is neither #[key] nor #[index]");
        }
        if self.key.is_some() && option_of(self.ty).is_some() {
            errors.say(self.ty, "a key column always has a value: take the `Option` away");
            self.key = None;
        }
        if self.json {
            self.key = None;
        }
    }
}
