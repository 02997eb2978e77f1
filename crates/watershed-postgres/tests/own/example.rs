//! What `docs/postgresql.md` shows, and events in the types of a domain.

use watershed::core::ports::AppendError;
use watershed::prelude::*;
use watershed::runtime::RecordError;
use watershed_postgres::WithinError;
use watershed_testkit::postgres::Postgres;

use crate::orders::{OrderEvent, PaymentsOf, Shop};
use crate::stockroom::CountEvent;
use crate::support::client;

#[test]
fn the_document_shows_what_is_compiled() {
    let document = include_str!("../../../../docs/postgresql.md");
    let shown =
        document.split("```rust file=tests/own/orders.rs\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(shown, include_str!("orders.rs"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_in_the_users_table_and_in_the_read_model_and_counts_once() {
    let server = Postgres::start();
    server.sql("CREATE TABLE orders (id bigint PRIMARY KEY, paid bigint NOT NULL DEFAULT 0)");
    server.sql("INSERT INTO orders VALUES (7), (8)");
    let shop = Shop::open(&server.server()).await.unwrap();
    let mut client = client(&server.server()).await;
    for (turn, cents) in [(1, 100), (2, 250)] {
        let token = shop.pay(&mut client, 7, cents, &format!("payment {turn}")).await.unwrap();
        let shown = shop.running.ask(PaymentsOf { order: "7".to_owned() }).after(token).await.unwrap();
        assert_eq!(shown.value.unwrap().cents, [100, 350][turn - 1]);
    }
    // The same payment once more: whoever sent it has not had the answer.
    let told = shop.pay(&mut client, 7, 250, "payment 2").await.unwrap_err();
    let told = told.downcast::<WithinError>().unwrap();
    assert!(matches!(*told, WithinError::Refused(AppendError::KeyTaken { position: 2 })), "{told:?}");
    assert!(shop.pay(&mut client, 9, 1, "payment 3").await.is_err());
    assert_eq!(server.sql("SELECT sum(paid) FROM orders"), "350");
    assert_eq!(server.sql("SELECT max(position) FROM watershed.events"), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_recorded_as_those_of_commands_are() {
    let server = Postgres::start();
    let shop = Shop::open(&server.server()).await.unwrap();
    let event = || vec![OrderEvent::Paid { cents: 1 }];
    let by = Principal { name: "ann".into(), ..Principal::default() };
    let append = shop
        .running
        .record("7", event())
        .key("k")
        .expect_version(0)
        .by(by)
        .correlation("c1")
        .causation("c2")
        .append()
        .unwrap();
    assert_eq!((&*append.stream.category, &*append.stream.id), ("order", "7"));
    assert_eq!((append.events[0].name, append.events[0].schema), ("shop.order.paid", 1));
    assert_eq!(append.actor.as_deref(), Some("ann"));
    let mut client = client(&server.server()).await;
    let mut transaction = client.transaction().await.unwrap();
    shop.log.append_within(&mut transaction, append).await.unwrap();
    transaction.commit().await.unwrap();
    let row =
        "SELECT concat_ws(' ', tenant, stream, version, payload, actor, correlation, causation, idem_key,
        octet_length(fingerprint)) FROM watershed.events";
    assert_eq!(server.sql(row), r#"default 7 1 {"cents":1} ann c1 c2 k 16"#);

    let told = shop.running.record("", event()).append().unwrap_err();
    assert_eq!(told, RecordError::BadId);
    let told = shop.running.record("7", event()).key("a\nb").append().unwrap_err();
    assert_eq!(told, RecordError::BadKey);
    let told = shop.running.record("7", vec![CountEvent::Added { by: 1 }]).append().unwrap_err();
    assert!(matches!(told, RecordError::UnknownEvents { category: "count", .. }), "{told:?}");
}
