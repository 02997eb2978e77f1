use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use watershed_core::{Event, EventKind, Personal, Tag};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) enum JarEvent {
    Filled { kind: String, grams: i64, cook: Option<Personal<String>> },
    Tasted { grams: i64, ticket: String },
    Emptied,
}

pub(crate) fn filled(kind: &str, grams: i64) -> JarEvent {
    JarEvent::Filled { kind: kind.into(), grams, cook: None }
}

pub(crate) fn tasted(grams: i64) -> JarEvent {
    JarEvent::Tasted { grams, ticket: format!("t-{grams}") }
}

const fn kind(name: &'static str, variant: &'static str) -> EventKind {
    EventKind { name, variant, schema: 1, upcasts: &[] }
}

impl Event for JarEvent {
    const CATEGORY: &'static str = "jar";
    const KINDS: &'static [EventKind] = &[
        kind("pantry.jar.filled", "Filled"),
        EventKind {
            // Once upon a time, spoons were counted.
            schema: 2,
            upcasts: &[|mut json| {
                let spoons = json["spoons"].as_i64().unwrap_or_default();
                json["grams"] = (spoons * 15).into();
                json
            }],
            ..kind("pantry.jar.tasted", "Tasted")
        },
        kind("pantry.jar.emptied", "Emptied"),
    ];

    fn kind(&self) -> &'static EventKind {
        match self {
            Self::Filled { .. } => &Self::KINDS[0],
            Self::Tasted { .. } => &Self::KINDS[1],
            Self::Emptied => &Self::KINDS[2],
        }
    }

    fn tags(&self, add: &mut dyn FnMut(Tag)) {
        match self {
            Self::Filled { kind, .. } => add(Tag::new("kind", kind)),
            Self::Tasted { ticket, .. } => add(Tag::once("ticket", ticket)),
            Self::Emptied => {}
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) enum KindEvent {
    Claimed { name: String },
    Renamed { from: String, to: String },
}

impl Event for KindEvent {
    const CATEGORY: &'static str = "kind";
    const KINDS: &'static [EventKind] =
        &[kind("pantry.kind.claimed", "Claimed"), kind("pantry.kind.renamed", "Renamed")];

    fn kind(&self) -> &'static EventKind {
        match self {
            Self::Claimed { .. } => &Self::KINDS[0],
            Self::Renamed { .. } => &Self::KINDS[1],
        }
    }

    fn tags(&self, add: &mut dyn FnMut(Tag)) {
        match self {
            Self::Claimed { name } | Self::Renamed { to: name, .. } => add(Tag::new("name", name)),
        }
    }
}
