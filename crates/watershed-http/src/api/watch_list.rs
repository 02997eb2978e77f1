use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};
use watershed_core::ports::JournalMark;
use watershed_core::{Position, Token};
use watershed_runtime::{Again, Following, ListChange, ListChanges};

use super::watch::{Gone, Watching, event};
use crate::hosted::Hosted;
use crate::problem::{Problem, TOO_MANY_WATCHES};
use crate::reply::{Body, Names, Reply};
use crate::request::{Parameters, last_place, page_ask, terms};
use crate::seats::Seat;

/// What is followed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List<'a> {
    /// A view's rows.
    View(&'a str),
    /// Those that a named query asks for.
    Query(&'a str),
}

/// `GET /api/{context}/views/{view}` and `/queries/{query}` with `Accept: text/event-stream`: what enters the list, changes in it
/// and leaves it, as Server-Sent Events.
///
/// An event is named `list` (read the list now, what comes after is told), `row` (it is in the list, as it is now) or `gone` (it is
/// in it no more). Its id is a place in the journal: whoever comes back with it misses nothing.
pub(crate) async fn watch_list(
    hosted: &Hosted,
    list: List<'_>,
    parts: &Parts,
    patience: Duration,
    watching: &Watching,
) -> Result<Reply, Problem> {
    let place = last_place(&parts.headers)?;
    let (terms, parameters) = (terms(parts, patience)?, Parameters::of(parts.uri.query())?);
    let (mut following, contract) = match list {
        List::View(view) => {
            let contract = hosted.contract(view)?;
            (hosted.running.follow_page(view, page_ask(parameters)?, terms, place)?, contract)
        }
        List::Query(query) => {
            let facts = hosted.query(query)?;
            (hosted.running.follow_query(query, &parameters.0, terms, place)?, &facts.contract)
        }
    };
    let full = || Problem::new(&TOO_MANY_WATCHES, "as many watches are open as the server allows");
    let seat = watching.seats.take().ok_or_else(full)?;
    // Looked at before the answer starts, so that what is wrong with the question gets a problem document.
    let first = following.look().await?;
    let mut reply = Reply::new(Body::whole(""));
    let headers = reply.headers_mut();
    headers.insert(Names::CONTRACT, contract.clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let (pieces, body) = mpsc::channel(8);
    *reply.body_mut() = Body::stream(body);
    let path = parts.uri.path().to_owned();
    let watcher = Watcher { following, watching: watching.clone(), pieces, path, silent: None, _seat: seat };
    tokio::spawn(watcher.run(first));
    Ok(reply)
}

struct Watcher {
    following: Following,
    watching: Watching,
    pieces: mpsc::Sender<Bytes>,
    path: String,
    /// Where the journal was gone through to without anything to tell.
    silent: Option<JournalMark>,
    _seat: Seat,
}

impl Watcher {
    async fn run(mut self, first: Option<ListChanges>) {
        let mut closing = self.watching.closing.clone();
        let mut told = match first {
            Some(changes) => self.tell(changes).await,
            None => Ok(()),
        };
        let mut heartbeat = tokio::time::Instant::now() + self.watching.heartbeat;
        while told.is_ok() {
            told = tokio::select! {
                changes = self.following.next() => match changes {
                    Ok(changes) => {
                        if !changes.changes.is_empty() {
                            heartbeat = tokio::time::Instant::now() + self.watching.heartbeat;
                        }
                        let told = self.tell(changes).await;
                        // Many changes in a row are one look: a watch costs the same however busy the view is.
                        sleep(self.watching.interval).await;
                        told
                    }
                    Err(error) => self.fail(error.into()).await,
                },
                () = self.pieces.closed() => return,
                () = closing.said() => return,
                () = sleep_until(heartbeat) => {
                    heartbeat = tokio::time::Instant::now() + self.watching.heartbeat;
                    self.beat().await
                }
            };
        }
    }

    async fn tell(&mut self, changes: ListChanges) -> Result<(), Gone> {
        self.silent = Some(changes.mark);
        for (mark, change) in changes.changes {
            if mark == changes.mark {
                self.silent = None;
            }
            self.write(piece(mark, change)).await?;
        }
        Ok(())
    }

    /// Says that the watch is alive, and how far the journal was gone through meanwhile: whoever comes back need not go through it
    /// again, and is not too late where nothing of the list has changed for long.
    async fn beat(&mut self) -> Result<(), Gone> {
        let piece = match self.silent.take() {
            Some(mark) => format!(": still here\nid: {mark}\n\n"),
            None => ": still here\n\n".to_owned(),
        };
        self.write(piece).await
    }

    /// Sends what went wrong, and ends the watch.
    async fn fail(&mut self, problem: Problem) -> Result<(), Gone> {
        let document = problem.document(&self.path);
        let _ = self.write(event("problem", None, &document)).await;
        Err(Gone)
    }

    async fn write(&mut self, piece: String) -> Result<(), Gone> {
        self.pieces.send(piece.into()).await.map_err(|_| Gone)
    }
}

#[derive(Serialize)]
struct ReadNow {
    why: Again,
    token: Token,
    position: Position,
}

#[derive(Serialize)]
struct RowNow<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<&'a RawValue>,
}

fn piece(mark: JournalMark, change: ListChange) -> String {
    let id: Option<&dyn Display> = Some(&mark);
    match change {
        ListChange::Read { why, token, position } => {
            event("list", id, &text(&ReadNow { why, token, position }))
        }
        ListChange::Row { key, row } => event("row", id, &text(&RowNow { key: &key, row: Some(&row) })),
        ListChange::Gone { key } => event("gone", id, &text(&RowNow { key: &key, row: None })),
    }
}

fn text(data: &impl Serialize) -> String {
    // invariant: texts, numbers and JSON that has been read are JSON
    serde_json::to_string(data).unwrap_or_default()
}
