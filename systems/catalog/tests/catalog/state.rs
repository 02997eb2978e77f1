use catalog::category::{Category, CategoryEvent, CategoryRefusal, CategoryStands};
use catalog::product::{Occupants, Product, ProductCommand, ProductEvent, ProductRefusal, SkuBorne};
use watershed::core::{Command, EventKind, Refusal, Tables};
use watershed::prelude::*;
use watershed_testkit::decimal;

use crate::tell::*;

/// The names of a boundary that no event bears any more would be passed over in silence.
#[test]
fn what_commands_rest_on_is_named_as_the_events_are() {
    let names = |kinds: &[EventKind]| kinds.iter().map(|kind| kind.name).collect::<Vec<_>>();
    let (product, category) = (names(ProductEvent::KINDS), names(CategoryEvent::KINDS));
    for (boundary, known) in [
        (SkuBorne::within("A"), &product),
        (Occupants::within("tools"), &product),
        (CategoryStands::within("tools"), &category),
    ] {
        assert!(!boundary.names.is_empty());
        assert!(boundary.names.iter().all(|name| known.contains(name)), "{boundary:?}");
    }
}

/// What moves between categories is seen by both; what happens to stock by nobody who rests on SKUs or categories.
#[test]
fn events_bear_the_tags_that_commands_rest_on() {
    let tags = |event: &ProductEvent| {
        let mut tags = Vec::new();
        event.tags(&mut |tag| tags.push(tag.to_string()));
        tags.sort();
        tags
    };
    assert_eq!(tags(&created()), ["category_id:tools", "sku:HAMMER-1"]);
    assert_eq!(tags(&retired()), ["category_id:tools", "sku:HAMMER-1"]);
    let moved = recategorized("tools", "garden", "Garden");
    assert_eq!(tags(&moved), ["category_id:garden", "category_id:tools"]);
    assert_eq!(tags(&received("north", 1, level(1, 0))), [""; 0]);
}

#[test]
fn a_state_comes_back_from_its_tables_as_it_went_there() {
    let mut product = Product::default();
    for event in [
        created(),
        repriced("12.5", "13.1"),
        received("north", 10, level(10, 0)),
        received("south", 3, level(3, 0)),
        reserved("north", 4, level(10, 4)),
        retired(),
    ] {
        product.evolve(&event);
        let rows = product.to_rows().unwrap();
        assert_eq!(Product::from_rows(rows).unwrap(), product);
    }
    let mut category = Category::default();
    for event in [category_created("tools", "Tools"), category_retired("tools", "Tools")] {
        category.evolve(&event);
        assert_eq!(Category::from_rows(category.to_rows().unwrap()).unwrap(), category);
    }
}

#[test]
fn a_command_is_read_from_its_body() {
    let read = |name, body: &str| ProductCommand::parse(name, body.as_bytes()).unwrap().unwrap();
    let body = r#"{"sku":"HAMMER-1","name":"Hammer","price":"12.50","category_id":"tools"}"#;
    let command = read("CreateProduct", body);
    assert_eq!(command.id(), "", "an id is made where none is given");
    let ProductCommand::CreateProduct { price, description, .. } = command else { panic!("{command:?}") };
    assert_eq!((price, description), (decimal("12.50"), None));
    let stock = r#"{"product_id":"p-1","warehouse":"north","quantity":3}"#;
    assert_eq!(read("ReserveStock", stock), reserve("north", 3));
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    let kinds = ProductRefusal::KINDS.iter().chain(CategoryRefusal::KINDS);
    let mut codes: Vec<_> = kinds.map(|kind| kind.code).collect();
    for code in
        ["catalog.product.price-not-positive", "catalog.product.sku-taken", "catalog.category.not-empty"]
    {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
    let few = ProductRefusal::NotEnoughAvailable { available: 4 };
    assert_eq!(few.message(), "only 4 are available in this warehouse");
}
