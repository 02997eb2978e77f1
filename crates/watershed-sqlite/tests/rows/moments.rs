//! Rows and checkpoint are always of one moment, whatever happens beside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use watershed_core::ports::{RowGroup, StoredRow};
use watershed_core::{Ask, Direction, Value};

use crate::support::{Fixture, at, by_key, now, puts, tenant, thing};

const ROWS: usize = 40;

/// Rows that all bear the number of the position at which they were written.
fn rows_at(position: u64) -> Vec<StoredRow> {
    let number = i64::try_from(position).unwrap();
    (0..ROWS).map(|id| thing(&format!("k{id}"), &[(2, Value::Int(number))])).collect()
}

/// Asks until it is told to stop; gives how many answers there were.
fn ask_all_the_time(group: &Arc<dyn RowGroup>, stop: &AtomicBool) -> usize {
    let acme = tenant("acme");
    let sorted = Ask { sort: vec![("count".into(), Direction::Descending)], ..Ask::rows("things") };
    let asks = [by_key("k7"), Ask::rows("things"), sorted];
    let (mut last, mut answers) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        for ask in &asks {
            let found = now(group.ask(&acme, ask)).unwrap();
            assert!(found.position >= last, "from {last} back to {}", found.position);
            last = found.position;
            let wanted = if ask.key.is_some() { 1 } else { ROWS };
            assert_eq!(found.rows.len(), if last == 0 { 0 } else { wanted });
            for row in &found.rows {
                assert_eq!(row.values[2], Value::Int(i64::try_from(last).unwrap()), "at {last}");
            }
            answers += 1;
        }
    }
    answers
}

fn with_readers(fixture: &Fixture, change: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    let answers: usize = thread::scope(|scope| {
        let readers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| ask_all_the_time(&fixture.group, &stop))).collect();
        change();
        stop.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert!(answers > 100, "only {answers} answers: this proved nothing");
}

#[test]
fn answers_are_of_one_moment_while_batches_are_written() {
    let fixture = Fixture::new();
    with_readers(&fixture, || {
        for position in 1..400 {
            now(fixture.group.write(&puts(rows_at(position), position))).unwrap();
        }
    });
}

#[test]
fn readers_see_the_old_tables_or_the_new_ones_and_never_half_of_them() {
    let fixture = Fixture::new();
    with_readers(&fixture, || {
        for position in 1..60 {
            let mut loader = now(fixture.group.loader()).unwrap();
            for rows in rows_at(position).chunks(7) {
                now(loader.add(0, rows.to_vec())).unwrap();
            }
            now(loader.finish(Vec::new(), at(position))).unwrap();
        }
    });
    assert_eq!(fixture.damage(), "ok");
}

#[test]
fn batches_and_loaders_take_turns() {
    let fixture = Fixture::new();
    with_readers(&fixture, || {
        for position in (1..60).step_by(2) {
            let mut loader = now(fixture.group.loader()).unwrap();
            now(loader.add(0, rows_at(position + 1))).unwrap();
            now(fixture.group.write(&puts(rows_at(position), position))).unwrap();
            now(loader.finish(Vec::new(), at(position + 1))).unwrap();
        }
    });
}
