use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};

use super::RowField;
use crate::support::{Errors, Words};

/// Indexes over several columns: `index(risk_score desc, family_name)`.
#[derive(Default)]
pub(crate) struct Indexes(Vec<Vec<IndexColumn>>);

/// `risk_score desc`.
struct IndexColumn {
    ident: Ident,
    descending: bool,
}

impl Parse for IndexColumn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ident = input.call(Ident::parse_any)?;
        let mut descending = false;
        if input.peek(Ident) {
            let direction: Ident = input.parse()?;
            descending = direction == "desc";
            if direction != "asc" && direction != "desc" {
                return Err(syn::Error::new(direction.span(), "write `asc` or `desc`"));
            }
        }
        Ok(Self { ident, descending })
    }
}

impl Indexes {
    /// The indexes that an attribute's words ask for.
    pub(crate) fn read(words: &Words, errors: &mut Errors) -> Self {
        let lists = words.lists("index", "index(risk_score desc, family_name)", errors);
        Self(lists.into_iter().map(|(_, columns)| columns).collect())
    }

    /// Whether an index has the column.
    pub(super) fn names(&self, column: &Ident) -> bool {
        self.0.iter().flatten().any(|named| named.ident == *column)
    }

    pub(super) fn generate(&self) -> TokenStream {
        let indexes = self.0.iter().map(|columns| {
            let columns = columns.iter().map(|column| {
                let name = column.ident.unraw().to_string();
                let direction =
                    format_ident!("{}", if column.descending { "Descending" } else { "Ascending" });
                quote!((#name, ::watershed::core::Direction::#direction))
            });
            quote! {
                ::watershed::core::IndexSpec { columns: ::std::borrow::Cow::Borrowed(&[#(#columns),*]) }
            }
        });
        quote!(&[#(#indexes),*])
    }
}

/// An index is over stored columns that can be compared.
pub(crate) fn check_indexes(indexes: &Indexes, fields: &[RowField<'_>], errors: &mut Errors) {
    for column in indexes.0.iter().flatten() {
        let name = &column.ident;
        match fields.iter().find(|field| field.ident == name) {
            None => {
                let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                errors.say(
                    name,
                    format!("there is no field `{name}`; the fields are `{}`", known.join("`, `")),
                );
            }
            Some(field) if field.at_read.is_some() => {
                errors.say(
                    name,
                    format!("`{name}` is computed when answering and not stored: it cannot be indexed"),
                );
            }
            Some(field) if field.json => {
                errors.say(name, format!("`{name}` is nested data: it cannot be indexed"));
            }
            Some(_) => {}
        }
    }
}
