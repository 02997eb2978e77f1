use watershed::prelude::*;

use super::StockLevel;

/// What can happen to a product. What a decision knew, its event says: no fold has to look anything up.
///
/// The SKU is a tag of those events by which it is taken and given back, and the category of those by which a product comes into it
/// and leaves it.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "product", prefix = "catalog.product")]
pub enum ProductEvent {
    /// It was listed.
    Created {
        /// Its SKU.
        #[tag]
        sku: String,
        /// What customers call it.
        name: String,
        /// What it is.
        description: Option<String>,
        /// What one costs.
        price: Decimal,
        /// The category that it stands in.
        #[tag]
        category_id: String,
        /// What that was called.
        category: String,
        /// When.
        at: Timestamp,
    },
    /// It costs something else.
    Repriced {
        /// What one cost until then.
        from: Decimal,
        /// What one costs from now on.
        price: Decimal,
    },
    /// It was put into another category.
    Recategorized {
        /// The category that it left.
        #[tag(name = "category_id")]
        from: String,
        /// The category that it stands in from now on.
        #[tag]
        category_id: String,
        /// What that was called.
        category: String,
    },
    /// It is sold no more.
    Retired {
        /// The SKU, which can be taken again.
        #[tag]
        sku: String,
        /// The category that it stood in.
        #[tag]
        category_id: String,
        /// When.
        at: Timestamp,
    },

    /// Stock has come to a warehouse.
    StockReceived {
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
        /// What is there now.
        level: StockLevel,
    },
    /// Some of it is kept for somebody.
    StockReserved {
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
        /// What is there now.
        level: StockLevel,
    },
    /// What was kept was given back.
    StockReleased {
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
        /// What is there now.
        level: StockLevel,
    },
    /// What was kept has left the warehouse.
    StockShipped {
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
        /// What is there now.
        level: StockLevel,
    },
}
