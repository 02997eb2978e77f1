use std::collections::HashMap;

use serde_json::{Map, Value};
use watershed_runtime::Catalogue;

const PREFIX: &str = "#/components/schemas/";

/// New names for the definitions of a context that share theirs with another definition of the document.
#[derive(Debug, Default)]
pub(super) struct Renaming(HashMap<String, String>);

impl Renaming {
    /// Renames what `taken` holds under the same name with another content: `Tier` of `coop` becomes `coop.Tier`.
    pub(super) fn of(taken: &Map<String, Value>, context: &str, catalogue: &Catalogue) -> Self {
        let clashes = catalogue
            .definitions
            .iter()
            .filter(|(name, schema)| taken.get(*name).is_some_and(|other| other != *schema));
        Self(clashes.map(|(name, _)| (name.clone(), format!("{context}.{name}"))).collect())
    }

    /// The definition's name in the document.
    pub(super) fn name<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// The schema with every reference under its name in the document.
    pub(super) fn apply(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if !self.0.is_empty() {
            self.rename(&mut schema);
        }
        schema
    }

    fn rename(&self, schema: &mut Value) {
        match schema {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get_mut("$ref")
                    && let Some(name) = reference.strip_prefix(PREFIX)
                {
                    *reference = format!("{PREFIX}{}", self.name(name));
                }
                fields.values_mut().for_each(|value| self.rename(value));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.rename(value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_contexts_with_one_name_for_two_things_keep_both() {
        let taken = json!({ "Tier": { "enum": ["low"] }, "Money": { "type": "string" } });
        let theirs = json!({ "Tier": { "enum": ["gold"] }, "Money": { "type": "string" } });
        let definitions = theirs.as_object().cloned().expect("an object");
        let catalogue = Catalogue { definitions, ..Catalogue::default() };
        let renaming = Renaming::of(taken.as_object().expect("an object"), "shop", &catalogue);
        assert_eq!((renaming.name("Tier"), renaming.name("Money")), ("shop.Tier", "Money"));
        let row = json!({ "properties": { "tier": { "$ref": "#/components/schemas/Tier" }, "fees": [{ "$ref": "#/components/schemas/Money" }] } });
        let expected = json!({ "properties": { "tier": { "$ref": "#/components/schemas/shop.Tier" }, "fees": [{ "$ref": "#/components/schemas/Money" }] } });
        assert_eq!(renaming.apply(&row), expected);
    }
}
