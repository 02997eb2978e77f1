//! Rows: what `#[derive(ReadModel)]` and `#[derive(Rollup)]` have in common.

mod columns;
mod constants;
mod field;
mod indexes;
mod key;
mod marks;
mod values;

pub(crate) use field::{KeyMark, RowField};
pub(crate) use indexes::{Indexes, check_indexes};
pub(crate) use marks::{at_read, has};
pub(crate) use values::{from_value, to_value};

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::support::described;

/// A row, ready to be generated.
pub(crate) struct RowSpec<'a> {
    /// The struct.
    pub(crate) ident: &'a Ident,
    /// How visible it is: its column constants are as visible.
    pub(crate) visibility: &'a syn::Visibility,
    /// The table's name.
    pub(crate) name: String,
    /// All fields, in order.
    pub(crate) fields: Vec<RowField<'a>>,
    /// Indexes over several columns.
    pub(crate) indexes: Indexes,
}

impl<'a> RowSpec<'a> {
    /// The fields that are stored.
    fn stored(&self) -> impl Iterator<Item = &RowField<'a>> {
        self.fields.iter().filter(|field| field.at_read.is_none())
    }

    /// Whether the key is the stream's id.
    pub(crate) fn is_keyed_by_stream(&self) -> bool {
        self.fields.iter().any(|field| field.key == Some(KeyMark::Stream))
    }
}

/// `impl Row`, and the constants of the declared columns.
pub(crate) fn generate(row: &RowSpec<'_>) -> TokenStream {
    let (ident, name) = (row.ident, &row.name);
    let columns = row.stored().map(|field| columns::spec(row, field));
    let indexes = row.indexes.generate();
    let to_values = values::to_values(row);
    let from_values = values::from_values(row);
    let key = key::key(&row.fields);
    let at_read = values::at_read(row);
    let constants = constants::constants(row);
    let code = quote! {
        #[automatically_derived]
        impl ::watershed::core::Row for #ident {
            const NAME: &'static str = #name;
            const COLUMNS: &'static [::watershed::core::ColumnSpec] = &[#(#columns),*];
            const INDEXES: &'static [::watershed::core::IndexSpec] = #indexes;

            #to_values
            #from_values

            fn key(&self) -> ::watershed::core::Key {
                #key
            }

            #at_read
        }
    };
    let described = described(ident, &code);
    quote!(#constants #described)
}
