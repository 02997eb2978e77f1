//! The process dies at any moment: what was acknowledged is there, and nothing is there by half.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use watershed_core::Tenant;
use watershed_core::ports::{EventLog, LogIndex, LogReader};

use super::support::{all, append, hasty, open, quiet};

const CHILD: &str = "WATERSHED_TEST_KILLED";
const CYCLES: &str = "WATERSHED_KILLS";

/// Runs in a process of its own: appends until it is killed, and prints each answer once it has it.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let log = open(Path::new(&dir), hasty());
        let from = 1_000_000 * (1 + log.head());
        let tasks: Vec<_> = (0..16)
            .map(|task| {
                let log = log.clone();
                tokio::spawn(async move {
                    for round in 0.. {
                        let number = from + round * 16 + task;
                        let id = format!("s-{}", number % 11);
                        let appended = log.append(append(number, &id, 1 + number % 4)).await.unwrap();
                        let line = format!("ACK {number} {}\n", appended.position);
                        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Has a child append for a while, kills it, and adds what it has acknowledged.
fn append_and_die(dir: &Path, after: Duration, acknowledged: &mut HashMap<u64, u64>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child_that_appends_until_it_is_killed", "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || output.lines().map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in reader.join().unwrap() {
        let mut words = line.split(' ');
        // The line that it died in may be cut off.
        if words.next() == Some("ACK")
            && let (Some(Ok(number)), Some(Ok(position))) =
                (words.next().map(str::parse), words.next().map(str::parse))
        {
            acknowledged.insert(number, position);
        }
    }
}

#[tokio::test]
async fn every_acknowledged_append_is_there_and_nothing_is_there_by_half() {
    let cycles = std::env::var(CYCLES).map_or(8, |cycles| cycles.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    for cycle in 0..cycles {
        let mut new = HashMap::new();
        append_and_die(dir.path(), Duration::from_millis(150 + cycle * 97 % 400), &mut new);
        let log = open(dir.path(), if cycle % 2 == 0 { quiet() } else { hasty() });
        check(&log, &new).await;
        acknowledged.extend(new);
    }
    assert!(acknowledged.len() > 10, "only {} appends were acknowledged", acknowledged.len());
    check(&open(dir.path(), quiet()), &acknowledged).await;
}

async fn check(log: &watershed_sqlite::SqliteLog, acknowledged: &HashMap<u64, u64>) {
    log.verify(&mut |_, _| {}).unwrap();
    let events = all(log).await;
    let mut appends: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut versions: HashMap<String, u64> = HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let version = versions.entry(event.stream.id.to_string()).or_default();
        *version += 1;
        assert_eq!(event.version, *version, "{}", event.stream);
        let payload: serde_json::Value = serde_json::from_slice(&event.payload).unwrap();
        appends.entry(payload["number"].as_u64().unwrap()).or_default().push(position);
    }
    for (number, positions) in &appends {
        assert_eq!(positions.len() as u64, 1 + number % 4, "append {number} is there by half");
        assert!(positions.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    }
    for (number, position) in acknowledged {
        assert_eq!(appends.get(number).and_then(|at| at.last()), Some(position), "append {number}");
        let record = log.find_key(&Tenant::default(), &format!("key-{number}")).await.unwrap();
        assert_eq!(record.map(|record| record.position), Some(*position));
    }
}
