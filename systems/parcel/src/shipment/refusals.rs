use watershed::prelude::*;

use crate::checks::{TEXT, Wrong};

/// How a shipment says no.
///
/// That a report was taken before is no refusal: one and the same shipment answers it without an event, and the log answers
/// it with `tag-taken` where another shipment has it.
#[derive(Refusal, Debug, Clone, PartialEq, Eq)]
#[refusal(prefix = "parcel.shipment")]
pub enum ShipmentRefusal {
    /// The id is taken.
    #[refusal("a shipment with this id is already booked", field = shipment_id)]
    AlreadyBooked,
    /// Nothing was booked under this id. A report that came before the booking can be sent again after it.
    #[refusal("no shipment is booked under this id", field = shipment_id)]
    NotBooked,

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
    /// A shipment cannot be promised for a time before it was booked.
    #[refusal("the shipment cannot be promised for before {booked_at}, when it was booked", field = eta)]
    PromisedBeforeBooking {
        /// When it was booked.
        booked_at: Timestamp,
    },
    /// A report from the future would stand above all true ones.
    #[refusal("`{field}` lies in the future: it is {now} now")]
    InFuture {
        /// The field.
        field: &'static str,
        /// When the command was decided.
        now: Timestamp,
    },

    /// Nothing happens to a shipment before it was booked.
    #[refusal("`{field}` lies before {booked_at}, when the shipment was booked")]
    BeforeBooking {
        /// The field.
        field: &'static str,
        /// When it was booked.
        booked_at: Timestamp,
    },
    /// Nothing follows on a delivery.
    #[refusal("the shipment was delivered at {delivered_at}")]
    Delivered {
        /// When it was delivered.
        delivered_at: Timestamp,
    },
    /// Nothing follows on a return.
    #[refusal("the shipment was returned at {returned_at}")]
    Returned {
        /// When it was returned.
        returned_at: Timestamp,
    },
    /// More reports than a journey has.
    #[refusal("a shipment has at most {limit} reports")]
    TooManyReports {
        /// The most there may be.
        limit: usize,
    },

    /// The van has left.
    #[refusal("the shipment has been out for delivery: it cannot be cancelled any more")]
    OutForDelivery,
    /// It is cancelled once.
    #[refusal("the shipment was already cancelled")]
    AlreadyCancelled,
}

impl From<Wrong> for ShipmentRefusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing { field } => Self::TextMissing { field },
            Wrong::TooLong { field } => Self::TextTooLong { field, limit: TEXT },
        }
    }
}
