use syn::{Attribute, Expr, Field};

use crate::support::{Errors, check_closure};

/// Whether the field bears `#[mark]`, which takes no arguments.
pub(crate) fn has(field: &Field, mark: &str, errors: &mut Errors) -> bool {
    let Some(attribute) = find(field, mark) else {
        return false;
    };
    if !matches!(attribute.meta, syn::Meta::Path(_)) {
        errors.say(attribute, format!("write `#[{mark}]`: it takes no arguments"));
    }
    true
}

/// The closure of `#[at_read(..)]`.
pub(crate) fn at_read(field: &Field, errors: &mut Errors) -> Option<Expr> {
    const EXAMPLE: &str = "#[at_read(|row, now| now.date().days_since(row.due))]";
    let attribute = find(field, "at_read")?;
    match attribute.parse_args::<Expr>() {
        Ok(closure) => {
            check_closure(&closure, 2, EXAMPLE, errors);
            Some(closure)
        }
        Err(_) => {
            errors.say(attribute, format!("write `{EXAMPLE}`"));
            // The column counts as computed all the same, so that it is not reported for its type as well.
            Some(syn::parse_quote!(at_read))
        }
    }
}

fn find<'a>(field: &'a Field, mark: &str) -> Option<&'a Attribute> {
    field.attrs.iter().find(|attribute| attribute.path().is_ident(mark))
}
