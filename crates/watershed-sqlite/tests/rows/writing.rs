//! A batch is written whole or not at all, and every index with it.

use watershed_core::ports::{ParkedKey, RowChange, RowError, RowsBatch, StoredRow};
use watershed_core::{Ask, Direction, Timestamp, Value};

use crate::support::{Fixture, at, by_key, key, now, puts, tenant, thing};

fn parked(id: &str) -> ParkedKey {
    ParkedKey {
        table: 0,
        key: key("acme", id),
        position: 3,
        waiting: vec![3, 9],
        error: "no such family".into(),
        fingerprint: "f".into(),
        since: Timestamp::from_micros(7),
        attempts: 5,
    }
}

#[test]
fn a_batch_that_fails_half_way_changes_nothing() {
    let fixture = Fixture::new();
    now(fixture.group.write(&puts(vec![thing("k1", &[(2, Value::Int(1))])], 1))).unwrap();
    let narrow = StoredRow { values: vec![Value::Text("k9".into())], ..thing("k9", &[]) };
    let other_key = StoredRow { key: key("acme", "elsewhere"), ..thing("k9", &[]) };
    for fault in [(0, narrow), (0, other_key), (7, thing("k9", &[]))] {
        let good = vec![
            RowChange::Put(thing("k1", &[(2, Value::Int(2))])),
            RowChange::Put(thing("k2", &[])),
            RowChange::Delete(key("acme", "k1")),
        ];
        let batch = RowsBatch {
            changes: vec![(0, good), (fault.0, vec![RowChange::Put(fault.1)])],
            park: vec![parked("k3")],
            checkpoint: at(2),
            ..RowsBatch::default()
        };
        assert!(matches!(now(fixture.group.write(&batch)), Err(RowError::Store(_))));
        assert_eq!(fixture.ids(&Ask::rows("things")), ["k1"]);
        assert_eq!(now(fixture.group.checkpoint()).unwrap().position, 1);
        assert_eq!(now(fixture.group.parked()).unwrap(), []);
    }
    now(fixture.group.write(&puts(vec![thing("k2", &[])], 2))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["k1", "k2"]);
    assert_eq!(fixture.damage(), "ok");
}

#[test]
fn a_decimal_that_is_written_otherwise_is_written_to_its_index_too() {
    let fixture = Fixture::new();
    let amount = |text: &str| thing("k1", &[(4, Value::Decimal(text.parse().unwrap()))]);
    now(fixture.group.write(&puts(vec![amount("10.0")], 1))).unwrap();
    now(fixture.group.write(&puts(vec![amount("10.00")], 2))).unwrap();
    let in_index: String = fixture
        .plain()
        .query_row(
            "SELECT amount FROM things WHERE tenant = 'acme' AND amount COLLATE decimal = '10'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(in_index, "10.00");
}

/// Every combination of indexed columns that change, so that each way to update a row is taken.
#[test]
fn indexes_follow_whatever_changes() {
    let fixture = Fixture::new();
    let row = |bits: u32| {
        let bit = |place: u32| i64::from(bits >> place & 1);
        thing(
            "k1",
            &[
                (1, Value::Bool(bit(0) == 1)),
                (2, Value::Int(bit(1))),
                (4, Value::Decimal(bit(2).into())),
                (5, Value::Text(bit(3).to_string().into())),
                (6, Value::Timestamp(Timestamp::from_micros(bit(4)))),
            ],
        )
    };
    for (position, bits) in (1..).zip((0..32).flat_map(|bits| [bits, 0, 31, bits])) {
        now(fixture.group.write(&puts(vec![row(bits)], position))).unwrap();
        assert_eq!(now(fixture.group.rows(0, &[key("acme", "k1")])).unwrap(), [row(bits)]);
        for column in ["flag", "count", "amount", "name", "seen"] {
            let sorted = Ask { sort: vec![(column.into(), Direction::Descending)], ..Ask::rows("things") };
            assert_eq!(fixture.ids(&sorted), ["k1"]);
        }
    }
    assert_eq!(fixture.damage(), "ok");
}

#[test]
fn parked_keys_change_with_the_rows_and_are_counted_for_their_tenant() {
    let fixture = Fixture::new();
    let theirs = ParkedKey { key: key("other", "k2"), since: Timestamp::from_micros(3), ..parked("k2") };
    let batch =
        RowsBatch { park: vec![parked("k1"), theirs.clone()], checkpoint: at(9), ..RowsBatch::default() };
    now(fixture.group.write(&batch)).unwrap();
    assert_eq!(now(fixture.group.parked()).unwrap(), [theirs.clone(), parked("k1")]);
    let count =
        |tenant_name: &str, ask: &Ask| now(fixture.group.ask(&tenant(tenant_name), ask)).unwrap().parked;
    assert_eq!(count("acme", &Ask::rows("things")), 1);
    assert_eq!(count("other", &Ask::rows("things")), 1);
    assert_eq!(count("third", &Ask::rows("things")), 0);
    assert_eq!(count("acme", &Ask::rows("pairs")), 0);
    assert_eq!(count("acme", &by_key("k1")), 1);
    assert_eq!(count("acme", &by_key("k2")), 0);
    assert_eq!(count("other", &by_key("k2")), 1);
    let again = ParkedKey { attempts: 6, ..parked("k1") };
    let batch = RowsBatch {
        park: vec![again.clone()],
        unpark: vec![(0, theirs.key)],
        checkpoint: at(10),
        ..RowsBatch::default()
    };
    now(fixture.group.write(&batch)).unwrap();
    assert_eq!(now(fixture.group.parked()).unwrap(), [again]);
}

#[test]
fn the_checkpoint_can_be_queried_with_sql() {
    let fixture = Fixture::new();
    now(fixture.group.write(&puts(Vec::new(), 42))).unwrap();
    let row: (String, i64, String) = fixture
        .plain()
        .query_row("SELECT projection_name, position, status FROM checkpoints", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, ("things".to_owned(), 42, "running".to_owned()));
}

/// A write-ahead log that is never copied would fill the disk and slow every reader down.
#[test]
fn the_write_ahead_log_starts_again_under_writes_that_never_pause() {
    let Fixture { group, store, folder } = Fixture::new();
    // A context keeps its groups, and not the store that they came from.
    drop(store);
    let text = Value::Json(format!("\"{}\"", "x".repeat(1_500)).into());
    let log = folder.path().join("views/things.1.db-wal");
    let mut written = 0;
    for position in 1..300 {
        let row = |id| StoredRow { position, ..thing(&format!("k{id}"), &[(7, text.clone())]) };
        let rows: Vec<StoredRow> = (0..200).map(row).collect();
        written += rows.len() * 2_048;
        now(group.write(&puts(rows, position))).unwrap();
    }
    let length = usize::try_from(log.metadata().unwrap().len()).unwrap();
    assert!(length < written / 2, "{length} of {written} bytes stand in the write-ahead log");
}
