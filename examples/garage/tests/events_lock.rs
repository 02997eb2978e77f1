use garage::stay::StayEvent;
use watershed_testkit::assert_events_locked;

#[test]
fn events_are_what_the_log_holds() {
    assert_events_locked::<(StayEvent,)>(concat!(env!("CARGO_MANIFEST_DIR"), "/events.lock"));
}
