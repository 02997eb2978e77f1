//! The read side: what is shown of products, joined once instead of by every question.
//!
//! [`ProductDetail`] is a product with its category's name and its stock. It stands in one group with [`CategoryRow`]: a product that
//! is listed finds its category's name as of the same position, and a category that is renamed is renamed in all its products.
//! [`CategoryFacets`] is a rollup over the products that are sold: what a customer can narrow a category down by.

mod category;
mod category_facets;
mod product_detail;

pub use category::CategoryRow;
pub use category_facets::CategoryFacets;
pub use product_detail::{PriceBand, ProductDetail};
