//! A PostgreSQL server of one's own: on a free port of this machine, in a folder that is gone when it is dropped.

mod authority;
mod setup;

use std::ffi::OsStr;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub use authority::{Authority, Issued};
pub use setup::Setup;
use tokio_postgres::{Client, NoTls};

/// Names a folder with the binaries of another version than the newest one that is found.
const BINARIES: &str = "WATERSHED_POSTGRES";
/// Where distributions put the binaries.
const PLACES: &[&str] = &["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"];
/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that knows nothing of us, as a tool of somebody's own would be.
///
/// # Panics
/// Where it cannot connect.
pub async fn client(server: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(server, NoTls).await.unwrap_or_else(|error| crate::fail(error));
    tokio::spawn(connection);
    client
}

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Postgres {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    port: u16,
    owner: Option<(u32, u32)>,
    settings: Vec<String>,
    server: Option<Child>,
}

impl Postgres {
    /// Makes a server, and starts it.
    ///
    /// # Panics
    /// Where there is no PostgreSQL on this machine, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        Setup::default().start()
    }

    /// A standby that follows this server as it streams, and answers questions. A server of its own, on a port of its own.
    ///
    /// # Panics
    /// Where the copy fails, or the standby does not start.
    #[must_use]
    pub fn standby(&self) -> Self {
        let mut made = Self::nowhere(self.settings.clone());
        let (data, port) = (made.data(), self.port.to_string());
        let arguments =
            ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-X", "stream", "-c", "fast", "-R", "-D"];
        finished("pg_basebackup", made.command("pg_basebackup").args(arguments).arg(data).output());
        made.up();
        made
    }

    /// Has a standby take commits from now on, in place of the server that it followed.
    pub fn promote(&self) {
        self.sql("SELECT pg_promote()");
    }

    /// One that has no data yet, and does not run.
    fn nowhere(settings: Vec<String>) -> Self {
        let binaries = binaries().unwrap_or_else(|| {
            crate::fail(
                "there is no PostgreSQL on this machine: install it (Debian: `apt install postgresql`)",
            )
        });
        let folder = tempfile::tempdir().unwrap_or_else(|error| crate::fail(error));
        let owner = unprivileged(folder.path());
        own(folder.path(), owner);
        Self { folder, binaries, port: free_port(), owner, settings, server: None }
    }

    /// Has the server do something, as its superuser; gives what it answers, a line for each row.
    ///
    /// # Panics
    /// Where it fails.
    pub fn sql(&self, sql: &str) -> String {
        let port = self.port.to_string();
        let arguments = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port];
        let mut shell = self.command("psql");
        let done = shell.args(arguments).args(["-U", "postgres", "-d", "postgres", "-c", sql]).output();
        let output = finished(sql, done);
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// How to reach it, as libpq says it.
    #[must_use]
    pub fn server(&self) -> String {
        Self::server_at(self.port)
    }

    /// How to reach it through another port of this machine.
    #[must_use]
    pub fn server_at(port: u16) -> String {
        format!("host=127.0.0.1 port={port} user=postgres dbname=postgres")
    }

    /// How to reach it without the network, by a socket in its folder.
    #[must_use]
    pub fn socket(&self) -> String {
        let folder = self.folder.path().display();
        format!("host={folder} port={} user=postgres dbname=postgres", self.port)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it, on the port and the data that it had before.
    pub fn up(&mut self) {
        let (data, port) = (self.data(), self.port.to_string());
        let sockets = format!("unix_socket_directories={}", self.folder.path().display());
        let settings = ["listen_addresses=127.0.0.1", &sockets, "max_connections=200"];
        let mut command = self.command("postgres");
        command.arg("-D").arg(data).args(["-p", &port]);
        for setting in settings.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap_or_else(|error| crate::fail(error));
        let begun = Instant::now();
        while !self.answers() {
            if begun.elapsed() > PATIENCE {
                let _ = server.kill();
                crate::fail("PostgreSQL did not start");
            }
            std::thread::sleep(Duration::from_millis(20));
            // A process of one that was killed may live for a moment longer, and none starts beside it.
            if server.try_wait().is_ok_and(|ended| ended.is_some()) {
                server = command.spawn().unwrap_or_else(|error| crate::fail(error));
            }
        }
        self.server = Some(server);
    }

    /// Kills it with all of its processes (`kill -9`), where this system says which they are; elsewhere they are told to drop
    /// everything at once.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let number = server.id();
        let others = std::fs::read_to_string(format!("/proc/{number}/task/{number}/children"));
        let Ok(others) = others.map(|others| others.trim().to_owned()) else {
            self.server = Some(server);
            return self.end();
        };
        let _ = server.kill();
        let _ = Command::new("kill").arg("-KILL").args(others.split(' ')).stderr(Stdio::null()).status();
        let _ = server.wait();
    }

    /// Has it drop everything at once, and give back what the system has lent it.
    fn end(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let data = self.data();
        let stopped =
            self.command("pg_ctl").args(["stop", "--mode=immediate", "--pgdata"]).arg(data).output();
        if !stopped.is_ok_and(|stopped| stopped.status.success()) {
            let _ = server.kill();
        }
        let _ = server.wait();
    }

    /// Stops it, as somebody does who means well: what it has to write is written.
    ///
    /// # Panics
    /// Where it does not stop.
    pub fn down(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let data = self.data();
        finished(
            "pg_ctl",
            self.command("pg_ctl").args(["stop", "--mode=fast", "--pgdata"]).arg(data).output(),
        );
        let _ = server.wait();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn answers(&self) -> bool {
        let port = self.port.to_string();
        let asked = self.command("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
        asked.is_ok_and(|asked| asked.success())
    }

    fn command(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(self.binaries.join(name.as_ref()));
        command.current_dir(self.folder.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG")) {
            command.env_remove(name);
        }
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
    }
}

/// The folder of the binaries that are named, or of the newest version's.
fn binaries() -> Option<PathBuf> {
    let is_there = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    if let Some(named) = std::env::var_os(BINARIES).map(PathBuf::from) {
        if !is_there(&named) {
            crate::fail(format!("{BINARIES} names {}, where there is no PostgreSQL", named.display()));
        }
        return Some(named);
    }
    let mut found: Vec<PathBuf> = PLACES
        .iter()
        .filter_map(|place| std::fs::read_dir(place).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(is_there)
        .collect();
    found.sort();
    found.pop()
}

/// Who the server is to run as where this process is root, as whom it does not run: the distribution's user for it, or nobody.
fn unprivileged(folder: &Path) -> Option<(u32, u32)> {
    const NOBODY: u32 = 65_534;
    if folder.metadata().map_or(1, |folder| folder.uid()) != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some("postgres")).then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    Some(found.unwrap_or((NOBODY, NOBODY)))
}

/// Gives a file or folder to whom the server runs as.
fn own(path: &Path, owner: Option<(u32, u32)>) {
    if let Some((user, group)) = owner {
        chown(path, Some(user), Some(group)).unwrap_or_else(|error| crate::fail(error));
    }
}

/// What a program has put out that had to end well.
#[track_caller]
fn finished(what: &str, ended: std::io::Result<Output>) -> Output {
    let output = ended.unwrap_or_else(|error| crate::fail(format!("{what}: {error}")));
    if !output.status.success() {
        crate::fail(format!("{what} failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    output
}

/// One below those that systems give to connections that go out: whoever connects in the meantime does not take it.
fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const MANY: u16 = 12_000;
    let [low, high, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
    let any = u16::from_le_bytes([low, high]) % MANY;
    let mut ports = (any..MANY).chain(0..any).map(|port| FIRST + port);
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap_or_else(|| crate::fail("no port of this machine is free"))
}
