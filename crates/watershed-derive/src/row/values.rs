use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::{RowField, RowSpec};
use crate::support::{at, option_of};

/// `fn to_values`.
pub(super) fn to_values(row: &RowSpec<'_>) -> TokenStream {
    let values = row.stored().map(to_value);
    quote! {
        fn to_values(
            &self,
        ) -> ::core::result::Result<::std::vec::Vec<::watershed::core::Value>, ::watershed::core::ColumnError> {
            ::core::result::Result::Ok(::std::vec![#(#values),*])
        }
    }
}

/// The column's content, from a `self`.
pub(crate) fn to_value(field: &RowField<'_>) -> TokenStream {
    let (ident, name, ty) = (field.ident, &field.name, field.ty);
    if !field.json {
        return quote_spanned!(at(ty)=> <#ty as ::watershed::core::ColumnType>::to_value(&self.#ident));
    }
    // An empty column rather than the JSON text `null`, so that it can be asked for.
    match option_of(ty) {
        Some(inner) => quote_spanned! {at(ty)=>
            match &self.#ident {
                ::core::option::Option::Some(data) => ::watershed::__private::json_to_value::<#inner>(#name, data)?,
                ::core::option::Option::None => ::watershed::core::Value::Null,
            }
        },
        None => quote_spanned!(at(ty)=> ::watershed::__private::json_to_value::<#ty>(#name, &self.#ident)?),
    }
}

/// `fn from_values`.
pub(super) fn from_values(row: &RowSpec<'_>) -> TokenStream {
    let locals: Vec<Ident> = (0..row.stored().count()).map(local).collect();
    let count = locals.len();
    let stored = row.stored().zip(&locals).map(|(field, local)| {
        let (ident, value) = (field.ident, from_value(field, local));
        quote!(#ident: #value)
    });
    let computed = row.fields.iter().filter(|field| field.at_read.is_some()).map(|field| {
        let (ident, ty) = (field.ident, field.ty);
        let default = quote_spanned!(at(ty)=> <#ty as ::core::default::Default>::default());
        quote!(#ident: #default)
    });
    quote! {
        fn from_values(
            values: ::std::vec::Vec<::watershed::core::Value>,
        ) -> ::core::result::Result<Self, ::watershed::core::ColumnError> {
            let [#(#locals),*] = ::watershed::__private::columns::<#count>(
                <Self as ::watershed::core::Row>::NAME,
                values,
            )?;
            ::core::result::Result::Ok(Self { #(#stored,)* #(#computed,)* })
        }
    }
}

/// The field, from the local that holds its column's content.
pub(crate) fn from_value(field: &RowField<'_>, local: &Ident) -> TokenStream {
    let (name, ty) = (&field.name, field.ty);
    if field.json {
        return quote_spanned!(at(ty)=> ::watershed::__private::json_from_value::<#ty>(#name, &#local)?);
    }
    quote_spanned! {at(ty)=>
        ::watershed::__private::in_column(#name, <#ty as ::watershed::core::ColumnType>::from_value(#local))?
    }
}

fn local(place: usize) -> Ident {
    format_ident!("column_{place}", span = Span::mixed_site())
}

/// `fn at_read`, where a column is computed.
pub(super) fn at_read(row: &RowSpec<'_>) -> TokenStream {
    let computed: Vec<TokenStream> = row
        .fields
        .iter()
        .filter_map(|field| {
            let (ident, closure) = (field.ident, field.at_read.as_ref()?.as_ref()?);
            Some(quote!(self.#ident = ::watershed::__private::at_read(&*self, now, #closure);))
        })
        .collect();
    if computed.is_empty() {
        return TokenStream::new();
    }
    quote! {
        fn at_read(&mut self, now: ::watershed::core::Timestamp) {
            #(#computed)*
        }
    }
}
