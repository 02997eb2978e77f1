//! `#[derive(Tables)]` and `#[derive(TableRow)]`.

mod children;
mod fields;
mod generate;
mod head;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::support::{Errors, named_fields, refuse_generics};
use fields::Fields;
use head::Head;

/// A state and the tables that it stands in.
pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(input, "Tables")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    let head = Head::read(input, &mut errors);
    let fields = Fields::read(&fields, &mut errors);
    let code = generate::tables(&input.ident, &head, &fields);
    Ok(errors.beside(&code))
}

/// A row of a child table.
pub(crate) fn derive_row(input: &DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(input, "TableRow")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    let fields = Fields::read(&fields, &mut errors);
    for child in &fields.children {
        errors.say(
            child.field,
            "a child has no children of its own: give them a table beside it, with a key of both",
        );
    }
    let code = generate::row(&input.ident, &fields);
    Ok(errors.beside(&code))
}
