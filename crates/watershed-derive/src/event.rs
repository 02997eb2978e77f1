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
    /// Its name in the log.
    name: String,
    /// What the variant itself says of it.
    said: Option<LitStr>,
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
    let mut facts: Vec<Fact<'_>> = data.variants.iter().map(|variant| fact(variant, &mut errors)).collect();
    match &names.prefix {
        Prefix::Said(prefix) => {
            facts.iter_mut().for_each(|fact| fact.name = format!("{prefix}.{}", fact.name));
        }
        Prefix::None => check_whole(input, &facts, &mut errors),
        Prefix::Wrong => {}
    }
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
    Ok(errors.beside(&generate(&input.ident, &names.category, &facts)))
}

/// What the enum says about all its variants.
struct Names {
    category: String,
    prefix: Prefix,
}

/// What stands before the variants' names in the log.
enum Prefix {
    Said(String),
    /// Nothing: every variant says its whole name.
    None,
    /// What has been complained about already.
    Wrong,
}

const WHOLE: &str = "#[event(category = \"family\", prefix = \"coop.family\")]";

fn names(input: &DeriveInput, errors: &mut Errors) -> Names {
    let words = Words::read(&input.attrs, "event", &["category", "prefix"], &[], errors);
    if !words.is_present() {
        errors.say(
            &input.ident,
            format!("say what these events are called in the log: add {WHOLE} to the enum"),
        );
        return Names { category: String::new(), prefix: Prefix::Wrong };
    }
    let category = words.text("category", "category = \"family\"", errors);
    let prefix = words.text("prefix", "prefix = \"coop.family\"", errors);
    for text in [&category, &prefix].into_iter().flatten() {
        check_log_name(text, errors);
    }
    if words.get("category").is_none() {
        errors.say(&input.ident, format!("`category` is missing: write {WHOLE}"));
    }
    let prefix = match prefix {
        Some(prefix) => Prefix::Said(prefix.value()),
        None if words.get("prefix").is_none() => Prefix::None,
        None => Prefix::Wrong,
    };
    Names { category: category.map_or(String::new(), |category| category.value()), prefix }
}

/// Where the enum has no prefix, every variant must say its whole name: events of one stream that bear the names of
/// several sources (`shipping.shipment.booked.v1`, `carrier.scan.v1`).
fn check_whole(input: &DeriveInput, facts: &[Fact<'_>], errors: &mut Errors) {
    if facts.iter().any(|fact| fact.said.is_none()) {
        errors.say(
            &input.ident,
            format!(
                "`prefix` is missing: write {WHOLE}, or name every variant in full, as in #[event(name = \"carrier.scan.v1\")]"
            ),
        );
        return;
    }
    for said in facts.iter().filter_map(|fact| fact.said.as_ref()).filter(|said| !said.value().contains('.'))
    {
        errors.say(
            said,
            format!(
                "the enum has no prefix, so `{}` would be the event's whole name in the log: write where it comes from \
                 before it, as in `coop.family.reassessed`, or give the enum a prefix",
                said.value()
            ),
        );
    }
}

fn fact<'a>(variant: &'a Variant, errors: &mut Errors) -> Fact<'a> {
    refuse_serde(&variant.attrs, Place::Variant, errors);
    let words = Words::read(&variant.attrs, "event", &["name", "schema", "upcast"], &[], errors);
    let said = words.text("name", "name = \"reassessed\"", errors);
    if let Some(said) = &said {
        check_log_name(said, errors);
    }
    let own = || kebab(&variant.ident.unraw().to_string());
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
        name: said.as_ref().map_or_else(own, LitStr::value),
        said,
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
