//! `#[derive(Refusal)]`.

use proc_macro2::TokenStream;
use quote::quote;
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
    let mut errors = Errors::default();
    refuse_generics(input, &mut errors);
    let prefix = prefix(input, &mut errors);
    let ways: Vec<Way<'_>> = data.variants.iter().map(|variant| way(variant, &prefix, &mut errors)).collect();
    for (place, way) in ways.iter().enumerate() {
        if ways[..place].iter().any(|earlier| earlier.code == way.code) {
            errors.say(way.ident, format!("two variants have the code `{}`; rename one", way.code));
        }
    }
    errors.or(generate(&input.ident, &ways))
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
            check_message(message, &way.fields, errors);
            way.message = Some(message.clone());
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

/// A message may name the variant's fields, and nothing else.
fn check_message(message: &LitStr, fields: &[&Field], errors: &mut Errors) {
    let text = message.value();
    if text.trim().is_empty() {
        errors.say(message, "the message is empty: say in words why not");
    }
    let known: Vec<String> = fields
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .map(|ident| ident.unraw().to_string())
        .collect();
    for name in names_in(&text) {
        if known.contains(&name) {
            continue;
        }
        if name.is_empty() || name.chars().all(|letter| letter.is_ascii_digit()) {
            errors.say(
                message,
                "name the field that stands there, as in `{amount}` (a brace itself is written `{{`)",
            );
            continue;
        }
        let has = match known.as_slice() {
            [] => "the variant has no fields".to_owned(),
            known => format!("the variant's fields are `{}`", known.join("`, `")),
        };
        errors.say(
            message,
            format!("the message names `{{{name}}}`, but {has} (a brace itself is written `{{{{`)"),
        );
    }
}

/// The names between braces, without what says how to print them.
fn names_in(message: &str) -> Vec<String> {
    let plain = message.replace("{{", "").replace("}}", "");
    plain
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|inside| inside.split(':').next().unwrap_or(inside).trim().to_owned())
        .collect()
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
        let (variant, message) = (way.ident, &way.message);
        let fields = way.fields.iter().map(|field| &field.ident);
        quote!(Self::#variant { #(#fields),* } => ::core::write!(formatter__, #message))
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
