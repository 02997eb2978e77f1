//! The binary on a log that several of it share.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use watershed_testkit::postgres::{Authority, Postgres, Setup};

use crate::process::{Running, text, watershed};

/// A server that lets `app` in over TLS with a password, and a folder with the CA and the file of passwords.
struct Site {
    server: Postgres,
    folder: tempfile::TempDir,
}

const PASSWORD: &str = "not to be seen";

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new("ours");
        let issued = authority.issue("the server", &["localhost"]);
        let access = "hostssl all app all scram-sha-256";
        let server = Setup::default().tls(&issued, &authority.pem()).access(access).start();
        server.sql(&format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"));
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("writes");
        Self { server, folder }
    }

    fn url(&self) -> String {
        let ca = self.folder.path().join("ca.pem");
        format!("postgres://app@localhost:{}/postgres?sslrootcert={}", self.server.port(), ca.display())
    }

    fn data(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    /// The binary, told by its environment where the log is.
    fn command(&self, node: &str, arguments: &[&str]) -> Command {
        let mut command = watershed(&self.data(node));
        command.args(arguments).env("WATERSHED__STORE__URL", self.url()).env("PGPASSWORD", PASSWORD);
        command
    }

    fn run(&self, node: &str, arguments: &[&str]) -> Output {
        self.command(node, arguments).output().expect("runs")
    }

    fn json(&self, node: &str, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(node, arguments);
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{error}");
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn serve(&self, node: &str) -> Running {
        Running::of(self.command(node, &["serve", "--listen", "127.0.0.1:0", "--node", node]))
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn two_servers_share_a_log_and_nobody_sees_the_password() {
    let site = Site::new();
    site.server.sql("GRANT CREATE ON DATABASE postgres TO app");
    let mut nodes = [site.serve("a"), site.serve("b")];
    let body = r#"{"family_id":"fam-1","family_name":"Garcia","enrollment_date":"2025-01-01"}"#;
    let (status, receipt) = nodes[0].post("/api/coop/commands/EnrollFamily", "application/json", body);
    assert_eq!(status, 200, "{receipt}");
    let receipt: Value = serde_json::from_str(&receipt).expect("JSON");
    let token = receipt["token"].as_str().expect("a token");
    let row =
        nodes[1].get_with("/api/coop/views/family_detail/fam-1", &format!("watershed-token: {token}\r\n"));
    assert_eq!(row.0, 200, "{}", row.1);
    assert!(row.1.contains("Garcia"), "{}", row.1);
    // The commands speak to the node that holds the folder.
    let found = site.json("b", &["doctor"]);
    let check = |name: &str| found.iter().find(|row| row["check"] == name).expect(name)["found"].to_string();
    assert!(found.iter().all(|row| row["verdict"] == "ok" || row["check"] == "disk space"), "{found:?}");
    assert!(check("connections").contains("encrypted") && check("store").contains("schema watershed_coop"));
    assert_eq!(site.json("b", &["log", "verify"])[0]["sound"], true);
    // So does a change of the log that no program has made.
    site.server.sql("UPDATE watershed_coop.events SET payload = replace(payload, 'Garcia', 'Gracia')");
    let unsound = site.run("a", &["log", "verify"]);
    assert_eq!(unsound.status.code(), Some(1));
    assert!(text(&unsound.stdout).contains("checksum"), "{}", text(&unsound.stdout));
    site.server.sql("UPDATE watershed_coop.events SET payload = replace(payload, 'Gracia', 'Garcia')");
    for node in &mut nodes {
        node.signal("TERM");
        assert_eq!(node.ended(), Some(0));
        assert!(
            node.said.contains("postgres://localhost:") && !node.said.contains(PASSWORD),
            "{}",
            node.said
        );
    }
    // And without a server, to the log itself.
    assert_eq!(site.json("a", &["events"]).len(), 1);
    for file in files_below(site.folder.path()) {
        let bytes = std::fs::read(&file).expect("readable");
        let is_there = bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
        assert!(!is_there, "{}", file.display());
    }
}

#[test]
fn rows_stand_beside_the_log_unless_the_settings_say_otherwise() {
    let site = Site::new();
    site.server.sql("GRANT CREATE ON DATABASE postgres TO app");
    let mut node = site.serve("a");
    let body = r#"{"family_id":"fam-1","family_name":"Garcia","enrollment_date":"2025-01-01"}"#;
    let (status, receipt) = node.post("/api/coop/commands/EnrollFamily", "application/json", body);
    assert_eq!(status, 200, "{receipt}");
    let receipt: Value = serde_json::from_str(&receipt).expect("JSON");
    let token = format!("watershed-token: {}\r\n", receipt["token"].as_str().expect("a token"));
    let ask = |node: &Running| node.get_with("/api/coop/views/family_detail/fam-1", &token);
    let (status, row) = ask(&node);
    assert_eq!(status, 200, "{row}");
    node.signal("TERM");
    assert_eq!(node.ended(), Some(0));
    assert_eq!(site.server.sql("SELECT family_name FROM watershed_coop.family_detail"), "Garcia");
    // Another machine goes on where that one was, with an empty folder.
    assert_eq!(ask(&site.serve("b")), (status, row));
}

#[test]
fn tables_that_the_program_may_not_make_are_made_by_hand_from_what_it_prints() {
    let site = Site::new();
    let refused = site.run("a", &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused.stderr);
    assert!(said.contains("watershed store migrate --print"), "{said}");
    assert_eq!(site.run("a", &["store", "migrate"]).status.code(), Some(3));
    let printed = site.run("a", &["store", "migrate", "--print"]);
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    let all =
        watershed(&site.data("a")).args(["store", "migrate", "--print", "--all"]).output().expect("runs");
    assert_eq!(text(&printed.stdout), text(&all.stdout), "nothing is there yet");
    site.server.sql(&text(&printed.stdout));
    site.server.sql(
        "GRANT USAGE ON SCHEMA watershed_coop, watershed_parcel, watershed_catalog TO app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA watershed_coop, watershed_parcel, watershed_catalog TO app",
    );
    let done = site.json("a", &["store", "migrate"]);
    assert!(done.len() == 3 && done.iter().all(|row| row["done"].as_array().is_some_and(Vec::is_empty)));
    let rest = text(&site.run("a", &["store", "migrate", "--print"]).stdout);
    assert!(rest.lines().all(|line| line.starts_with("--")), "{rest}");
    // Tables of rows are made as read models come: where the program may make none, its rows are in its folder.
    let refused = site.run("a", &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused.stderr);
    assert!(said.contains("GRANT CREATE ON SCHEMA") && said.contains("store.rows"), "{said}");
    let mut command = site.command("a", &["serve", "--listen", "127.0.0.1:0"]);
    command.env("WATERSHED__STORE__ROWS", "folder");
    let mut node = Running::of(command);
    assert!(node.said.contains("with its rows in"), "{}", node.said);
    node.signal("TERM");
    assert_eq!(node.ended(), Some(0));
    site.server.sql(
        "GRANT CREATE ON SCHEMA watershed_coop, watershed_parcel, watershed_catalog TO app;
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA watershed_coop, watershed_parcel, watershed_catalog TO app",
    );
    let mut node = site.serve("a");
    let body = r#"{"category_id":"tools","name":"Tools"}"#;
    let (status, receipt) = node.post("/api/catalog/commands/CreateCategory", "application/json", body);
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(site.server.sql("SELECT name FROM watershed_catalog.categories"), "Tools");
    node.signal("TERM");
    assert_eq!(node.ended(), Some(0));
    // A step that is not what was run is told rather than passed over.
    site.server.sql("UPDATE watershed_catalog.state_steps SET sql = sql || ' ' WHERE number = 2");
    let changed = site.run("a", &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(changed.status.code(), Some(3));
    assert!(text(&changed.stderr).contains("step 2 of `catalog`"), "{}", text(&changed.stderr));
}

#[test]
fn a_server_that_is_not_to_be_used_is_named_with_what_to_do() {
    let server = Setup::default().setting("fsync=off").start();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let output = watershed(&data).args(["serve", "--store", &server.server()]).output().expect("runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("Set `fsync = on`"), "{}", text(&output.stderr));
    assert!(!data.exists(), "no folder is made for a log that is not there");
    let none = watershed(&data).args(["store", "migrate"]).output().expect("runs");
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("--store"), "{}", text(&none.stderr));
}

#[test]
fn a_store_that_is_named_is_asked_and_no_server_that_has_another_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = watershed(&data);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let _embedded = Running::of(command);
    let nowhere = ["views", "--store", "host=127.0.0.1 port=1 user=app dbname=app"];
    let output = watershed(&data).args(nowhere).output().expect("runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no connection to postgres://127.0.0.1:1/app"), "{said}");
    assert!(said.contains("Is it running, and is that where it is?"), "{said}");
}
