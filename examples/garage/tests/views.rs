//! Events in, rows out.

use garage::stay::StayEvent;
use garage::views::{StayRow, Takings};
use watershed_testkit::{Story, decimal, minutes, project, timestamp};

/// Two cars come at eight; the first one pays and leaves at twenty past.
fn morning() -> Story {
    let eight = timestamp("2026-03-02T08:00:00Z");
    Story::new()
        .at(eight)
        .on("T-1", StayEvent::Started { plate: "B-MS 1815".into(), at: eight })
        .on("T-2", StayEvent::Started { plate: "HH-AB 12".into(), at: eight })
        .later(minutes(20))
        .on("T-1", StayEvent::Paid { amount: decimal("2.00"), minutes: 20 })
        .on("T-1", StayEvent::Ended)
}

#[test]
fn a_car_that_has_left_is_no_longer_inside() {
    let stays = project::<StayRow>(morning());
    assert!(!stays.expect_row("T-1").inside);
    assert!(stays.expect_row("T-2").inside);
}

#[test]
fn how_long_a_car_has_been_inside_depends_on_when_one_asks() {
    let stays = project::<StayRow>(morning());
    let at_nine = stays.read_at("T-2", timestamp("2026-03-02T09:00:00Z"));
    assert_eq!(at_nine.unwrap().minutes_so_far, Some(60));
}

#[test]
fn a_days_takings_count_its_cars_and_their_money() {
    let takings = project::<StayRow>(morning()).rollup::<Takings>();
    assert_eq!(takings.len(), 1);
    assert_eq!((takings[0].cars, takings[0].still_inside), (2, 1));
    assert_eq!(takings[0].money, decimal("2.00"));
}
