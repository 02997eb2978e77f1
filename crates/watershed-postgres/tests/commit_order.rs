//! The commonest fault of logs on databases: readers pass an event that has its place already and is not committed yet, and never
//! see it. Eight writers in two processes dawdle inside their transactions, and readers follow. Our log is read without one missed;
//! ways to read that are in use elsewhere miss some, and are found out by the same checks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use watershed_core::ports::{Append, EventLog, LogReader, ReadFrom, Scope};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::{Postgres, client};
use watershed_testkit::proxy::Proxy;
use watershed_testkit::things::{append_to, happened};

/// Tells the program of this test that it writes: how, where, from which number on, and how many each.
const WRITER: &str = "WATERSHED_TEST_WRITER";
const PROCESSES: u64 = 2;
const WRITERS: u64 = 4;

/// Whatever comes back, spread over the numbers: the same for the same.
fn spread(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

fn append(id: u64) -> Append {
    append_to(format!("s{}", id % 50), vec![happened(id, &format!("{{\"id\":{id}}}"))])
}

/// Says that an append has been acknowledged. Before the next one begins: so each writer's come in their order.
fn tell(id: u64) {
    std::io::stdout().lock().write_all(format!("ACK {id}\n").as_bytes()).unwrap();
}

/// What the network does inside of transactions: each of the two round trips takes its time, and another one each time.
async fn weather(proxy: Arc<Proxy>) {
    for turn in 0.. {
        proxy.delay(Duration::from_micros(spread(turn) % 3_000));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn append_ours(port: u16, from: u64, each: u64, dawdles: bool) {
    let proxy = Arc::new(Proxy::to(port).await);
    let log = PostgresLog::open(Options::new(Postgres::server_at(proxy.port()))).await.unwrap();
    let log = Arc::new(log);
    if dawdles {
        tokio::spawn(weather(proxy.clone()));
    }
    let writers = (0..WRITERS).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for turn in 0..each {
                let id = from + writer * each + turn;
                log.append(append(id)).await.unwrap();
                tell(id);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// As logs on a sequence do: the place is taken, and what comes between that and the commit takes its time.
async fn append_theirs(server: &str, from: u64, each: u64) {
    let writers = (0..WRITERS).map(|writer| {
        let server = server.to_owned();
        tokio::spawn(async move {
            let client = client(&server).await;
            for turn in 0..each {
                let id = from + writer * each + turn;
                let pause = || Duration::from_micros(spread(id) % 4_000);
                client.batch_execute("BEGIN").await.unwrap();
                let place: i64 = client.query_one("SELECT nextval('places')", &[]).await.unwrap().get(0);
                tokio::time::sleep(pause()).await;
                let insert = "INSERT INTO theirs (place, id) VALUES ($1, $2)";
                client.execute(insert, &[&place, &i64::try_from(id).unwrap()]).await.unwrap();
                // Most are soon done; some are not, as where a page is to be read or a machine stands still.
                let long = if id % 40 == 7 { Duration::from_millis(60) } else { Duration::ZERO };
                tokio::time::sleep(pause() + long).await;
                client.batch_execute("COMMIT").await.unwrap();
                tell(id);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// Does nothing, unless this program has been started as one that writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_their_own() {
    let Ok(said) = std::env::var(WRITER) else { return };
    let words: Vec<&str> = said.split(' ').collect();
    let number = |place: usize| words[place].parse::<u64>().unwrap();
    let (port, from, each) = (u16::try_from(number(1)).unwrap(), number(2), number(3));
    match words[0] {
        "theirs" => append_theirs(&Postgres::server_at(port), from, each).await,
        ours => append_ours(port, from, each, ours == "dawdling").await,
    }
}

/// A process that writes; gives what was acknowledged to it, in that order.
struct Writer(Child, JoinHandle<Vec<u64>>);

fn writers(how: &str, port: u16, each: u64) -> Vec<Writer> {
    let start = |process: u64| {
        let from = process * WRITERS * each;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writers_of_their_own", "--nocapture"])
            .env(WRITER, format!("{how} {port} {from} {each}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let acks = std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("ACK ")?.parse().ok()).collect()
        });
        Writer(child, acks)
    };
    (0..PROCESSES).map(start).collect()
}

/// Waits for them to end.
async fn acked(writers: Vec<Writer>) -> Vec<Vec<u64>> {
    tokio::task::spawn_blocking(move || {
        let end = |Writer(mut child, acks): Writer| {
            assert!(child.wait().unwrap().success(), "a writer has failed");
            acks.join().unwrap()
        };
        writers.into_iter().map(end).collect()
    })
    .await
    .unwrap()
}

/// What is wrong with what a reader has seen.
#[derive(Debug, Default, PartialEq)]
struct Faults {
    missed: usize,
    doubled: usize,
    /// Seen before something that the same process had been acknowledged before it was sent.
    disordered: usize,
    /// Nobody has been told of it.
    strange: usize,
}

/// Holds what a reader has seen against what was acknowledged to each process.
fn faults(seen: &[u64], acked: &[Vec<u64>], each: u64) -> Faults {
    let mut places = HashMap::new();
    let mut found = Faults::default();
    for (place, id) in seen.iter().enumerate() {
        found.doubled += usize::from(places.insert(*id, place).is_some());
    }
    let mut known = 0;
    for acked in acked {
        let mut last = HashMap::new();
        for id in acked {
            let Some(place) = places.get(id) else {
                found.missed += 1;
                continue;
            };
            known += 1;
            let writer = id / each;
            let before = last.insert(writer, *place);
            found.disordered += usize::from(before.is_some_and(|before| before > *place));
        }
    }
    found.strange = places.len() - known;
    found
}

#[test]
fn every_fault_of_a_reader_is_counted() {
    let acked = [vec![0, 10, 1, 11, 2], vec![20, 21]];
    let of = |seen: &[u64]| faults(seen, &acked, 10);
    assert_eq!(of(&[10, 0, 1, 20, 2, 11, 21]), Faults::default());
    assert_eq!(of(&[10, 0, 20, 2, 11, 21]), Faults { missed: 1, ..Faults::default() });
    assert_eq!(of(&[10, 0, 1, 20, 2, 0, 11, 21]), Faults { doubled: 1, disordered: 1, ..Faults::default() });
    assert_eq!(of(&[10, 0, 1, 20, 2, 21, 11, 7]), Faults { strange: 1, ..Faults::default() });
    assert_eq!(of(&[0, 10, 2, 1, 11, 21, 20]), Faults { disordered: 2, ..Faults::default() });
}

/// Follows our log from its beginning, as a projector does, page by page.
async fn follow_ours(server: String, total: u64, page: usize) -> Vec<u64> {
    let log = PostgresLog::open(Options::new(server)).await.unwrap();
    let (mut after, mut seen) = (0, Vec::new());
    while after < total {
        let come = tokio::time::timeout(Duration::from_secs(120), log.wait_past(after)).await;
        assert!(come.is_ok(), "nothing comes after {after} of {total}");
        let read = log.read(ReadFrom { scope: Scope::Log, after, limit: page }).await.unwrap();
        for event in read.events {
            assert_eq!(event.position, after + 1, "in the order of the positions, without holes");
            after = event.position;
            let payload = std::str::from_utf8(&event.payload).unwrap();
            let id = payload.trim_start_matches("{\"id\":").trim_end_matches('}');
            seen.push(id.parse().unwrap());
        }
    }
    seen
}

async fn our_readers_miss_nothing(how: &str, each: u64) {
    let server = Postgres::start();
    let total = PROCESSES * WRITERS * each;
    let readers = [1_000, 7, 64].map(|page| tokio::spawn(follow_ours(server.server(), total, page)));
    let acked = acked(writers(how, server.port(), each)).await;
    for reader in readers {
        let seen = reader.await.unwrap();
        assert_eq!(faults(&seen, &acked, each), Faults::default(), "{how}");
        assert_eq!(seen.len() as u64, total);
    }
}

fn is_nightly() -> bool {
    std::env::var_os("WATERSHED_NIGHTLY").is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_our_log_miss_nothing_of_writers_who_dawdle() {
    our_readers_miss_nothing("dawdling", if is_nightly() { 5_000 } else { 150 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_our_log_miss_nothing_of_writers_in_a_hurry() {
    our_readers_miss_nothing("hurrying", if is_nightly() { 125_000 } else { 500 }).await;
}

/// Ways to follow such a table that are in use.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cursor {
    /// Behind the greatest place that was seen.
    Greatest,
    /// The same; a gap is waited for, and not for ever.
    GapTimeout,
    /// By the time of the row.
    Time,
    /// Behind the greatest place, as far as no transaction is open that is older.
    OldestOpen,
    /// By transaction, as far as none is open that is older; the order is that of the transactions.
    Transaction,
}

const TABLE: &str = "CREATE SEQUENCE places; CREATE TABLE theirs (
    place bigint PRIMARY KEY, id bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id())";

impl Cursor {
    fn sql(self) -> &'static str {
        match self {
            Self::Greatest | Self::GapTimeout => {
                "SELECT id, place FROM theirs WHERE place > $1 ORDER BY place"
            }
            Self::Time => {
                "SELECT id, (extract(epoch FROM at) * 1000000)::bigint FROM theirs
                 WHERE (extract(epoch FROM at) * 1000000)::bigint > $1 ORDER BY 2"
            }
            Self::OldestOpen => {
                "SELECT id, place FROM theirs WHERE place > $1
                 AND transaction < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY place"
            }
            // invariant of this table: one row a transaction.
            Self::Transaction => {
                "SELECT id, transaction::text::bigint FROM theirs WHERE transaction::text::bigint > $1
                 AND transaction < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY 2"
            }
        }
    }

    /// Follows until nothing has come for some time after the writers have ended.
    async fn follow(self, server: String, ended: Arc<std::sync::atomic::AtomicBool>) -> Vec<u64> {
        let client = client(&server).await;
        let (mut after, mut seen, mut gap) = (0, Vec::new(), None::<Instant>);
        loop {
            let is_last = ended.load(std::sync::atomic::Ordering::SeqCst);
            let rows = client.query(self.sql(), &[&after]).await.unwrap();
            for row in &rows {
                let place: i64 = row.get(1);
                if self == Self::GapTimeout && place > after + 1 {
                    let since = gap.get_or_insert_with(Instant::now);
                    if since.elapsed() < Duration::from_millis(25) {
                        break;
                    }
                }
                gap = None;
                after = place;
                seen.push(u64::try_from(row.get::<_, i64>(0)).unwrap());
            }
            if is_last && gap.is_none() {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_that_are_in_use_elsewhere_are_found_to_miss_events() {
    const CURSORS: [Cursor; 5] =
        [Cursor::Greatest, Cursor::GapTimeout, Cursor::Time, Cursor::OldestOpen, Cursor::Transaction];
    let each = if is_nightly() { 2_000 } else { 150 };
    let server = Postgres::start();
    server.sql(TABLE);
    let ended = Arc::<std::sync::atomic::AtomicBool>::default();
    let readers = CURSORS.map(|cursor| tokio::spawn(cursor.follow(server.server(), ended.clone())));
    let acked = acked(writers("theirs", server.port(), each)).await;
    // Whatever the server does for itself is over as well.
    tokio::time::sleep(Duration::from_millis(300)).await;
    ended.store(true, std::sync::atomic::Ordering::SeqCst);
    for (cursor, reader) in CURSORS.into_iter().zip(readers) {
        let found = faults(&reader.await.unwrap(), &acked, each);
        println!("{cursor:?}: {found:?} of {}", PROCESSES * WRITERS * each);
        assert_eq!(found.missed > 0, cursor != Cursor::Transaction, "{cursor:?}: {found:?}");
        assert_eq!((found.doubled, found.strange), (0, 0), "{cursor:?}: {found:?}");
    }
}
