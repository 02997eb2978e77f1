//! One event that changes many rows, and rows that look at others, beside keys that are parked: case by case.

use watershed::prelude::*;
use watershed::runtime::{EventRange, Retried, Terms};

use super::yard::{
    FOR_EVER, HUBS, LINES, PARCELS, PASSED, WEIGHTS, YardEvent, context, hub_key, line_key, parcel_key,
};
use super::{ALONE, GROUP, Opened, defect, open, tenant, turn};
use crate::reconcile::tamper;

fn named(hub: u32, name: &str, bad: u8) -> YardEvent {
    YardEvent::HubNamed { hub, name: name.into(), bad }
}

fn drawn(line: u32, hub: u32, bad: u8) -> YardEvent {
    YardEvent::LineDrawn { line, hub, bad }
}

fn booked(parcel: u32, line: u32, weight: i64, bad: u8) -> YardEvent {
    YardEvent::Booked { parcel, line, weight, bad }
}

fn weighed(parcel: u32, weight: i64, bad: u8) -> YardEvent {
    YardEvent::Weighed { parcel, weight, bad }
}

fn season(season: u32) -> YardEvent {
    YardEvent::SeasonBegun { season, bad: 0 }
}

/// A yard whose folds are defective, in which this has happened.
async fn after(folder: &tempfile::TempDir, events: Vec<YardEvent>) -> Opened {
    defect(true);
    let opened = open(context(), folder.path()).await;
    opened.record(&Principal::default(), events).await;
    opened.rest().await;
    opened
}

async fn parked(opened: &Opened) -> Vec<(String, String)> {
    let parked = opened.yard.parked(&Principal::default(), None).await.unwrap();
    let mut parked: Vec<_> = parked.into_iter().map(|parked| (parked.view, parked.key)).collect();
    parked.sort_unstable();
    parked
}

fn keys(keys: &[(&str, String)]) -> Vec<(String, String)> {
    let mut keys: Vec<_> = keys.iter().map(|(view, key)| ((*view).to_owned(), key.clone())).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_whatever_matches_waits_behind_every_parked_key_and_is_applied_where_it_matches_then() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(
        &folder,
        vec![
            booked(1, 0, 10, 0),
            booked(2, 0, 60, 0),
            // They will match, not match any more, and be there in the first place.
            weighed(1, 60, WEIGHTS),
            weighed(2, 10, WEIGHTS),
            booked(3, 0, 70, WEIGHTS),
            booked(4, 0, 80, 0),
            season(1),
            weighed(1, 20, 0),
            weighed(2, 90, 0),
            season(5),
        ],
    )
    .await;
    yard.assert_is_the_fold("with parked keys").await;
    yard.yard.rebuild_and_wait(&Principal::default(), ALONE).await.unwrap();
    yard.assert_is_the_fold("rebuilt with parked keys").await;
    defect(false);
    yard.assert_no_drift("with keys that would not be parked any more").await;
    yard.retry_all().await;
    yard.assert_is_the_fold("tried again").await;
    assert_eq!(parked(&yard).await, []);
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_whatever_matches_leaves_the_rows_of_other_tenants_alone() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(&folder, vec![booked(1, 0, 60, 0), booked(2, 0, 60, WEIGHTS)]).await;
    let other = tenant("other");
    yard.record(&other, vec![booked(1, 0, 60, 0), booked(2, 0, 60, WEIGHTS), booked(3, 0, 90, 0), season(1)])
        .await;
    yard.rest().await;
    yard.assert_is_the_fold("with two tenants").await;
    yard.yard.rebuild_and_wait(&Principal::default(), ALONE).await.unwrap();
    yard.assert_is_the_fold("rebuilt").await;
    defect(false);
    yard.assert_no_drift("with two tenants").await;
    yard.retry_all().await;
    yard.assert_is_the_fold("tried again").await;
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_tried_again_sees_its_neighbours_as_they_were() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(
        &folder,
        vec![
            named(1, "early", 0),
            drawn(0, 1, 0),
            drawn(3, 1, 0),
            booked(1, 0, 10, PARCELS),
            booked(2, 3, 10, PARCELS),
            booked(3, 1, 10, PARCELS),
            named(1, "late", 0),
            drawn(1, 1, 0),
            YardEvent::LineCut { line: 3 },
        ],
    )
    .await;
    yard.assert_is_the_fold("with parked keys").await;
    yard.assert_no_drift("with parked keys").await;
    defect(false);
    for parcel in [1, 2, 3] {
        let retried = yard
            .yard
            .retry_parked(&Principal::default(), GROUP, &Tenant::default(), &parcel_key(parcel))
            .await
            .unwrap();
        assert_eq!(retried, Retried::Released { events: 1 });
    }
    yard.assert_is_the_fold("tried again").await;
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_at_a_parked_row_waits_and_is_tried_as_soon_as_it_is_released() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(
        &folder,
        vec![
            named(1, "early", 0),
            named(2, "other", 0),
            drawn(0, 1, 0),
            drawn(3, 2, 0),
            named(1, "late", HUBS),
            booked(1, 0, 10, 0),
            booked(2, 3, 10, 0),
            weighed(1, 20, 0),
            YardEvent::Charged { hub: 1, amount: 7, bad: 0 },
            drawn(1, 1, 0),
            // Passes over what is wrong with its line, and waits all the same.
            booked(4, 1, 30, 0),
        ],
    )
    .await;
    let operator = Principal::default();
    let waiting = keys(&[
        ("hubs", hub_key(1)),
        ("lines", line_key(0)),
        ("lines", line_key(1)),
        (GROUP, parcel_key(1)),
        (GROUP, parcel_key(4)),
    ]);
    assert_eq!(parked(&yard).await, waiting);
    let all = yard.yard.parked(&operator, Some(GROUP)).await.unwrap();
    let first = all.iter().find(|parked| parked.key == parcel_key(1)).unwrap();
    assert_eq!(first.error, "the row `l0` of `lines` is parked: this event waits until it is released");
    yard.assert_is_the_fold("with parked keys").await;
    yard.assert_no_drift("with parked keys").await;
    yard.yard.rebuild_and_wait(&operator, GROUP).await.unwrap();
    yard.assert_is_the_fold("rebuilt with parked keys").await;
    defect(false);
    yard.assert_no_drift("with keys that would not be parked any more").await;
    // By itself it gets nowhere.
    let alone = yard.yard.retry_parked(&operator, "lines", &Tenant::default(), &line_key(0)).await.unwrap();
    assert!(matches!(alone, Retried::StillParked { .. }), "{alone:?}");
    yard.yard.rebuild_key(&operator, GROUP, &Tenant::default(), &parcel_key(1)).await.unwrap();
    assert_eq!(parked(&yard).await, waiting);
    yard.assert_no_drift("with a key that was built anew").await;
    yard.yard.retry_parked(&operator, "hubs", &Tenant::default(), &hub_key(1)).await.unwrap();
    assert_eq!(parked(&yard).await, []);
    yard.assert_is_the_fold("tried again").await;
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_row_goes_on_when_that_is_built_anew_or_its_event_is_passed_over() {
    let _turn = turn().await;
    let operator = Principal::default();
    for pass_over in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let yard = after(
            &folder,
            vec![
                named(1, "early", 0),
                drawn(0, 1, 0),
                named(1, "late", HUBS),
                booked(1, 0, 10, 0),
                named(1, "last", 0),
                booked(2, 0, 10, 0),
            ],
        )
        .await;
        assert_eq!(parked(&yard).await.len(), 4);
        if pass_over {
            let passed = (HUBS, Tenant::default().to_string(), hub_key(1), 3);
            PASSED.write().unwrap().insert(passed);
            yard.yard.skip_parked(&operator, "hubs", &Tenant::default(), &hub_key(1), 3).await.unwrap();
        } else {
            defect(false);
            let mended = yard.yard.rebuild_key(&operator, "hubs", &Tenant::default(), &hub_key(1)).await;
            assert_eq!(mended.unwrap().released, 1);
        }
        assert_eq!(parked(&yard).await, []);
        yard.assert_is_the_fold("tried again").await;
        yard.assert_no_drift("tried again").await;
        yard.yard.close().await;
        PASSED.write().unwrap().clear();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_fails_is_what_it_was_also_where_its_neighbours_changed_in_the_same_batch() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(
        &folder,
        vec![
            named(1, "early", 0),
            drawn(0, 1, 0),
            booked(1, 0, 10, 0),
            YardEvent::HubClosed { hub: 1 },
            weighed(1, 20, PARCELS),
        ],
    )
    .await;
    yard.assert_is_the_fold("with a parked key").await;
    // And where the ones that it looked at were there before.
    let again = vec![named(2, "there", 0), drawn(3, 2, 0), named(3, "there too", 0)];
    yard.record(&Principal::default(), again).await;
    yard.rest().await;
    let then = vec![booked(2, 3, 10, 0), YardEvent::HubClosed { hub: 3 }, weighed(2, 20, PARCELS)];
    yard.record(&Principal::default(), then).await;
    yard.rest().await;
    yard.assert_is_the_fold("with another parked key").await;
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_passed_over_is_so_for_whoever_is_tried_again_later() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(
        &folder,
        vec![
            named(1, "early", 0),
            drawn(0, 1, 0),
            named(1, "bad", HUBS | FOR_EVER),
            booked(1, 0, 10, PARCELS),
            named(1, "late", 0),
        ],
    )
    .await;
    let operator = Principal::default();
    yard.yard.skip_parked(&operator, "hubs", &Tenant::default(), &hub_key(1), 3).await.unwrap();
    assert_eq!(parked(&yard).await, keys(&[(GROUP, parcel_key(1))]));
    defect(false);
    yard.yard.retry_parked(&operator, GROUP, &Tenant::default(), &parcel_key(1)).await.unwrap();
    let row = yard.yard.row_json(GROUP, &parcel_key(1), &Terms::default()).await.unwrap().value.unwrap();
    let row: serde_json::Value = serde_json::from_str(row.get()).unwrap();
    assert_eq!(row["label"], "early 1 early 1 0", "nothing of the event that was passed over");
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_one_cause_are_tried_together_with_those_that_wait_for_them() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let mut events = vec![named(1, "early", 0), named(2, "other", 0), named(3, "third", 0)];
    events.extend((0..6).map(|line| drawn(line, line % 3 + 1, LINES)));
    events.extend((0..6).map(|parcel| booked(parcel, parcel, 10, 0)));
    events.extend([named(1, "late", 0), named(2, "late", 0)]);
    let yard = after(&folder, events).await;
    let (operator, first) = (Principal::default(), parked(&yard).await);
    assert_eq!(first.len(), 12);
    let entries = yard.yard.parked(&operator, Some("lines")).await.unwrap();
    assert!(entries.iter().all(|entry| entry.fingerprint == entries[0].fingerprint), "{entries:?}");
    let none = yard.yard.retry_cause(&operator, "lines", "another cause").await;
    assert!(none.is_err());
    let still = yard.yard.retry_cause(&operator, "lines", &entries[0].fingerprint).await.unwrap();
    assert_eq!((still.released, still.still_parked), (0, 6));
    assert_eq!(parked(&yard).await, first);
    defect(false);
    let mended = yard.yard.retry_cause(&operator, "lines", &entries[0].fingerprint).await.unwrap();
    assert_eq!((mended.released, mended.still_parked), (6, 0));
    assert_eq!(parked(&yard).await, [], "with those that waited for them");
    yard.assert_is_the_fold("tried again").await;
    yard.yard.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_folds_the_row_of_a_parked_key_over_its_neighbours_as_they_were() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let yard = after(
        &folder,
        vec![
            named(1, "early", 0),
            drawn(0, 1, 0),
            booked(1, 0, 10, 0),
            named(1, "late", 0),
            weighed(1, 20, PARCELS),
            named(1, "last", 0),
            drawn(3, 1, LINES),
            drawn(3, 2, 0),
        ],
    )
    .await;
    yard.assert_is_the_fold("with parked keys").await;
    yard.yard.rebuild_and_wait(&Principal::default(), GROUP).await.unwrap();
    yard.assert_is_the_fold("rebuilt with parked keys").await;
    defect(false);
    let range = EventRange { from: Some(1), to: Some(1), ..EventRange::default() };
    yard.yard.rebuild_range(&Principal::default(), GROUP, range).await.unwrap();
    yard.assert_is_the_fold("rows of a part of the log, built anew").await;
    assert_eq!(parked(&yard).await, []);
    // Whoever has looked at a row of the part is folded again too.
    yard.record(&Principal::default(), vec![YardEvent::HubClosed { hub: 1 }]).await;
    yard.rest().await;
    tamper(folder.path(), "views/parcels.db", "UPDATE parcels SET label = 'wrong'");
    let last = Some(yard.yard.head());
    let range = EventRange { from: last, to: last, ..EventRange::default() };
    yard.yard.rebuild_range(&Principal::default(), GROUP, range).await.unwrap();
    yard.assert_is_the_fold("rows that may have looked at a part of the log, built anew").await;
    yard.yard.close().await;
}
