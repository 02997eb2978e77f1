//! Conditions and keys, taken wrongly.

use watershed_core::read::Comparison;
use watershed_core::{Key, Predicate};

use super::faults::Fault;

/// The condition as a store with that fault takes it.
pub(super) fn mistaken(fault: Fault, condition: &Predicate) -> Predicate {
    let part = |part: &Predicate| Box::new(mistaken(fault, part));
    match (condition, fault) {
        (Predicate::And(left, right), _) => Predicate::And(part(left), part(right)),
        (Predicate::Or(left, right), _) => Predicate::Or(part(left), part(right)),
        (Predicate::Not(inner), Fault::EmptyIsUnknown) => known_and_not(inner, part(inner)),
        (Predicate::Not(inner), _) => Predicate::Not(part(inner)),
        (Predicate::Compare { column, comparison: Comparison::Less, value }, Fault::LessOrEqual) => {
            Predicate::Compare {
                column: column.clone(),
                comparison: Comparison::LessOrEqual,
                value: value.clone(),
            }
        }
        (Predicate::Contains { column, part }, Fault::AnyCase) => {
            let both = [part.to_lowercase(), part.to_uppercase()]
                .map(|part| Box::new(Predicate::Contains { column: column.clone(), part }));
            let [lower, upper] = both;
            Predicate::Or(lower, upper)
        }
        (Predicate::Contains { column, part }, Fault::Patterns) => {
            Predicate::Contains { column: column.clone(), part: part.trim_matches('%').to_owned() }
        }
        (other, _) => other.clone(),
    }
}

/// SQL's own `NOT`: what is unknown stays unknown.
fn known_and_not(inner: &Predicate, turned: Box<Predicate>) -> Predicate {
    match inner {
        Predicate::Compare { column, .. }
        | Predicate::AnyOf { column, .. }
        | Predicate::Contains { column, .. } => {
            let empty = Predicate::IsNull { column: column.clone() };
            Predicate::Not(turned).and(Predicate::Not(Box::new(empty)))
        }
        _ => Predicate::Not(turned),
    }
}

/// The condition without what it says of columns that are not known.
pub(super) fn known(condition: &Predicate, is_known: &dyn Fn(&str) -> bool) -> Predicate {
    let part = |part: &Predicate| Box::new(known(part, is_known));
    match condition {
        Predicate::And(left, right) => Predicate::And(part(left), part(right)),
        Predicate::Or(left, right) => Predicate::Or(part(left), part(right)),
        Predicate::Not(inner) => Predicate::Not(part(inner)),
        Predicate::All => Predicate::All,
        Predicate::Compare { column, .. }
        | Predicate::AnyOf { column, .. }
        | Predicate::IsNull { column }
        | Predicate::Contains { column, .. } => {
            if is_known(column) {
                condition.clone()
            } else {
                Predicate::All
            }
        }
    }
}

/// The key with its parts as they were: so that two keys may be one.
pub(super) fn unescaped(key: &Key) -> Key {
    Key::from(key.as_str().replace("%3A", ":").replace("%25", "%"))
}
