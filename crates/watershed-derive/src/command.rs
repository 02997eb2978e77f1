//! `#[derive(Command)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Field, Ident, Type, Variant};

use crate::support::{
    self, Errors, Place, Words, at, described, docs, enum_of, fields_of, is_string, refuse_generics,
    refuse_serde,
};

const WHOLE: &str = "#[command(aggregate = Family, id = family_id)]";

/// What decides the commands, and the field that says whom they concern.
struct Target {
    ty: Type,
    kind: Ident,
    id: Ident,
}

impl Target {
    /// The type of its refusals.
    fn refusal(&self) -> TokenStream {
        let (ty, kind) = (&self.ty, &self.kind);
        quote_spanned!(at(ty)=> <#ty as ::watershed::core::#kind>::Refusal)
    }
}

/// One variant: a command.
struct Kind<'a> {
    ident: &'a Ident,
    doc: String,
    fields: Vec<&'a Field>,
    generates_id: bool,
}

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let data = enum_of(input, "Command")?;
    refuse_generics(input)?;
    let mut errors = Errors::default();
    refuse_serde(&input.attrs, Place::Commands, &mut errors);
    let target = target(input, &mut errors);
    let id = target.as_ref().map(|target| &target.id);
    let kinds: Vec<Kind<'_>> = data.variants.iter().map(|variant| kind(variant, id, &mut errors)).collect();
    let code = match &target {
        Some(target) if errors.is_empty() => generate(&input.ident, target, &kinds),
        target => unsound(&input.ident, target.as_ref()),
    };
    Ok(errors.beside(&code))
}

fn target(input: &DeriveInput, errors: &mut Errors) -> Option<Target> {
    let words = Words::read(&input.attrs, "command", &["aggregate", "decision", "id"], &[], errors);
    if !words.is_present() {
        errors.say(
            &input.ident,
            format!("say what decides these commands, and which field names what they are about: add {WHOLE} to the enum"),
        );
        return None;
    }
    let aggregate = words.parsed::<Type>("aggregate", "aggregate = Family", errors);
    let decision = words.parsed::<Type>("decision", "decision = RegisterSku", errors);
    let id = words.parsed::<Ident>("id", "id = family_id", errors);
    if words.get("id").is_none() {
        errors.say(&input.ident, format!("`id` is missing: write {WHOLE}"));
    }
    let (ty, kind) = match (aggregate, decision) {
        (Some(ty), None) => (ty, format_ident!("Aggregate")),
        (None, Some(ty)) => (ty, format_ident!("Decision")),
        (Some(_), Some(second)) => {
            errors.say(second, "either an aggregate or a decision decides them: take one away");
            return None;
        }
        (None, None) => {
            if words.get("aggregate").is_none() && words.get("decision").is_none() {
                errors.say(&input.ident, format!("`aggregate` (or `decision`) is missing: write {WHOLE}"));
            }
            return None;
        }
    };
    Some(Target { ty, kind, id: id? })
}

fn kind<'a>(variant: &'a Variant, id: Option<&Ident>, errors: &mut Errors) -> Kind<'a> {
    refuse_serde(&variant.attrs, Place::Variant, errors);
    let fields = fields_of(variant, errors);
    let mut generates_id = false;
    for field in &fields {
        refuse_serde(&field.attrs, Place::VariantField, errors);
        let words = Words::read(&field.attrs, "id", &["generate"], &[], errors);
        if !words.is_present() {
            continue;
        }
        if id.is_some() && field.ident.as_ref() != id {
            errors.say(field, "`#[id(generate)]` belongs on the field that #[command(id = ..)] names");
        }
        generates_id = words.flag("generate", errors);
        if !generates_id {
            errors.say(field, "write `#[id(generate)]`, or take it away: the id's field needs no mark");
        }
    }
    if let Some(id) = id {
        check_id(variant, &fields, id, errors);
    }
    Kind { ident: &variant.ident, doc: docs(&variant.attrs), fields, generates_id }
}

fn check_id(variant: &Variant, fields: &[&Field], id: &Ident, errors: &mut Errors) {
    match fields.iter().find(|field| field.ident.as_ref() == Some(id)) {
        None if matches!(variant.fields, syn::Fields::Unnamed(_)) => {}
        None => errors.say(
            &variant.ident,
            format!(
                "every command says what it is about: add the field `{id}: String` to `{}`",
                variant.ident
            ),
        ),
        Some(field) if !is_string(&field.ty) => {
            errors.say(&field.ty, format!("ids are texts: write `{id}: String`"));
        }
        Some(field) => {
            refuse_serde(&field.attrs, Place::RowField, errors);
        }
    }
}

fn generate(ident: &Ident, target: &Target, kinds: &[Kind<'_>]) -> TokenStream {
    let (ty, id) = (&target.ty, &target.id);
    let id_name = id.unraw().to_string();
    let entries = kinds.iter().map(|kind| {
        let (name, doc, generates_id) = (kind.ident.unraw().to_string(), &kind.doc, kind.generates_id);
        quote! {
            ::watershed::core::CommandKind {
                name: #name,
                doc: #doc,
                id_field: #id_name,
                generates_id: #generates_id,
            }
        }
    });
    let variants: Vec<&Ident> = kinds.iter().map(|kind| kind.ident).collect();
    let places = 0..kinds.len();
    let fingerprints = kinds.iter().map(fingerprint);
    let refusal = target.refusal();
    let constant = support::kinds(&quote!(CommandKind), entries);
    let code = quote! {
        #constant

        #[automatically_derived]
        impl ::watershed::core::Command for #ident {
            type Target = #ty;
            type Refusal = #refusal;
            const KINDS: &'static [::watershed::core::CommandKind] = KINDS;

            fn kind(&self) -> &'static ::watershed::core::CommandKind {
                let place: usize = match self { #(Self::#variants { .. } => #places),* };
                &KINDS[place]
            }

            fn id(&self) -> &str {
                match self { #(Self::#variants { #id: id, .. } => id),* }
            }

            fn set_id(&mut self, made: ::std::string::String) {
                match self { #(Self::#variants { #id: id, .. } => *id = made),* }
            }

            fn fingerprint(&self) -> ::watershed::core::Fingerprint {
                match self { #(#fingerprints),* }
            }
        }
    };
    described(ident, &code)
}

fn fingerprint(kind: &Kind<'_>) -> TokenStream {
    let (variant, name) = (kind.ident, kind.ident.unraw().to_string());
    let fields = kind.fields.iter().filter_map(|field| Some((field.ident.as_ref()?, &field.ty)));
    let (mut patterns, mut adds) = (Vec::new(), Vec::new());
    for (place, (field, ty)) in fields.enumerate() {
        let local = format_ident!("field_{place}", span = Span::mixed_site());
        let name = field.unraw().to_string();
        patterns.push(quote!(#field: #local));
        adds.push(quote_spanned!(at(ty)=> .field::<#ty>(#name, #local)));
    }
    quote! {
        Self::#variant { #(#patterns),* } => ::watershed::core::FingerprintWriter::new(#name) #(#adds)* .finish()
    }
}

/// Stands for the code of an enum that has errors, so that what uses the enum is not reported as well.
fn unsound(ident: &Ident, target: Option<&Target>) -> TokenStream {
    let (ty, refusal) = match target {
        Some(target) => (target.ty.to_token_stream(), target.refusal()),
        None => (quote!(Self), quote!(::core::convert::Infallible)),
    };
    quote! {
        #[automatically_derived]
        impl ::watershed::core::Command for #ident {
            type Target = #ty;
            type Refusal = #refusal;
            const KINDS: &'static [::watershed::core::CommandKind] = &[];

            fn kind(&self) -> &'static ::watershed::core::CommandKind { loop {} }
            fn id(&self) -> &str { loop {} }
            fn set_id(&mut self, _: ::std::string::String) { loop {} }
            fn fingerprint(&self) -> ::watershed::core::Fingerprint { loop {} }
        }
    }
}
