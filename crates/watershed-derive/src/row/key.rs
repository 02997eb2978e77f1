use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{KeyMark, RowField};
use crate::support::at;

/// The row's key, from its key columns.
pub(super) fn key(fields: &[RowField<'_>]) -> TokenStream {
    let parts: Vec<&RowField<'_>> = fields.iter().filter(|field| field.key.is_some()).collect();
    match parts.as_slice() {
        [one] if one.key == Some(KeyMark::Stream) => {
            let (ident, span) = (one.ident, at(one.ty));
            quote_spanned!(span=> <::watershed::core::Key as ::core::convert::From<_>>::from(&self.#ident))
        }
        [one] => {
            let (ident, ty) = (one.ident, one.ty);
            quote_spanned!(at(ty)=> ::watershed::__private::key_of::<#ty>(&self.#ident))
        }
        several => {
            let parts = several.iter().map(|part| {
                let (ident, ty) = (part.ident, part.ty);
                quote_spanned!(at(ty)=> ::watershed::__private::key_part::<#ty>(&self.#ident))
            });
            quote!(::watershed::core::Key::joined(&[#(#parts),*]))
        }
    }
}
