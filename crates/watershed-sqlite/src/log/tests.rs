//! What only the inside of the log can show: forgery with right checksums, and a database that may not grow.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use watershed_core::ports::{
    Append, AppendError, EventLog, LogError, LogReader, LogScan, LogVisitor, NewEvent, RawEvent, ReadFrom,
    Scope,
};
use watershed_core::{Boundary, EventId, StreamId, Tag, Tenant, Timestamp};

use super::pages::{Cursor, Pages};
use super::row::read_row;
use super::{Health, Options, SqliteLog};
use crate::Sqlite;
use watershed_store::to_sql;
use watershed_store::{EventRow, checksum};

fn open(dir: &Path) -> Arc<SqliteLog> {
    let options = Options { wal: 0, ..Options::default() };
    Sqlite::open(dir, options).unwrap().log()
}

fn append(number: u8, length: usize) -> Append {
    let event = NewEvent {
        id: EventId::from_bytes([number; 16]),
        name: "paid",
        schema: 1,
        payload: format!("{{\"number\":\"{}\"}}", "7".repeat(length)).into_bytes().into(),
        tags: Vec::new(),
    };
    Append::new(Tenant::default(), StreamId::new("family", "s"), vec![event], Timestamp::from_micros(7))
}

/// Ten commits of one event each.
async fn ten() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..10 {
        log.append(append(number, 20)).await.unwrap();
    }
    dir
}

/// Changes the event's payload, and gives it the checksum that belongs to it then.
fn forge(dir: &Path, position: i64, payload: &str) {
    let connection = Connection::open(dir.join("log.db")).unwrap();
    let sum = connection
        .query_row(include_str!("sql/select_one.sql"), [position], |row| {
            let row = read_row(row, &mut Vec::new()).unwrap();
            let mut columns = Vec::new();
            EventRow { payload: payload.as_bytes(), ..row.event }.encode(&mut columns);
            Ok(checksum(&columns))
        })
        .unwrap();
    let changed = "UPDATE events SET payload = ?2, checksum = ?3 WHERE position = ?1";
    assert_eq!(connection.execute(changed, (position, payload, to_sql(sum))).unwrap(), 1);
}

fn verify(dir: &Path) -> Result<watershed_store::Verified, LogError> {
    Sqlite::verify(dir, &mut |_, _| {}).unwrap()
}

#[tokio::test]
async fn forgery_with_a_right_checksum_is_found_by_its_link() {
    let dir = ten().await;
    assert_eq!(verify(dir.path()).unwrap().commits, 10);
    forge(dir.path(), 4, "{\"number\":\"8\"}");
    let error = verify(dir.path()).unwrap_err();
    assert!(matches!(error, LogError::Damaged { position: 4, .. }), "{error}");
    assert_eq!(open(dir.path()).verify(&mut |_, _| {}), Err(error));

    let last = ten().await;
    forge(last.path(), 10, "{\"number\":\"8\"}");
    assert!(verify(last.path()).is_err());
    assert!(
        Sqlite::open(last.path(), Options::default()).is_err(),
        "the last commit is checked at the start"
    );
}

#[tokio::test]
async fn events_that_were_taken_out_are_missed() {
    for (sql, found) in [
        ("DELETE FROM events WHERE position = 1", true),
        ("DELETE FROM events WHERE position = 5", true),
        ("UPDATE events SET position = 50 WHERE position = 10", true),
        ("UPDATE events SET link = NULL WHERE position = 10", true),
        ("UPDATE events SET link = NULL WHERE position = 3", true),
        // Whole commits at the end: only somebody who has kept the link from before can tell.
        ("DELETE FROM events WHERE position > 8", false),
    ] {
        let dir = ten().await;
        let before = verify(dir.path()).unwrap();
        Connection::open(dir.path().join("log.db")).unwrap().execute_batch(sql).unwrap();
        let after = verify(dir.path());
        assert_eq!(after.is_err(), found, "{sql}: {after:?}");
        assert!(after.is_ok_and(|after| after.link != before.link) || found, "{sql}");
    }
}

#[tokio::test]
async fn a_database_that_may_not_grow_refuses_and_goes_on_once_it_may() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.append(append(1, 20)).await.unwrap();
    log.limit_pages(30);
    let mut number = 2;
    while let Ok(appended) = log.append(append(number, 20_000)).await {
        assert_eq!(appended.position, log.head());
        number += 1;
    }
    assert!(matches!(log.health(), Health::ReadOnly { resumes: true, .. }), "{:?}", log.health());
    let head = log.head();
    let reasons: Vec<_> =
        [append(100, 1), append(101, 1)].map(|append| log.append(append)).into_iter().collect();
    for refused in reasons {
        assert!(matches!(refused.await, Err(AppendError::ReadOnly(_))));
    }
    log.limit_pages(1_000_000);
    let mut again = log.append(append(102, 1)).await;
    for _ in 0..100 {
        if again.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        again = log.append(append(102, 1)).await;
    }
    let again = again.unwrap();
    assert_eq!((again.position, again.version), (head + 1, head + 1));
    log.verify(&mut |_, _| {}).unwrap();
}

/// The cursor gives the same rows as SQLite, wherever it gives one; and it gives nearly all of them.
#[tokio::test]
async fn rows_read_from_pages_are_those_that_sqlite_reads() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    #[cfg(unix)]
    assert!(log.shared().readers.reads_pages(), "from the first start on");
    let lengths = [0, 1, 200, 8_000, 8_130, 8_200, 40_000, 3_000_000];
    for round in 0..40 {
        let waiting: Vec<_> = (0..100_usize)
            .map(|number| {
                let length = if number % 50 == 7 {
                    lengths[(round + number / 50) % lengths.len()]
                } else {
                    number * 7
                };
                log.append(append(number as u8, length))
            })
            .collect();
        for answer in waiting {
            answer.await.unwrap();
        }
    }
    let head = log.head();
    drop(log);
    let connection = Connection::open(dir.path().join("log.db")).unwrap();
    let file = Arc::new(std::fs::File::open(dir.path().join("log.db")).unwrap());
    let mut cursor = Cursor::new(Arc::new(Pages::of(file, &connection).unwrap()));
    let mut statement = connection.prepare(include_str!("sql/select_one.sql")).unwrap();
    let (mut given, mut alone) = (0, false);
    let there_and_back =
        (1..=head).chain((1..=head).rev()).chain((0..2 * head).map(|step| step * 37 % head + 1));
    for position in there_and_back {
        let mut columns = Vec::new();
        alone = position % 5 == 0 && !alone;
        let record = if alone { cursor.record_alone(position) } else { cursor.record(position) };
        let Some(row) = record.and_then(|record| record.verified(&mut columns)) else {
            continue;
        };
        given += 1;
        statement
            .query_row([to_sql(position)], |wanted| {
                let wanted = read_row(wanted, &mut Vec::new()).unwrap();
                assert_eq!((row.event, row.checksum, row.link), (wanted.event, wanted.checksum, wanted.link));
                Ok(())
            })
            .unwrap();
    }
    assert!(given > head * 4 * 97 / 100, "{given} of {}", head * 4);
    assert!(
        cursor.record(head + 1).is_none() && cursor.record(0).is_none() && cursor.record(u64::MAX).is_none()
    );
}

struct EveryOther(u64, Vec<u64>);

impl LogVisitor for EveryOther {
    fn wants(&mut self, position: u64) -> bool {
        position.is_multiple_of(self.0)
    }

    fn see(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        self.1.push(event.position);
        ControlFlow::Continue(())
    }
}

/// Wherever the pages of those that are wanted lie: near each other, or far apart.
#[tokio::test]
async fn a_scan_over_pages_shows_what_is_wanted_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    {
        let log = open(dir.path());
        let waiting: Vec<_> =
            (0..1_000).map(|number| log.append(append((number % 200) as u8, 300))).collect();
        for answer in waiting {
            answer.await.unwrap();
        }
    }
    let log = open(dir.path());
    for every in [1, 2, 7, 40, 300, 2_000] {
        let mut visitor = EveryOther(every, Vec::new());
        assert_eq!(log.scan(0, u64::MAX, &mut visitor), Ok(1_000));
        assert_eq!(visitor.1, (1..=1_000).filter(|position| position % every == 0).collect::<Vec<_>>());
    }
}

/// Whatever the file holds: nothing, something, or an error; never a panic, never another row.
#[tokio::test]
async fn pages_of_any_bytes_give_right_rows_or_none() {
    let dir = tempfile::tempdir().unwrap();
    {
        let log = open(dir.path());
        let waiting: Vec<_> = (0..200).map(|number| log.append(append(number, 300))).collect();
        for answer in waiting {
            answer.await.unwrap();
        }
    }
    let sound = std::fs::read(dir.path().join("log.db")).unwrap();
    let connection = Connection::open(dir.path().join("log.db")).unwrap();
    let wanted = |position: u64| {
        let sql = include_str!("sql/select_one.sql");
        connection
            .query_row(sql, [to_sql(position)], |row| {
                Ok(read_row(row, &mut Vec::new()).unwrap().event.payload.to_vec())
            })
            .unwrap()
    };
    let payloads: Vec<Vec<u8>> = (1..=200).map(wanted).collect();
    let mut given = 0;
    let mut state = 0x1234_5678_9ABC_DEF1_u64;
    for round in 0..3_000 {
        let mut bytes = sound.clone();
        for _ in 0..1 + round % 40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (state >> 16) as usize % (bytes.len() - 100) + 100;
            bytes[at] = (state >> 8) as u8;
        }
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let mut cursor = Cursor::new(Arc::new(Pages::of(Arc::new(file), &connection).unwrap()));
        for position in (0..40).map(|step| step * 77 % 202) {
            let mut columns = Vec::new();
            let alone = round % 2 == 0;
            let record = if alone { cursor.record_alone(position) } else { cursor.record(position) };
            if let Some(row) = record.and_then(|record| record.verified(&mut columns)) {
                assert_eq!(row.event.payload, payloads[position as usize - 1], "round {round}");
                given += 1;
            }
        }
    }
    assert!(given > 3_000 * 10, "{given}");
}

/// A caller who is alone commits by itself: whoever comes meanwhile, and whoever goes away, is served all the same.
#[tokio::test]
async fn what_nobody_was_woken_for_is_written_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..3 {
        log.append(append(number, 1)).await.unwrap();
    }
    drop(log.append(append(3, 1)));
    let reached = tokio::time::timeout(Duration::from_secs(10), log.wait_past(3)).await;
    assert_eq!(reached, Ok(4), "an append that nobody waits for");

    log.append(append(4, 1)).await.unwrap();
    assert!(commits_of_many(&log, dir.path()).await <= 2, "callers on one thread share a commit");
    for _ in 0..40 {
        log.append(append(5, 1)).await.unwrap();
    }
    let commits = commits_of_many(&log, dir.path()).await;
    assert!(commits <= 18, "whoever was alone for long soon finds that others have come: {commits}");
}

/// In how many commits 64 callers on one thread are written.
async fn commits_of_many(log: &Arc<SqliteLog>, folder: &Path) -> i64 {
    let before = to_sql(log.head());
    let callers: Vec<_> = (0..64)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { log.append(append(number, 1)).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    Connection::open(folder.join("log.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM events WHERE position > ?1 AND link IS NOT NULL", [before], |row| {
            row.get(0)
        })
        .unwrap()
}

/// That a category exists stands among the events of all of its products: whoever creates one would look through all of them.
#[tokio::test]
async fn what_was_passed_over_once_is_not_looked_at_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { wal: 0, recent_events: 1, ..Options::default() };
    let log = Sqlite::open(dir.path(), options).unwrap().log();
    for number in 1..=40 {
        let mut append = append(number, 20);
        append.events[0].tags.push(Tag::new("category", "tools"));
        if number == 1 {
            append.events[0].name = "created";
        }
        log.append(append).await.unwrap();
    }
    let tools = Boundary::tag("category", "tools");
    let read = async |names: &[&'static str]| {
        let boundary = tools.clone().named(names.iter().copied());
        let scope = Scope::Boundary { tenant: Tenant::default(), boundary };
        log.read(ReadFrom { scope, after: 0, limit: 100 }).await.map(|read| read.events.len())
    };
    assert_eq!(read(&["created"]).await.unwrap(), 1);
    // Whoever looks at this one from now on finds that its checksum does not fit.
    let connection = Connection::open(dir.path().join("log.db")).unwrap();
    connection.execute("UPDATE events SET payload = '{}' WHERE position = 7", ()).unwrap();
    assert!(read(&["paid"]).await.is_err());
    assert_eq!(read(&["created"]).await.unwrap(), 1);
}
