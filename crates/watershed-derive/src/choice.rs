//! `#[derive(Choice)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Fields, Ident};

use crate::support::{Errors, at, docs, enum_of, refuse_generics, snake};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let data = enum_of(input, "Choice")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    let mut words: Vec<(&Ident, String)> = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.say(
                &variant.fields,
                format!("a choice is a word and nothing more: write `{}` without fields", variant.ident),
            );
        }
        let word = snake(&variant.ident.unraw().to_string());
        if words.iter().any(|(_, earlier)| *earlier == word) {
            errors.say(&variant.ident, format!("two variants are the word `{word}`; rename one"));
        }
        words.push((&variant.ident, word));
    }
    let code = if errors.is_empty() { generate(input, &words) } else { TokenStream::new() };
    Ok(errors.beside(&code))
}

fn generate(input: &DeriveInput, words: &[(&Ident, String)]) -> TokenStream {
    let (ident, visibility) = (&input.ident, &input.vis);
    let variants: Vec<&Ident> = words.iter().map(|(variant, _)| *variant).collect();
    let texts: Vec<&String> = words.iter().map(|(_, text)| text).collect();
    let copy = copy(ident);
    let json = json(input, &texts);
    quote! {
        #[automatically_derived]
        impl #ident {
            /// Every choice, in the order of the enum.
            #[allow(dead_code)]
            #visibility const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// The choice's word.
            #[must_use]
            #[allow(dead_code)]
            #visibility const fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #texts),* }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.pad(Self::as_str(#copy))
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = ::watershed::core::ParseChoiceError;

            fn from_str(word: &str) -> ::core::result::Result<Self, Self::Err> {
                match word {
                    #(#texts => ::core::result::Result::Ok(Self::#variants),)*
                    other => ::core::result::Result::Err(
                        ::watershed::core::ParseChoiceError::new(other, &[#(#texts),*]),
                    ),
                }
            }
        }

        #[automatically_derived]
        impl ::watershed::core::ColumnType for #ident {
            const KIND: ::watershed::core::ColumnKind = ::watershed::core::ColumnKind::Text;

            fn to_value(&self) -> ::watershed::core::Value {
                ::watershed::core::Value::Text(::core::convert::Into::into(Self::as_str(#copy)))
            }

            fn from_value(
                value: ::watershed::core::Value,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                ::watershed::__private::choice_from_value(&value)
            }
        }

        #[automatically_derived]
        impl ::watershed::core::IntoInput for #ident {
            fn into_input(self) -> ::watershed::core::Input {
                ::watershed::core::IntoInput::into_input(Self::as_str(self))
            }
        }

        #[automatically_derived]
        impl ::watershed::core::IntoItem for #ident {
            type Item = Self;

            fn into_item(self) -> ::watershed::core::Input {
                ::watershed::core::IntoItem::into_item(Self::as_str(self))
            }
        }

        #json
    }
}

/// The choice itself of a `&self`. Says what to write where the enum is not `Copy`.
fn copy(ident: &Ident) -> TokenStream {
    quote_spanned!(at(ident)=> ::watershed::__private::copied::<#ident>(self))
}

/// How the word is written as JSON, read back, and described.
fn json(input: &DeriveInput, texts: &[&String]) -> TokenStream {
    let ident = &input.ident;
    let copy = copy(ident);
    let name = ident.unraw().to_string();
    let description = docs(&input.attrs);
    let describe = (!description.is_empty()).then(|| quote!("description": #description,));
    quote! {
        #[automatically_derived]
        impl ::watershed::__private::serde::Serialize for #ident {
            fn serialize<S: ::watershed::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(Self::as_str(#copy))
            }
        }

        #[automatically_derived]
        impl<'de> ::watershed::__private::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::watershed::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                ::watershed::__private::choice_from_json(deserializer)
            }
        }

        #[automatically_derived]
        impl ::watershed::__private::schemars::JsonSchema for #ident {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(#name)
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::concat!(::core::module_path!(), "::", #name))
            }

            fn json_schema(
                _: &mut ::watershed::__private::schemars::SchemaGenerator,
            ) -> ::watershed::__private::schemars::Schema {
                ::watershed::__private::schemars::json_schema!({
                    #describe
                    "type": "string",
                    "enum": [#(#texts),*],
                })
            }
        }
    }
}
