//! The server: built from running contexts, served on a listener, stopped through its handle.

mod accept;
mod connection;

use std::net::SocketAddr;
use std::sync::Arc;

use http::Request;
use tokio::net::TcpListener;
use tokio::sync::watch;
use watershed_runtime::Running;

use crate::asset::Asset;
use crate::audit::Audit;
use crate::closing::Closing;
use crate::entry::Entry;
use crate::exposure::{Hosts, check_exposure};
use crate::hosted::Hosted;
use crate::options::Options;
use crate::reply::Body;
use crate::telemetry::Metrics;

/// Serves contexts over HTTP: build it, then [`Server::serve`] it.
pub struct Server {
    entry: Entry,
    options: Options,
    stop: watch::Sender<bool>,
}

/// Stops a server from elsewhere.
#[derive(Debug, Clone)]
pub struct Handle(watch::Sender<bool>);

/// The same answers without a network: for programs that ask themselves, and for mounting in another server.
#[derive(Clone)]
pub struct Api {
    entry: Arc<Entry>,
    /// Held so that watches are not told that the server goes down.
    _stop: watch::Sender<bool>,
}

/// Why a server could not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Anybody on the network could do anything.
    #[error(
        "will not listen on {address}: the policy of the context `{context}` allows anybody anything. Listen on 127.0.0.1, give the context a policy, or say --expose-unauthenticated"
    )]
    Exposed {
        /// The address.
        address: SocketAddr,
        /// The context.
        context: &'static str,
    },
    /// The listener failed.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

impl Server {
    /// A server of these contexts, each under its own name.
    #[must_use]
    pub fn new(contexts: Vec<Running>, options: Options) -> Self {
        let (stop, closing) = Closing::new();
        let contexts = contexts.into_iter().map(Hosted::new).collect();
        Self { entry: Entry::new(contexts, &options, closing), options, stop }
    }

    /// Offers a context's log to auditors.
    #[must_use]
    pub fn audit(mut self, context: &str, audit: impl Audit) -> Self {
        let audit: Arc<dyn Audit> = Arc::new(audit);
        for hosted in &mut self.entry.contexts {
            if hosted.running.name() == context {
                hosted.audit = Some(audit.clone());
            }
        }
        self
    }

    /// Serves files beside a context's API: pages for people.
    #[must_use]
    pub fn assets(mut self, context: &str, assets: &'static [Asset]) -> Self {
        for hosted in &mut self.entry.contexts {
            if hosted.running.name() == context {
                hosted.assets = assets;
            }
        }
        self
    }

    /// Shows what was measured in the whole process at `/metrics`.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.entry.metrics = Some(metrics);
        self
    }

    /// Stops the server from elsewhere.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(self.stop.clone())
    }

    /// The same answers without a network.
    #[must_use]
    pub fn into_api(self) -> Api {
        Api { entry: Arc::new(self.entry), _stop: self.stop }
    }

    /// Whether it may listen on `address`.
    ///
    /// # Errors
    /// Where that would let anybody do anything.
    pub fn check(&self, address: SocketAddr) -> Result<(), ServeError> {
        check_exposure(address, &self.entry.contexts, self.options.expose_unauthenticated)
    }

    /// Serves until the handle says stop; then finishes what has begun, within the options' time. The contexts go on:
    /// closing them is for whoever started them.
    ///
    /// # Errors
    /// Where the listener's address would let anybody do anything, or the listener fails.
    pub async fn serve(mut self, listener: TcpListener) -> Result<(), ServeError> {
        let address = listener.local_addr()?;
        self.check(address)?;
        self.entry.hosts = Hosts::of(address);
        accept::run(listener, Arc::new(self.entry), &self.options).await;
        Ok(())
    }
}

impl Handle {
    /// Has the server stop: no new connections, and the present requests are its last.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Api {
    /// Answers a request. Whoever lets strangers in has to see to their address and to timeouts themselves.
    pub async fn call<B>(&self, request: Request<B>) -> http::Response<Body>
    where
        B: http_body::Body<Data = bytes::Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.entry.answer(request).await
    }
}
