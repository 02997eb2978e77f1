use serde_json::json;
use watershed_core::StreamId;
use watershed_testkit::{Story, days, naive_fold, project, tenant, timestamp};

use crate::complaint;
use crate::pantry::{JarEvent, JarRow, KindEvent, KindRow, Tasting, filled, tasted};

#[test]
fn a_story_numbers_its_events_and_tells_the_time() {
    let story = Story::new()
        .on("a", filled("plum", 5))
        .later(days(3))
        .on("b", filled("plum", 5))
        .by("sarah")
        .on("a", tasted(1))
        .tenant(tenant("acme"))
        .at(timestamp("2020-01-01T00:00:00Z"))
        .on("a", filled("plum", 5));
    let seen: Vec<_> = story
        .events()
        .iter()
        .map(|event| {
            (event.position, event.stream.to_string(), event.version, event.recorded_at.date().to_string())
        })
        .collect();
    let jar =
        |position, id: &str, version, date: &str| (position, format!("jar/{id}"), version, date.to_owned());
    let wanted = [
        jar(1, "a", 1, "2024-01-01"),
        jar(2, "b", 1, "2024-01-04"),
        jar(3, "a", 2, "2024-01-04"),
        jar(4, "a", 1, "2020-01-01"),
    ];
    assert_eq!(seen, wanted);
    let third = &story.events()[2];
    assert_eq!((third.actor.as_deref(), &*third.name, third.schema), (Some("sarah"), "pantry.jar.tasted", 2));
    assert_eq!(&*third.tags[0], "ticket:t-1");
    assert_eq!(third.id, story.clone().events()[2].id);
}

#[test]
fn rows_are_folded_hidden_and_read() {
    let story =
        Story::new().on("a", filled("plum", 5)).later(days(2)).on("b", filled("fig", 7)).on("a", tasted(5));
    let jars = project::<JarRow>(&story);
    assert_eq!(jars.expect_row("a").tastings, [5]);
    assert_eq!(jars.shown().len(), 1, "an empty jar is hidden");
    assert_eq!(jars.read_at("a", timestamp("2024-02-01T00:00:00Z")), None);
    let read = jars.read_at("b", timestamp("2024-02-01T00:00:00Z")).unwrap();
    assert_eq!((read.days_old, read.grams), (29, 7));
    assert_eq!(jars.expect_row("b").days_old, 0, "what is computed when answering is not stored");
    assert_eq!(jars.rows().values().map(|row| row.position).collect::<Vec<_>>(), [3, 2]);
    assert!(jars.row("c").is_none());
    let emptied =
        project::<JarRow>([("a", filled("plum", 5)), ("a", JarEvent::Emptied), ("a", JarEvent::Emptied)]);
    assert!(emptied.rows().is_empty() && emptied.parked().next().is_none());
    let said = complaint(|| jars.expect_row("c").grams);
    assert!(said.contains("no row \"c\"") && said.contains("[\"a\", \"b\"]"), "{said}");
}

#[test]
fn tenants_have_rows_of_their_own() {
    let acme = tenant("acme");
    let story = Story::new().on("a", filled("plum", 5)).tenant(acme.clone()).on("a", filled("plum", 9));
    let renamed = story.on("x", KindEvent::Renamed { from: "plum".into(), to: "damson".into() });
    let jars = project::<JarRow>(renamed);
    assert_eq!(jars.expect_row("a").kind, "plum", "another tenant's event changed it");
    assert_eq!(jars.row_of(&acme, "a").unwrap().kind, "damson");
    assert_eq!((jars.shown().len(), jars.shown_of(&acme).len()), (1, 1));
}

#[test]
fn one_event_changes_every_row_that_matches_and_no_other() {
    let story = Story::new()
        .on("a", filled("plum", 5))
        .on("b", filled("fig", 5))
        .on("c", filled("plum", 5))
        .on("c", tasted(5))
        .on("k", KindEvent::Renamed { from: "plum".into(), to: "damson".into() })
        .on("d", filled("plum", 5))
        .on("k", KindEvent::Claimed { name: "plum".into() });
    let jars = project::<JarRow>(story);
    let kinds: Vec<_> = jars.rows().values().map(|row| (row.row.kind.as_str(), row.position)).collect();
    assert_eq!(kinds, [("damson", 5), ("fig", 2), ("damson", 5), ("plum", 6)]);
}

#[test]
fn a_key_that_is_named_twice_counts_once() {
    let kinds =
        project::<KindRow>([("a", filled("plum", 5)), ("b", filled("fig", 5)), ("c", filled("plum", 5))]);
    assert_eq!(kinds.expect_row("plum").filled, 2);
    assert_eq!(kinds.expect_row("all").filled, 3);
}

#[test]
fn a_key_that_fails_is_parked_and_its_events_wait_while_others_go_on() {
    let story = Story::new()
        .on("a", filled("plum", 5))
        .on("b", tasted(1))
        .on("a", filled("plum", 13))
        .on("b", filled("fig", 5))
        .on("a", tasted(1))
        .on("k", KindEvent::Renamed { from: "plum".into(), to: "damson".into() })
        .on("c", filled("plum", 5));
    let jars = project::<JarRow>(story);
    assert_eq!(jars.expect_row("a").grams, 5, "nothing half-changed is kept");
    assert_eq!(jars.expect_row("a").kind, "plum");
    assert!(jars.row("b").is_none());
    assert_eq!(jars.expect_row("c").grams, 5);
    let parked: Vec<_> =
        jars.parked().map(|key| (key.key.key.as_str(), key.position, key.waiting.as_slice())).collect();
    // What renames whatever is of a kind waits behind both: neither row is what it will be.
    assert_eq!(parked, [("a", 3, &[3, 5, 6][..]), ("b", 2, &[2, 4, 6][..])]);
    let errors: Vec<_> = jars.parked().map(|key| key.error.as_str()).collect();
    assert!(errors[0].contains("bad luck") && errors[1].contains("no row `b`"), "{errors:?}");
}

fn jar(id: &str) -> StreamId {
    StreamId::new("jar", id)
}

#[test]
fn events_of_an_older_schema_are_brought_up_and_unknown_ones_follow_the_contract() {
    let story = Story::new()
        .on("a", filled("plum", 50))
        .raw(jar("a"), "pantry.jar.tasted", 1, &json!({"spoons": 2, "ticket": "t"}))
        .raw(jar("a"), "pantry.jar.dropped", 1, &json!({}))
        .on("a", tasted(1))
        .raw(jar("b"), "pantry.jar.filled", 9, &json!({}))
        .raw(jar("c"), "pantry.jar.filled", 1, &json!({"kind": 7}))
        .raw(StreamId::new("spoon", "a"), "pantry.spoon.bent", 1, &json!({}))
        .on("d", filled("fig", 1));
    let jars = project::<JarRow>(&story);
    assert_eq!(jars.expect_row("a").grams, 20, "two spoons of fifteen grams");
    let parked: Vec<_> = jars.parked().map(|key| (key.key.key.as_str(), key.waiting.as_slice())).collect();
    assert_eq!(parked, [("a", &[3, 4][..]), ("b", &[5][..]), ("c", &[6][..])]);
    assert!(jars.stopped().is_none());

    let kinds = project::<KindRow>(&story);
    assert_eq!(kinds.expect_row("all").filled, 2, "what it does not know it passes over");
    assert_eq!(
        kinds.parked().map(|key| key.position).collect::<Vec<_>>(),
        [6],
        "what is malformed it does not"
    );

    let tastings = naive_fold::<Tasting>(story.events());
    assert_eq!(tastings.stopped().map(|(position, _)| position), Some(3));
}

#[test]
fn a_row_in_the_place_of_another_is_found_out() {
    let said = complaint(|| project::<JarRow>([("a", filled("plum", 14))]));
    assert!(said.contains("\"another\"") && said.contains("\"a\""), "{said}");
}
