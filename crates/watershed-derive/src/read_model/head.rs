use syn::{DeriveInput, Expr, Type};

use crate::row::Indexes;
use crate::support::{Errors, Words, check_table_name, closure};

const WHOLE: &str = "#[read_model(name = \"at_risk_families\", version = 1, on(FamilyEvent))]";

/// Where the rows come from.
pub(super) enum Source {
    /// Folded from the events of these enums.
    Log(Vec<Type>),
    /// The result of this `SELECT`.
    Sql(Expr),
}

/// What `#[read_model(..)]` says.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) source: Source,
    pub(super) show: Option<Expr>,
    pub(super) indexes: Indexes,
}

impl Head {
    pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        const KNOWN: &[&str] = &["name", "version", "on", "sql", "show", "index"];
        let words = Words::read(&input.attrs, "read_model", KNOWN, &["index"], errors);
        if !words.is_present() {
            errors.say(
                &input.ident,
                format!(
                    "say what the read model is called and which events it follows: add {WHOLE} to the struct"
                ),
            );
        }
        Self {
            name: table_name(input, &words, WHOLE, errors),
            version: version(input, &words, WHOLE, errors),
            source: source(input, &words, errors),
            show: show(&words, errors),
            indexes: Indexes::read(&words, errors),
        }
    }
}

/// The word `name`, which must be there.
pub(crate) fn table_name(input: &DeriveInput, words: &Words, whole: &str, errors: &mut Errors) -> String {
    require(input, words, "name", whole, errors);
    let Some(name) = words.text("name", "name = \"at_risk_families\"", errors) else {
        return String::new();
    };
    check_table_name(&name.value(), &name, errors);
    name.value()
}

/// The word `version`, which must be there.
pub(crate) fn version(input: &DeriveInput, words: &Words, whole: &str, errors: &mut Errors) -> u32 {
    require(input, words, "version", whole, errors);
    words.number("version", "version = 1", errors).unwrap_or(1)
}

/// Says that a word is missing, where the attribute is there.
pub(crate) fn require(input: &DeriveInput, words: &Words, word: &str, whole: &str, errors: &mut Errors) {
    if words.is_present() && words.get(word).is_none() {
        errors.say(&input.ident, format!("`{word}` is missing: write {whole}"));
    }
}

fn source(input: &DeriveInput, words: &Words, errors: &mut Errors) -> Source {
    let enums: Vec<Type> =
        words.lists("on", "on(FamilyEvent)", errors).into_iter().flat_map(|(_, enums)| enums).collect();
    let select = words.value("sql", "sql = \"SELECT ..\"", errors).cloned();
    let Some(select) = select else {
        if words.is_present() && words.get("on").is_none() && words.get("sql").is_none() {
            errors.say(
                &input.ident,
                "say where the rows come from: `on(FamilyEvent)` for rows folded from events, `sql = \"SELECT ..\"` for an SQL view",
            );
        }
        return Source::Log(enums);
    };
    for word in ["on", "show"] {
        if let Some(word) = words.get(word) {
            errors.say(
                word,
                "an SQL view takes its rows from its SELECT alone: take this away, or take `sql` away",
            );
        }
    }
    Source::Sql(select)
}

fn show(words: &Words, errors: &mut Errors) -> Option<Expr> {
    const EXAMPLE: &str = "show = |row| row.risk_score >= 70";
    closure(words.value("show", EXAMPLE, errors)?.clone(), 1, EXAMPLE, errors)
}
