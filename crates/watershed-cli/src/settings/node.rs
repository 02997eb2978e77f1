use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use watershed_runtime::Context;

/// `[node]`: this process among those that share the rows on a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Node {
    /// Its name; made of the machine's name and chance where it is not said.
    #[serde(deserialize_with = "word")]
    pub(crate) name: Option<String>,
    /// How many seconds it keeps rows without being heard of.
    #[serde(deserialize_with = "seconds")]
    lease: Option<f64>,
}

/// The environment has whole numbers, truth values and texts: a name may look like any of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    Whole(i64),
    Part(f64),
    Truth(bool),
}

impl Said {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
            Self::Part(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }
}

fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Said::deserialize(from)?.text()))
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let said = Said::deserialize(from)?.text();
    let number = said.parse().map_err(|_| D::Error::custom(format!("`{said}` is no number of seconds")))?;
    Ok(Some(number))
}

/// The shortest lease, in seconds: it is renewed six times in its term.
const SHORTEST: f64 = 0.5;
/// The longest: so long do rows stand still where a node is gone.
const LONGEST: f64 = 3_600.0;

/// What a process opens the stores for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// To serve, and to keep its share of the rows.
    Node,
    /// For one command: where nodes are there, the rows are theirs.
    Guest,
}

impl Node {
    /// What is wrong with it, in words.
    pub(super) fn problem(&self) -> Option<String> {
        match self.lease {
            Some(lease) if !(SHORTEST..=LONGEST).contains(&lease) => {
                Some(format!("`node.lease` is {lease}: a lease lasts {SHORTEST} to {LONGEST} seconds"))
            }
            _ => None,
        }
    }

    /// The context under that name and lease.
    pub(crate) fn told(&self, context: Context, role: Role) -> Context {
        let context = match self.lease {
            Some(lease) => context.lease(Duration::from_secs_f64(lease)),
            None => context,
        };
        match (role, &self.name) {
            // The name in the settings is the server's.
            (Role::Guest, _) => context.as_guest(),
            (Role::Node, Some(name)) => context.node(name),
            (Role::Node, None) => context,
        }
    }
}
