use syn::{DeriveInput, Expr};

use crate::read_model::require;
use crate::support::{Errors, Words, closure};

const WHOLE: &str =
    "#[tables(table = \"products\", tenant = \"tenant\", id = \"product_id\", version = \"version\")]";

/// What `#[tables(..)]` says of the root.
pub(super) struct Head {
    pub(super) table: String,
    /// The column; none where the table knows no tenants.
    pub(super) tenant: Option<String>,
    pub(super) id: String,
    pub(super) version: String,
    pub(super) kept: Option<Expr>,
}

impl Head {
    pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        const KNOWN: &[&str] = &["table", "tenant", "id", "version", "kept"];
        const KEPT: &str = "kept = |product| !product.gone";
        let words = Words::read(&input.attrs, "tables", KNOWN, &[], errors);
        if !words.is_present() {
            errors
                .say(&input.ident, format!("say in which table the state stands: add {WHOLE} to the struct"));
        }
        let name = |word: &str, errors: &mut Errors| {
            require(input, &words, word, WHOLE, errors);
            words.text(word, &format!("{word} = \"..\""), errors).map(|text| text.value()).unwrap_or_default()
        };
        let (table, id, version) = (name("table", errors), name("id", errors), name("version", errors));
        let tenant = words.text("tenant", "tenant = \"tenant\"", errors).map(|text| text.value());
        let kept = words.value("kept", KEPT, errors).cloned();
        let kept = kept.and_then(|kept| closure(kept, 1, KEPT, errors));
        Self { table, tenant, id, version, kept }
    }
}
