use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use super::at;

/// The kinds of an enum's variants, as a constant that stands beside the implementation: an implementation that named
/// its own constant would have every missing derive of the user's reported twice.
pub(crate) fn kinds(ty: &TokenStream, kinds: impl Iterator<Item = TokenStream>) -> TokenStream {
    quote!(const KINDS: &[::watershed::core::#ty] = &[#(#kinds),*];)
}

/// `code` in a scope of its own, for a type that callers are shown the schema of.
pub(crate) fn described(ident: &Ident, code: &TokenStream) -> TokenStream {
    let described = quote_spanned!(at(ident)=> ::watershed::__private::described::<#ident>());
    quote!(const _: () = { #code #described };)
}
