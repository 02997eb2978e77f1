use syn::{Attribute, Expr, Field};

use crate::support::{Errors, closure};

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

/// `#[at_read(..)]`: none where there is no such mark, an empty one where it is malformed.
pub(crate) fn at_read(field: &Field, errors: &mut Errors) -> Option<Option<Expr>> {
    const EXAMPLE: &str = "#[at_read(|row, now| now.date().days_since(row.due))]";
    let attribute = find(field, "at_read")?;
    match attribute.parse_args::<Expr>() {
        Ok(expression) => Some(closure(expression, 2, EXAMPLE, errors)),
        Err(_) => {
            errors.say(attribute, format!("write `{EXAMPLE}`"));
            Some(None)
        }
    }
}

fn find<'a>(field: &'a Field, mark: &str) -> Option<&'a Attribute> {
    field.attrs.iter().find(|attribute| attribute.path().is_ident(mark))
}
