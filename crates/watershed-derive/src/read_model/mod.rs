//! `#[derive(ReadModel)]`.

mod contract;
mod fields;
mod head;

pub(crate) use head::{require, table_name, version};

use contract::Contract;
use head::{Head, Source};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{DeriveInput, Expr};

use crate::row::{self, RowSpec, check_indexes};
use crate::support::{Errors, Place, at, named_fields, refuse_generics, refuse_serde};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(input, "ReadModel")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    refuse_serde(&input.attrs, Place::Row, &mut errors);
    let head = Head::read(input, &mut errors);
    let contract = Contract::read(input, &mut errors);
    let fields = fields::read(&input.ident, &fields, &mut errors);
    check_indexes(&head.indexes, &fields, &mut errors);
    let row = RowSpec {
        ident: &input.ident,
        visibility: &input.vis,
        name: head.name,
        fields,
        indexes: head.indexes,
    };
    let code = row::generate(&row);
    let model = generate(&row, head.version, &contract, &head.source, head.show.as_ref());
    Ok(errors.beside(&quote!(#code #model)))
}

fn generate(
    row: &RowSpec<'_>,
    version: u32,
    contract: &Contract,
    source: &Source,
    show: Option<&Expr>,
) -> TokenStream {
    let ident = row.ident;
    let keyed_by = format_ident!("{}", if row.is_keyed_by_stream() { "Stream" } else { "Event" });
    let contract = contract.generate();
    let (source, handlers) = match source {
        Source::Log(enums) => {
            let handlers = enums.iter().map(
                |events| quote_spanned!(at(events)=> ::watershed::core::Handler::<Self>::of::<#events>()),
            );
            (quote!(::watershed::core::Source::Log), quote!(::std::vec![#(#handlers),*]))
        }
        Source::Sql(select) => {
            (quote!(::watershed::core::Source::Sql(#select)), quote!(::std::vec::Vec::new()))
        }
    };
    let is_shown = show.map(|show| {
        quote! {
            fn is_shown(&self) -> bool {
                ::watershed::__private::with(self, #show)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl ::watershed::core::ReadModel for #ident {
            const VERSION: u32 = #version;
            const CONTRACT: ::watershed::core::Contract = #contract;
            const SOURCE: ::watershed::core::Source = #source;
            const KEYED_BY: ::watershed::core::KeyedBy = ::watershed::core::KeyedBy::#keyed_by;

            fn handlers() -> ::std::vec::Vec<::watershed::core::Handler<Self>> {
                #handlers
            }

            #is_shown
        }
    }
}
