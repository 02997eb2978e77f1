//! Servers that would not keep what they acknowledge, or cannot be written.

use std::time::{Duration, Instant};

use watershed_core::ports::LogReader;
use watershed_postgres::{OpenError, Options, PostgresLog};
use watershed_testkit::postgres::{Postgres, Setup};

/// What somebody is told who opens a log there.
async fn refusal(server: &Postgres) -> String {
    match PostgresLog::open(Options::new(server.server())).await {
        Err(error @ OpenError::Refused(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_may_lose_what_it_has_acknowledged_is_refused() {
    for (setting, word) in [
        ("fsync=off", "`fsync = on`"),
        ("full_page_writes=off", "`full_page_writes = on`"),
        ("data_sync_retry=on", "`data_sync_retry = off`"),
    ] {
        let server = Setup::default().setting(setting).start();
        let said = refusal(&server).await;
        assert!(said.contains(word), "{said}");
        if setting == "full_page_writes=off" {
            let mut options = Options::new(server.server());
            options.whole_pages = true;
            PostgresLog::open(options).await.unwrap();
        }
    }
    let server = Setup::default().encoding("SQL_ASCII").start();
    assert!(refusal(&server).await.contains("ENCODING 'UTF8'"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_commits_is_refused_and_one_that_is_careless_is_overruled() {
    let server = Setup::default().setting("synchronous_commit=off").start();
    let log = PostgresLog::open(Options::new(server.server())).await.unwrap();
    assert_eq!(log.head(), 0);
    let standby = server.standby();
    assert!(refusal(&standby).await.contains("standby"));
    server.sql("ALTER ROLE postgres SET default_transaction_read_only = on");
    assert!(refusal(&server).await.contains("default_transaction_read_only"));
}

/// A server that takes connections and says nothing, ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for words in ["sslmode=disable", "sslmode=prefer"] {
        let server = format!("host=127.0.0.1 port={port} user=me connect_timeout=1 {words}");
        let begun = Instant::now();
        let opened = PostgresLog::open(Options::new(server)).await;
        assert!(matches!(opened, Err(OpenError::Silent(_))), "{opened:?}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
