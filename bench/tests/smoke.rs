//! The bench itself: every case runs and gives numbers, small as they are here.

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> std::io::Result<Output> {
    let dir = tempfile::tempdir()?;
    Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).arg("--dir").arg(dir.path()).output()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_case_gives_numbers() {
    let output = bench(&["--quick", "--json"]).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: std::collections::BTreeSet<_> = json["rows"]
        .as_array()
        .unwrap()
        .iter()
        .inspect(|row| {
            let value = row["value"]["median"].as_f64();
            // Processor time is told in ticks of 10 ms: a quick run may take none.
            let may_be_nothing = row["line"].as_str().is_some_and(|line| line.contains("processor"));
            assert!(value.is_some_and(|value| value > 0.0 || may_be_nothing), "{row}");
        })
        .map(|row| row["case"].as_str().unwrap().to_owned())
        .collect();
    let listed = bench(&["--list"]).unwrap();
    for line in text(&listed.stdout).lines() {
        let name = line.split(' ').next().unwrap();
        assert!(names.contains(name), "`{name}` gave no number");
    }
}

#[test]
fn a_name_that_no_case_has_is_an_error_rather_than_an_empty_table() {
    let output = bench(&["--quick", "no-such-case"]).unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("--list"));
}

#[test]
fn a_single_case_runs_alone() {
    let output = bench(&["--quick", "raw-single"]).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("raw-single") && !table.contains("raw-group"), "{table}");
}
