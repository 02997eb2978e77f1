use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use watershed_runtime::{ImportRequest, Importing};

use crate::closing::Closing;
use crate::hosted::Hosted;
use crate::problem::{
    CLOSING, LINE_TOO_LONG, MALFORMED_PARAMETER, NESTED_TOO_DEEP, Problem, TOO_MANY_IMPORTS,
};
use crate::reply::{Names, Reply, json, token_value};
use crate::request::{Limits, Line, Lines, Parameters, check_depth, command_request};
use crate::seats::Seats;

/// The longest name of what lines come in, in characters.
const SOURCE: usize = 200;

/// What an import may cost.
pub(crate) struct Room<'a> {
    pub(crate) seats: &'a Seats,
    /// The limits of a body count for each line.
    pub(crate) limits: Limits,
    pub(crate) closing: &'a Closing,
}

/// `POST /api/{context}/imports/{import}`: records of a foreign stream, one JSON object a line.
///
/// The body is read as fast as its commands are taken, and never held as a whole. Lines that cannot be taken are no problem
/// of the request: the answer tells them, and they are kept.
pub(crate) async fn import<B>(
    hosted: &Hosted,
    import: &str,
    parts: &Parts,
    body: B,
    room: Room<'_>,
) -> Result<Reply, Problem>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let request = command_request(parts)?;
    let mut parameters = Parameters::of(parts.uri.query())?;
    let first = parameters.take_number("first_line", 1..=u64::MAX / 2)?.unwrap_or(1);
    let source: Option<Arc<str>> = parameters.take("source")?.map(Into::into);
    parameters.finish()?;
    if source.as_ref().is_some_and(|source| source.is_empty() || source.chars().count() > SOURCE) {
        let problem = format!("must have 1 to {SOURCE} characters");
        return Err(Problem::with_field(&MALFORMED_PARAMETER, "source", problem));
    }
    let limits = room.limits;
    let lines = Lines::of(&parts.headers, body, first, limits.bytes, limits.time)?;
    let full = || Problem::new(&TOO_MANY_IMPORTS, "as many imports are under way as the server allows");
    let _seat = room.seats.take().ok_or_else(full)?;
    let how = ImportRequest {
        principal: request.principal,
        source,
        correlation: request.correlation,
        traceparent: request.traceparent,
    };
    let mut importing = hosted.running.import(import, how)?;
    let read = read(lines, &mut importing, limits, room.closing.clone()).await;
    // Also where the body broke off: what has come is taken before that is told.
    let finished = importing.finish().await;
    read?;
    let summary = finished?;
    let mut reply = json(&summary);
    reply.headers_mut().insert(Names::TOKEN, token_value(&summary.token));
    Ok(reply)
}

/// Gives the lines to the import until there are no more, or it does not go on.
async fn read<B>(
    mut lines: Lines<B>,
    importing: &mut Importing,
    limits: Limits,
    mut closing: Closing,
) -> Result<(), Problem>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    while !importing.is_stopped() {
        let line = tokio::select! {
            line = lines.next() => line?,
            () = closing.said() => {
                let detail = "the server is going down. Send the whole again: what has been taken is not taken twice";
                return Err(Problem::new(&CLOSING, detail));
            }
        };
        match line {
            None => return Ok(()),
            Some(Line::Whole { number, content }) => match check_depth(&content, limits.depth) {
                Ok(()) => importing.line(number, content).await,
                Err(_) => {
                    let (bytes, most) = (content.len() as u64, limits.depth);
                    let reason = format!("is nested deeper than {most} levels");
                    importing.unread(number, content, bytes, NESTED_TOO_DEEP.code, reason).await;
                }
            },
            Some(Line::TooLong { number, beginning, bytes }) => {
                let reason = format!("has {bytes} bytes, where {} are the most", limits.bytes);
                importing.unread(number, beginning, bytes, LINE_TOO_LONG.code, reason).await;
            }
        }
    }
    Ok(())
}
