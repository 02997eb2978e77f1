//! A log that somebody has changed.

use std::time::Duration;

use watershed_core::Tag;
use watershed_core::ports::{Append, EventLog, Idempotency, NewEvent};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::things::{append_to, happened};

fn append(id: u8) -> Append {
    let event = |last: u8| NewEvent {
        tags: vec![Tag::new("sku", id), Tag::new("sku", id), Tag::new("turn", last)],
        ..happened(u64::from(id) * 10 + u64::from(last), &format!("{{\"id\":{id}}}"))
    };
    Append {
        idempotency: Some(Idempotency { key: format!("k{id}").into(), fingerprint: [id; 16] }),
        ..append_to(format!("s{}", id % 7), vec![event(0), event(1)])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_sound_until_somebody_changes_anything_of_it() {
    let server = Postgres::start();
    // It is not to come by just then, and to take a head that is none for what has been acknowledged.
    let mut options = Options::new(server.server());
    options.poll = Duration::from_secs(3600);
    let log = PostgresLog::open(options).await.unwrap();
    assert_eq!(log.verify(&mut |_, _| {}).await.unwrap().head, 0, "an empty log is sound");
    for id in 0..50 {
        log.append(append(id)).await.unwrap();
    }
    let mut steps = Vec::new();
    let sound = log.verify(&mut |done, total| steps.push((done, total))).await.unwrap();
    assert_eq!((sound.head, sound.commits, sound.identity), (100, 50, log.identity()));
    assert_eq!(steps.last(), Some(&(100, 100)));
    server.sql("CREATE SCHEMA kept; CREATE TABLE kept.events AS TABLE watershed.events");
    server.sql("CREATE TABLE kept.event_tags AS TABLE watershed.event_tags");
    server.sql("CREATE TABLE kept.log_head AS TABLE watershed.log_head");
    for harm in [
        "UPDATE events SET payload = '{\"id\":8}' WHERE position = 40",
        "UPDATE events SET checksum = checksum + 1 WHERE position = 40",
        "UPDATE events SET link = sha256('x') WHERE position = 40",
        "UPDATE events SET link = NULL WHERE position = 40",
        "UPDATE events SET stream_key = gen_random_uuid() WHERE position = 40",
        "UPDATE events SET idem_list = NULL WHERE position = 39",
        "UPDATE events SET idem_list = gen_random_uuid() WHERE position = 39",
        "DELETE FROM events WHERE position = 40",
        "DELETE FROM events WHERE position = 100",
        "DELETE FROM events WHERE position > 98; UPDATE log_head SET position = 98",
        "UPDATE log_head SET link = sha256('x')",
        "UPDATE log_head SET position = 101",
        "DELETE FROM event_tags WHERE position = 40",
        "INSERT INTO event_tags VALUES (gen_random_uuid(), 40)",
        "UPDATE event_tags SET tag = gen_random_uuid() WHERE position = 40",
    ] {
        server.sql(&format!("SET search_path TO watershed; {harm}"));
        let found = log.verify(&mut |_, _| {}).await;
        assert!(found.is_err(), "{harm}: {found:?}");
        server.sql(
            "SET search_path TO watershed; TRUNCATE events, event_tags, log_head;
             INSERT INTO events SELECT * FROM kept.events; INSERT INTO event_tags SELECT * FROM kept.event_tags;
             INSERT INTO log_head SELECT * FROM kept.log_head",
        );
        assert_eq!(log.verify(&mut |_, _| {}).await.unwrap(), sound, "{harm}");
    }
}
