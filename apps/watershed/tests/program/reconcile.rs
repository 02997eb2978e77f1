//! Rows held against the log by the operator's commands, over a running server and over a folder that nobody holds.

use std::path::Path;
use std::process::Command;

use crate::operators::played;
use crate::process::{Running, json, run, text};

fn tamper(data: &Path, sql: &str) {
    let file = data.join("coop/views/family_detail.db");
    let shell = Command::new("sqlite3").arg(file).arg(format!("PRAGMA busy_timeout=5000; {sql}")).output();
    let output = shell.unwrap_or_else(|error| panic!("no sqlite3 shell, which this test needs: {error}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
}

const SPOIL: &str = "UPDATE family_detail SET engagement_score = 1234 WHERE family_id = 'family-00001';
                     DELETE FROM family_detail WHERE family_id = 'family-00002'";

#[test]
fn rows_that_were_changed_by_hand_are_found_and_put_right_also_without_a_server() {
    let (_folder, data) = played();
    let all = json(&data, &["views", "reconcile"]);
    assert!(all.len() >= 3 && all.iter().all(|report| report["drift"] == 0), "{all:?}");
    tamper(&data, SPOIL);
    let found = run(&data, &["views", "reconcile", "family_detail", "--offline"]);
    assert_eq!(
        found.status.code(),
        Some(1),
        "what was found is not as it should be: {}",
        text(&found.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!(report["views"][0]["rows"][0]["fields"][0]["stored"], "(personal)", "{report}");
    let mended = json(&data, &["views", "reconcile", "family_detail", "--repair"]);
    assert_eq!((mended[0]["drift"].as_u64(), mended[1]["rows"].as_u64()), (Some(2), Some(2)));
    assert_eq!(json(&data, &["views", "reconcile", "family_detail"])[0]["drift"], 0);

    let mut server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    tamper(&data, SPOIL);
    assert_eq!(
        run(&data, &["views", "reconcile", "family_detail", "--sample", "100000"]).status.code(),
        Some(1)
    );
    let doctor = run(&data, &["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(
        text(&doctor.stdout).contains("`views repair family_detail` puts them right"),
        "{}",
        text(&doctor.stdout)
    );
    assert_eq!(run(&data, &["views", "drift"]).status.code(), Some(1));
    json(&data, &["views", "repair", "family_detail", "--key", "family-00002"]);
    json(&data, &["views", "rebuild", "family_detail", "--since", "2020-01-01", "--until", "2100-01-01"]);
    json(&data, &["views", "drift", "family_detail"]);
    assert_eq!(run(&data, &["doctor"]).status.code(), Some(0));
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn the_catalogue_of_contracts_is_printed_also_as_markdown() {
    let (_folder, data) = played();
    let views = json(&data, &["views"]);
    let contracts = json(&data, &["views", "contract"]);
    assert_eq!(contracts.len(), views.len());
    assert!(contracts.iter().all(|contract| contract["broken"] == serde_json::json!([])), "{contracts:?}");
    let printed = run(&data, &["views", "contract", "--markdown"]);
    let page = text(&printed.stdout);
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines.len(), views.len() + 2);
    assert!(
        lines[0].starts_with("| view | kind | owner | source of truth | freshness | rebuild |"),
        "{page}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with("| payment_analytics | rollup |")
            && line.contains("the rows of family_month")),
        "{page}"
    );
}
