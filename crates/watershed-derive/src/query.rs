//! `#[derive(Query)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::support::{Errors, Words, check_table_name, described, docs, named_fields, refuse_generics};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    named_fields(input, "Query")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    let words = Words::read(&input.attrs, "query", &["name"], &[], &mut errors);
    let name = words.text("name", "name = \"list_at_risk_families\"", &mut errors);
    match &name {
        Some(name) => check_table_name(&name.value(), name, &mut errors),
        None if words.get("name").is_none() => errors.say(
            &input.ident,
            "say what the question is called: add #[query(name = \"list_at_risk_families\")] to the struct",
        ),
        None => {}
    }
    let name = name.map_or(String::new(), |name| name.value());
    let (ident, doc) = (&input.ident, docs(&input.attrs));
    let code = quote! {
        #[automatically_derived]
        impl ::watershed::core::NamedQuery for #ident {
            const NAME: &'static str = #name;
            const DOC: &'static str = #doc;
        }
    };
    Ok(errors.beside(&described(ident, &code)))
}
