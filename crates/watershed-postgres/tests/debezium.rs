//! What `deploy/debezium` says, held against the tables and what logical decoding makes of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;

use serde_json::Value;
use watershed_core::ports::{Append, EventLog};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::{Postgres, Setup};
use watershed_testkit::things::{append_to, happened};

const CONNECTOR: &str = include_str!("../../../deploy/debezium/coop.json");
const PREPARE: &str = include_str!("../../../deploy/debezium/prepare.sql");
const ROUTER: &str = "transforms.outbox.";

/// What columns the router can take for what, by the types that Debezium's PostgreSQL connector gives them.
const TEXT: &[&str] = &["text", "character varying"];
const ID: &[&str] = &["uuid", "text", "character varying"];
const TIME: &[&str] = &["timestamp without time zone"];
const NUMBER: &[&str] = &["integer"];
const ANY: &[&str] = &["text", "character varying", "uuid", "bigint", "integer"];

fn append(id: u8, events: u8) -> Append {
    let event = |place: u8| {
        let number = u64::from(id) * 100 + u64::from(place);
        happened(number, &format!("{{\"id\":{id},\"place\":{place}}}"))
    };
    append_to(format!("thing-{id}"), (0..events).map(event).collect())
}

/// A log that Debezium could follow, before its first event.
async fn followed() -> (Postgres, PostgresLog) {
    let server = Setup::default().setting("wal_level=logical").start();
    let mut options = Options::new(server.server());
    options.schema = "watershed_coop".to_owned();
    let log = PostgresLog::open(options).await.unwrap();
    server.sql(PREPARE);
    (server, log)
}

fn config() -> HashMap<String, String> {
    let connector: Value = serde_json::from_str(CONNECTOR).unwrap();
    serde_json::from_value(connector["config"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_that_the_router_is_told_of_is_there_with_a_type_that_it_takes() {
    let (server, _log) = followed().await;
    let columns = server.sql(
        "SELECT column_name || ' ' || data_type FROM information_schema.columns
         WHERE table_schema = 'watershed_coop' AND table_name = 'events'",
    );
    let columns: HashMap<&str, &str> = columns.lines().filter_map(|line| line.split_once(' ')).collect();
    let config = config();
    let mut told: Vec<(String, &[&str])> = Vec::new();
    for (key, value) in &config {
        let Some(option) = key.strip_prefix(ROUTER) else { continue };
        match option {
            "table.field.event.id" => told.push((value.clone(), ID)),
            "table.field.event.key" | "route.by.field" => told.push((value.clone(), TEXT)),
            "table.field.event.payload" => told.push((value.clone(), TEXT)),
            "table.field.event.timestamp" => told.push((value.clone(), TIME)),
            "table.field.event.schema.version" => told.push((value.clone(), NUMBER)),
            "table.fields.additional.placement" => {
                for placed in value.split(',') {
                    let parts: Vec<&str> = placed.split(':').collect();
                    assert!((2..=3).contains(&parts.len()) && parts[1] == "header", "{placed}");
                    told.push((parts[0].to_owned(), ANY));
                }
            }
            "type" | "table.op.invalid.behavior" | "route.topic.replacement" => {}
            other => panic!("`{other}` is not known to this test"),
        }
    }
    assert!(told.len() > 10, "{told:?}");
    for (column, types) in told {
        let found = columns.get(column.as_str()).unwrap_or_else(|| panic!("there is no column `{column}`"));
        assert!(types.contains(found), "`{column}` is {found}, and must be one of {types:?}");
    }
    assert_eq!(config["table.include.list"], "watershed_coop.events");
    let may = "SELECT has_table_privilege('debezium', 'watershed_coop.events', 'SELECT'),
        has_schema_privilege('debezium', 'watershed_coop', 'USAGE')";
    assert_eq!(server.sql(may), "t|t");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_decoded_once_each_in_the_order_of_the_log() {
    let (server, log) = followed().await;
    server.sql(
        "SELECT pg_create_logical_replication_slot('as_text', 'test_decoding');
         SELECT pg_create_logical_replication_slot('as_debezium_has_it', 'pgoutput')",
    );
    // One by one, some at once, and so many that they are copied in.
    for (id, events) in (0..).zip([1, 1, 3, 40, 1]) {
        log.append(append(id, events)).await.unwrap();
    }
    let decoded = server.sql("SELECT data FROM pg_logical_slot_get_changes('as_text', NULL, NULL)");
    let inserts: Vec<&str> =
        decoded.lines().filter_map(|line| line.strip_prefix("table watershed_coop.events: ")).collect();
    assert_eq!(inserts.len(), 46);
    for (insert, position) in inserts.iter().zip(1..) {
        assert!(
            insert.starts_with(&format!("INSERT: \"position\"[bigint]:{position} id[uuid]:'")),
            "{insert}"
        );
        for column in [
            "category[text]:'thing'",
            "stream[text]:'thing-",
            "name[text]:'happened'",
            "payload[text]:'{\"id\":",
        ] {
            assert!(insert.contains(column), "{column}: {insert}");
        }
    }
    // The head moves with each commit, and the publication leaves that out: what is sent are the inserts.
    let publication = &config()["publication.name"];
    let sent = server.sql(&format!(
        "SELECT string_agg(chr(get_byte(data, 0)), '') FROM pg_logical_slot_get_binary_changes(
           'as_debezium_has_it', NULL, NULL, 'proto_version', '1', 'publication_names', '{publication}')"
    ));
    assert_eq!(sent.replace(['B', 'C', 'R', 'Y'], ""), "I".repeat(46), "{sent}");
}
