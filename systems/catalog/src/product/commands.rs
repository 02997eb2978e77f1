use watershed::prelude::*;

use super::Product;

/// What a product can be asked to do.
#[derive(Command, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[command(aggregate = Product, id = product_id)]
pub enum ProductCommand {
    /// Lists a product. An id is made where none is given.
    CreateProduct {
        /// The product's id, for whoever wants to choose it.
        #[id(generate)]
        product_id: String,
        /// Its SKU: 1 to 64 capital letters, digits, `-`, `.` and `_`. No other product of the tenant bears it, unless retired.
        sku: String,
        /// What customers call it.
        name: String,
        /// What it is.
        description: Option<String>,
        /// What one costs, above zero, with at most four decimals.
        price: Decimal,
        /// The category that it stands in.
        category_id: String,
    },
    /// Changes what one costs.
    RepriceProduct {
        /// The product.
        product_id: String,
        /// What one costs from now on.
        price: Decimal,
    },
    /// Puts the product into another category.
    RecategorizeProduct {
        /// The product.
        product_id: String,
        /// The category.
        category_id: String,
    },
    /// The product is sold no more, and its SKU can be taken by another one. What is reserved can still be released.
    RetireProduct {
        /// The product.
        product_id: String,
    },

    /// Stock has come to a warehouse.
    ReceiveStock {
        /// The product.
        product_id: String,
        /// Where: `north`.
        warehouse: String,
        /// How many.
        quantity: i64,
    },
    /// Keeps some of what is available in a warehouse for somebody.
    ReserveStock {
        /// The product.
        product_id: String,
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
    },
    /// Gives back what was reserved.
    ReleaseStock {
        /// The product.
        product_id: String,
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
    },
    /// What was reserved has left the warehouse.
    ShipStock {
        /// The product.
        product_id: String,
        /// Where.
        warehouse: String,
        /// How many.
        quantity: i64,
    },
}
