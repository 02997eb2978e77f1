use coop::family::FamilyEvent;
use watershed_testkit::assert_events_locked;

#[test]
fn events_are_what_the_log_holds() {
    assert_events_locked::<(FamilyEvent,)>(concat!(env!("CARGO_MANIFEST_DIR"), "/events.lock"));
}
