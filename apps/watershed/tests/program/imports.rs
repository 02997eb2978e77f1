//! Carriers' files, brought in by the command and through the server, also where it is killed in between.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use parcel::carrier::CarrierReport;
use parcel::traffic::{Expected, Sent, Traffic};
use serde_json::Value;
use watershed::core::variant::write_variant;
use watershed::prelude::Command;

use crate::process::{Running, json, run, text, watershed};

/// Some weeks: what customers send, and what carriers report as one file.
struct Weeks {
    commands: Vec<(String, String)>,
    lines: Vec<String>,
}

impl Weeks {
    fn of(shipments: u32) -> Self {
        let mut weeks = Self { commands: Vec::new(), lines: Vec::new() };
        for step in Traffic::new(shipments, 7).filter(|step| step.expected == Expected::Accepted) {
            let report = match &step.command {
                Sent::Shipment(command) => CarrierReport::behind(command),
                Sent::Hub(_) => None,
            };
            if let Some(report) = report {
                weeks.lines.push(serde_json::to_string(&report).expect("JSON"));
                continue;
            }
            let mut body = Vec::new();
            let name = match &step.command {
                Sent::Hub(command) => write_variant(command, &mut body).map(|()| command.kind().name),
                Sent::Shipment(command) => write_variant(command, &mut body).map(|()| command.kind().name),
            };
            weeks.commands.push((name.expect("JSON").to_owned(), text(&body)));
        }
        weeks
    }

    /// Has a server take what customers send.
    fn book(&self, server: &Running) {
        for (name, body) in &self.commands {
            let (status, answer) =
                server.post(&format!("/api/parcel/commands/{name}"), "application/json", body);
            assert_eq!(status, 200, "{answer}");
        }
    }

    fn file(&self, folder: &Path) -> PathBuf {
        let file = folder.join("reports.ndjson");
        std::fs::write(&file, self.lines.join("\n")).expect("writes");
        file
    }
}

/// Everything that customers and operations see.
fn rows(server: &Running) -> Vec<Value> {
    let views = [
        "customer_tracking_view?sort=customer_id&limit=1000",
        "shipment_operations?sort=bucket_date&limit=1000",
        "ops_dashboard_view?sort=bucket_date&limit=1000",
        "shipments_by_status?sort=step",
    ];
    let page = |view: &str| {
        let (status, body) = server.get(&format!("/api/parcel/views/{view}"));
        assert_eq!(status, 200, "{body}");
        let page: Value = serde_json::from_str(&body).expect("JSON");
        assert!(page["next"].is_null(), "more than a page");
        page["rows"].clone()
    };
    views.into_iter().map(page).collect()
}

fn settle(server: &Running) {
    loop {
        let views: Value = serde_json::from_str(&server.get("/admin/parcel/views").1).expect("JSON");
        if views["views"].as_array().expect("views").iter().all(|view| view["lag_events"] == 0) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn import(data: &Path, file: &Path) -> Value {
    let output = run(data, &["import", "parcel", "carrier_reports", file.to_str().expect("UTF-8")]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn head(server: &Running) -> u64 {
    let log: Value = serde_json::from_str(&server.get("/admin/parcel/log").1).expect("JSON");
    log["head"].as_u64().expect("a position")
}

#[test]
fn a_file_that_a_kill_broke_off_is_sent_again_and_leaves_the_same_rows() {
    let weeks = Weeks::of(250);
    let whole = tempfile::tempdir().expect("a folder");
    let server = Running::start(&whole.path().join("data"), &SERVE);
    weeks.book(&server);
    let summary = import(&whole.path().join("data"), &weeks.file(whole.path()));
    assert_eq!(summary["taken"], weeks.lines.len(), "{summary}");
    settle(&server);
    let expected = rows(&server);

    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (folder.path().join("data"), weeks.file(folder.path()));
    let server = Running::start(&data, &SERVE);
    weeks.book(&server);
    let booked = head(&server);
    let mut importing = watershed(&data)
        .args(["import", "parcel", "carrier_reports", file.to_str().expect("UTF-8")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    while head(&server) < booked + 100 {
        std::thread::sleep(Duration::from_millis(1));
    }
    server.signal("KILL");
    drop(server);
    assert_ne!(importing.wait().expect("ends").code(), Some(0), "killed too late to tell");

    let server = Running::start(&data, &SERVE);
    let before = head(&server) - booked;
    assert!(before >= 100, "{before}");
    let summary = import(&data, &file);
    assert_eq!(summary["already_taken"], before, "{summary}");
    assert_eq!(summary["taken"], weeks.lines.len() as u64 - before, "{summary}");
    settle(&server);
    assert_eq!(rows(&server), expected);
    let summary = import(&data, &file);
    assert_eq!(summary["already_taken"], weeks.lines.len(), "{summary}");
}

#[test]
fn bad_lines_of_a_file_are_shown_tried_again_and_let_go_with_and_without_a_server() {
    let weeks = Weeks::of(5);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Running::start(&data, &SERVE);
    weeks.book(&server);
    let mut lines = weeks.lines.clone();
    lines.insert(3, "{\"event_id\": \"7\", \"carrier\":".to_owned());
    let stray = lines[0].replace("shipment-0", "nobodys-0");
    lines.push(stray.replace("\"event_id\":\"", "\"event_id\":\"x"));
    let file = folder.path().join("monday.ndjson");
    std::fs::write(&file, lines.join("\r\n")).expect("writes");
    let named = file.to_str().expect("UTF-8");
    let output = run(&data, &["import", "parcel", "carrier_reports", named]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["taken"], weeks.lines.len());
    assert_eq!(summary["malformed"][0]["line"], 4);
    assert_eq!(summary["refused"][0]["line"], lines.len());
    assert_eq!(summary["refused"][0]["code"], "parcel.shipment.not-booked");
    server.signal("TERM");
    server.ended();

    // The folder alone.
    assert_eq!(json(&data, &["imports", "--context", "parcel"])[0]["kept"], 2);
    assert!(json(&data, &["imports"]).is_empty(), "the co-op takes in nothing");
    let findings = json(&data, &["doctor", "--context", "parcel"]);
    let waits = findings.iter().find(|finding| finding["check"] == "import carrier_reports").expect("found");
    assert_eq!(waits["verdict"], "warn");
    let found = waits["found"].as_str().expect("a text");
    assert!(found.starts_with("2 lines"), "{found}");
    assert!(
        waits["advice"].as_str().is_some_and(|advice| advice.contains("--all --context parcel`")),
        "{waits}"
    );
    let kept = json(&data, &["imports", "list", "carrier_reports", "--context", "parcel"]);
    assert_eq!((kept.len(), &kept[0]["source"]), (2, &Value::from("monday.ndjson")));
    let malformed = kept.iter().find(|line| line["line"] == 4).expect("kept")["number"].to_string();
    let shown = json(&data, &["imports", "show", "carrier_reports", &malformed, "--context", "parcel"]);
    assert_eq!(shown[0]["content"], lines[3]);
    let all = json(&data, &["imports", "retry", "carrier_reports", "--all", "--context", "parcel"]);
    assert_eq!((&all[0]["taken"], &all[0]["left"]), (&Value::from(0), &Value::from(2)));
    let discarded =
        json(&data, &["imports", "discard", "carrier_reports", &malformed, "--context", "parcel"]);
    assert_eq!(discarded[0]["outcome"], "discarded");
    let gone = run(&data, &["imports", "show", "carrier_reports", &malformed, "--context", "parcel"]);
    assert_eq!(gone.status.code(), Some(4), "{}", text(&gone.stderr));
    // A file, over the folder alone, through a pipe.
    let again = watershed(&data)
        .args(["import", "parcel", "carrier_reports", "-"])
        .stdin(std::fs::File::open(weeks.file(folder.path())).expect("opens"))
        .output()
        .expect("runs");
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let summary: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(summary["already_taken"], weeks.lines.len());

    let nowhere = run(&data, &["import", "parcel", "carrier_reports", "/nowhere/at/all"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(text(&nowhere.stderr).contains("cannot read /nowhere/at/all"), "{}", text(&nowhere.stderr));
}
