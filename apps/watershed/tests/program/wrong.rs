//! What whoever asks for the wrong thing gets: words that say what to do, and an exit code of their kind.

use watershed::sqlite::{Options, Sqlite};

use crate::process::{Running, run, text, watershed};

#[test]
fn nothing_to_work_on_is_said_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("nowhere");
    for command in [&["views"][..], &["events"], &["doctor"], &["log", "verify"], &["parked"]] {
        let output = run(&data, command);
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        assert!(text(&output.stderr).contains("there is no data in"), "{}", text(&output.stderr));
    }
    assert!(!data.exists());
    let dead = run(&data, &["views", "--server", "http://127.0.0.1:1"]);
    assert_eq!(dead.status.code(), Some(3));
    assert!(text(&dead.stderr).contains("no server answers at http://127.0.0.1:1"), "{}", text(&dead.stderr));
}

#[test]
fn a_command_line_that_makes_no_sense_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    assert_eq!(run(&data, &["frobnicate"]).status.code(), Some(2));
    assert_eq!(run(&data, &["parked", "skip", "v", "k"]).status.code(), Some(2));
    let context = run(&data, &["views", "--context", "club"]);
    assert_eq!(context.status.code(), Some(2));
    assert!(
        text(&context.stderr).contains("there is no context `club`: there is coop"),
        "{}",
        text(&context.stderr)
    );
    let help = run(&data, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["demo", "serve", "events", "streams", "views", "parked", "log", "doctor"] {
        assert!(text(&help.stdout).contains(command), "{command}");
    }
    let misspelt =
        watershed(&data).arg("views").env("WATERSHED__SERVER__LISTENS", "x").output().expect("runs");
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(text(&misspelt.stderr).contains("listens"), "{}", text(&misspelt.stderr));
}

#[test]
fn what_the_server_refuses_is_passed_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let _server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    let output = run(&data, &["views", "pause", "no_such_view"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(
        text(&output.stderr).contains("there is no view `no_such_view` (404 unknown-view)"),
        "{}",
        text(&output.stderr)
    );
    let output = run(&data, &["streams", "family", "nobody"]);
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn a_folder_that_another_process_holds_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let held = Sqlite::open(data.join("coop"), Options::default()).expect("opens");
    held.set_holder("process 1 at http://127.0.0.1:1").expect("writes");
    for command in [&["views"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let output = run(&data, command);
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        let said = text(&output.stderr);
        assert!(said.contains("in use by another process") && said.contains("process 1"), "{said}");
    }
}

#[test]
fn the_settings_file_and_the_environment_are_heeded() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("watershed.toml");
    std::fs::write(&file, "[server]\nlisten = \"0.0.0.0:0\"\n").expect("writes");
    let exposed = run(&data, &["serve"]);
    assert_eq!(exposed.status.code(), Some(3));
    assert!(text(&exposed.stderr).contains("allows anybody anything"), "{}", text(&exposed.stderr));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = taken.local_addr().expect("bound").to_string();
    let output =
        watershed(&data).arg("serve").env("WATERSHED__SERVER__LISTEN", &address).output().expect("runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains(&format!("cannot listen on {address}")),
        "{}",
        text(&output.stderr)
    );
}
