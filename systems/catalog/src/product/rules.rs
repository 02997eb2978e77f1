//! What may be done to a product, and what its values must be like.

use watershed::prelude::*;

use super::{Product, ProductRefusal as No, ProductStatus, StockLevel};
use crate::checks::{NAME, Wrong, required};

/// The longest SKU.
const SKU: usize = 64;
/// The most decimals of a price: so many are charged for what is sold by the thousand.
const DECIMALS: u32 = 4;
/// The most warehouses that a product lies in: the state is as large as their number.
const WAREHOUSES: usize = 100;

impl Product {
    /// Whether it is sold: most of what it can be asked rests on that.
    pub(super) fn listed(&self) -> Result<(), No> {
        match self.known()? {
            ProductStatus::Listed => Ok(()),
            ProductStatus::Retired => Err(No::Retired),
        }
    }

    pub(super) fn known(&self) -> Result<ProductStatus, No> {
        self.status.ok_or(No::NotCreated)
    }

    /// What lies in a warehouse: nothing, where nothing has come to it.
    pub(super) fn level(&self, warehouse: &str) -> StockLevel {
        self.stock.get(warehouse).copied().unwrap_or_default()
    }

    pub(super) fn may_lie_in(&self, warehouse: &str) -> Result<(), No> {
        required("warehouse", warehouse, NAME)?;
        if self.stock.len() >= WAREHOUSES && !self.stock.contains_key(warehouse) {
            return Err(No::TooManyWarehouses { limit: WAREHOUSES });
        }
        Ok(())
    }
}

/// What can be the id of a category.
pub(super) fn category_id(id: &str) -> Result<(), Wrong> {
    required("category_id", id, NAME)
}

/// In one way of writing: what looks alike is alike.
pub(super) fn sku(sku: &str) -> Result<(), No> {
    let may_be_there =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    let is_one = (1..=SKU).contains(&sku.len()) && sku.bytes().all(may_be_there);
    if is_one { Ok(()) } else { Err(No::SkuMalformed { limit: SKU }) }
}

/// The price in the one form in which equal prices are written alike.
pub(super) fn price(price: Decimal) -> Result<Decimal, No> {
    let limit = Decimal::from(1_000_000_000);
    let price = price.normalized();
    if !price.is_positive() {
        return Err(No::PriceNotPositive);
    }
    if price >= limit {
        return Err(No::PriceTooLarge { limit });
    }
    if price != price.rounded(DECIMALS) {
        return Err(No::PriceTooFine { limit: DECIMALS });
    }
    Ok(price)
}
