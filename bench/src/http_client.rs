//! A lean HTTP/1.1 client for load: one connection, one request at a time, buffers that are used again.
//!
//! Client and server share the machine's cores, so what the client needs is taken from the server. It speaks just enough:
//! no redirects, no compression, no pipelining, bodies with a Content-Length only.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a server can answer at most, head and body, in bytes.
const LONGEST: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HttpError {
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server closed the connection before it had answered.
    #[error("the server closed the connection")]
    Closed,
    /// The answer is none that this client understands.
    #[error("the server's answer is not understood: {0}")]
    Answer(&'static str),
}

/// An answer. Its body is valid until the next request.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// 200 and the like.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// A connection that is kept alive.
pub(crate) struct HttpClient {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl HttpClient {
    /// Connects.
    ///
    /// # Errors
    /// Where nobody listens there.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, HttpError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: address.to_string(),
            request: Vec::with_capacity(1_024),
            answer: Vec::with_capacity(4_096),
        })
    }

    /// `GET`s what stands at `path`.
    ///
    /// # Errors
    /// Where there is no answer, or none that is understood. The connection is then of no more use.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer<'_>, HttpError> {
        self.begin("GET", path);
        self.request.extend_from_slice(b"\r\n");
        self.exchange().await
    }

    /// `POST`s a JSON body with an idempotency key.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub(crate) async fn post(&mut self, path: &str, key: &str, body: &[u8]) -> Result<Answer<'_>, HttpError> {
        self.begin("POST", path);
        self.header("content-type", "application/json");
        self.header("idempotency-key", key);
        self.header("content-length", &body.len().to_string());
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(body);
        self.exchange().await
    }

    fn begin(&mut self, method: &str, path: &str) {
        self.request.clear();
        for part in [method, " ", path, " HTTP/1.1\r\nhost: ", &self.host, "\r\n"] {
            self.request.extend_from_slice(part.as_bytes());
        }
    }

    fn header(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, "\r\n"] {
            self.request.extend_from_slice(part.as_bytes());
        }
    }

    async fn exchange(&mut self) -> Result<Answer<'_>, HttpError> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let mut head = None;
        let Head { status, body } = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(HttpError::Closed);
            }
            if head.is_none() {
                head = Head::read(&self.answer)?;
            }
            if let Some(whole) = head.take_if(|head| head.body.end <= self.answer.len()) {
                break whole;
            }
            if self.answer.len() > LONGEST {
                return Err(HttpError::Answer("it is too long"));
            }
        };
        Ok(Answer { status, body: &self.answer[body] })
    }
}

/// What the head of an answer says: the status, and where the body lies.
#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    body: Range<usize>,
}

impl Head {
    /// The head; none where it has not come whole.
    fn read(answer: &[u8]) -> Result<Option<Self>, HttpError> {
        let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head =
            std::str::from_utf8(&answer[..end]).map_err(|_| HttpError::Answer("its head is no text"))?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok())
            .ok_or(HttpError::Answer("its first line gives no status"))?;
        let length: usize = lines
            .find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())
            })
            .flatten()
            .ok_or(HttpError::Answer("it gives no Content-Length"))?;
        let begin = end + 4;
        Ok(Some(Self { status, body: begin..begin + length }))
    }
}

#[cfg(test)]
mod tests;
