//! A server of the library on a socket, in a folder of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use watershed::prelude::*;
use watershed::sqlite::{Options as StoreOptions, Sqlite, SqliteLog};
use watershed_http::{Audit, Fact, Handle, Options, ServeError, Server, Verified};

use crate::client::{Client, Response};
use crate::lending;

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) running: Running,
    pub(crate) handle: Handle,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
    /// Removed when the site goes.
    pub(crate) folder: TempDir,
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// Limits small enough to run into.
pub(crate) fn options() -> Options {
    Options {
        body_time: Duration::from_millis(500),
        header_time: Duration::from_millis(700),
        heartbeat: Duration::from_millis(200),
        patience: Duration::from_millis(300),
        drain: Duration::from_secs(2),
        max_watches: 2,
        ..Options::default()
    }
}

impl Site {
    pub(crate) async fn open() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::serving(tempfile::tempdir().expect("a folder"), lending::context(), options).await
    }

    /// Serves that context on what the folder holds.
    pub(crate) async fn serving(folder: TempDir, context: Context, options: Options) -> Self {
        let sqlite = opened(&folder).await;
        let stores = watershed::stores(&sqlite).expect("opens");
        let running = context.policy(AllowAll).start(stores).await.expect("starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("bound");
        let audit = LogAudit(sqlite.log());
        let server = Server::new(vec![running.clone()], options).audit("lending", audit);
        let handle = server.handle();
        Self { address, running, handle, serving: tokio::spawn(server.serve(listener)), folder }
    }

    /// Ends the server, and gives back its folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.handle.stop();
        self.serving.await.expect("no panic").expect("served");
        self.running.close().await;
        self.folder
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.client().await.ask("GET", path, headers, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Response {
        self.post_with(path, &[JSON], body).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        self.client().await.ask("POST", path, headers, Some(body.as_bytes())).await
    }

    /// Sends a command that has to be taken.
    pub(crate) async fn command(&self, name: &str, body: &str) -> serde_json::Value {
        let response = self.post(&format!("/api/lending/commands/{name}"), body).await;
        assert_eq!(response.status, 200, "{}", response.body);
        response.json()
    }

    pub(crate) async fn buy(&self, id: &str, price: &str) -> serde_json::Value {
        let body = format!(r#"{{"book_id":"{id}","title":"Book {id}","price":"{price}","shelf":"novels"}}"#);
        self.command("BuyBook", &body).await
    }

    /// Waits until everything written is in the rows.
    pub(crate) async fn settle(&self) {
        let head = self.running.head();
        if head > 0 {
            self.running.changed("books", head - 1).await.expect("folds");
        }
    }
}

/// Opens the folder. Watches of a server that has ended may hold it for a moment still.
async fn opened(folder: &TempDir) -> Sqlite {
    for _ in 0..500 {
        if let Ok(sqlite) = Sqlite::open(folder.path(), StoreOptions::default()) {
            return sqlite;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Sqlite::open(folder.path(), StoreOptions::default()).expect("opens")
}

/// The store's own verification, for auditors.
struct LogAudit(Arc<SqliteLog>);

impl Audit for LogAudit {
    fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, String> {
        let verified = self.0.verify(progress).map_err(|error| error.to_string())?;
        Ok(Verified {
            log: verified.identity.id.to_string(),
            epoch: verified.identity.epoch,
            position: verified.head,
            commits: verified.commits,
            link: verified.link.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    fn facts(&self) -> Vec<Fact> {
        vec![Fact { name: "health", value: format!("{:?}", self.0.health()), sound: true, advice: None }]
    }
}
