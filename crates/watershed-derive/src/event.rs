//! `#[derive(Event)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Expr, Field, Ident, LitStr, Type, Variant};

use crate::support::{
    Errors, Place, Words, at, check_log_name, described, enum_of, fields_of, kebab, kinds, option_of,
    refuse_generics, refuse_serde,
};

/// One variant: a fact.
struct Fact<'a> {
    ident: &'a Ident,
    name: String,
    schema: u32,
    upcasts: Vec<Expr>,
    tags: Vec<TagField<'a>>,
}

/// A field that is a tag.
struct TagField<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    name: String,
    once: bool,
}

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let data = enum_of(input, "Event")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    refuse_serde(&input.attrs, Place::Events, &mut errors);
    let names = names(input, &mut errors);
    let prefix = names.as_ref().map_or(String::new(), |(_, prefix)| prefix.value());
    let facts: Vec<Fact<'_>> =
        data.variants.iter().map(|variant| fact(variant, &prefix, &mut errors)).collect();
    for (place, fact) in facts.iter().enumerate() {
        if facts[..place].iter().any(|earlier| earlier.name == fact.name) {
            errors.say(
                fact.ident,
                format!(
                    "two variants have the name `{}` in the log; give one #[event(name = \"..\")]",
                    fact.name
                ),
            );
        }
    }
    let category = names.map(|(category, _)| category);
    let category = category.map_or(String::new(), |category| category.value());
    Ok(errors.beside(&generate(&input.ident, &category, &facts)))
}

/// The category and the prefix.
fn names(input: &DeriveInput, errors: &mut Errors) -> Option<(LitStr, LitStr)> {
    const WHOLE: &str = "#[event(category = \"family\", prefix = \"coop.family\")]";
    let words = Words::read(&input.attrs, "event", &["category", "prefix"], &[], errors);
    if !words.is_present() {
        errors.say(
            &input.ident,
            format!("say what these events are called in the log: add {WHOLE} to the enum"),
        );
        return None;
    }
    let category = words.text("category", "category = \"family\"", errors);
    let prefix = words.text("prefix", "prefix = \"coop.family\"", errors);
    for (text, word) in [(&category, "category"), (&prefix, "prefix")] {
        match text {
            Some(text) => check_log_name(text, errors),
            None if words.get(word).is_none() => {
                errors.say(&input.ident, format!("`{word}` is missing: write {WHOLE}"));
            }
            None => {}
        }
    }
    category.zip(prefix)
}

fn fact<'a>(variant: &'a Variant, prefix: &str, errors: &mut Errors) -> Fact<'a> {
    refuse_serde(&variant.attrs, Place::Variant, errors);
    let words = Words::read(&variant.attrs, "event", &["name", "schema", "upcast"], &[], errors);
    let own = words.text("name", "name = \"reassessed\"", errors);
    if let Some(own) = &own {
        check_log_name(own, errors);
    }
    let own = own.map_or_else(|| kebab(&variant.ident.unraw().to_string()), |own| own.value());
    let schema = words.number("schema", "schema = 2", errors).unwrap_or(1);
    let upcasts: Vec<Expr> = words
        .lists("upcast", "upcast(v1_to_v2)", errors)
        .into_iter()
        .flat_map(|(_, functions)| functions)
        .collect();
    check_upcasts(variant, schema, upcasts.len(), errors);
    let fields = fields_of(variant, errors);
    Fact {
        ident: &variant.ident,
        name: format!("{prefix}.{own}"),
        schema,
        upcasts,
        tags: fields.into_iter().flat_map(|field| tags(field, errors)).collect(),
    }
}

fn check_upcasts(variant: &Variant, schema: u32, found: usize, errors: &mut Errors) {
    if schema == 0 {
        errors.say(&variant.ident, "schemas are counted from 1: write `schema = 1`");
        return;
    }
    let wanted = usize::try_from(schema - 1).unwrap_or(usize::MAX);
    if found != wanted {
        let example: Vec<String> = (1..schema.min(4)).map(|old| format!("v{old}_to_v{}", old + 1)).collect();
        let write = match schema {
            1 => "write `schema = 2` beside them, or take them away".to_owned(),
            _ => format!("write `upcast({}{})`", example.join(", "), if schema > 4 { ", .." } else { "" }),
        };
        errors.say(
            &variant.ident,
            format!("schema {schema} needs {wanted} upcasts, one from each older schema to the next, and has {found}: {write}"),
        );
    }
}

fn tags<'a>(field: &'a Field, errors: &mut Errors) -> Vec<TagField<'a>> {
    refuse_serde(&field.attrs, Place::VariantField, errors);
    let Some(ident) = &field.ident else {
        return Vec::new();
    };
    let mut tags = Vec::new();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("tag")) {
        let words = Words::read(std::slice::from_ref(attribute), "tag", &["once", "name"], &[], errors);
        let name = words.text("name", "name = \"product\"", errors);
        if let Some(name) = &name {
            check_log_name(name, errors);
        }
        tags.push(TagField {
            ident,
            ty: &field.ty,
            name: name.map_or_else(|| ident.unraw().to_string(), |name| name.value()),
            once: words.flag("once", errors),
        });
    }
    tags
}

fn generate(ident: &Ident, category: &str, facts: &[Fact<'_>]) -> TokenStream {
    let entries = facts.iter().map(|fact| {
        let (name, schema, upcasts) = (&fact.name, fact.schema, &fact.upcasts);
        let variant = fact.ident.unraw().to_string();
        quote! {
            ::watershed::core::EventKind {
                name: #name,
                variant: #variant,
                schema: #schema,
                upcasts: &[#(#upcasts),*],
            }
        }
    });
    let places = facts.iter().enumerate().map(|(place, fact)| {
        let variant = fact.ident;
        quote!(Self::#variant { .. } => #place)
    });
    let tag_arms = facts.iter().filter(|fact| !fact.tags.is_empty()).map(tag_arm);
    let others = facts.iter().filter(|fact| fact.tags.is_empty()).map(|fact| {
        let variant = fact.ident;
        quote!(Self::#variant { .. } => {})
    });
    let kinds = kinds(&quote!(EventKind), entries);
    let code = quote! {
        #kinds

        #[automatically_derived]
        impl ::watershed::core::Event for #ident {
            const CATEGORY: &'static str = #category;
            const KINDS: &'static [::watershed::core::EventKind] = KINDS;

            fn kind(&self) -> &'static ::watershed::core::EventKind {
                let place: usize = match self { #(#places),* };
                &KINDS[place]
            }

            fn tags(&self, add: &mut dyn ::core::ops::FnMut(::watershed::core::Tag)) {
                let _ = &add;
                match self { #(#tag_arms)* #(#others)* }
            }
        }
    };
    described(ident, &code)
}

fn tag_arm(fact: &Fact<'_>) -> TokenStream {
    let variant = fact.ident;
    let mut bound: Vec<&Ident> = fact.tags.iter().map(|tag| tag.ident).collect();
    bound.dedup();
    let patterns = bound.iter().map(|field| {
        let local = local(field);
        quote!(#field: #local)
    });
    let adds = fact.tags.iter().map(|tag| {
        let (name, local) = (&tag.name, local(tag.ident));
        let make = if tag.once { format_ident!("once") } else { format_ident!("new") };
        let text = |ty: &Type, value: TokenStream| {
            quote_spanned!(at(ty)=> ::watershed::__private::tag_text::<#ty>(#value))
        };
        match option_of(tag.ty) {
            Some(inner) => {
                let text = text(inner, quote!(value));
                quote! {
                    if let ::core::option::Option::Some(value) = #local {
                        add(::watershed::core::Tag::#make(#name, #text));
                    }
                }
            }
            None => {
                let text = text(tag.ty, quote!(#local));
                quote!(add(::watershed::core::Tag::#make(#name, #text));)
            }
        }
    });
    quote!(Self::#variant { #(#patterns,)* .. } => { #(#adds)* })
}

/// A name for the field's value that no user's constant can shadow.
fn local(field: &Ident) -> Ident {
    format_ident!("tag_{}", field.unraw(), span = proc_macro2::Span::mixed_site())
}
