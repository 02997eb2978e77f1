//! What a context offers, for HTTP, OpenAPI and the console.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};
use watershed_core::{ColumnSpec, CommandKind, Contract, RefusalKind};

use super::builder::AddedView;
use super::queries::Question;
use crate::command::WriteModel;
use crate::import::Importer;

/// What a view is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewKind {
    /// Folded from the log.
    ReadModel,
    /// Kept over another view's rows.
    Rollup,
    /// A `SELECT` over tables of the log's own database.
    SqlView,
}

/// Everything that can be sent and asked, with schemas.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// The commands.
    pub commands: Vec<CommandEntry>,
    /// The views.
    pub views: Vec<ViewEntry>,
    /// The queries.
    pub queries: Vec<QueryEntry>,
    /// The imports.
    pub imports: Vec<ImportEntry>,
    /// Every way in which the domain says no.
    pub refusals: Vec<RefusalKind>,
    /// The schemas that others refer to, as `#/components/schemas/...`.
    pub definitions: Map<String, Value>,
}

/// A command.
#[derive(Debug, Clone)]
pub struct CommandEntry {
    /// Its name: `EnrollFamily`.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The category of the streams that it is about.
    pub category: &'static str,
    /// The field that holds the id of what it is about.
    pub id_field: &'static str,
    /// The JSON Schema of its body.
    pub schema: Value,
}

/// A view.
#[derive(Debug, Clone)]
pub struct ViewEntry {
    /// Its name.
    pub name: &'static str,
    /// What it is made of.
    pub kind: ViewKind,
    /// The columns that readers see and that are stored.
    pub columns: Vec<ColumnSpec>,
    /// The JSON Schema of a row.
    pub schema: Value,
    /// What it promises.
    pub contract: Contract,
    /// The number of its fold.
    pub version: u32,
    /// The view that a rollup is over.
    pub of: Option<&'static str>,
}

/// A query.
#[derive(Debug, Clone)]
pub struct QueryEntry {
    /// Its name.
    pub name: &'static str,
    /// What it answers.
    pub doc: &'static str,
    /// The view that it asks.
    pub view: &'static str,
    /// Whether it answers with one row.
    pub by_key: bool,
    /// The JSON Schema of its parameters, as an object.
    pub parameters: Value,
}

/// An import.
#[derive(Debug, Clone)]
pub struct ImportEntry {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub doc: &'static str,
    /// The JSON Schema of a line.
    pub schema: Value,
}

impl Catalogue {
    pub(crate) fn of(
        write_models: &[std::sync::Arc<dyn WriteModel>],
        views: &[AddedView],
        questions: &[Box<dyn Question>],
        importers: &[std::sync::Arc<dyn Importer>],
    ) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let mut generator = SchemaGenerator::new(settings);
        let mut catalogue = Self::default();
        for model in write_models {
            let schema = model.schema(&mut generator).to_value();
            for kind in model.commands() {
                catalogue.commands.push(CommandEntry {
                    name: kind.name,
                    doc: kind.doc,
                    category: model.category(),
                    id_field: kind.id_field,
                    schema: body_schema(&schema, kind),
                });
            }
            catalogue.refusals.extend_from_slice(model.refusals());
        }
        for view in views {
            let schema = (view.schema)(&mut generator).to_value();
            let columns = view.table.columns.iter().filter(|column| !column.internal).cloned().collect();
            catalogue.views.push(ViewEntry {
                name: view.name,
                kind: view.kind,
                columns,
                schema,
                contract: view.contract,
                version: view.version,
                of: view.of,
            });
        }
        for question in questions {
            catalogue.queries.push(QueryEntry {
                name: question.name(),
                doc: question.doc(),
                view: question.view(),
                by_key: question.by_key(),
                parameters: question.schema(&mut generator).to_value(),
            });
        }
        catalogue.imports.extend(importers.iter().map(|import| ImportEntry {
            name: import.name(),
            doc: import.doc(),
            schema: import.schema(&mut generator).to_value(),
        }));
        catalogue.definitions = generator.take_definitions(true);
        for view in views {
            hide_internal(&mut catalogue.definitions, view);
        }
        catalogue
    }
}

/// Columns that readers do not see have no place in what they are told.
fn hide_internal(definitions: &mut Map<String, Value>, view: &AddedView) {
    let internal: Vec<&str> = view
        .table
        .columns
        .iter()
        .filter(|column| column.internal)
        .map(|column| column.name.as_ref())
        .collect();
    let mut rows = definitions.values_mut().filter(|schema| {
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.is_some_and(|properties| {
            view.table.columns.iter().all(|column| properties.contains_key(&*column.name))
        })
    });
    if let Some(schema) = rows.next() {
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !internal.contains(&name.as_str()));
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_none_or(|name| !internal.contains(&name)));
        }
    }
}

/// The schema of one command's body, out of that of the whole enum.
fn body_schema(schema: &Value, kind: &CommandKind) -> Value {
    let variants = schema.get("oneOf").and_then(Value::as_array);
    let body = variants
        .and_then(|variants| variants.iter().find_map(|variant| variant.get("properties")?.get(kind.name)));
    let mut body = body.cloned().unwrap_or_else(|| serde_json::json!({ "type": "object" }));
    if let Some(object) = body.as_object_mut() {
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
        if kind.generates_id
            && let Some(required) = object.get_mut("required").and_then(Value::as_array_mut)
        {
            required.retain(|name| name.as_str() != Some(kind.id_field));
        }
    }
    body
}
