use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use watershed_http::{Handle, Metrics, ServeError, Server};

use super::holder::Holder;
use super::opened::Opened;
use crate::error::CliError;
use crate::program::{Hosted, Program};
use crate::settings::{Role, Settings};

/// Which port will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// The one that was said.
    Exact,
    /// That one, or the next that is free.
    OrNext,
}

/// How many ports after the first are tried.
const TRIED: u16 = 100;

/// A server that serves.
pub(crate) struct Serving {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How many events it began with.
    pub(crate) events: u64,
    opened: Opened,
    handle: Handle,
    task: JoinHandle<Result<(), ServeError>>,
}

/// Opens the program's contexts and serves them.
pub(crate) async fn serve(program: &Program, settings: &Settings, port: Port) -> Result<Serving, CliError> {
    // First, so that nothing that the contexts measure is lost.
    let metrics = Metrics::install().map_err(|error| CliError::Metrics(error.to_string()))?;
    let opened = Opened::open(program, settings, Role::Node).await?;
    let listener = listen(settings.server.listen, port).await?;
    let address = listener.local_addr()?;
    let server = opened.server(settings.options()).metrics(metrics);
    let assets = |server: Server, hosted: &Hosted| server.assets(hosted.name, hosted.assets);
    let server = program.contexts.iter().fold(server, assets);
    server.check(address)?;
    let (url, store) = (format!("http://{address}"), settings.store.place());
    opened.say_holder(&Holder { process: std::process::id(), url, store });
    let handle = server.handle();
    let task = tokio::spawn(server.serve(listener));
    Ok(Serving { address, events: opened.events(), opened, handle, task })
}

async fn listen(address: SocketAddr, port: Port) -> Result<TcpListener, CliError> {
    let mut tried = address;
    loop {
        match TcpListener::bind(tried).await {
            Ok(listener) => return Ok(listener),
            Err(error) => {
                let next = tried.port().checked_add(1).filter(|next| next - address.port() <= TRIED);
                let taken = error.kind() == std::io::ErrorKind::AddrInUse && port == Port::OrNext;
                match next.filter(|_| taken) {
                    Some(next) => tried.set_port(next),
                    None => return Err(CliError::Listen { address, error }),
                }
            }
        }
    }
}

impl Serving {
    /// Finishes what has begun, and lets the data folder go.
    pub(crate) async fn stop(self) -> Result<(), CliError> {
        self.handle.stop();
        let ended = self.task.await;
        self.opened.close().await;
        match ended {
            Ok(served) => Ok(served?),
            Err(error) => Err(CliError::Runtime(std::io::Error::other(error))),
        }
    }
}

/// Ctrl-C, or SIGTERM from whoever manages the process. Both are heard from this call on, and not only once the future is polled: whoever
/// has been told that the server is there may end it at once.
pub(crate) fn told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let [mut interrupt, mut terminate] =
            [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
        async move {
            tokio::select! {
                () = heard(&mut interrupt) => {}
                () = heard(&mut terminate) => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Where the signal cannot be heard, the process is ended by it as any other.
#[cfg(unix)]
async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
