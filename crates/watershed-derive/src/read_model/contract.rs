use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Expr};

use super::head::require;
use crate::support::{Errors, Words, duration};

const WHOLE: &str = "#[contract(owner = \"coordinators\", fresh = operational(2s))]";
const FRESH: &str =
    "fresh = inline`, `fresh = read_your_writes`, `fresh = operational(2s)` or `fresh = analytical(1m)";
const RECONCILE: &str = "reconcile = on_request`, `reconcile = sample(1h)` or `reconcile = full(1d)";
const REBUILD: &str = "rebuild = by_key` or `rebuild = full";
const RETENTION: &str = "retention = forever` or `retention = keep(365d)";
const JOURNAL: &str = "journal = off` or `journal = keep(7d)";
const UNKNOWN: &str = "unknown = park`, `unknown = ignore` or `unknown = stop";

/// What `#[contract(..)]` says; `None` is left to `Contract::DEFAULT`.
#[derive(Default)]
pub(super) struct Contract {
    owner: String,
    source: Option<String>,
    freshness: Option<TokenStream>,
    rebuild: Option<TokenStream>,
    reconcile: Option<TokenStream>,
    retention: Option<TokenStream>,
    journal: Option<TokenStream>,
    unknown: Option<TokenStream>,
    personal: bool,
}

impl Contract {
    pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        const KNOWN: &[&str] = &[
            "owner",
            "source",
            "fresh",
            "rebuild",
            "reconcile",
            "retention",
            "journal",
            "unknown",
            "personal",
        ];
        let words = Words::read(&input.attrs, "contract", KNOWN, &[], errors);
        if !words.is_present() {
            errors.say(
                &input.ident,
                format!("say who answers for the read model, and how fresh it is: add {WHOLE} to the struct"),
            );
            return Self::default();
        }
        require(input, &words, "owner", WHOLE, errors);
        let owner = words.text("owner", "owner = \"coordinators\"", errors);
        if let Some(owner) = &owner
            && owner.value().trim().is_empty()
        {
            errors.say(owner, "name the team that answers for it: `owner = \"coordinators\"`");
        }
        Self {
            owner: owner.map(|owner| owner.value()).unwrap_or_default(),
            source: words
                .text("source", "source = \"the bank's statements\"", errors)
                .map(|text| text.value()),
            freshness: one_of(&words, "fresh", FRESH, freshness, errors),
            rebuild: one_of(&words, "rebuild", REBUILD, rebuild, errors),
            retention: one_of(&words, "retention", RETENTION, retention, errors),
            journal: one_of(&words, "journal", JOURNAL, journal, errors),
            reconcile: one_of(&words, "reconcile", RECONCILE, reconcile, errors),
            unknown: one_of(&words, "unknown", UNKNOWN, unknown, errors),
            personal: words.flag("personal", errors),
        }
    }

    pub(super) fn generate(&self) -> TokenStream {
        let contract = quote!(::watershed::core::Contract);
        let or_default = |given: &Option<TokenStream>, default: TokenStream| given.clone().unwrap_or(default);
        let (owner, personal) = (&self.owner, self.personal);
        let freshness = or_default(&self.freshness, quote!(#contract::DEFAULT.freshness));
        let source = self.source.as_ref().map(|source| quote!(#source));
        let source = or_default(&source, quote!(#contract::DEFAULT.source));
        let rebuild = or_default(&self.rebuild, quote!(#contract::DEFAULT.rebuild));
        let retention = or_default(&self.retention, quote!(#contract::DEFAULT.retention));
        let journal = or_default(&self.journal, quote!(#contract::DEFAULT.journal));
        let reconcile = or_default(&self.reconcile, quote!(#contract::DEFAULT.reconcile));
        let unknown = or_default(&self.unknown, quote!(#contract::DEFAULT.unknown));
        quote! {
            #contract {
                owner: #owner,
                freshness: #freshness,
                source: #source,
                rebuild: #rebuild,
                reconcile: #reconcile,
                retention: #retention,
                journal: #journal,
                unknown: #unknown,
                personal: #personal,
            }
        }
    }
}

/// The word's value, where it is one of what `choices` lists.
fn one_of(
    words: &Words,
    word: &str,
    choices: &str,
    read: fn(&str, Option<Duration>) -> Option<TokenStream>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let value = words.value(word, choices, errors)?;
    let (name, argument) = match value {
        Expr::Path(path) => (path.path.get_ident(), None),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => (path.path.get_ident(), Some(&call.args)),
            _ => (None, None),
        },
        _ => (None, None),
    };
    let argument = match argument {
        Some(arguments) if arguments.len() == 1 => Some(errors.take(duration(&arguments[0]))?),
        _ => None,
    };
    let read = name.and_then(|name| read(&name.to_string(), argument));
    if read.is_none() {
        errors.say(value, format!("write `{choices}`"));
    }
    read
}

fn freshness(name: &str, bound: Option<Duration>) -> Option<TokenStream> {
    let class = quote!(::watershed::core::Freshness);
    Some(match (name, bound.map(tokens)) {
        ("inline", None) => quote!(#class::Inline),
        ("read_your_writes", None) => quote!(#class::ReadYourWrites),
        ("operational", Some(bound)) => quote!(#class::Operational(#bound)),
        ("analytical", Some(bound)) => quote!(#class::Analytical(#bound)),
        _ => return None,
    })
}

fn reconcile(name: &str, every: Option<Duration>) -> Option<TokenStream> {
    let policy = quote!(::watershed::core::Reconcile);
    Some(match (name, every.map(tokens)) {
        ("on_request", None) => quote!(#policy::OnRequest),
        ("sample", Some(every)) => quote!(#policy::Sample(#every)),
        ("full", Some(every)) => quote!(#policy::Full(#every)),
        _ => return None,
    })
}

fn rebuild(name: &str, argument: Option<Duration>) -> Option<TokenStream> {
    let strategy = quote!(::watershed::core::Rebuild);
    Some(match (name, argument) {
        ("by_key", None) => quote!(#strategy::ByKey),
        ("full", None) => quote!(#strategy::Full),
        _ => return None,
    })
}

fn retention(name: &str, time: Option<Duration>) -> Option<TokenStream> {
    let kept = quote!(::watershed::core::Retention);
    Some(match (name, time.map(tokens)) {
        ("forever", None) => quote!(#kept::Forever),
        ("keep", Some(time)) => quote!(#kept::For(#time)),
        _ => return None,
    })
}

fn journal(name: &str, time: Option<Duration>) -> Option<TokenStream> {
    let journal = quote!(::watershed::core::Journal);
    Some(match (name, time.map(tokens)) {
        ("off", None) => quote!(#journal::Off),
        ("keep", Some(time)) => quote!(#journal::For(#time)),
        _ => return None,
    })
}

fn unknown(name: &str, argument: Option<Duration>) -> Option<TokenStream> {
    let policy = quote!(::watershed::core::UnknownEvents);
    Some(match (name, argument) {
        ("park", None) => quote!(#policy::Park),
        ("ignore", None) => quote!(#policy::Ignore),
        ("stop", None) => quote!(#policy::Stop),
        _ => return None,
    })
}

fn tokens(duration: Duration) -> TokenStream {
    // invariant: it was made of milliseconds that fit 64 bits
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}
