use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use watershed_http::Options;

use super::layers::{SettingsError, of_file, put_environment};
use super::node::Node;
use super::store::{Rows, Store};
use crate::args::{Global, Serve};

/// Everything that can be set, with the command line's word already taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The data folder.
    pub(crate) data: PathBuf,
    pub(crate) store: Store,
    pub(crate) node: Node,
    pub(crate) server: Server,
    pub(crate) log: Log,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    expose_unauthenticated: bool,
    max_body_bytes: usize,
    max_json_depth: usize,
    max_connections: usize,
    max_requests: usize,
    max_watches: usize,
    max_imports: usize,
    patience_ms: u64,
    drain_ms: u64,
}

/// `[log]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    /// What is told, as RUST_LOG has it, which wins over this.
    pub(crate) filter: Option<String>,
}

/// How the program's log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: "./watershed-data".into(),
            store: Store::default(),
            node: Node::default(),
            server: Server::default(),
            log: Log::default(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        let options = Options::default();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            expose_unauthenticated: options.expose_unauthenticated,
            max_body_bytes: options.max_body,
            max_json_depth: options.max_depth,
            max_connections: options.max_connections,
            max_requests: options.max_requests,
            max_watches: options.max_watches,
            max_imports: options.max_imports,
            patience_ms: millis(options.patience),
            drain_ms: millis(options.drain),
        }
    }
}

impl Settings {
    /// The settings of file, environment and command line.
    pub(crate) fn read(
        global: &Global,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut table = of_file(global.config.as_deref())?;
        put_environment(&mut table, environment);
        let mut settings: Self =
            table.try_into().map_err(|error: toml::de::Error| SettingsError::Misfit(error.to_string()))?;
        if let Some(data) = &global.data {
            settings.data.clone_from(data);
        }
        if global.store.is_some() {
            settings.store.url.clone_from(&global.store);
        }
        // Said to be empty, it is not said.
        settings.store.url = settings.store.url.filter(|url| !url.is_empty());
        settings.node.name = settings.node.name.filter(|name| !name.is_empty());
        if let Some(problem) = settings.node.problem() {
            return Err(SettingsError::Misfit(problem));
        }
        Ok(settings)
    }

    /// The same with what `serve` says on the command line.
    pub(crate) fn served_as(mut self, serve: &Serve) -> Self {
        self.server.listen = serve.listen.unwrap_or(self.server.listen);
        self.server.expose_unauthenticated |= serve.expose_unauthenticated;
        self.node.name = serve.node.clone().or(self.node.name);
        self
    }

    /// Where the data is, for people.
    pub(crate) fn place(&self) -> String {
        let folder = self.data.display();
        match self.store.place() {
            None => folder.to_string(),
            Some(server) if self.store.rows == Rows::Server => server,
            Some(server) => format!("{server} with its rows in {folder}"),
        }
    }

    /// What the server is built with.
    pub(crate) fn options(&self) -> Options {
        let server = &self.server;
        Options {
            max_body: server.max_body_bytes,
            max_depth: server.max_json_depth,
            max_connections: server.max_connections,
            max_requests: server.max_requests,
            max_watches: server.max_watches,
            max_imports: server.max_imports,
            patience: Duration::from_millis(server.patience_ms),
            drain: Duration::from_millis(server.drain_ms),
            expose_unauthenticated: server.expose_unauthenticated,
            ..Options::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global(file: Option<PathBuf>) -> Global {
        Global { data: None, store: None, server: None, context: None, config: file, json: false }
    }

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("watershed.toml");
        std::fs::write(
            &file,
            "data = '/a'\n[server]\nlisten = '127.0.0.1:1'\nmax_requests = 7\n[node]\nname = 'n'\n",
        )
        .expect("writes");
        let over = environment(&[
            ("WATERSHED__SERVER__LISTEN", "127.0.0.1:2"),
            ("WATERSHED__DATA", "/b"),
            ("OTHER", "x"),
        ]);
        let settings = Settings::read(&global(Some(file.clone())), over).expect("fits");
        assert_eq!(settings.data, PathBuf::from("/b"));
        assert_eq!(settings.server.listen.port(), 2);
        assert_eq!(settings.options().max_requests, 7);
        assert_eq!(settings.node.name.as_deref(), Some("n"));
        let serve = Serve {
            listen: "127.0.0.1:3".parse().ok(),
            expose_unauthenticated: false,
            node: Some("c".to_owned()),
        };
        let served = settings.served_as(&serve);
        assert_eq!((served.server.listen.port(), served.node.name.as_deref()), (3, Some("c")));
        let said = Global { data: Some("/c".into()), ..global(Some(file)) };
        assert_eq!(Settings::read(&said, environment(&[])).expect("fits").data, PathBuf::from("/c"));
    }

    #[test]
    fn a_misspelt_setting_is_an_error_that_names_it() {
        let wrong = environment(&[("WATERSHED__SERVER__LISTENS", "127.0.0.1:2")]);
        let error = Settings::read(&global(None), wrong).expect_err("misspelt");
        assert!(error.to_string().contains("listens"), "{error}");
        let wrong = environment(&[("WATERSHED__SERVER__MAX_REQUESTS", "many")]);
        assert!(Settings::read(&global(None), wrong).is_err());
        for lease in ["0", "-1", "nan", "forever"] {
            let pairs = [("WATERSHED__NODE__LEASE", lease)];
            let wrong = environment(&pairs);
            assert!(Settings::read(&global(None), wrong).is_err(), "{lease}");
        }
        for (name, lease) in [("1", "10"), ("true", "0.5"), ("node-1", "3600")] {
            let pairs = [("WATERSHED__NODE__LEASE", lease), ("WATERSHED__NODE__NAME", name)];
            let settings = Settings::read(&global(None), environment(&pairs)).expect("fits");
            assert_eq!(settings.node.name.as_deref(), Some(name));
        }
        assert!(Settings::read(&global(Some("/nowhere/watershed.toml".into())), environment(&[])).is_err());
    }
}
