//! Premises where no store is needed.

use std::panic::catch_unwind;

use watershed_testkit::given;

use super::{Item, ItemCommand, ItemEvent, ItemRefusal, ShelfEvent, add, move_to};

fn added(sku: &str) -> ItemEvent {
    ItemEvent::Added { sku: sku.into(), shelf: None }
}

fn dropped(sku: &str) -> ItemEvent {
    ItemEvent::Dropped { sku: sku.into() }
}

fn built(shelf: &str) -> ShelfEvent {
    ShelfEvent::Built { shelf: shelf.into() }
}

fn torn_down(shelf: &str) -> ShelfEvent {
    ShelfEvent::TornDown { shelf: shelf.into() }
}

fn on_a() -> ItemEvent {
    ItemEvent::Added { sku: "s".into(), shelf: Some("a".into()) }
}

#[test]
fn a_command_is_decided_on_what_has_happened_to_others_within_its_boundaries() {
    let adding = || add("i", "s-1", None);
    given::<Item>([]).when(adding()).then([added("s-1")]);
    given::<Item>([]).and_elsewhere([added("s-2")]).when(adding()).then([added("s-1")]);
    given::<Item>([]).and_elsewhere([added("s-1")]).when(adding()).then_refused(ItemRefusal::SkuTaken);
    given::<Item>([]).and_elsewhere([added("s-1"), dropped("s-1")]).when(adding()).then([added("s-1")]);
    // What happened to the thing itself lies within the boundary as well.
    given::<Item>([added("s-1"), dropped("s-1")]).when(adding()).then([added("s-1")]);
}

#[test]
fn two_premises_of_a_type_are_told_apart_by_their_names() {
    let moving = || move_to("i", "a", "b");
    let moved = ItemEvent::Moved { from: Some("a".into()), shelf: "b".into() };
    given::<Item>([on_a()]).and_elsewhere([built("a"), built("b")]).when(moving()).then([moved]);
    given::<Item>([on_a()]).and_elsewhere([built("a")]).when(moving()).then_refused(ItemRefusal::NoShelf);
    given::<Item>([on_a()])
        .and_elsewhere([built("a"), built("b"), torn_down("a")])
        .when(moving())
        .then_refused(ItemRefusal::Gone);
}

#[test]
fn a_premise_that_is_not_named_for_the_command_fails_its_test() {
    let guess = || given::<Item>([]).when(ItemCommand::Guess { item_id: "i".into() }).then_nothing();
    let said = catch_unwind(guess).unwrap_err();
    let said = said.downcast::<String>().unwrap();
    assert!(said.contains("`SkuTaken`") && said.contains("`premises` does not name"), "{said}");
}
