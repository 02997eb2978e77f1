//! A made-up season of a catalog: categories and products are created, stock comes and goes, prices change, categories are renamed,
//! products are retired and others take their SKUs.
//!
//! For demos and tests. The same number of products and the same seed give the same season, command by command. As in life, some of
//! what is sent is wrong: each [`Step`] says how it should end.

mod dice;
mod item;
mod shelves;

use std::ops::Range;

use crate::category::CategoryCommand;
use crate::product::ProductCommand;
use item::Item;

/// One command of the season.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its idempotency key.
    pub key: String,
    /// The command.
    pub command: Sent,
    /// How it should end, if every round before it was sent, and what comes before it in its own about the same thing.
    pub expected: Expected,
}

/// What was sent, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// To a category.
    Category(CategoryCommand),
    /// To a product.
    Product(ProductCommand),
}

/// How a command should end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It leads to an event.
    Accepted,
    /// It was sent before, with the same key: the receipt is the stored one, and nothing happens again.
    Replayed,
    /// The domain says no, with this code.
    Refused(&'static str),
}

/// How many rounds there are.
const ROUNDS: u32 = 8;

/// The season of so many products, round by round. What is in one round can be sent at once, as long as commands to one thing keep
/// their order; each round rests on the one before.
///
/// ```
/// let season = catalog::season::Season::new(100, 7);
/// assert!(season.count() > 1);
/// ```
#[derive(Debug, Clone)]
pub struct Season {
    products: u32,
    seed: u64,
    rounds: Range<u32>,
}

impl Season {
    /// The season of so many products.
    #[must_use]
    pub fn new(products: u32, seed: u64) -> Self {
        Self { products, seed, rounds: 0..ROUNDS }
    }

    fn items(&self) -> impl Iterator<Item = Item> {
        let seed = self.seed;
        (0..self.products).map(move |number| Item::new(seed, number))
    }
}

impl Iterator for Season {
    type Item = Vec<Step>;

    fn next(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        match self.rounds.next()? {
            0 => shelves::put_up(&mut steps),
            1 => self.items().for_each(|item| item.list(&mut steps)),
            2 => self.items().for_each(|item| item.stock_up(&mut steps)),
            3 => self.items().for_each(|item| item.trade(&mut steps)),
            4 => shelves::rename(&mut steps),
            5 => self.items().for_each(|item| item.give_way(&mut steps)),
            6 => shelves::take_down(self.items().next().as_ref(), &mut steps),
            _ => shelves::use_what_is_gone(&mut steps),
        }
        Some(steps)
    }
}
