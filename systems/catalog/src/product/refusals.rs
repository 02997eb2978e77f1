use watershed::prelude::*;

use crate::checks::Wrong;

/// How a product says no.
#[derive(Refusal, Debug, Clone, PartialEq, Eq)]
#[refusal(prefix = "catalog.product")]
pub enum ProductRefusal {
    /// The id is taken, for ever: also by one that was retired.
    #[refusal("a product with this id has been created already", field = product_id)]
    AlreadyCreated,
    /// No product was created under this id.
    #[refusal("there is no product with this id", field = product_id)]
    NotCreated,
    /// It is sold no more: all that can be done is to release what is reserved.
    #[refusal("the product was retired", field = product_id)]
    Retired,

    /// Another product of the tenant bears it.
    #[refusal("another product bears this SKU", field = sku)]
    SkuTaken,
    /// No SKU: two that look alike must not be two.
    #[refusal("a SKU is 1 to {limit} capital letters, digits, `-`, `.` and `_`", field = sku)]
    SkuMalformed {
        /// The longest it may be.
        limit: usize,
    },
    /// No such category stands.
    #[refusal("there is no such category, or it was retired", field = category_id)]
    CategoryUnknown,
    /// Nothing is sold for nothing, or less.
    #[refusal("the price must be above zero", field = price)]
    PriceNotPositive,
    /// Finer than anybody is charged.
    #[refusal("the price has more than {limit} decimals", field = price)]
    PriceTooFine {
        /// The most decimals it may have.
        limit: u32,
    },
    /// Larger than its column.
    #[refusal("the price must be below {limit}", field = price)]
    PriceTooLarge {
        /// What it must be below.
        limit: Decimal,
    },

    /// Nothing, or less than nothing, is moved by nobody.
    #[refusal("the quantity must be above zero", field = quantity)]
    QuantityNotPositive,
    /// There is not so much that is not kept for others.
    #[refusal("only {available} are available in this warehouse", field = quantity)]
    NotEnoughAvailable {
        /// How much is.
        available: i64,
    },
    /// There is not so much that was reserved.
    #[refusal("only {reserved} are reserved in this warehouse", field = quantity)]
    NotEnoughReserved {
        /// How much is.
        reserved: i64,
    },
    /// More than a warehouse holds.
    #[refusal("a warehouse holds at most {limit} of a product", field = quantity)]
    TooMuchStock {
        /// The most there may be.
        limit: i64,
    },
    /// More warehouses than a product lies in.
    #[refusal("a product lies in at most {limit} warehouses", field = warehouse)]
    TooManyWarehouses {
        /// The most there may be.
        limit: usize,
    },

    /// A text is blank.
    #[refusal("`{field}` is needed")]
    TextMissing {
        /// The field.
        field: &'static str,
    },
    /// A text is longer than its column.
    #[refusal("`{field}` is longer than {limit} characters")]
    TextTooLong {
        /// The field.
        field: &'static str,
        /// The longest it may be.
        limit: usize,
    },
    /// A text holds what nobody can see.
    #[refusal("`{field}` holds control characters")]
    TextUnprintable {
        /// The field.
        field: &'static str,
    },
}

impl From<Wrong> for ProductRefusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing { field } => Self::TextMissing { field },
            Wrong::TooLong { field, limit } => Self::TextTooLong { field, limit },
            Wrong::Unprintable { field } => Self::TextUnprintable { field },
        }
    }
}
