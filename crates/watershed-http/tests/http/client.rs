//! A client that sends exactly what it is told to, so that it can also send what no library would.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {self:?}"))
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

const PATIENCE: Duration = Duration::from_secs(20);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("connects"), read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("writes");
    }

    /// Sends a request with these header lines, and reads the whole answer.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Response {
        self.send(&request(method, path, headers, body)).await;
        self.response(method == "HEAD").await
    }

    /// Reads a whole answer, whose length is declared.
    pub(crate) async fn response(&mut self, without_body: bool) -> Response {
        let mut response = self.head().await;
        if !without_body && let Some(length) = response.headers.get("content-length") {
            let length: usize = length.parse().expect("a length");
            while self.read.len() < length {
                assert!(self.more().await, "the answer broke off: {response:?}");
            }
            response.body = String::from_utf8(self.read.drain(..length).collect()).expect("UTF-8");
        }
        response
    }

    /// Reads an answer's head alone.
    pub(crate) async fn head(&mut self) -> Response {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            assert!(
                self.more().await,
                "closed before the answer's head: {:?}",
                String::from_utf8_lossy(&self.read)
            );
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).expect("UTF-8");
        let mut lines = head.trim_end().lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let headers = lines.filter_map(|line| line.split_once(": "));
        Response {
            status: status.parse().expect("a status"),
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
            body: String::new(),
        }
    }

    /// Reads a body that comes in chunks, up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(place) = self.read.windows(end.len()).position(|window| window == end.as_bytes()) {
                let piece = self.read.drain(..place + end.len()).collect();
                return String::from_utf8(piece).expect("UTF-8");
            }
            assert!(
                self.more().await,
                "closed while waiting for {end:?}: {:?}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }

    /// Whether the server closes the connection within the time, whatever else it sends.
    pub(crate) async fn is_closed_within(&mut self, time: Duration) -> bool {
        let drained = timeout(time, async {
            let mut rest = Vec::new();
            // A reset is an end too.
            let _ = self.stream.read_to_end(&mut rest).await;
        });
        drained.await.is_ok()
    }

    async fn more(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        matches!(read.expect("the server answers in time"), Ok(1..))
    }
}

/// A request's bytes.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str("host: localhost\r\n");
    }
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    let declared = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if let Some(body) = body.filter(|_| !declared) {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend(body.unwrap_or_default());
    bytes
}
