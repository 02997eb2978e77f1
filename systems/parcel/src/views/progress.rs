//! What both shipments' views make of a report: how the shipment stands, and when it is expected.

use std::time::Duration;

use watershed::prelude::*;

use crate::shipment::{Record, ServiceClass, Status};

const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3_600)
}

/// How long a van is on its way.
const ROUND: Duration = hours(8);
/// How long it takes until something goes on that was kept.
const KEPT: Duration = hours(24);

/// How the shipment stands after a report that counts. A customer's cancellation is seen until the carrier is done: what it
/// does until then is done to a cancelled shipment.
pub(super) fn status_after(status: Status, record: &Record<'_>) -> Status {
    let stays = status == Status::Cancelled && !record.status.is_closing();
    if stays { status } else { record.status }
}

/// When the shipment is expected to arrive, as far as its last report tells: never earlier than promised, until it is on the
/// van. When it arrived, where it did; `None` where it will not.
pub(super) fn projected_eta(
    promised: Timestamp,
    service_class: ServiceClass,
    status: Status,
    last_report_at: Timestamp,
) -> Option<Timestamp> {
    let onward = |from: Timestamp| Some(from.plus(least(service_class)).max(promised));
    match status {
        Status::Booked => Some(promised),
        Status::PickedUp | Status::InTransit | Status::ArrivedAtHub => onward(last_report_at),
        Status::Exception => onward(last_report_at.plus(KEPT)),
        Status::OutForDelivery => Some(last_report_at.plus(ROUND)),
        Status::Delivered => Some(last_report_at),
        Status::Cancelled | Status::Returned => None,
    }
}

/// The least time from a scan on the way to the door.
fn least(service_class: ServiceClass) -> Duration {
    match service_class {
        ServiceClass::Economy => hours(36),
        ServiceClass::Ground => hours(24),
        ServiceClass::Express => hours(16),
        ServiceClass::Overnight => hours(8),
    }
}

/// Whole hours from `earlier` to `later`; 0 where `later` is the earlier one.
pub(super) fn whole_hours(earlier: Timestamp, later: Timestamp) -> i64 {
    i64::try_from(later.since(earlier).as_secs() / 3_600).unwrap_or(i64::MAX)
}
