use catalog::category::CategoryStatus;
use catalog::product::ProductStatus;
use catalog::views::{CategoryFacets, CategoryRow, PriceBand, ProductDetail};
use watershed_testkit::{FoldedGroup, Story, decimal, project_group};

use crate::tell::*;

fn fold(story: &Story) -> FoldedGroup {
    project_group::<(CategoryRow, ProductDetail)>(story)
}

fn tools() -> Story {
    Story::new().on("tools", category_created("tools", "Tools"))
}

/// Two products in `tools` and one in `garden`.
fn three() -> Story {
    tools()
        .on("garden", category_created("garden", "Garden"))
        .on("p-1", created_as("A", "tools"))
        .on("p-2", created_as("B", "tools"))
        .on("p-3", created_as("C", "garden"))
}

fn product(group: &FoldedGroup, id: &str) -> ProductDetail {
    group.of::<ProductDetail>().expect_row(id).clone()
}

#[test]
fn a_product_is_shown_with_its_category_and_its_stock() {
    let story = tools()
        .on("p-1", created())
        .on("p-1", received("north", 10, level(10, 0)))
        .on("p-1", received("south", 5, level(5, 0)))
        .on("p-1", reserved("north", 4, level(10, 4)))
        .on("p-1", shipped("north", 3, level(7, 1)))
        .on("p-1", repriced("12.5", "13.1"));
    let row = product(&fold(&story), "p-1");
    assert_eq!((row.category_id.as_str(), row.category.as_str()), ("tools", "Tools"));
    assert_eq!((row.on_hand, row.reserved, row.available), (12, 1, 11));
    assert_eq!(row.stock["north"], level(7, 1));
    assert_eq!((row.price, row.created_at, row.retired_at), (decimal("13.1"), now(), None));
    let row = product(&fold(&story.on("p-1", released("north", 1, level(7, 0)))), "p-1");
    assert_eq!((row.on_hand, row.reserved, row.available), (12, 0, 12));
}

#[test]
fn a_retired_product_is_shown_as_such_and_counts_no_more() {
    let story = tools().on("p-1", created()).on("p-1", received("north", 2, level(2, 0)));
    let group = fold(&story);
    assert_eq!(group.of::<ProductDetail>().rollup::<CategoryFacets>()[0].products, 1);
    let group = fold(&story.on("p-1", retired()));
    let row = product(&group, "p-1");
    assert_eq!((row.status, row.retired_at), (ProductStatus::Retired, Some(now())));
    assert!(group.of::<ProductDetail>().rollup::<CategoryFacets>().is_empty());
}

#[test]
fn a_renamed_category_is_renamed_in_all_its_products_and_in_no_others() {
    let group = fold(&three().on("tools", category_renamed("tools", "Tools", "Workshop")));
    let names = ["p-1", "p-2", "p-3"].map(|id| product(&group, id).category);
    assert_eq!(names, ["Workshop", "Workshop", "Garden"]);
    assert_eq!(group.of::<CategoryRow>().expect_row("tools").name, "Workshop");
    let facets = group.of::<ProductDetail>().rollup::<CategoryFacets>();
    let named: Vec<_> =
        facets.iter().map(|row| (row.category_id.as_str(), row.category.as_deref())).collect();
    assert_eq!(named, [("garden", Some("Garden")), ("tools", Some("Workshop"))]);
    assert_eq!(group.of::<ProductDetail>().parked().count(), 0);
}

#[test]
fn a_product_bears_the_name_that_its_category_has_now_wherever_it_comes_from() {
    let story = three().on("tools", category_renamed("tools", "Tools", "Workshop"));
    let story = story.on("p-3", recategorized("garden", "tools", "Workshop"));
    let story = story.on("p-1", recategorized("tools", "garden", "Garden"));
    let story = story.on("tools", category_renamed("tools", "Workshop", "Gear"));
    let group = fold(&story);
    assert_eq!(["p-1", "p-2", "p-3"].map(|id| product(&group, id).category), ["Garden", "Gear", "Gear"]);
}

#[test]
fn a_category_that_is_not_known_here_is_shown_by_the_name_that_was_decided_on() {
    let group = fold(&Story::new().on("p-1", created_as("A", "tools")));
    assert_eq!(product(&group, "p-1").category, "Tools");
}

#[test]
fn a_category_that_is_retired_is_shown_as_such() {
    let group = fold(&tools().on("tools", category_retired("tools", "Tools")));
    assert_eq!(group.of::<CategoryRow>().expect_row("tools").status, CategoryStatus::Retired);
}

#[test]
fn facets_count_what_can_be_chosen_by() {
    let story = three()
        .on("p-1", repriced("12.5", "9.99"))
        .on("p-2", repriced("12.5", "200"))
        .on("p-2", received("north", 7, level(7, 0)))
        .on("p-2", reserved("north", 2, level(7, 2)));
    let facets = fold(&story).of::<ProductDetail>().rollup::<CategoryFacets>();
    let tools = facets.iter().find(|row| row.category_id == "tools").unwrap();
    assert_eq!((tools.products, tools.in_stock, tools.available), (2, 1, 5));
    assert_eq!((tools.cheapest, tools.dearest), (Some(decimal("9.99")), Some(decimal("200"))));
    assert_eq!(tools.by_price, [(PriceBand::Under10, 1), (PriceBand::From200, 1)].into());
    let garden = facets.iter().find(|row| row.category_id == "garden").unwrap();
    assert_eq!((garden.products, garden.in_stock), (1, 0));
    assert_eq!(garden.by_price, [(PriceBand::Under50, 1)].into());
}

#[test]
fn prices_stand_in_the_step_that_they_reach() {
    let mut row = product(&fold(&three()), "p-1");
    let mut band = |price: &str| {
        row.price = decimal(price);
        row.price_band()
    };
    assert_eq!(["0.01", "9.9999"].map(&mut band), [PriceBand::Under10; 2]);
    assert_eq!(["10", "49.99"].map(&mut band), [PriceBand::Under50; 2]);
    assert_eq!(["50", "199.99"].map(&mut band), [PriceBand::Under200; 2]);
    assert_eq!(["200", "999999999"].map(&mut band), [PriceBand::From200; 2]);
}
