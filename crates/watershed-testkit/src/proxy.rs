//! A TCP proxy between a client and a server, for what networks do: lose connections at any moment.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A proxy that runs until this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    /// Counts the cuts.
    cuts: Arc<watch::Sender<u64>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of this machine, and connects whoever comes to a port of it.
    ///
    /// # Panics
    /// Where it cannot listen.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| crate::fail(error));
        let address = listener.local_addr().unwrap_or_else(|error| crate::fail(error));
        let cuts = Arc::new(watch::Sender::new(0));
        let task = tokio::spawn(serve(listener, port, cuts.clone()));
        Self { address, cuts, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections. What clients have sent has gone to the server, or still goes there; what it answers from now on is
    /// lost.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn serve(listener: TcpListener, port: u16, cuts: Arc<watch::Sender<u64>>) {
    while let Ok((client, _)) = listener.accept().await {
        let cut = cuts.subscribe();
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = client.set_nodelay(true);
                let _ = server.set_nodelay(true);
                carry(client, server, cut).await;
            }
        });
    }
}

/// Carries bytes both ways until one side ends, or the connection is cut.
async fn carry(client: TcpStream, server: TcpStream, mut cut: watch::Receiver<u64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async move {
        let mut bytes = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
            if to_server.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    let back = async move {
        let mut bytes = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            if to_client.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
        _ = cut.changed() => {}
    }
}
