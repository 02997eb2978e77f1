use watershed::prelude::*;

use super::ProductRefusal as No;

/// The most of a product in one warehouse: sums over all warehouses stay far within 64 bits.
const MOST: i64 = 1_000_000_000;

/// How much of a product lies in a warehouse: a row of `inventory`.
#[derive(TableRow, Serialize, Deserialize, JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StockLevel {
    /// What is there.
    pub on_hand: i64,
    /// How much of it is kept for somebody.
    pub reserved: i64,
}

impl StockLevel {
    /// What can be reserved.
    #[must_use]
    pub fn available(self) -> i64 {
        self.on_hand - self.reserved
    }

    pub(super) fn receive(self, quantity: i64) -> Result<Self, No> {
        let on_hand = self.on_hand.checked_add(counted(quantity)?).filter(|on_hand| *on_hand <= MOST);
        Ok(Self { on_hand: on_hand.ok_or(No::TooMuchStock { limit: MOST })?, ..self })
    }

    pub(super) fn reserve(self, quantity: i64) -> Result<Self, No> {
        if counted(quantity)? > self.available() {
            return Err(No::NotEnoughAvailable { available: self.available() });
        }
        Ok(Self { reserved: self.reserved + quantity, ..self })
    }

    pub(super) fn release(self, quantity: i64) -> Result<Self, No> {
        self.has_reserved(quantity)?;
        Ok(Self { reserved: self.reserved - quantity, ..self })
    }

    pub(super) fn ship(self, quantity: i64) -> Result<Self, No> {
        self.has_reserved(quantity)?;
        Ok(Self { on_hand: self.on_hand - quantity, reserved: self.reserved - quantity })
    }

    fn has_reserved(self, quantity: i64) -> Result<(), No> {
        if counted(quantity)? > self.reserved {
            return Err(No::NotEnoughReserved { reserved: self.reserved });
        }
        Ok(())
    }
}

fn counted(quantity: i64) -> Result<i64, No> {
    if quantity > 0 { Ok(quantity) } else { Err(No::QuantityNotPositive) }
}
