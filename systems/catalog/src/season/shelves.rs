//! The categories of the season.

use watershed::prelude::*;

use super::item::Item;
use super::{Expected, Sent, Step};
use crate::category::{CategoryCommand, CategoryRefusal};
use crate::product::{ProductCommand, ProductRefusal};

/// A category: its id, its name, how its SKUs begin, and what is in it.
pub(super) struct Shelf {
    pub(super) id: &'static str,
    name: &'static str,
    pub(super) prefix: &'static str,
    pub(super) things: [&'static str; 6],
}

pub(super) const SHELVES: [Shelf; 8] = [
    shelf("tools", "Tools", "TL", ["Hammer", "Saw", "Drill", "File", "Clamp", "Chisel"]),
    shelf("garden", "Garden", "GD", ["Spade", "Rake", "Hose", "Trowel", "Shears", "Planter"]),
    shelf("kitchen", "Kitchen", "KT", ["Kettle", "Pan", "Whisk", "Ladle", "Grater", "Teapot"]),
    shelf("lighting", "Lighting", "LG", ["Lamp", "Lantern", "Bulb", "Torch", "Spotlight", "Chandelier"]),
    shelf("outdoor", "Outdoor", "OD", ["Tent", "Stove", "Backpack", "Hammock", "Compass", "Cooler"]),
    shelf("office", "Office", "OF", ["Desk", "Chair", "Stapler", "Shelf", "Whiteboard", "Shredder"]),
    shelf("toys", "Toys", "TY", ["Puzzle", "Kite", "Train", "Doll", "Marbles", "Drum"]),
    shelf("sport", "Sport", "SP", ["Ball", "Racket", "Skates", "Rope", "Dumbbell", "Helmet"]),
];

/// A category that nothing is ever put into.
const EMPTY: &str = "clearance";

const fn shelf(
    id: &'static str,
    name: &'static str,
    prefix: &'static str,
    things: [&'static str; 6],
) -> Shelf {
    Shelf { id, name, prefix, things }
}

pub(super) fn put_up(steps: &mut Vec<Step>) {
    let names = SHELVES.iter().map(|shelf| (shelf.id, shelf.name)).chain([(EMPTY, "Clearance")]);
    for (id, name) in names {
        let command = CategoryCommand::CreateCategory { category_id: id.into(), name: name.into() };
        send(steps, format!("{id}-create"), command, Expected::Accepted);
    }
    let again = CategoryCommand::CreateCategory { category_id: EMPTY.into(), name: "Sale".into() };
    let refusal = CategoryRefusal::AlreadyCreated.kind().code;
    send(steps, format!("{EMPTY}-create-again"), again, Expected::Refused(refusal));
}

pub(super) fn rename(steps: &mut Vec<Step>) {
    for (id, name) in [("tools", "Tools & Workshop"), ("outdoor", "Camping")] {
        let command = CategoryCommand::RenameCategory { category_id: id.into(), name: name.into() };
        send(steps, format!("{id}-rename"), command.clone(), Expected::Accepted);
        // The answer was lost.
        send(steps, format!("{id}-rename"), command, Expected::Replayed);
    }
}

/// Retires the category with nothing in it, and tries to retire the one that this product is in.
pub(super) fn take_down(occupant: Option<&Item>, steps: &mut Vec<Step>) {
    let retire = |id: &str| CategoryCommand::RetireCategory { category_id: id.into() };
    if let Some(item) = occupant {
        let id = item.shelf_at_last().id;
        let refusal = CategoryRefusal::NotEmpty { products: 1 }.kind().code;
        send(steps, format!("{id}-retire"), retire(id), Expected::Refused(refusal));
    }
    send(steps, format!("{EMPTY}-retire"), retire(EMPTY), Expected::Accepted);
}

pub(super) fn use_what_is_gone(steps: &mut Vec<Step>) {
    let command = ProductCommand::CreateProduct {
        product_id: "product-too-late".into(),
        sku: "CL-00001".into(),
        name: "Odd lot".into(),
        description: None,
        price: Decimal::new(199, 2),
        category_id: EMPTY.into(),
    };
    let expected = Expected::Refused(ProductRefusal::CategoryUnknown.kind().code);
    steps.push(Step { key: "product-too-late".into(), command: Sent::Product(command), expected });
}

fn send(steps: &mut Vec<Step>, key: String, command: CategoryCommand, expected: Expected) {
    steps.push(Step { key, command: Sent::Category(command), expected });
}
