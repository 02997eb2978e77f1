use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Position, Token, Version};

/// What a command gives back: where its events stand. Never domain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Receipt {
    /// The stream, as `category/id`.
    pub stream: String,
    /// The id of what the command was about: the one that was made, where the caller gave none.
    pub id: String,
    /// The stream's version after the command.
    pub version: Version,
    /// The position of the command's last event; where it had none, of the log's last event that it was decided on.
    pub position: Position,
    /// The names of the events that the command led to.
    pub events: Vec<Arc<str>>,
    /// Ask with this token to see at least what this command did.
    pub token: Token,
    /// Whether this is the stored answer to an earlier command with the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
}
