//! `#[derive(Refusal)]`.

mod message;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{DeriveInput, Field, Ident, Lit, LitStr, Variant};

use crate::support::{
    Args, Errors, Words, check_log_name, enum_of, fields_of, kebab, kinds, literal, refuse_generics,
};

/// One variant: a way of saying no.
struct Way<'a> {
    ident: &'a Ident,
    code: String,
    message: Option<LitStr>,
    field: Option<Ident>,
    fields: Vec<&'a Field>,
}

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let data = enum_of(input, "Refusal")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    let prefix = prefix(input, &mut errors);
    let ways: Vec<Way<'_>> = data.variants.iter().map(|variant| way(variant, &prefix, &mut errors)).collect();
    for (place, way) in ways.iter().enumerate() {
        if ways[..place].iter().any(|earlier| earlier.code == way.code) {
            errors.say(way.ident, format!("two variants have the code `{}`; rename one", way.code));
        }
    }
    Ok(errors.beside(&generate(&input.ident, &ways)))
}

fn prefix(input: &DeriveInput, errors: &mut Errors) -> String {
    let words = Words::read(&input.attrs, "refusal", &["prefix"], &[], errors);
    if words.get("prefix").is_none() {
        errors.say(
            &input.ident,
            "say what the codes start with: add #[refusal(prefix = \"coop.family\")] to the enum",
        );
    }
    let Some(prefix) = words.text("prefix", "prefix = \"coop.family\"", errors) else {
        return String::new();
    };
    check_log_name(&prefix, errors);
    prefix.value()
}

fn way<'a>(variant: &'a Variant, prefix: &str, errors: &mut Errors) -> Way<'a> {
    let fields = fields_of(variant, errors);
    let attribute = variant.attrs.iter().find(|attribute| attribute.path().is_ident("refusal"));
    let args = attribute.and_then(|attribute| errors.take(Args::of(attribute, 1)));
    let mut way = Way {
        ident: &variant.ident,
        code: format!("{prefix}.{}", kebab(&variant.ident.unraw().to_string())),
        message: None,
        field: None,
        fields,
    };
    let Some(mut args) = args else {
        if attribute.is_none() {
            missing_message(variant, errors);
        }
        return way;
    };
    let first = args.values.pop();
    match (first.as_ref().and_then(literal), &first) {
        (Some(Lit::Str(message)), _) => {
            way.message = Some(message.clone()).filter(|_| message::is_sound(message, &way.fields, errors));
        }
        (_, Some(other)) => errors
            .say(other, "the message comes first, as a text: #[refusal(\"the amount must be above zero\")]"),
        (_, None) => missing_message(variant, errors),
    }
    let words = Words::of(args.words, "refusal", &["field"], errors);
    way.field = words.parsed("field", "field = amount", errors);
    way
}

fn missing_message(variant: &Variant, errors: &mut Errors) {
    errors.say(
        &variant.ident,
        format!(
            "say what to tell the caller: add #[refusal(\"the amount must be above zero\")] to `{}`",
            variant.ident
        ),
    );
}

fn generate(ident: &Ident, ways: &[Way<'_>]) -> TokenStream {
    let entries = ways.iter().map(|way| {
        let code = &way.code;
        let field = match &way.field {
            Some(field) => {
                let name = field.unraw().to_string();
                quote!(::core::option::Option::Some(#name))
            }
            None => quote!(::core::option::Option::None),
        };
        quote!(::watershed::core::RefusalKind { code: #code, field: #field })
    });
    let variants: Vec<&Ident> = ways.iter().map(|way| way.ident).collect();
    let places = 0..ways.len();
    let messages = ways.iter().map(|way| {
        let variant = way.ident;
        let message = way.message.as_ref().map_or_else(|| quote!(""), ToTokens::to_token_stream);
        let fields = way.fields.iter().map(|field| &field.ident);
        quote!(Self::#variant { #(#fields,)* .. } => ::core::write!(formatter__, #message))
    });
    let kinds = kinds(&quote!(RefusalKind), entries);
    let code = quote! {
        #kinds

        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            #[allow(unused_variables)]
            fn fmt(&self, formatter__: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#messages),* }
            }
        }

        #[automatically_derived]
        impl ::core::error::Error for #ident {}

        #[automatically_derived]
        impl ::watershed::core::Refusal for #ident {
            const KINDS: &'static [::watershed::core::RefusalKind] = KINDS;

            fn kind(&self) -> &'static ::watershed::core::RefusalKind {
                let place: usize = match self { #(Self::#variants { .. } => #places),* };
                &KINDS[place]
            }

            fn message(&self) -> ::std::string::String {
                ::std::string::ToString::to_string(self)
            }
        }
    };
    quote!(const _: () = { #code };)
}
