use syn::{Data, DataEnum, DeriveInput, Field, Fields, Variant};

use super::Errors;

/// Generic types are refused: a row, an event or a command has one name and one shape.
pub(crate) fn refuse_generics(input: &DeriveInput) -> syn::Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    Err(syn::Error::new_spanned(
        &input.generics,
        "generic types have no one name and shape to store: write the type out, without parameters",
    ))
}

/// The enum, with at least one variant.
pub(crate) fn enum_of<'a>(input: &'a DeriveInput, derive: &str) -> syn::Result<&'a DataEnum> {
    match &input.data {
        Data::Enum(data) if data.variants.is_empty() => Err(syn::Error::new_spanned(
            &input.ident,
            format!("#[derive({derive})] needs at least one variant"),
        )),
        Data::Enum(data) => Ok(data),
        _ => Err(syn::Error::new_spanned(
            &input.ident,
            format!("#[derive({derive})] is for enums: write `enum {} {{ .. }}`", input.ident),
        )),
    }
}

/// The variant's fields: named ones, or none.
pub(crate) fn fields_of<'a>(variant: &'a Variant, errors: &mut Errors) -> Vec<&'a Field> {
    if let Fields::Unnamed(fields) = &variant.fields {
        errors.say(fields, format!("give the fields names: `{} {{ amount: Decimal }}`", variant.ident));
        return Vec::new();
    }
    variant.fields.iter().collect()
}

/// The fields of a struct with named fields.
pub(crate) fn named_fields<'a>(input: &'a DeriveInput, derive: &str) -> syn::Result<Vec<&'a Field>> {
    if let Data::Struct(data) = &input.data
        && let Fields::Named(fields) = &data.fields
    {
        return Ok(fields.named.iter().collect());
    }
    let name = &input.ident;
    let message =
        format!("#[derive({derive})] is for structs with named fields: write `struct {name} {{ .. }}`");
    Err(syn::Error::new_spanned(name, message))
}
