use std::fmt::Display;

use quote::ToTokens;

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

    /// The code, where nothing was wrong.
    pub(crate) fn or<T>(self, code: T) -> syn::Result<T> {
        self.0.map_or(Ok(code), Err)
    }
}
