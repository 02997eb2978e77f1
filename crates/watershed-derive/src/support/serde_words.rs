use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use super::Errors;

/// Where a serde attribute stands.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// On the enum of events.
    Events,
    /// On the enum of commands.
    Commands,
    /// On a variant of either.
    Variant,
    /// On a field of either.
    VariantField,
    /// On the struct of a row.
    Row,
    /// On a field of a row.
    RowField,
}

impl Place {
    fn refused(self) -> &'static [&'static str] {
        const REPRESENTATION: &[&str] = &[
            "rename",
            "rename_all",
            "rename_all_fields",
            "tag",
            "content",
            "untagged",
            "transparent",
            "from",
            "try_from",
            "into",
            "remote",
        ];
        const EVENTS: &[&str] = &[
            "rename",
            "rename_all",
            "rename_all_fields",
            "tag",
            "content",
            "untagged",
            "transparent",
            "from",
            "try_from",
            "into",
            "remote",
            "deny_unknown_fields",
        ];
        match self {
            Self::Events => EVENTS,
            Self::Commands | Self::Row => REPRESENTATION,
            Self::Variant => &[
                "rename",
                "rename_all",
                "alias",
                "skip",
                "skip_serializing",
                "skip_deserializing",
                "with",
                "serialize_with",
                "deserialize_with",
                "other",
                "untagged",
            ],
            Self::VariantField => &["flatten", "skip", "skip_serializing", "skip_deserializing"],
            Self::RowField => &["rename", "flatten"],
        }
    }

    fn why(self, word: &str) -> &'static str {
        match self {
            Self::Events if word == "deny_unknown_fields" => {
                "an older program must be able to read what a newer one wrote; take it away"
            }
            Self::Events => "the log writes each event by its frozen name and its fields; take it away",
            Self::Commands => "callers name a command by its variant and send its fields; take it away",
            Self::Variant => {
                "a variant is named by the derive; take it away (to keep an event's frozen name, write #[event(name = \"..\")])"
            }
            Self::VariantField => "every field stands by itself in the JSON object; take it away",
            Self::Row | Self::RowField => "readers know each column by its field's name; take it away",
        }
    }
}

/// Refuses the words of `#[serde(..)]` that would change what the derive relies on.
pub(crate) fn refuse_serde(attributes: &[Attribute], place: Place, errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // What is malformed here, serde itself reports.
        let Ok(words) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
            continue;
        };
        for word in words {
            let Some(name) = word.path().get_ident().map(ToString::to_string) else {
                continue;
            };
            if place.refused().contains(&name.as_str()) {
                errors.say(&word, format!("#[serde({name})] cannot be here: {}", place.why(&name)));
            }
        }
    }
}
