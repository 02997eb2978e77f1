//! Processes that save states in the user's own tables are killed, and their connections cut: log and tables agree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stockroom;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::Client;
use watershed::prelude::*;
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;

use stockroom::{Count, CountCommand, CountRefusal, options, start};

/// Tells the program of this test that it is to be killed: where the server is, its folder, and its number.
const VICTIM: &str = "WATERSHED_TEST_SAVER";
const SCHEMA: &str = "killed";
const CALLERS: i64 = 8;

/// Sends commands until it is told to stop, each again until it ends as it should, and says what was acknowledged.
async fn send_on(node: Running, caller: i64, of: String, mut acked: impl FnMut(&str, u64)) {
    for turn in 0_i64.. {
        // Few rows, so that appends stand upon each other.
        let id = format!("c{}", (caller + turn) % 5);
        let key = format!("{of}-{caller}-{turn}");
        let by = (turn * 7 + caller) % 9 - 3;
        loop {
            let command = CountCommand::Add { id: id.clone(), by: if by == 0 { 1 } else { by } };
            match node.send(command).key(key.as_str()).await {
                Ok(receipt) => break acked(&key, receipt.position),
                Err(SendError::Refused(CountRefusal::Below)) => break,
                Err(error) if error.is_retryable() => tokio::time::sleep(Duration::from_millis(2)).await,
                Err(error) => panic!("`{key}`: {error}"),
            }
        }
    }
}

/// Does nothing, unless this program has been started as one that is to be killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_saves_until_it_is_killed() {
    let Ok(said) = std::env::var(VICTIM) else { return };
    let [port, folder, cycle] = <[&str; 3]>::try_from(said.split('|').collect::<Vec<_>>()).unwrap();
    let mut options = Options::new(Postgres::server_at(port.parse().unwrap()));
    SCHEMA.clone_into(&mut options.schema);
    // It may be cut while it starts.
    let node = start(&options, Path::new(folder)).await;
    let callers = (0..CALLERS).map(|caller| {
        tokio::spawn(send_on(node.clone(), caller, cycle.to_owned(), |key, position| {
            std::io::stdout().lock().write_all(format!("ACK {key} {position}\n").as_bytes()).unwrap();
        }))
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

fn victim(port: u16, folder: &Path, cycle: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_that_saves_until_it_is_killed", "--nocapture"])
        .env(VICTIM, format!("{port}|{}|{cycle}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn client(server: &Postgres) -> Client {
    let client = watershed_testkit::postgres::client(&server.server()).await;
    client.batch_execute(&format!("SET search_path TO {SCHEMA}")).await.unwrap();
    client
}

/// Where what was acknowledged is not; and where a row is not what its events make.
const LOST: &str = "SELECT acked.key FROM unnest($1::text[], $2::bigint[]) AS acked (key, position)
    LEFT JOIN events ON idem_key = acked.key WHERE events.position IS DISTINCT FROM acked.position";
const UNEQUAL: &str = "SELECT stream FROM (
      SELECT stream, sum((payload::json ->> 'by')::bigint)::bigint AS total, count(*) AS version
      FROM events GROUP BY stream
    ) AS made FULL JOIN counts ON stream = count_id
    WHERE made.total IS DISTINCT FROM counts.total OR made.version IS DISTINCT FROM counts.version";

async fn assert_well(client: &Client, acked: &[(String, u64)]) {
    let keys: Vec<&str> = acked.iter().map(|(key, _)| key.as_str()).collect();
    let positions: Vec<i64> = acked.iter().map(|(_, position)| i64::try_from(*position).unwrap()).collect();
    for (what, rows) in [
        ("acknowledged, and not there", client.query(LOST, &[&keys, &positions]).await.unwrap()),
        ("a row is not what its events make", client.query(UNEQUAL, &[]).await.unwrap()),
    ] {
        let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(found, [""; 0], "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_and_events_agree_after_kills_and_cuts_in_the_midst_of_saves() {
    let cycles = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 500 } else { 5 };
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // One that lives on, on the same rows as those that are killed.
    let node = start(&options(&server, SCHEMA), folders[0].path()).await;
    let client = client(&server).await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let living = tokio::spawn({
        let node = node.clone();
        async move {
            let acked = |key: &str, position| told.send((key.to_owned(), position)).unwrap();
            send_on(node, 1, "living".to_owned(), acked).await;
        }
    });
    let mut all = 0;
    for cycle in 0..cycles {
        let mut victim = victim(proxy.port(), folders[1].path(), cycle);
        let lines = BufReader::new(victim.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let mut acked = Vec::new();
            for line in lines.lines().map_while(Result::ok) {
                let words: Vec<&str> = line.split(' ').collect();
                if let ["ACK", key, position] = words[..]
                    && let Ok(position) = position.parse::<u64>()
                {
                    acked.push((key.to_owned(), position));
                }
            }
            acked
        });
        // While it starts it is left in peace; then its connections are cut, and at last it is killed.
        let begun = std::time::Instant::now();
        let saves = format!("SELECT count(*) FROM events WHERE idem_key LIKE '{cycle}-%'");
        while client.query_one(&saves, &[]).await.unwrap().get::<_, i64>(0) < 20 {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing is saved");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for cut in 0..cycle % 4 {
            tokio::time::sleep(Duration::from_micros(20_000 + (cycle * 7 + cut) * 7_919 % 30_000)).await;
            proxy.cut();
        }
        tokio::time::sleep(Duration::from_micros(30_000 + cycle * 7_919 % 50_000)).await;
        victim.kill().unwrap();
        victim.wait().unwrap();
        let mut acked = reader.join().unwrap();
        all += acked.len();
        while let Ok(living) = heard.try_recv() {
            acked.push(living);
        }
        assert_well(&client, &acked).await;
    }
    living.abort();
    assert!(all > 50, "only {all} were acknowledged to those that were killed");
    let report = node.compare_tables::<Count>(&Principal::default()).await.unwrap();
    assert_eq!((report.compared, report.differ), (5, 0), "{report:?}");
    node.close().await;
}
