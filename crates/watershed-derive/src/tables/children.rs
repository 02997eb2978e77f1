use proc_macro2::TokenStream;
use syn::Ident;

use crate::support::{Args, Errors, Words};

pub(super) const WHOLE: &str =
    "write `children(table = \"inventory\", parent = \"product_id\", key = \"warehouse\")`";

/// What `children(..)` says.
#[derive(Default)]
pub(super) struct Child {
    pub(super) table: String,
    /// The column that holds the aggregate's id.
    pub(super) parent: String,
    /// The columns that tell the rows apart.
    pub(super) key: Vec<String>,
    /// The column that says whose row it is, where it is not the root's.
    pub(super) tenant: Option<String>,
    /// The table knows no tenants, though the root does.
    pub(super) untenanted: bool,
}

impl Child {
    pub(super) fn read(field: &Ident, list: &TokenStream, errors: &mut Errors) -> Self {
        const KNOWN: &[&str] = &["table", "parent", "key", "tenant", "untenanted"];
        let words = errors.take(Args::list(list)).map(|args| args.words).unwrap_or_default();
        let words = Words::of(words, "tables(children", KNOWN, errors);
        let mut name = |word: &str| {
            if words.get(word).is_none() {
                errors.say(field, format!("`{word}` is missing: {WHOLE}"));
            }
            words.text(word, &format!("{word} = \"..\""), errors).map(|text| text.value()).unwrap_or_default()
        };
        let (table, parent, key) = (name("table"), name("parent"), name("key"));
        let tenant = words.text("tenant", "tenant = \"tenant\"", errors).map(|text| text.value());
        let untenanted = words.flag("untenanted", errors);
        let key = key.split(',').map(|column| column.trim().to_owned()).collect();
        Self { table, parent, key, tenant, untenanted }
    }
}
