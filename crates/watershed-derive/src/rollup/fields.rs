use syn::{Field, Ident, Type};

use super::measure::{Kind, MARKS, Measure};
use crate::row::{KeyMark, RowField, at_read, has};
use crate::support::{Errors, Place, option_of, refuse_serde};

/// A stored column, and what it is made of.
pub(super) struct Part<'a> {
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) measure: Measure,
}

/// The fields as columns, and what the stored ones are made of, in the same order.
pub(super) fn read<'a>(
    rollup: &Ident,
    fields: &[&'a Field],
    errors: &mut Errors,
) -> (Vec<RowField<'a>>, Vec<Part<'a>>) {
    let (mut columns, mut parts) = (Vec::new(), Vec::new());
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let (column, measure) = one(field, ident, errors);
        columns.push(column);
        parts.extend(measure.map(|measure| Part { ident, ty: &field.ty, measure }));
    }
    if !fields.iter().any(|field| field.attrs.iter().any(|mark| mark.path().is_ident("group"))) {
        errors.say(
            rollup,
            "say what the rows are grouped by: mark at least one field with #[group] (for one row over everything: \
             `#[group(|_| \"all\".to_owned())] scope: String`)",
        );
    }
    (columns, parts)
}

fn one<'a>(field: &'a Field, ident: &'a Ident, errors: &mut Errors) -> (RowField<'a>, Option<Measure>) {
    refuse_serde(&field.attrs, Place::RowField, errors);
    let at_read = at_read(field, errors);
    let measure = measure(field, ident, at_read.is_some(), errors);
    if let Some(measure) = &measure
        && measure.may_be_empty()
        && option_of(&field.ty).is_none()
    {
        errors.say(&field.ty, "where no row gives a value there is none to show: write `Option<..>`");
    }
    let is_group = measure.as_ref().is_some_and(|measure| matches!(measure.kind, Kind::Group));
    let mut column = RowField {
        key: is_group.then_some(KeyMark::Part),
        indexed: is_group || has(field, "index", errors),
        internal: has(field, "internal", errors),
        // A column whose measure is malformed may be of any type.
        json: at_read.is_none() && measure.as_ref().is_none_or(Measure::is_json),
        at_read,
        ..RowField::plain(field, ident)
    };
    if measure.is_some() || column.at_read.is_some() {
        column.check(errors);
    }
    (column, measure)
}

/// What the column is made of; none where it is computed, or the mark is malformed.
fn measure(field: &Field, ident: &Ident, is_computed: bool, errors: &mut Errors) -> Option<Measure> {
    let marks = field.attrs.iter().filter_map(|attribute| {
        let mark = MARKS.iter().find(|mark| attribute.path().is_ident(mark.name))?;
        Some((attribute, mark))
    });
    match (marks.collect::<Vec<_>>().as_slice(), is_computed) {
        ([], true) => return None,
        ([(attribute, mark)], false) => return Measure::read(attribute, mark, errors),
        ([], false) => errors.say(
            ident,
            format!(
                "say what `{ident}` is made of: #[group], #[count], #[sum(..)], #[avg(..)], #[min(..)], #[max(..)], \
                 #[quantile(..)], #[distinct(..)], #[top(..)], #[count_by(..)], #[sum_by(..)] or #[at_read(..)]"
            ),
        ),
        _ => errors.say(ident, format!("`{ident}` is made of one thing: keep one of its marks")),
    }
    None
}
