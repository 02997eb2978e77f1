use catalog::category::CategoryEvent;
use catalog::product::ProductEvent;
use watershed_testkit::assert_events_locked;

#[test]
fn events_are_what_the_log_holds() {
    assert_events_locked::<(ProductEvent, CategoryEvent)>(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/events.lock"
    ));
}
