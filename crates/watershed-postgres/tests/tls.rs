//! Servers that speak TLS, and those that pretend to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use watershed_core::ports::{EventLog, LogReader, ReadFrom, Scope};
use watershed_postgres::{OpenError, Options, PostgresLog};
use watershed_testkit::postgres::{Authority, Issued, Postgres, Setup};
use watershed_testkit::things::{append_to, happened};

async fn open(server: &str) -> Result<PostgresLog, String> {
    PostgresLog::open(Options::new(server)).await.map_err(|error| error.to_string())
}

/// Where a user comes to a server under a name, with more words behind.
fn at(server: &Postgres, host: &str, words: &str) -> String {
    format!("host={host} port={} user=app dbname=postgres {words}", server.port())
}

/// How many of our connections are encrypted, and how many are not.
fn connections(server: &Postgres) -> String {
    server.sql(
        "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl
         JOIN pg_stat_activity USING (pid) WHERE application_name = 'watershed'",
    )
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// A server that lets `app` in by TLS alone, and the file with the CA that knows it as `localhost`.
fn tls_server(folder: &Path, lines: &str) -> (Postgres, Authority, String) {
    let authority = Authority::new("ours");
    let issued = authority.issue("the server", &["localhost"]);
    let server = Setup::default().tls(&issued, &authority.pem()).access(lines).start();
    server.sql("CREATE ROLE app SUPERUSER LOGIN PASSWORD 'pass:word\\'");
    let ca = file(folder, "ca.pem", &authority.pem());
    (server, authority, ca)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_believed_as_far_as_its_mode_says_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _, ca) = tls_server(folder.path(), "hostssl all app all trust");
    let stranger = file(folder.path(), "stranger.pem", &Authority::new("stranger").pem());
    let ours = |words: &str| format!("{words} sslrootcert={ca}");
    for (host, words) in [
        ("localhost", ours("sslmode=verify-full")),
        ("localhost", ours("")),
        ("127.0.0.1", ours("sslmode=verify-ca")),
        ("127.0.0.1", ours("sslmode=require")),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", String::new()),
    ] {
        let log = open(&at(&server, host, &words)).await.unwrap_or_else(|error| panic!("{words}: {error}"));
        assert_eq!(log.head(), 0);
        assert!(connections(&server).ends_with("|0"), "{words}: {}", connections(&server));
    }
    let theirs = |words: &str| format!("{words} sslrootcert={stranger}");
    for (host, words, why) in [
        ("127.0.0.1", ours("sslmode=verify-full"), "not valid for"),
        ("localhost", theirs("sslmode=verify-full"), "sslrootcert"),
        ("127.0.0.1", theirs("sslmode=verify-ca"), "sslrootcert"),
        ("127.0.0.1", theirs("sslmode=require"), "sslrootcert"),
        ("localhost", "sslmode=verify-full".to_owned(), "invalid peer certificate"),
        ("localhost", "sslmode=disable".to_owned(), "28000"),
        ("localhost", "sslmode=verify-full sslrootcert=/not/there.pem".to_owned(), "/not/there.pem"),
    ] {
        let said = open(&at(&server, host, &words)).await.err().unwrap_or_else(|| panic!("{words}"));
        assert!(said.contains(why), "{words}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_in_the_open_where_tls_was_asked_for() {
    let server = Postgres::start();
    for words in ["sslmode=require", "sslmode=verify-full"] {
        let said = open(&format!("{} {words}", server.server())).await.unwrap_err();
        assert!(said.contains("does not support TLS"), "{said}");
    }
    open(&server.server()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_has_run_out_is_refused_by_whoever_looks() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let expired = authority.issue_expired(&["localhost"]);
    let access = "hostssl all postgres all trust";
    let server = Setup::default().tls(&expired, &authority.pem()).access(access).start();
    let ca = file(folder.path(), "ca.pem", &authority.pem());
    let at =
        |words: &str| format!("host=localhost port={} user=postgres dbname=postgres {words}", server.port());
    for mode in ["verify-ca", "verify-full"] {
        let said = open(&at(&format!("sslmode={mode} sslrootcert={ca}"))).await.unwrap_err();
        assert!(said.contains("expired"), "{said}");
    }
    open(&at("sslmode=require")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_known_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (server, authority, ca) = tls_server(folder.path(), "hostssl all app all cert");
    let shown = |issued: &Issued, name: &str| {
        let certificate = file(folder.path(), &format!("{name}.crt"), &issued.certificate);
        let key = file(folder.path(), &format!("{name}.key"), &issued.key);
        at(&server, "localhost", &format!("sslrootcert={ca} sslcert={certificate} sslkey={key}"))
    };
    open(&shown(&authority.issue("app", &[]), "app")).await.unwrap();
    let unknown = Authority::new("stranger").issue("app", &[]);
    for wrong in [
        shown(&authority.issue("somebody", &[]), "somebody"),
        shown(&unknown, "unknown"),
        at(&server, "localhost", &format!("sslrootcert={ca}")),
    ] {
        open(&wrong).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_comes_from_a_file_and_is_shown_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _, ca) = tls_server(folder.path(), "hostssl all app all scram-sha-256");
    let tls = format!("sslrootcert={ca}");
    let port = server.port();
    let kept = file(folder.path(), "passwords", &format!("localhost:{port}:*:app:pass\\:word\\\\\n"));
    let by_file = at(&server, "localhost", &format!("{tls} passfile={kept}"));
    let said = open(&by_file).await.unwrap_err();
    assert!(said.contains("chmod 600"), "others may read it: {said}");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&kept, PermissionsExt::from_mode(0o600)).unwrap();
    open(&by_file).await.unwrap();
    open(&at(&server, "localhost", &format!(r"{tls} password='pass:word\\'"))).await.unwrap();
    let wrong = [
        at(&server, "localhost", &format!("{tls} password=se!cret")),
        format!("postgres://app:se!cret@localhost:{port}/postgres?sslrootcert={ca}"),
        format!("postgres://app:se!cret@localhost:{port}/postgres?sslmode=nonsense"),
        format!("postgres://app:se!cret@localhost:{port}/postgres?nonsense=1"),
        "password=se!cret host=localhost port=se!cret".to_owned(),
    ];
    for server in wrong {
        let options = Options::new(&server);
        let debug = format!("{options:?}{}", options.place());
        let error: OpenError = PostgresLog::open(options).await.unwrap_err();
        let shown = format!("{debug}{error}{error:?}");
        assert!(!shown.contains("se!cret"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_larger_than_any_record_of_tls_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _, ca) = tls_server(folder.path(), "hostssl all app all trust");
    let log = open(&at(&server, "localhost", &format!("sslrootcert={ca}"))).await.unwrap();
    let payload = format!("{{\"text\":\"{}\"}}", "0123456789".repeat(500_000));
    log.append(append_to("one", vec![happened(1, &payload)])).await.unwrap();
    let read = log.read(ReadFrom { scope: Scope::Log, after: 0, limit: 5 }).await.unwrap();
    assert_eq!(&*read.events[0].payload, payload.as_bytes());
}
