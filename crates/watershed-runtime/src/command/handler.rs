use std::sync::Arc;

use schemars::SchemaGenerator;
use watershed_core::ports::Later;
use watershed_core::write::TablesSpec;
use watershed_core::{Command, CommandKind, Receipt, RefusalKind, StreamId, Tenant, Timestamp, Version};

use super::{AnyRefusal, LoadError, Request, SendError};

/// Takes the commands of one enum.
pub(crate) trait CommandHandler<C: Command>: Send + Sync {
    /// Takes a command.
    fn handle(&self, command: C, request: Request) -> Later<'_, Result<Receipt, SendError<C::Refusal>>>;
}

/// As of when an aggregate's state is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// Now.
    Latest,
    /// After that version.
    Version(Version),
    /// At that time.
    Time(Timestamp),
}

/// A write model, for callers that name commands.
pub(crate) trait WriteModel: Send + Sync {
    /// The category of its streams.
    fn category(&self) -> &'static str;

    /// Its commands.
    fn commands(&self) -> &'static [CommandKind];

    /// The JSON Schema of the command enum, as serde would read it: one property for each command.
    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema;

    /// How it says no.
    fn refusals(&self) -> &'static [RefusalKind];

    /// Takes the command of that name from a JSON body.
    fn handle_json<'a>(
        &'a self,
        name: &'a str,
        body: &'a [u8],
        request: Request,
    ) -> Later<'a, Result<Receipt, SendError<AnyRefusal>>>;

    /// The tables that its state stands in, where it stands in such.
    fn tables(&self) -> Option<&TablesSpec>;

    /// The state as of then, printed for an auditor, with the version that it stands for; `None` for a decision, which has no
    /// state of its own.
    fn state<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
        at: StateAt,
    ) -> Option<Later<'a, StateFound>>;
}

/// The version that a state stands for, and the state in JSON where it can be written so; or why it could not be loaded.
pub(crate) type StateFound = Result<(Version, Option<serde_json::Value>), LoadError>;

/// A handler whose command type is put aside: in fact an `Arc<dyn CommandHandler<C>>`.
pub(crate) type ErasedHandler = Box<dyn std::any::Any + Send + Sync>;

/// Takes a command by name for any handler.
pub(crate) async fn handle_json<C: Command>(
    handler: &dyn CommandHandler<C>,
    name: &str,
    body: &[u8],
    request: Request,
) -> Result<Receipt, SendError<AnyRefusal>> {
    let command = match C::parse(name, body) {
        None => return Err(SendError::UnknownCommand(name.to_owned())),
        Some(Err(error)) => return Err(SendError::Malformed(error)),
        Some(Ok(command)) => command,
    };
    let taken = handler.handle(command, request).await;
    taken.map_err(|error| error.map_refusal(|refusal| AnyRefusal::of(&refusal)))
}

/// Whether a text may name a stream or be an idempotency key.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= crate::MAX_ID && !text.chars().any(char::is_control)
}

/// Gives the command an id where it may be without, and checks it.
pub(crate) fn settle_id<C: Command>(command: &mut C) -> Result<Arc<str>, SendError<C::Refusal>> {
    let kind = command.kind();
    if command.id().is_empty() && kind.generates_id {
        command.set_id(uuid::Uuid::now_v7().to_string());
    }
    if is_name(command.id()) {
        Ok(command.id().into())
    } else {
        Err(SendError::BadId { field: kind.id_field })
    }
}
