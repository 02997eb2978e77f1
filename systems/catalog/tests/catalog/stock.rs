use catalog::product::{Product, ProductCommand, ProductEvent, ProductRefusal as No};
use proptest::prelude::*;
use watershed::core::Cx;
use watershed::prelude::*;
use watershed_testkit::given;

use crate::tell::*;

const NOTHING: [ProductEvent; 0] = [];

#[test]
fn stock_comes_is_kept_given_back_and_leaves() {
    let ten = || [created(), received("north", 10, level(10, 0))];
    given::<Product>([created()]).when(receive("north", 10)).then([received("north", 10, level(10, 0))]);
    given::<Product>(ten()).when(receive("north", 5)).then([received("north", 5, level(15, 0))]);
    given::<Product>(ten()).when(receive("south", 5)).then([received("south", 5, level(5, 0))]);
    given::<Product>(ten()).when(reserve("north", 10)).then([reserved("north", 10, level(10, 10))]);
    let kept = || ten().into_iter().chain([reserved("north", 6, level(10, 6))]);
    given::<Product>(kept()).when(release("north", 6)).then([released("north", 6, level(10, 0))]);
    given::<Product>(kept()).when(ship("north", 6)).then([shipped("north", 6, level(4, 0))]);
    given::<Product>(kept()).when(ship("north", 2)).then([shipped("north", 2, level(8, 4))]);
}

#[test]
fn nothing_is_kept_or_leaves_that_is_not_there() {
    let kept = || [created(), received("north", 10, level(10, 0)), reserved("north", 6, level(10, 6))];
    let available = |available| No::NotEnoughAvailable { available };
    given::<Product>(kept()).when(reserve("north", 5)).then_refused(available(4));
    given::<Product>(kept()).when(reserve("south", 1)).then_refused(available(0));
    given::<Product>(kept()).when(reserve("north", i64::MAX)).then_refused(available(4));
    let reserved = |reserved| No::NotEnoughReserved { reserved };
    given::<Product>(kept()).when(ship("north", 7)).then_refused(reserved(6));
    given::<Product>(kept()).when(release("north", 7)).then_refused(reserved(6));
    given::<Product>(kept()).when(ship("south", 1)).then_refused(reserved(0));
    for quantity in [0, -1, i64::MIN] {
        for command in [receive, reserve, release, ship] {
            given::<Product>(kept()).when(command("north", quantity)).then_refused(No::QuantityNotPositive);
        }
    }
    for command in [receive, reserve, release, ship] {
        given::<Product>(NOTHING).when(command("north", 1)).then_refused(No::NotCreated);
    }
}

#[test]
fn neither_a_warehouse_nor_their_number_is_without_end() {
    let full = No::TooMuchStock { limit: 1_000_000_000 };
    let billion = [created(), received("north", 1_000_000_000, level(1_000_000_000, 0))];
    given::<Product>(billion.clone()).when(receive("north", 1)).then_refused(full.clone());
    given::<Product>(billion).when(receive("north", i64::MAX)).then_refused(full);
    let hundred = || {
        let all = (0..100).map(|number| received(&format!("w-{number}"), 1, level(1, 0)));
        [created()].into_iter().chain(all)
    };
    given::<Product>(hundred()).when(receive("w-100", 1)).then_refused(No::TooManyWarehouses { limit: 100 });
    given::<Product>(hundred()).when(receive("w-99", 1)).then([received("w-99", 1, level(2, 0))]);
    let missing = No::TextMissing { field: "warehouse" };
    given::<Product>([created()]).when(receive(" ", 1)).then_refused(missing);
}

fn some_command() -> impl Strategy<Value = ProductCommand> {
    let kinds = [receive, receive, reserve, release, ship];
    (0..kinds.len(), 0..3_usize, -1_i64..30)
        .prop_map(move |(kind, warehouse, quantity)| kinds[kind](["a", "b", "c"][warehouse], quantity))
}

proptest! {
    /// Whatever is asked: nothing that was promised is missing, and what came is there or has left.
    #[test]
    fn stock_is_never_below_what_is_kept_nor_that_below_zero(
        commands in proptest::collection::vec(some_command(), 1..80),
    ) {
        let mut product = Product::default();
        product.evolve(&created());
        let cx = Cx::new(now(), Default::default());
        let (mut came, mut left) = (0, 0);
        let mut levels = std::collections::BTreeMap::new();
        for command in commands {
            for event in product.decide(&command, &cx).unwrap_or_default() {
                product.evolve(&event);
                let (warehouse, level) = match event {
                    ProductEvent::StockReceived { warehouse, quantity, level } => {
                        came += quantity;
                        (warehouse, level)
                    }
                    ProductEvent::StockShipped { warehouse, quantity, level } => {
                        left += quantity;
                        (warehouse, level)
                    }
                    ProductEvent::StockReserved { warehouse, level, .. }
                    | ProductEvent::StockReleased { warehouse, level, .. } => (warehouse, level),
                    other => panic!("{other:?} is nothing about stock"),
                };
                prop_assert!(0 <= level.reserved && level.reserved <= level.on_hand, "{:?}", level);
                levels.insert(warehouse, level);
            }
        }
        let on_hand: i64 = levels.values().map(|level| level.on_hand).sum();
        prop_assert_eq!(on_hand, came - left);
    }
}
