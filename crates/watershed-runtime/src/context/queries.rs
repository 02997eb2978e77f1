use std::marker::PhantomData;

use schemars::SchemaGenerator;
use watershed_core::{Ask, Plan, Query, Row};

use crate::query::{AskError, read_parameters};

/// A named query, for callers that know its name.
pub(crate) trait Question: Send + Sync {
    fn name(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    fn view(&self) -> &'static str;
    fn by_key(&self) -> bool;
    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema;
    /// The question that these URL parameters ask.
    fn ask(&self, parameters: &[(String, String)]) -> Result<Ask, AskError>;
}

/// A query with its type put aside.
pub(crate) struct NamedQuestion<Q> {
    /// The names of its fields.
    known: Vec<String>,
    query: PhantomData<fn() -> Q>,
}

impl<Q: Query> NamedQuestion<Q> {
    pub(crate) fn new() -> Self {
        let schema = Q::json_schema(&mut SchemaGenerator::default());
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        let known = properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default();
        Self { known, query: PhantomData }
    }
}

impl<Q: Query> Question for NamedQuestion<Q> {
    fn name(&self) -> &'static str {
        Q::NAME
    }

    fn doc(&self) -> &'static str {
        Q::DOC
    }

    fn view(&self) -> &'static str {
        <Q::Answer as Plan>::Row::NAME
    }

    fn by_key(&self) -> bool {
        Q::Answer::BY_KEY
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        Q::json_schema(generator)
    }

    fn ask(&self, parameters: &[(String, String)]) -> Result<Ask, AskError> {
        let query: Q = read_parameters(parameters, &self.known)?;
        Ok(query.ask().into_ask())
    }
}
