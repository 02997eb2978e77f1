//! Tuples of types, as the builder takes them.

use watershed_core::{Query, ReadModel, Rollup};

use super::builder::Context;

/// A tuple of read models.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of read models",
    note = "write `(FamilyDetail, AtRiskFamily)`, or `(FamilyDetail,)` for one"
)]
pub trait ReadModels {
    /// Adds each to the context, as a group of its own.
    fn add_each(context: Context) -> Context;
    /// Adds all to the context, as one group in this order.
    fn add_group(context: Context) -> Context;
}

/// A tuple of rollups.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of rollups",
    note = "write `(PaymentAnalytics, RiskTiers)`, or `(PaymentAnalytics,)` for one"
)]
pub trait Rollups {
    /// Adds each to the context.
    fn add_each(context: Context) -> Context;
}

/// A tuple of queries.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of queries",
    note = "write `(GetFamily, SearchFamilies)`, or `(GetFamily,)` for one"
)]
pub trait Queries {
    /// Adds each to the context.
    fn add_each(context: Context) -> Context;
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: ReadModel),+> ReadModels for ($($name,)+) {
            fn add_each(mut context: Context) -> Context {
                $(context.add_read_model::<$name>(true);)+
                context
            }

            fn add_group(mut context: Context) -> Context {
                let mut first = true;
                $(
                    context.add_read_model::<$name>(first);
                    first = false;
                )+
                // The last one has read it for nobody.
                let _ = first;
                context
            }
        }

        impl<$($name: Rollup),+> Rollups for ($($name,)+) {
            fn add_each(mut context: Context) -> Context {
                $(context.add_rollup::<$name>();)+
                context
            }
        }

        impl<$($name: Query),+> Queries for ($($name,)+) {
            fn add_each(mut context: Context) -> Context {
                $(context.add_query::<$name>();)+
                context
            }
        }
    };
}
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
