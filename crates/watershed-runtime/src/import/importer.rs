use std::marker::PhantomData;
use std::sync::Arc;

use schemars::SchemaGenerator;
use watershed_core::ports::Later;
use watershed_core::write::read_record;
use watershed_core::{Command, Import, Misfit, Receipt};

use crate::command::{AnyRefusal, CommandHandler, Request, SendError};

/// An import with its types put aside.
pub(crate) trait Importer: Send + Sync {
    fn name(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    /// The JSON Schema of a record.
    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema;
    /// Reads a line.
    fn read(&self, line: &[u8]) -> Result<Prepared, Misfit>;
}

/// A line that has been read: a command that is ready to be sent.
pub(crate) struct Prepared {
    /// The foreign id.
    pub(crate) foreign_id: String,
    /// The command's name.
    pub(crate) command: &'static str,
    /// What it is about; empty where that is to be made.
    pub(crate) id: String,
    /// Sends it.
    pub(crate) send: Box<dyn FnOnce(Request) -> Later<'static, Sent> + Send>,
}

/// What sending came to.
pub(crate) type Sent = Result<Receipt, SendError<AnyRefusal>>;

/// An import, and whoever takes its commands.
pub(crate) struct TypedImporter<I: Import> {
    handler: Arc<dyn CommandHandler<I::Command>>,
    import: PhantomData<fn() -> I>,
}

impl<I: Import> TypedImporter<I> {
    pub(crate) fn new(handler: Arc<dyn CommandHandler<I::Command>>) -> Self {
        Self { handler, import: PhantomData }
    }
}

impl<I: Import> Importer for TypedImporter<I> {
    fn name(&self) -> &'static str {
        I::NAME
    }

    fn doc(&self) -> &'static str {
        I::DOC
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<I::Record>()
    }

    fn read(&self, line: &[u8]) -> Result<Prepared, Misfit> {
        let record: I::Record = read_record(line)?;
        let foreign_id = I::id(&record);
        let command = I::command(record)?;
        let handler = self.handler.clone();
        Ok(Prepared {
            foreign_id,
            command: command.kind().name,
            id: command.id().to_owned(),
            send: Box::new(move |request| {
                Box::pin(async move {
                    let sent = handler.handle(command, request).await;
                    sent.map_err(|error| error.map_refusal(|refusal| AnyRefusal::of(&refusal)))
                })
            }),
        })
    }
}
