//! What the derives share: attributes, errors, names, shapes.

mod args;
mod closure;
mod docs;
mod errors;
mod names;
mod output;
mod serde_words;
mod shape;
mod types;
mod words;

pub(crate) use args::{Args, Given, Word};
pub(crate) use closure::closure;
pub(crate) use docs::docs;
pub(crate) use errors::Errors;
pub(crate) use names::{check_log_name, check_table_name, kebab, snake};
pub(crate) use output::{described, kinds};
pub(crate) use serde_words::{Place, refuse_serde};
pub(crate) use shape::{enum_of, fields_of, named_fields, refuse_generics};
pub(crate) use types::{at, is_string, literal, option_of};
pub(crate) use words::{Words, duration};

use proc_macro2::TokenStream;
use syn::DeriveInput;

/// Runs one derive: its code, or all of its errors.
pub(crate) fn expand(
    input: proc_macro::TokenStream,
    derive: fn(&DeriveInput) -> syn::Result<TokenStream>,
) -> proc_macro::TokenStream {
    syn::parse(input)
        .and_then(|input| derive(&input))
        .unwrap_or_else(|errors| errors.to_compile_error())
        .into()
}
