use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::sleep;
use watershed_core::Position;
use watershed_runtime::{Answer, Running, Terms, Writes};
use xxhash_rust::xxh3::xxh3_64;

use super::rows::check_key;
use crate::closing::Closing;
use crate::hosted::Hosted;
use crate::problem::{Problem, TOO_MANY_WATCHES};
use crate::reply::{Body, Reply, freshness};
use crate::request::{Parameters, last_event_id, terms};
use crate::seats::{Seat, Seats};

/// How watches are kept.
#[derive(Debug, Clone)]
pub(crate) struct Watching {
    pub(crate) seats: Seats,
    /// The longest silence.
    pub(crate) heartbeat: Duration,
    /// The shortest time between two looks at the row.
    pub(crate) interval: Duration,
    /// Watches end when the server goes down: callers resume elsewhere.
    pub(crate) closing: Closing,
}

/// `GET /api/{context}/views/{view}/{key}/watch`: the row, and the row again whenever it has changed, as Server-Sent Events.
///
/// An event is named `row`, or `stale` where the row stands still (its key is parked, the view lags beyond its bound), or
/// `gone` where readers see no row. Its id is the position that it shows.
pub(crate) async fn watch(
    hosted: &Hosted,
    (view, key): (&str, &str),
    parts: &Parts,
    patience: Duration,
    watching: &Watching,
) -> Result<Reply, Problem> {
    let contract = hosted.contract(view)?;
    check_key(key)?;
    Parameters::of(parts.uri.query())?.finish()?;
    let seen = last_event_id(&parts.headers)?;
    let mut terms = terms(parts, patience)?;
    let full = || Problem::new(&TOO_MANY_WATCHES, "as many watches are open as the server allows");
    let seat = watching.seats.take().ok_or_else(full)?;
    // Asked before the answer starts, so that what is wrong with the question gets a problem document.
    let writes = hosted.running.writes(view)?;
    let first = hosted.running.row_json(view, key, &terms).await?;
    terms.token = None;
    let mut reply = Reply::new(Body::whole(""));
    *reply.headers_mut() = freshness(&first, contract);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let (pieces, body) = mpsc::channel(8);
    *reply.body_mut() = Body::stream(body);
    let watcher = Watcher {
        running: hosted.running.clone(),
        writes,
        view: view.into(),
        key: key.into(),
        terms,
        watching: watching.clone(),
        pieces,
        sent: None,
        _seat: seat,
    };
    tokio::spawn(watcher.run(first, seen));
    Ok(reply)
}

struct Watcher {
    running: Running,
    writes: Writes,
    view: Arc<str>,
    key: Arc<str>,
    terms: Terms,
    watching: Watching,
    pieces: mpsc::Sender<Bytes>,
    /// What the last event said.
    sent: Option<u64>,
    _seat: Seat,
}

/// The caller has gone.
pub(super) struct Gone;

impl Watcher {
    async fn run(mut self, first: Answer<Option<Box<RawValue>>>, seen: Option<Position>) {
        // Whoever comes back with the very position of now has seen the row; after any other it may have changed.
        let begun =
            if seen == Some(first.position) { self.remember(&first) } else { self.tell(&first).await };
        if begun.is_err() {
            return;
        }
        let mut closing = self.watching.closing.clone();
        loop {
            let written = tokio::select! {
                written = self.writes.next() => written,
                () = self.pieces.closed() => return,
                () = closing.said() => return,
                () = sleep(self.watching.heartbeat) => {
                    if self.write(": still here\n\n".into()).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let answer = match written {
                Ok(()) => self.running.row_json(&self.view, &self.key, &self.terms).await,
                Err(error) => Err(error),
            };
            let told = match answer {
                Ok(answer) => self.tell(&answer).await,
                Err(error) => self.fail(error.into()).await,
            };
            if told.is_err() {
                return;
            }
            // Many changes in a row are one look: a watch costs the same however busy the view is.
            sleep(self.watching.interval).await;
        }
    }

    fn remember(&mut self, answer: &Answer<Option<Box<RawValue>>>) -> Result<(), Gone> {
        self.sent = Some(stamp(answer));
        Ok(())
    }

    /// Sends the row, if it is not what was sent last.
    async fn tell(&mut self, answer: &Answer<Option<Box<RawValue>>>) -> Result<(), Gone> {
        if self.sent == Some(stamp(answer)) {
            return Ok(());
        }
        self.remember(answer)?;
        let text = answer.value.as_ref().map_or("null", |row| row.get());
        self.write(event(name(answer), Some(&answer.position), text)).await
    }

    /// Sends what went wrong, and ends the watch.
    async fn fail(&mut self, problem: Problem) -> Result<(), Gone> {
        let document =
            problem.document(&format!("/api/{}/views/{}/{}/watch", self.running.name(), self.view, self.key));
        let _ = self.write(event("problem", None, &document)).await;
        Err(Gone)
    }

    async fn write(&mut self, piece: String) -> Result<(), Gone> {
        self.pieces.send(piece.into()).await.map_err(|_| Gone)
    }
}

fn name(answer: &Answer<Option<Box<RawValue>>>) -> &'static str {
    match (&answer.value, answer.stale) {
        (None, _) => "gone",
        (Some(_), true) => "stale",
        (Some(_), false) => "row",
    }
}

/// Stands for what an event would say.
fn stamp(answer: &Answer<Option<Box<RawValue>>>) -> u64 {
    let text = answer.value.as_ref().map_or("", |row| row.get());
    xxh3_64(text.as_bytes()) ^ u64::from(answer.stale)
}

pub(super) fn event(name: &str, id: Option<&dyn Display>, data: &str) -> String {
    let mut text = format!("event: {name}\n");
    if let Some(id) = id {
        text.push_str(&format!("id: {id}\n"));
    }
    for line in data.lines() {
        text.extend(["data: ", line, "\n"]);
    }
    text.push('\n');
    text
}
