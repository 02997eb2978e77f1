use watershed::prelude::*;

use crate::shipment::Status;

/// How the shipment stands, in a customer's words. Days are counted in UTC.
pub(super) fn friendly_status(status: Status, eta: Option<Timestamp>, now: Timestamp) -> String {
    let days = eta.map(|eta| (eta.date(), eta.date().days_since(now.date())));
    match (status, days) {
        (Status::Cancelled, _) => "Cancelled".into(),
        (Status::Returned, _) => "Returned to sender".into(),
        (Status::Delivered, Some((_, 0))) => "Delivered today".into(),
        (Status::Delivered, Some((_, -1))) => "Delivered yesterday".into(),
        (Status::Delivered, Some((day, _))) => format!("Delivered on {day}"),
        // The day has passed, and nothing was heard since.
        (_, Some((_, ..0))) => "Delayed".into(),
        (Status::OutForDelivery, Some((_, 0))) => "Out for delivery, arriving today".into(),
        (Status::Exception, Some((day, days))) => format!("Delayed, now arriving {}", when(day, days)),
        (_, Some((day, days))) => format!("Arriving {}", when(day, days)),
        // invariant: whatever else there is has an expected time
        (status, None) => status.to_string(),
    }
}

fn when(day: Date, days: i64) -> String {
    match days {
        0 => "today".into(),
        1 => "tomorrow".into(),
        _ => format!("on {day}"),
    }
}
