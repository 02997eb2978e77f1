use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::RawEvent;
use crate::error::Problem;

/// A server that reads requests and answers each with the same few hundred bytes: what sockets and client allow.
pub(crate) struct RawHttp {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl RawHttp {
    /// Starts it on a free port of loopback.
    pub(crate) async fn start() -> Result<Self, Problem> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let body = RawEvent::numbered(1, 1).payload;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer: Arc<[u8]> = [head, body].concat().into_bytes().into();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone()));
            }
        });
        Ok(Self { address, accepting: accepting.abort_handle() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections. Those that are open end with their clients.
    pub(crate) fn stop(self) {
        self.accepting.abort();
    }
}

/// Answers until the client goes. A request is over where its client waits: nobody here sends two at once.
async fn serve(mut stream: TcpStream, answer: Arc<[u8]>) {
    let _ = stream.set_nodelay(true);
    let mut request = [0; 4_096];
    while let Ok(1..) = stream.read(&mut request).await {
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}
