use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, NoTls, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Socket};

use super::password;
use super::split::split;
use super::tls::{MakeTls, Mode, Tls};
use crate::error::{OpenError, in_words};

/// How long it may take until a server has let somebody in, for each of its addresses.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that carries nothing is asked for a sign of life after so long, so often, and as many times.
const KEEPALIVES: (Duration, Duration, u32) = (Duration::from_secs(15), Duration::from_secs(5), 3);

/// Where the server is, and how it is spoken with.
pub(crate) struct Settings {
    config: Config,
    tls: Tls,
}

/// A connection that has been let in.
pub(super) struct Link {
    pub(super) client: Client,
    /// What carries its bytes.
    pub(super) driver: AbortHandle,
    /// The server's version, as it says it.
    pub(super) version: String,
    /// The largest number that notifications have brought.
    pub(super) told: watch::Receiver<u64>,
}

impl Settings {
    /// Reads what says where the server is, and the password from where it is kept.
    pub(crate) fn read(server: &str) -> Result<Self, OpenError> {
        let split = split(server)?;
        let mut config: Config = split.rest.parse().map_err(|error| OpenError::Settings(in_words(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(OpenError::Settings("they name no `host`".to_owned()));
        }
        let tls = Tls::of(&split)?;
        config.ssl_mode(match tls.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        config.application_name(split.get("application_name").unwrap_or("watershed"));
        if !split.has("connect_timeout") {
            config.connect_timeout(PATIENCE);
        }
        if !split.has("tcp_user_timeout") {
            config.tcp_user_timeout(PATIENCE);
        }
        let (idle, interval, retries) = KEEPALIVES;
        if !split.has("keepalives_idle") {
            config.keepalives_idle(idle);
        }
        if !split.has("keepalives_interval") {
            config.keepalives_interval(interval);
        }
        if !split.has("keepalives_retries") {
            config.keepalives_retries(retries);
        }
        if config.get_password().is_none()
            && let Some(found) = password::find(&config, split.get("passfile"))?
        {
            config.password(found);
        }
        Ok(Self { config, tls })
    }

    /// What they say, for people: never a password.
    pub(crate) fn place(server: &str) -> String {
        let config = split(server).ok().and_then(|split| split.rest.parse::<Config>().ok());
        let Some(config) = config else { return "PostgreSQL".to_owned() };
        let ports = config.get_ports();
        let hosts: Vec<String> = config
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(place, host)| {
                let port = ports.get(place).or_else(|| ports.first()).copied().unwrap_or(5432);
                format!("{}:{port}", password::name_of(host))
            })
            .collect();
        let database = config.get_dbname().or_else(|| config.get_user()).unwrap_or_default();
        format!("postgres://{}/{database}", hosts.join(","))
    }

    pub(super) async fn connect(&self) -> Result<Link, OpenError> {
        match &self.tls.mode {
            Mode::Disable => self.connect_by(NoTls).await,
            _ => self.connect_by(MakeTls::of(&self.tls)?).await,
        }
    }

    /// The driver's own timeout ends where TCP has connected: a server that says nothing from then on is waited for here.
    async fn connect_by<T>(&self, tls: T) -> Result<Link, OpenError>
    where
        T: MakeTlsConnect<Socket, TlsConnect: Send, Stream: Send + 'static> + Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let each = self.config.get_connect_timeout().copied().unwrap_or(PATIENCE);
        let addresses = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        let longest = each * u32::try_from(addresses).unwrap_or(u32::MAX) + Duration::from_secs(1);
        let connected = tokio::time::timeout(longest, self.config.connect(tls)).await;
        let (client, mut driver) = connected.map_err(|_| OpenError::Silent(longest))??;
        let version = driver.parameter("server_version").unwrap_or_default().to_owned();
        let (telling, told) = watch::channel(0);
        let driver = tokio::spawn(async move {
            while let Some(message) = poll_fn(|cx| driver.poll_message(cx)).await {
                match message {
                    Ok(AsyncMessage::Notification(told)) => {
                        // One that does not say how far the log has come may mean anything.
                        let number = told.payload().parse().unwrap_or(u64::MAX);
                        telling.send_modify(|largest| *largest = number.max(*largest));
                    }
                    Ok(AsyncMessage::Notice(notice)) => tracing::debug!(%notice, "the server remarks"),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(error = in_words(&error), "a connection has ended");
                        return;
                    }
                }
            }
        });
        Ok(Link { client, driver: driver.abort_handle(), version, told })
    }
}
