//! `#[derive(Rollup)]`.

mod fields;
mod measure;

use fields::Part;
use measure::{Kind, Measure};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Expr, Ident, Type};

use crate::read_model::{require, table_name, version};
use crate::row::{self, Indexes, RowSpec, check_indexes};
use crate::support::{Errors, Place, Words, at, closure, named_fields, refuse_generics, refuse_serde};

const WHOLE: &str = "#[rollup(name = \"payment_analytics\", version = 1, of = FamilyMonth)]";

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    const KNOWN: &[&str] = &["name", "version", "of", "filter", "index"];
    let fields = named_fields(input, "Rollup")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    refuse_serde(&input.attrs, Place::Row, &mut errors);
    let words = Words::read(&input.attrs, "rollup", KNOWN, &["index"], &mut errors);
    if !words.is_present() {
        errors.say(
            &input.ident,
            format!(
                "say what the rollup is called and which read model it sums up: add {WHOLE} to the struct"
            ),
        );
    }
    let name = table_name(input, &words, WHOLE, &mut errors);
    let version = version(input, &words, WHOLE, &mut errors);
    require(input, &words, "of", WHOLE, &mut errors);
    let of = words.parsed::<Type>("of", "of = FamilyMonth", &mut errors);
    let filter = filter(&words, &mut errors);
    let indexes = Indexes::read(&words, &mut errors);
    let (fields, parts) = fields::read(&input.ident, &fields, &mut errors);
    check_indexes(&indexes, &fields, &mut errors);
    let row = RowSpec { ident: &input.ident, visibility: &input.vis, name, fields, indexes };
    let row = row::generate(&row);
    let rollup = of.map(|of| generate(&input.ident, version, &of, filter.as_ref(), &parts));
    Ok(errors.beside(&quote!(#row #rollup)))
}

fn filter(words: &Words, errors: &mut Errors) -> Option<Expr> {
    const EXAMPLE: &str = "filter = |row| row.active";
    closure(words.value("filter", EXAMPLE, errors)?.clone(), 1, EXAMPLE, errors)
}

fn generate(
    ident: &Ident,
    version: u32,
    of: &Type,
    filter: Option<&Expr>,
    parts: &[Part<'_>],
) -> TokenStream {
    let measures = parts.iter().map(|part| part.measure.generate());
    let filter = filter.map(holds).map(|holds| quote!(if !#holds { return ::core::option::Option::None; }));
    let group = parts.iter().filter_map(group_value);
    let inputs = parts.iter().filter_map(input);
    let of = quote_spanned!(at(of)=> #of);
    quote! {
        #[automatically_derived]
        impl ::watershed::core::Rollup for #ident {
            type Of = #of;
            const VERSION: u32 = #version;
            const MEASURES: &'static [::watershed::core::Measure] = &[#(#measures),*];

            fn contribution(row: &Self::Of) -> ::core::option::Option<::watershed::core::Contribution> {
                #filter
                ::core::option::Option::Some(::watershed::core::Contribution {
                    group: ::std::vec![#(#group),*],
                    inputs: ::std::vec![#(#inputs),*],
                })
            }
        }
    }
}

/// Whether the row is within a filter.
fn holds(filter: &Expr) -> TokenStream {
    quote_spanned!(at(filter)=> ::watershed::__private::with::<_, bool>(row, #filter))
}

/// What the row gives to a column of the group.
fn group_value(part: &Part<'_>) -> Option<TokenStream> {
    let Measure { kind: Kind::Group, closure, .. } = &part.measure else {
        return None;
    };
    let (ident, ty) = (part.ident, part.ty);
    let column = quote_spanned!(at(ty)=> <#ty as ::watershed::core::ColumnType>::to_value);
    Some(match closure {
        Some(closure) => quote!(#column(&::watershed::__private::with(row, #closure))),
        None => quote!(#column(&row.#ident)),
    })
}

/// What the row gives to a column that is no group's.
fn input(part: &Part<'_>) -> Option<TokenStream> {
    let Measure { kind, closure, filter } = &part.measure;
    let given = closure.as_ref().map(|closure| {
        let (at, ty) = (at(closure), part.ty);
        let value = quote_spanned!(at=> ::watershed::__private::with(row, #closure));
        match kind {
            Kind::Min | Kind::Max | Kind::Quantile { .. } => {
                quote_spanned!(at=> ::watershed::__private::item_for::<#ty, _>(#value))
            }
            Kind::Distinct => quote_spanned!(at=> ::watershed::core::IntoItem::into_item(#value)),
            Kind::Top { by: None, .. } => {
                quote_spanned!(at=> ::watershed::__private::top_for::<#ty, _>(#value))
            }
            Kind::Top { by: Some(by), .. } => {
                let weight = quote_spanned!(self::at(by)=> ::watershed::__private::with(row, #by));
                quote_spanned!(at=> ::watershed::__private::weighed_top_for::<#ty, _, _>(#value, #weight))
            }
            _ => quote_spanned!(at=> ::watershed::core::IntoInput::into_input(#value)),
        }
    });
    let given = match (kind, given) {
        (Kind::Group, _) => return None,
        (_, Some(given)) => given,
        (_, None) => quote!(::watershed::core::Input::Yes),
    };
    Some(match filter {
        None => given,
        Some(filter) => {
            let holds = holds(filter);
            quote!(if #holds { #given } else { ::watershed::core::Input::Nothing })
        }
    })
}
