use super::{Issued, PermissionsExt, Postgres, finished, own};

/// What a server is to be, where it is not to be as usual.
#[derive(Debug, Default, Clone)]
pub struct Setup {
    settings: Vec<String>,
    encoding: Option<&'static str>,
    access: Option<String>,
    files: Vec<(&'static str, String)>,
}

impl Setup {
    /// With a setting: `wal_level=logical`.
    #[must_use]
    pub fn setting(mut self, setting: impl Into<String>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// With databases of another encoding than UTF8.
    #[must_use]
    pub fn encoding(mut self, encoding: &'static str) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// With these lines in `pg_hba.conf`, behind one that lets the superuser in from this machine without TLS.
    #[must_use]
    pub fn access(mut self, lines: &str) -> Self {
        self.access = Some(format!("hostnossl all postgres 127.0.0.1/32 trust\n{lines}\n"));
        self
    }

    /// Speaking TLS, under that certificate; it believes clients whom that authority knows.
    #[must_use]
    pub fn tls(mut self, issued: &Issued, clients: &str) -> Self {
        self.files.push(("server.crt", issued.certificate.clone()));
        self.files.push(("server.key", issued.key.clone()));
        self.files.push(("clients.crt", clients.to_owned()));
        self.setting("ssl=on").setting("ssl_ca_file=clients.crt")
    }

    /// Makes the server, and starts it.
    ///
    /// # Panics
    /// Where there is no PostgreSQL on this machine, or it does not start.
    #[must_use]
    pub fn start(self) -> Postgres {
        let mut made = Postgres::nowhere(self.settings);
        let data = made.data();
        let encoding = format!("--encoding={}", self.encoding.unwrap_or("UTF8"));
        let arguments = ["--auth=trust", "--username=postgres", "--no-locale", &encoding, "--pgdata"];
        finished("initdb", made.command("initdb").args(arguments).arg(&data).output());
        let access = self.access.map(|lines| ("pg_hba.conf", lines));
        for (name, text) in self.files.into_iter().chain(access) {
            let file = data.join(name);
            let written = std::fs::write(&file, text)
                .and_then(|()| std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)));
            written.unwrap_or_else(|error| crate::fail(error));
            own(&file, made.owner);
        }
        made.up();
        made
    }
}
