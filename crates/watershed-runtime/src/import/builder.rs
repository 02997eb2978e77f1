use std::any::TypeId;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use watershed_core::Import;

use super::Importer;
use super::importer::TypedImporter;
use crate::command::{CommandHandler, ErasedHandler};
use crate::context::{Context, StartError};

/// The handlers of a context's commands, by the command's type.
type Handlers = FxHashMap<TypeId, ErasedHandler>;

/// An import that has been added.
pub(crate) struct AddedImport {
    name: &'static str,
    make: fn(&Handlers) -> Option<Arc<dyn Importer>>,
}

impl AddedImport {
    /// Makes the imports, by name.
    pub(crate) fn make_all(
        context: &'static str,
        added: &[Self],
        handlers: &Handlers,
    ) -> Result<Vec<Arc<dyn Importer>>, StartError> {
        let mut importers: Vec<Arc<dyn Importer>> = Vec::with_capacity(added.len());
        for import in added {
            if importers.iter().any(|other| other.name() == import.name) {
                let name = import.name.to_owned();
                return Err(StartError::Twice { context, what: "imports", name });
            }
            let missing = StartError::NoCommands { context, import: import.name };
            importers.push((import.make)(handlers).ok_or(missing)?);
        }
        Ok(importers)
    }
}

impl Context {
    /// Adds an import: a way in for facts from outside.
    pub fn import<I: Import>(mut self) -> Self {
        self.imports.push(AddedImport {
            name: I::NAME,
            make: |handlers| {
                let handler = handlers.get(&TypeId::of::<I::Command>())?;
                let handler = handler.downcast_ref::<Arc<dyn CommandHandler<I::Command>>>()?;
                Some(Arc::new(TypedImporter::<I>::new(handler.clone())))
            },
        });
        self
    }
}
