use parcel::shipment::{
    CarrierStatus, Movement, ShipmentCommand, ShipmentEvent, ShipmentJourney, ShipmentRefusal as No,
};
use watershed_testkit::given;

use crate::tell::*;

const NOTHING: [ShipmentEvent; 0] = [];

#[test]
fn a_shipment_is_booked_with_what_was_said_about_it() {
    given::<ShipmentJourney>(NOTHING).at(now()).when(book()).then([booked()]);
}

#[test]
fn a_shipment_is_booked_once() {
    given::<ShipmentJourney>([booked()]).at(now()).when(book()).then_refused(No::AlreadyBooked);
    let history = [booked(), delivered("d", "08T10:00")];
    given::<ShipmentJourney>(history).at(now()).when(book()).then_refused(No::AlreadyBooked);
}

#[test]
fn nothing_happens_to_a_shipment_that_was_never_booked() {
    for command in [report("e-1", CarrierStatus::PickedUp, "04T12:00", "Memphis"), cancel("04T09:00")] {
        given::<ShipmentJourney>(NOTHING).at(now()).when(command).then_refused(No::NotBooked);
    }
}

#[test]
fn a_shipment_is_not_promised_for_before_its_booking() {
    let mut command = book();
    if let ShipmentCommand::BookShipment { eta, .. } = &mut command {
        *eta = at("04T07:59");
    }
    let refusal = No::PromisedBeforeBooking { booked_at: at("04T08:00") };
    given::<ShipmentJourney>(NOTHING).at(now()).when(command).then_refused(refusal);
}

#[test]
fn what_a_row_needs_is_not_blank_and_fits_its_column() {
    type Change = fn(&mut ShipmentCommand, &str);
    let fields: [(&'static str, Change); 4] = [
        ("customer_id", |command, text| {
            if let ShipmentCommand::BookShipment { customer_id, .. } = command {
                *customer_id = text.into();
            }
        }),
        ("origin_hub", |command, text| {
            if let ShipmentCommand::BookShipment { origin_hub, .. } = command {
                *origin_hub = text.into();
            }
        }),
        ("origin_city", |command, text| {
            if let ShipmentCommand::BookShipment { origin_city, .. } = command {
                *origin_city = text.into();
            }
        }),
        ("destination_city", |command, text| {
            if let ShipmentCommand::BookShipment { destination_city, .. } = command {
                *destination_city = text.into();
            }
        }),
    ];
    for (field, change) in fields {
        let with = |text: &str| {
            let mut command = book();
            change(&mut command, text);
            given::<ShipmentJourney>(NOTHING).at(now()).when(command)
        };
        with(" ").then_refused(No::TextMissing { field });
        with(&"ä".repeat(201)).then_refused(No::TextTooLong { field, limit: 200 });
        assert!(with(&"ä".repeat(200)).decided().is_ok());
    }
}

#[test]
fn times_from_a_clock_that_runs_far_ahead_are_refused() {
    let early = at("04T06:59");
    let refusal = |field| No::InFuture { field, now: early };
    given::<ShipmentJourney>(NOTHING).at(early).when(book()).then_refused(refusal("booked_at"));
    assert!(given::<ShipmentJourney>(NOTHING).at(at("04T07:00")).when(book()).decided().is_ok());
    let command = cancel("04T09:00");
    given::<ShipmentJourney>([booked()]).at(early).when(command).then_refused(refusal("cancelled_at"));
}

#[test]
fn a_customer_cancels_until_the_shipment_is_out_for_delivery() {
    let on_its_way = [booked(), scanned("e-1", Movement::InTransit, "05T12:00", "Memphis")];
    given::<ShipmentJourney>(on_its_way).at(now()).when(cancel("05T13:00")).then([cancelled("05T13:00")]);

    let at_the_door = [booked(), out_for_delivery("e-1", "08T07:00")];
    given::<ShipmentJourney>(at_the_door).at(now()).when(cancel("08T08:00")).then_refused(No::OutForDelivery);
    let brought_back = [booked(), out_for_delivery("e-1", "08T07:00"), exception("e-2", "08T12:00")];
    given::<ShipmentJourney>(brought_back)
        .at(now())
        .when(cancel("08T13:00"))
        .then_refused(No::OutForDelivery);
}

#[test]
fn nobody_cancels_twice_or_too_early_or_what_has_arrived() {
    let twice = [booked(), cancelled("04T09:00")];
    given::<ShipmentJourney>(twice).at(now()).when(cancel("04T10:00")).then_refused(No::AlreadyCancelled);
    let too_early = No::BeforeBooking { field: "cancelled_at", booked_at: at("04T08:00") };
    given::<ShipmentJourney>([booked()]).at(now()).when(cancel("04T07:00")).then_refused(too_early);
    let arrived = [booked(), delivered("d", "08T10:00")];
    let refusal = No::Delivered { delivered_at: at("08T10:00") };
    given::<ShipmentJourney>(arrived).at(now()).when(cancel("08T11:00")).then_refused(refusal);
}

#[test]
fn what_the_carrier_does_to_a_cancelled_shipment_is_taken_all_the_same() {
    let history = [booked(), cancelled("05T09:00")];
    given::<ShipmentJourney>(history)
        .at(now())
        .when(report("d", CarrierStatus::Delivered, "08T10:00", "Oakland"))
        .then([delivered("d", "08T10:00")]);
}
