use catalog::queries::{
    GetProduct, ListCategoryFacets, LowStock, Order, ProductBySku, ProductsByPrice, ProductsInCategory,
    SearchProducts,
};
use catalog::views::{CategoryRow, ProductDetail};
use watershed::core::read::Plan;
use watershed::core::{Ask, Direction, NamedQuery};
use watershed::prelude::*;
use watershed_testkit::{Story, fulfils, project_group};

use crate::tell::*;

/// The question that a caller asks with these parameters.
fn ask<Q: Query>(parameters: &str) -> Ask {
    serde_json::from_str::<Q>(parameters).unwrap().ask().into_ask()
}

/// The products of a small shop that the question is answered with, by id.
fn found<Q: Query>(parameters: &str) -> Vec<String> {
    let tool = |id: &'static str, price: &str, available: i64| {
        [
            (id, created_as(&id.to_ascii_uppercase(), "tools")),
            (id, repriced("12.5", price)),
            (id, received("north", available + 1, level(available + 1, 1))),
        ]
    };
    let mut story = Story::new().on("tools", category_created("tools", "Tools"));
    for (id, event) in [tool("cheap", "1", 0), tool("fair", "20", 5), tool("dear", "300", 6)].concat() {
        story = story.on(id, event);
    }
    let story = story
        .on("gone", created_as("GONE", "tools"))
        .on("gone", retired_as("GONE", "tools"))
        .on("other", created_as("OTHER", "garden"));
    let group = project_group::<(CategoryRow, ProductDetail)>(story);
    let (table, ask) = (ProductDetail::table(), ask::<Q>(parameters));
    let rows = group.of::<ProductDetail>().shown();
    let fits =
        rows.into_iter().filter(|row| fulfils(&table, &row.to_values().unwrap(), &ask.filter).unwrap());
    fits.map(|row| row.product_id.clone()).collect()
}

#[test]
fn every_question_has_its_name_in_the_business() {
    assert_eq!(GetProduct::NAME, "get_product");
    assert_eq!(ProductBySku::NAME, "product_by_sku");
    assert_eq!(ProductsInCategory::NAME, "products_in_category");
    assert_eq!(ProductsByPrice::NAME, "products_by_price");
    assert_eq!(SearchProducts::NAME, "search_products");
    assert_eq!(LowStock::NAME, "low_stock");
    assert_eq!(ListCategoryFacets::NAME, "category_facets");
}

#[test]
fn a_product_is_found_by_its_id_and_by_the_sku_under_which_it_is_sold() {
    let ask = ask::<GetProduct>(r#"{"product_id":"p-1"}"#);
    assert_eq!((ask.view, ask.key.unwrap().as_str()), ("product_detail", "p-1"));
    assert_eq!(found::<ProductBySku>(r#"{"sku":"FAIR"}"#), ["fair"]);
    assert_eq!(found::<ProductBySku>(r#"{"sku":"GONE"}"#), [""; 0]);
}

#[test]
fn a_category_is_narrowed_down_by_price_and_stock() {
    let found =
        |narrowed: &str| found::<ProductsInCategory>(&format!(r#"{{"category_id":"tools"{narrowed}}}"#));
    assert_eq!(found(""), ["cheap", "dear", "fair"]);
    assert_eq!(found(r#","min_price":"20""#), ["dear", "fair"]);
    assert_eq!(found(r#","max_price":"20""#), ["cheap", "fair"]);
    assert_eq!(found(r#","min_price":"2","max_price":"299.99""#), ["fair"]);
    assert_eq!(found(r#","in_stock":true"#), ["dear", "fair"]);
    assert_eq!(found(r#","in_stock":false"#), ["cheap"]);
}

#[test]
fn a_category_is_sorted_as_asked() {
    let sort = |order: &str| ask::<ProductsInCategory>(&format!(r#"{{"category_id":"tools"{order}}}"#)).sort;
    assert_eq!(sort(""), [("name".into(), Direction::Ascending)]);
    assert_eq!(sort(r#","order":"cheapest""#), [("price".into(), Direction::Ascending)]);
    assert_eq!(sort(r#","order":"dearest""#), [("price".into(), Direction::Descending)]);
    assert_eq!(Order::ALL.len(), 3);
}

#[test]
fn prices_and_names_are_looked_for_in_all_categories() {
    assert_eq!(found::<ProductsByPrice>(r#"{"from":"1","to":"12.5"}"#), ["cheap", "other"]);
    assert_eq!(found::<ProductsByPrice>(r#"{"from":"13","to":"300"}"#), ["dear", "fair"]);
    assert_eq!(found::<SearchProducts>(r#"{"term":"AMM"}"#), ["cheap", "dear", "fair", "other"]);
    assert_eq!(found::<SearchProducts>(r#"{"term":"hammer","category_id":"garden"}"#), ["other"]);
    assert_eq!(found::<SearchProducts>(r#"{"term":"saw"}"#), [""; 0]);
}

#[test]
fn low_stock_is_told_of_what_is_sold() {
    assert_eq!(found::<LowStock>("{}"), ["cheap", "fair", "other"]);
    assert_eq!(found::<LowStock>(r#"{"at_most":0}"#), ["cheap", "other"]);
    assert_eq!(ask::<LowStock>("{}").sort, [("available".into(), Direction::Ascending)]);
}

/// A question over a column that no index serves would be refused when the context starts.
#[test]
fn every_question_filters_and_sorts_by_declared_columns() {
    fn check<Q: Query>(parameters: &str) {
        let table = <<Q::Answer as Plan>::Row as Row>::table();
        let ask = ask::<Q>(parameters);
        let in_an_index = |name: &str| {
            table.indexes.iter().any(|index| index.columns.iter().any(|(column, _)| *column == name))
        };
        let declared = |name: &str| {
            let (_, column) = table.column(name).unwrap();
            column.is_declared() || in_an_index(name)
        };
        ask.filter.each_column(&mut |name| assert!(declared(name), "{name}"));
        for (name, _) in &ask.sort {
            assert!(declared(name), "{name}");
        }
    }
    check::<ProductBySku>(r#"{"sku":"A"}"#);
    check::<ProductsInCategory>(
        r#"{"category_id":"tools","min_price":"1","max_price":"2","in_stock":true,"order":"dearest"}"#,
    );
    check::<ProductsByPrice>(r#"{"from":"1","to":"2"}"#);
    check::<SearchProducts>(r#"{"term":"a","category_id":"tools"}"#);
    check::<LowStock>("{}");
    check::<ListCategoryFacets>("{}");
}
