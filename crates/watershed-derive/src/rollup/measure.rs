use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Lit};

use crate::support::{Args, Errors, Words, closure, literal};

/// What a column is made of, as its mark says.
pub(super) enum Measure {
    Group(Option<Expr>),
    Count(Option<Expr>),
    Sum(Expr),
    Avg { closure: Expr, scale: u32 },
    Quantile { closure: Expr, share: f64 },
    CountBy(Expr),
    SumBy(Expr),
}

/// The marks, each with how it is written.
pub(super) const MARKS: &[(&str, &str)] = &[
    ("group", "#[group]` or `#[group(|row| row.date.month())]"),
    ("count", "#[count]` or `#[count(|row| row.paid_late)]"),
    ("sum", "#[sum(|row| row.paid)]"),
    ("avg", "#[avg(|row| row.days_late, scale = 2)]"),
    ("quantile", "#[quantile(0.5, |row| row.days_late)]"),
    ("count_by", "#[count_by(|row| row.method.clone())]"),
    ("sum_by", "#[sum_by(|row| row.amounts.clone())]"),
];

impl Measure {
    /// Reads the mark `name`, which is written like `example`.
    pub(super) fn read(
        attribute: &Attribute,
        name: &str,
        example: &str,
        errors: &mut Errors,
    ) -> Option<Self> {
        let leading = if name == "quantile" { 2 } else { 1 };
        let known: &[&str] = if name == "avg" { &["scale"] } else { &[] };
        let mut args = errors.take(Args::of(attribute, leading))?;
        let (last, first) = (args.values.pop(), args.values.pop());
        let words = Words::of(args.words, name, known, errors);
        let given = last.is_some();
        let closure = last.and_then(|last| closure(last, 1, example, errors));
        if given && closure.is_none() {
            return None;
        }
        let read = match (name, closure) {
            ("group", closure) => Some(Self::Group(closure)),
            ("count", closure) => Some(Self::Count(closure)),
            ("sum", Some(closure)) => Some(Self::Sum(closure)),
            ("avg", Some(closure)) => Some(Self::Avg { closure, scale: scale(&words, errors) }),
            ("quantile", Some(closure)) => {
                share(first.as_ref(), errors).map(|share| Self::Quantile { closure, share })
            }
            ("count_by", Some(closure)) => Some(Self::CountBy(closure)),
            ("sum_by", Some(closure)) => Some(Self::SumBy(closure)),
            _ => None,
        };
        if read.is_none() {
            errors.say(attribute, format!("write `{example}`"));
        }
        read
    }

    /// The measure, for the runtime.
    pub(super) fn generate(&self) -> TokenStream {
        let measure = quote!(::watershed::core::Measure);
        match self {
            Self::Group(_) => quote!(#measure::Group),
            Self::Count(_) => quote!(#measure::Count),
            Self::Sum(_) => quote!(#measure::Sum),
            Self::Avg { scale, .. } => quote!(#measure::Avg { scale: #scale }),
            Self::Quantile { share, .. } => quote!(#measure::Quantile { share: #share }),
            Self::CountBy(_) => quote!(#measure::CountBy),
            Self::SumBy(_) => quote!(#measure::SumBy),
        }
    }

    /// Whether the column is a JSON object of words and numbers.
    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::CountBy(_) | Self::SumBy(_))
    }

    /// Whether the column is empty where no row gives a number.
    pub(super) fn may_be_empty(&self) -> bool {
        matches!(self, Self::Avg { .. } | Self::Quantile { .. })
    }
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
