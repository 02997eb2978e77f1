use catalog::product::{Product, ProductCommand, ProductEvent, ProductRefusal as No};
use watershed_testkit::{decimal, given};

use crate::tell::*;

const NOTHING: [ProductEvent; 0] = [];

fn tools() -> [catalog::category::CategoryEvent; 1] {
    [category_created("tools", "Tools")]
}

#[test]
fn a_product_is_listed_once_in_a_category_that_stands_and_says_what_that_is_called() {
    given::<Product>(NOTHING).and_elsewhere(tools()).at(now()).when(create()).then([created()]);
    given::<Product>([created()]).and_elsewhere(tools()).when(create()).then_refused(No::AlreadyCreated);
    given::<Product>([created(), retired()])
        .and_elsewhere(tools())
        .when(create())
        .then_refused(No::AlreadyCreated);
    given::<Product>(NOTHING).when(create()).then_refused(No::CategoryUnknown);
    given::<Product>(NOTHING)
        .and_elsewhere([category_created("tools", "Tools"), category_retired("tools", "Tools")])
        .when(create())
        .then_refused(No::CategoryUnknown);
    given::<Product>(NOTHING)
        .and_elsewhere([category_created("garden", "Garden")])
        .when(create())
        .then_refused(No::CategoryUnknown);
    let renamed = [category_created("tools", "Tols"), category_renamed("tools", "Tols", "Tools")];
    given::<Product>(NOTHING).and_elsewhere(renamed).at(now()).when(create()).then([created()]);
}

#[test]
fn a_sku_is_borne_by_one_product_until_that_is_retired() {
    given::<Product>(NOTHING)
        .and_elsewhere(tools())
        .and_elsewhere([created()])
        .when(create())
        .then_refused(No::SkuTaken);
    given::<Product>(NOTHING)
        .and_elsewhere(tools())
        .and_elsewhere([created(), retired()])
        .at(now())
        .when(create())
        .then([created()]);
    given::<Product>(NOTHING)
        .and_elsewhere(tools())
        .and_elsewhere([created(), retired(), created()])
        .when(create())
        .then_refused(No::SkuTaken);
    given::<Product>(NOTHING)
        .and_elsewhere(tools())
        .and_elsewhere([created_as("HAMMER-10", "tools")])
        .at(now())
        .when(create())
        .then([created()]);
}

#[test]
fn a_sku_that_looks_like_another_one_is_none() {
    let long = "X".repeat(65);
    for sku in ["", "hammer-1", "HAMMER 1", "HÄMMER-1", "HAMMER-1\0", "HAMMER/1", &long] {
        given::<Product>(NOTHING)
            .and_elsewhere(tools())
            .when(create_as("p-1", sku, "tools"))
            .then_refused(No::SkuMalformed { limit: 64 });
    }
    for sku in ["A", "0.1_B-2", &long[..64]] {
        given::<Product>(NOTHING)
            .and_elsewhere(tools())
            .at(now())
            .when(create_as("p-1", sku, "tools"))
            .then([created_as(sku, "tools")]);
    }
}

#[test]
fn a_price_is_above_zero_and_fits_its_column() {
    let refused = [
        ("0", No::PriceNotPositive),
        ("-0.01", No::PriceNotPositive),
        ("0.00001", No::PriceTooFine { limit: 4 }),
        ("12.34567", No::PriceTooFine { limit: 4 }),
        ("1000000000", No::PriceTooLarge { limit: decimal("1000000000") }),
    ];
    for (price, refusal) in refused {
        let mut creating = create();
        if let ProductCommand::CreateProduct { price: asked, .. } = &mut creating {
            *asked = decimal(price);
        }
        given::<Product>(NOTHING).and_elsewhere(tools()).when(creating).then_refused(refusal.clone());
        given::<Product>([created()]).when(reprice(price)).then_refused(refusal);
    }
    for price in ["0.0001", "999999999.9999"] {
        given::<Product>([created()]).when(reprice(price)).then([repriced("12.5", price)]);
    }
}

#[test]
fn equal_prices_are_one_however_they_are_written() {
    given::<Product>([created()]).when(reprice("12.5000")).then_nothing();
    given::<Product>([created()]).when(reprice("13.10000")).then([repriced("12.5", "13.1")]);
    given::<Product>([created(), repriced("12.5", "13.1")])
        .when(reprice("12.50"))
        .then([repriced("13.1", "12.5")]);
}

#[test]
fn a_product_goes_to_a_category_that_stands() {
    let garden = || [category_created("garden", "Garden")];
    given::<Product>([created()])
        .and_elsewhere(garden())
        .when(recategorize("garden"))
        .then([recategorized("tools", "garden", "Garden")]);
    given::<Product>([created()])
        .and_elsewhere(tools())
        .when(recategorize("garden"))
        .then_refused(No::CategoryUnknown);
    given::<Product>([created()]).and_elsewhere(tools()).when(recategorize("tools")).then_nothing();
    let missing = No::TextMissing { field: "category_id" };
    given::<Product>([created()]).when(recategorize(" ")).then_refused(missing);
    given::<Product>(NOTHING)
        .and_elsewhere(garden())
        .when(recategorize("garden"))
        .then_refused(No::NotCreated);
}

#[test]
fn a_retired_product_takes_no_more_commands_but_to_release_what_is_reserved() {
    let history =
        || [created(), received("north", 10, level(10, 0)), reserved("north", 4, level(10, 4)), retired()];
    given::<Product>([created()]).at(now()).when(retire()).then([retired()]);
    let refused = [
        reprice("1"),
        recategorize("garden"),
        retire(),
        receive("north", 1),
        reserve("north", 1),
        ship("north", 1),
    ];
    for command in refused {
        given::<Product>(history())
            .and_elsewhere([category_created("garden", "Garden")])
            .when(command)
            .then_refused(No::Retired);
    }
    given::<Product>(history()).when(release("north", 3)).then([released("north", 3, level(10, 1))]);
    given::<Product>(history()).when(release("north", 5)).then_refused(No::NotEnoughReserved { reserved: 4 });
}
