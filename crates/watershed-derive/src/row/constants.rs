use proc_macro2::TokenStream;
use quote::quote;

use super::{RowField, RowSpec};
use crate::support::{docs, option_of};

/// `pub const risk_score: Column<Self, i64>` for each column that a question may name.
pub(super) fn constants(row: &RowSpec<'_>) -> TokenStream {
    let (ident, visibility) = (row.ident, row.visibility);
    let constants = row.stored().filter(|field| is_declared(row, field)).map(|field| {
        let (column, name) = (field.ident, &field.name);
        let ty = option_of(field.ty).unwrap_or(field.ty);
        let docs = match docs(&field.field.attrs) {
            none if none.is_empty() => format!("The column `{name}`."),
            docs => docs,
        };
        quote! {
            #[doc = #docs]
            #[allow(non_upper_case_globals, dead_code, private_interfaces)]
            #visibility const #column: ::watershed::core::Column<Self, #ty> =
                ::watershed::core::Column::named(#name);
        }
    });
    quote! {
        #[automatically_derived]
        impl #ident { #(#constants)* }
    }
}

fn is_declared(row: &RowSpec<'_>, field: &RowField<'_>) -> bool {
    field.key.is_some() || field.indexed || field.searched || row.indexes.names(field.ident)
}
