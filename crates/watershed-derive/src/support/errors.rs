use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Everything that is wrong with one input, so that it is all said at once.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Says `message` at `place`.
    pub(crate) fn say(&mut self, place: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(place, message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, or its error put down.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The errors, with the code beside them: without it, everything else that names the type would be reported as well,
    /// and the one mistake would drown.
    pub(crate) fn beside(self, code: &TokenStream) -> TokenStream {
        let errors = self.0.map(|errors| errors.to_compile_error());
        quote!(#errors #code)
    }
}
