use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Lit};

use crate::support::{Args, Errors, Words, closure, literal};

/// What a column is made of, as its mark says.
pub(super) struct Measure {
    pub(super) kind: Kind,
    /// What of the row is measured; for a group, where it is no column of the row's.
    pub(super) closure: Option<Expr>,
    /// Which rows are.
    pub(super) filter: Option<Expr>,
}

/// Which measure it is.
pub(super) enum Kind {
    Group,
    Count,
    Sum,
    Avg { scale: u32 },
    Min,
    Max,
    Quantile { share: f64 },
    Distinct,
    Top { most: u32, by: Option<Box<Expr>> },
    CountBy,
    SumBy,
}

/// How a mark is written.
pub(super) struct Mark {
    pub(super) name: &'static str,
    example: &'static str,
    /// How many values stand before the words, the closure the last of them.
    leading: usize,
    words: &'static [&'static str],
}

const fn mark(
    name: &'static str,
    example: &'static str,
    leading: usize,
    words: &'static [&'static str],
) -> Mark {
    Mark { name, example, leading, words }
}

/// The marks.
pub(super) const MARKS: &[Mark] = &[
    mark("group", "#[group]` or `#[group(|row| row.date.month())]", 1, &[]),
    mark("count", "#[count]` or `#[count(|row| row.paid_late)]", 1, &["filter"]),
    mark("sum", "#[sum(|row| row.paid)]", 1, &["filter"]),
    mark("avg", "#[avg(|row| row.days_late, scale = 2)]", 1, &["scale", "filter"]),
    mark("min", "#[min(|row| row.paid_on)]", 1, &["filter"]),
    mark("max", "#[max(|row| row.paid_on)]", 1, &["filter"]),
    mark("quantile", "#[quantile(0.5, |row| row.days_late)]", 2, &["filter"]),
    mark("distinct", "#[distinct(|row| row.city.as_str())]", 1, &["filter"]),
    mark("top", "#[top(3, |row| row.city.as_str())]", 2, &["by", "filter"]),
    mark("count_by", "#[count_by(|row| row.method.clone())]", 1, &["filter"]),
    mark("sum_by", "#[sum_by(|row| row.amounts.clone())]", 1, &["filter"]),
];

const FILTER: &str = "filter = |row| row.active";
const BY: &str = "by = |row| row.amount";

impl Measure {
    /// Reads the mark.
    pub(super) fn read(attribute: &Attribute, mark: &Mark, errors: &mut Errors) -> Option<Self> {
        let mut args = errors.take(Args::of(attribute, mark.leading))?;
        let (last, first) = (args.values.pop(), args.values.pop());
        let words = Words::of(args.words, mark.name, mark.words, errors);
        let given = last.is_some();
        let closure = last.and_then(|last| closure(last, 1, mark.example, errors));
        if given && closure.is_none() {
            return None;
        }
        let filter = closure_of(&words, "filter", FILTER, errors);
        let kind = match (mark.name, &closure) {
            ("group", _) => Some(Kind::Group),
            ("count", _) => Some(Kind::Count),
            (_, None) => None,
            ("sum", _) => Some(Kind::Sum),
            ("avg", _) => Some(Kind::Avg { scale: scale(&words, errors) }),
            ("min", _) => Some(Kind::Min),
            ("max", _) => Some(Kind::Max),
            ("quantile", _) => share(first.as_ref(), errors).map(|share| Kind::Quantile { share }),
            ("distinct", _) => Some(Kind::Distinct),
            ("top", _) => most(first.as_ref(), errors)
                .map(|most| Kind::Top { most, by: closure_of(&words, "by", BY, errors).map(Box::new) }),
            ("count_by", _) => Some(Kind::CountBy),
            ("sum_by", _) => Some(Kind::SumBy),
            _ => None,
        };
        let read = kind.map(|kind| Self { kind, closure, filter });
        if read.is_none() {
            errors.say(attribute, format!("write `{}`", mark.example));
        }
        read
    }

    /// The measure, for the runtime.
    pub(super) fn generate(&self) -> TokenStream {
        let measure = quote!(::watershed::core::Measure);
        match &self.kind {
            Kind::Group => quote!(#measure::Group),
            Kind::Count => quote!(#measure::Count),
            Kind::Sum => quote!(#measure::Sum),
            Kind::Avg { scale } => quote!(#measure::Avg { scale: #scale }),
            Kind::Min => quote!(#measure::Min),
            Kind::Max => quote!(#measure::Max),
            Kind::Quantile { share } => quote!(#measure::Quantile { share: #share }),
            Kind::Distinct => quote!(#measure::Distinct),
            Kind::Top { most, .. } => quote!(#measure::Top { most: #most }),
            Kind::CountBy => quote!(#measure::CountBy),
            Kind::SumBy => quote!(#measure::SumBy),
        }
    }

    /// Whether the column is JSON.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.kind, Kind::CountBy | Kind::SumBy | Kind::Top { .. })
    }

    /// Whether the column is empty where no row gives a value.
    pub(super) fn may_be_empty(&self) -> bool {
        matches!(self.kind, Kind::Avg { .. } | Kind::Min | Kind::Max | Kind::Quantile { .. })
    }
}

fn closure_of(words: &Words, name: &str, example: &str, errors: &mut Errors) -> Option<Expr> {
    closure(words.value(name, example, errors)?.clone(), 1, example, errors)
}

/// Digits after the point: 2 where nobody says.
fn scale(words: &Words, errors: &mut Errors) -> u32 {
    let scale = words.number("scale", "scale = 2", errors).unwrap_or(2);
    if scale > 28
        && let Some(word) = words.get("scale")
    {
        errors.say(word, "a decimal has at most 28 digits after the point");
    }
    scale
}

fn share(given: Option<&Expr>, errors: &mut Errors) -> Option<f64> {
    let share = match literal(given?) {
        Some(Lit::Float(number)) => number.base10_parse::<f64>().ok(),
        Some(Lit::Int(number)) => number.base10_parse::<f64>().ok(),
        _ => None,
    };
    let inside = share.filter(|share| (0.0..=1.0).contains(share));
    if inside.is_none() {
        errors.say(given, "a quantile's share is a number from 0 to 1: 0.5 is the median");
        return Some(0.5);
    }
    inside
}

/// How many of the most frequent values are shown. Each of them is written with every change of its group.
fn most(given: Option<&Expr>, errors: &mut Errors) -> Option<u32> {
    let most = match literal(given?) {
        Some(Lit::Int(number)) => number.base10_parse::<u32>().ok(),
        _ => None,
    };
    let inside = most.filter(|most| (1..=1_000).contains(most));
    if inside.is_none() {
        errors.say(given, "say how many of the most frequent values to show: a whole number from 1 to 1000");
        return Some(1);
    }
    inside
}
