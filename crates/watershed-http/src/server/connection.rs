use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::entry::Entry;

/// The most bytes that a request's head may have.
const HEAD: usize = 32 << 10;
/// The most bytes that a connection buffers.
const BUFFER: usize = 64 << 10;
/// The most headers.
const HEADERS: usize = 64;

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// For a request's head, counted from the end of the last answer.
    pub(crate) header: Duration,
    /// To finish once the server goes down.
    pub(crate) drain: Duration,
}

/// Answers the requests of one connection until it ends or the server goes down.
pub(crate) async fn serve(stream: TcpStream, entry: Arc<Entry>, times: Times) {
    // Answers are written whole: waiting for more to send along would only delay them.
    let _ = stream.set_nodelay(true);
    entry.meters.connections.increment(1);
    let mut closing = entry.closing.clone();
    let service = service_fn(|request: Request<Incoming>| {
        let entry = entry.clone();
        async move { Ok::<_, Infallible>(entry.answer(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(times.header)
        .max_headers(HEADERS)
        .max_header_size(HEAD)
        .max_buf_size(BUFFER);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.said() => {
            connection.as_mut().graceful_shutdown();
            timeout(times.drain, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    entry.meters.connections.decrement(1);
}
