use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A whole answer of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The address is none that can be asked.
    #[error("`{0}` is not the address of a server: say http://HOST:PORT")]
    BadUrl(String),
    /// Nobody answers there.
    #[error(
        "no server answers at http://{authority}: {problem}. Start one with `serve`, or leave --server out"
    )]
    Unreachable {
        /// Host and port.
        authority: String,
        /// What happened.
        problem: String,
    },
    /// The connection broke before the answer was there. Whether a command took effect is not known.
    #[error("the connection to {0} broke before the answer was there")]
    Broken(String),
    /// The server says no.
    #[error("{detail} ({status} {code})")]
    Problem {
        /// The status.
        status: u16,
        /// The problem's code.
        code: String,
        /// What is wrong, in words.
        detail: String,
    },
    /// The answer is not what it should be.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

/// The parts of a problem document that are shown.
#[derive(Deserialize)]
struct Document {
    code: String,
    detail: String,
}

impl Answer {
    /// The answer's JSON.
    ///
    /// # Errors
    /// Where the answer is a problem, or not that JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        self.check()?;
        serde_json::from_slice(&self.body).map_err(|error| CallError::Unreadable(error.to_string()))
    }

    /// The code of the problem that the answer is; none where it is none.
    #[must_use]
    pub fn problem_code(&self) -> Option<String> {
        let is_fine = self.status.is_success() || self.status == StatusCode::NOT_MODIFIED;
        (!is_fine).then(|| self.document().map(|document| document.code).unwrap_or_default())
    }

    fn check(&self) -> Result<(), CallError> {
        if self.status.is_success() {
            return Ok(());
        }
        let status = self.status.as_u16();
        Err(match self.document() {
            Some(Document { code, detail }) => CallError::Problem { status, code, detail },
            None => CallError::Unreadable(format!("status {status} without a problem document")),
        })
    }

    fn document(&self) -> Option<Document> {
        serde_json::from_slice(&self.body).ok()
    }
}
