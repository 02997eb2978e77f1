//! A made-up product, and what becomes of it.

use watershed::prelude::*;

use super::dice::Dice;
use super::shelves::{SHELVES, Shelf};
use super::{Expected, Sent, Step};
use crate::product::{ProductCommand, ProductRefusal as No};

const WAREHOUSE: &str = "north";
const ANOTHER: &str = "south";
const FINISHES: [&str; 6] = ["Plain", "Classic", "Pocket", "Heavy", "Nordic", "Folding"];

/// Everything that follows from the seed and its number.
pub(super) struct Item {
    number: u32,
    shelf: usize,
    /// Where it is put later.
    moves_to: Option<usize>,
    name: String,
    price: Decimal,
    /// How many come, are kept, leave, and are given back.
    comes: i64,
    kept: i64,
    leaves: i64,
    given_back: i64,
    retires: bool,
    /// Chance for its mishaps.
    dice: Dice,
}

impl Item {
    pub(super) fn new(seed: u64, number: u32) -> Self {
        let mut dice = Dice::of([seed, u64::from(number), 0]);
        let shelf = (number as usize + usize::from(dice.chance(500))) % SHELVES.len();
        let name = format!("{} {}", dice.pick(&FINISHES), dice.pick(&SHELVES[shelf].things));
        let price = Decimal::new(dice.between(2, 400) * 100 - dice.pick(&[1, 5, 50]), 2);
        let comes = dice.between(4, 200);
        let kept = dice.between(1, comes);
        let leaves = dice.between(0, kept);
        let given_back = dice.between(0, kept - leaves);
        // Somebody has to stay.
        let retires = number > 0 && dice.chance(60);
        let moves_to = (!retires && dice.chance(50)).then_some((shelf + 3) % SHELVES.len());
        Self { number, shelf, moves_to, name, price, comes, kept, leaves, given_back, retires, dice }
    }

    fn id(&self) -> String {
        format!("product-{:05}", self.number + 1)
    }

    fn sku(&self) -> String {
        format!("{}-{:05}", SHELVES[self.shelf].prefix, self.number + 1)
    }

    /// The category that it is in when the season ends.
    pub(super) fn shelf_at_last(&self) -> &'static Shelf {
        &SHELVES[self.moves_to.unwrap_or(self.shelf)]
    }

    /// It is listed; now and then at the second attempt.
    pub(super) fn list(mut self, steps: &mut Vec<Step>) {
        if self.dice.chance(20) {
            let free = self.create(self.id(), Decimal::ZERO, SHELVES[self.shelf].id);
            self.refused(steps, "free", free, &No::PriceNotPositive);
        }
        if self.dice.chance(20) {
            let nowhere = self.create(self.id(), self.price, "tols");
            self.refused(steps, "nowhere", nowhere, &No::CategoryUnknown);
        }
        let create = self.create(self.id(), self.price, SHELVES[self.shelf].id);
        self.send(steps, "create", create.clone());
        if self.dice.chance(20) {
            self.step(steps, "create", create, Expected::Replayed);
        }
    }

    /// Stock comes to it, is kept for somebody, leaves, and is given back.
    pub(super) fn stock_up(mut self, steps: &mut Vec<Step>) {
        let (product_id, warehouse, quantity) = (self.id(), WAREHOUSE.into(), self.comes);
        self.send(steps, "receive", ProductCommand::ReceiveStock { product_id, warehouse, quantity });
        if self.dice.chance(300) {
            let (product_id, warehouse) = (self.id(), ANOTHER.into());
            let more = ProductCommand::ReceiveStock { product_id, warehouse, quantity: 12 };
            self.send(steps, "receive-more", more);
        }
        if self.dice.chance(40) {
            let available = self.comes;
            let too_many = self.reserve(self.comes + 1);
            self.refused(steps, "reserve-too-many", too_many, &No::NotEnoughAvailable { available });
        }
        let reserve = self.reserve(self.kept);
        self.send(steps, "reserve", reserve);
        if self.leaves > 0 {
            let (product_id, warehouse, quantity) = (self.id(), WAREHOUSE.into(), self.leaves);
            self.send(steps, "ship", ProductCommand::ShipStock { product_id, warehouse, quantity });
        }
        if self.given_back > 0 {
            let release = self.release(self.given_back);
            self.send(steps, "release", release);
        }
    }

    /// Its price and its category change; it is retired; somebody else wants its SKU.
    pub(super) fn trade(mut self, steps: &mut Vec<Step>) {
        if self.dice.chance(160) {
            let (product_id, price) = (self.id(), self.price + Decimal::new(75, 2));
            self.send(steps, "reprice", ProductCommand::RepriceProduct { product_id, price });
        }
        if let Some(place) = self.moves_to {
            let (product_id, category_id) = (self.id(), SHELVES[place].id.into());
            let command = ProductCommand::RecategorizeProduct { product_id, category_id };
            self.send(steps, "recategorize", command);
        }
        if self.retires {
            let command = ProductCommand::RetireProduct { product_id: self.id() };
            self.send(steps, "retire", command);
        } else if self.dice.chance(30) {
            let twin = self.create(format!("{}-twin", self.id()), self.price, SHELVES[self.shelf].id);
            self.refused(steps, "twin", twin, &No::SkuTaken);
        }
    }

    /// Once it is retired, another product takes its SKU, and what was kept of it is given back.
    pub(super) fn give_way(self, steps: &mut Vec<Step>) {
        if !self.retires {
            return;
        }
        let reserve = self.reserve(1);
        self.refused(steps, "reserve-late", reserve, &No::Retired);
        let left = self.kept - self.leaves - self.given_back;
        if left > 0 {
            let release = self.release(left);
            self.send(steps, "release-late", release);
        }
        let next = self.create(format!("{}-next", self.id()), self.price, SHELVES[self.shelf].id);
        self.send(steps, "next", next);
    }

    fn create(&self, product_id: String, price: Decimal, category_id: &str) -> ProductCommand {
        let (sku, name, category_id) = (self.sku(), self.name.clone(), category_id.into());
        ProductCommand::CreateProduct { product_id, sku, name, description: None, price, category_id }
    }

    fn reserve(&self, quantity: i64) -> ProductCommand {
        ProductCommand::ReserveStock { product_id: self.id(), warehouse: WAREHOUSE.into(), quantity }
    }

    fn release(&self, quantity: i64) -> ProductCommand {
        ProductCommand::ReleaseStock { product_id: self.id(), warehouse: WAREHOUSE.into(), quantity }
    }

    fn send(&self, steps: &mut Vec<Step>, key: &str, command: ProductCommand) {
        self.step(steps, key, command, Expected::Accepted);
    }

    fn refused(&self, steps: &mut Vec<Step>, key: &str, command: ProductCommand, refusal: &No) {
        self.step(steps, key, command, Expected::Refused(refusal.kind().code));
    }

    fn step(&self, steps: &mut Vec<Step>, key: &str, command: ProductCommand, expected: Expected) {
        let key = format!("{}-{key}", self.id());
        steps.push(Step { key, command: Sent::Product(command), expected });
    }
}
