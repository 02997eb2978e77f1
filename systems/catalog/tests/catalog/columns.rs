//! The README says what stands in which table, and where each column of a view comes from.

use std::collections::BTreeSet;

use catalog::category::Category;
use catalog::product::Product;
use catalog::tables::STEPS;
use catalog::views::{CategoryFacets, CategoryRow, ProductDetail};
use watershed::prelude::*;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// The columns that readers see.
fn columns<R: Row>() -> BTreeSet<String> {
    let schema = schemars::schema_for!(R);
    let fields = schema.get("properties").and_then(|fields| fields.as_object()).unwrap();
    let is_internal = |name: &str| R::COLUMNS.iter().any(|column| column.name == name && column.internal);
    fields.keys().filter(|name| !is_internal(name)).cloned().collect()
}

/// The first cells of the table under the heading.
fn documented(name: &str) -> BTreeSet<String> {
    let (_, section) = README.split_once(&format!("### `{name}`\n")).unwrap();
    let section = section.split("\n#").next().unwrap_or_default();
    section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

#[test]
fn every_column_of_a_view_is_documented() {
    assert_eq!(columns::<ProductDetail>(), documented(ProductDetail::NAME));
    assert_eq!(columns::<CategoryRow>(), documented(CategoryRow::NAME));
    assert_eq!(columns::<CategoryFacets>(), documented(CategoryFacets::NAME));
}

/// The columns that a step of that dialect makes: the first words of the lines within its brackets.
fn made(sql: &str) -> BTreeSet<String> {
    let names = sql.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names
        .filter(|name| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn tables_have_the_same_columns_on_both_stores_and_the_readme_says_which() {
    for (name, number) in [("categories", 1), ("products", 2), ("inventory", 5)] {
        let step = STEPS.iter().find(|step| step.number == number).unwrap();
        assert!(step.sqlite.contains(&format!("CREATE TABLE {name} ")), "{}", step.sqlite);
        assert_eq!(made(step.sqlite), made(step.postgres), "{name}");
        assert_eq!(made(step.sqlite), documented(name), "{name}");
    }
    let numbers: Vec<u32> = STEPS.iter().map(|step| step.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!((Product::spec().root.name, Category::spec().root.name), ("products", "categories"));
}
