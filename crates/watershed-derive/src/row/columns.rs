use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{RowField, RowSpec};
use crate::support::{at, option_of};

/// The column's `ColumnSpec`.
pub(super) fn spec(row: &RowSpec<'_>, field: &RowField<'_>) -> TokenStream {
    let (name, ty) = (&field.name, field.ty);
    // A column of an index over several may be asked for by itself as well.
    let (key, indexed) = (field.key.is_some(), field.indexed || row.indexes.names(field.ident));
    let (searched, internal) = (field.searched, field.internal);
    let (kind, optional) = if field.json {
        let optional = option_of(ty).is_some();
        (quote!(::watershed::core::ColumnKind::Json), quote!(#optional))
    } else {
        let ty = quote_spanned!(at(ty)=> <#ty as ::watershed::core::ColumnType>);
        (quote!(#ty::KIND), quote!(#ty::OPTIONAL))
    };
    quote! {
        ::watershed::core::ColumnSpec {
            name: ::std::borrow::Cow::Borrowed(#name),
            kind: #kind,
            optional: #optional,
            key: #key,
            indexed: #indexed,
            searched: #searched,
            internal: #internal,
        }
    }
}
