use std::any::Any;
use std::sync::Arc;

use watershed_core::ports::{Append, AppendError, EventLog, Idempotency, KeyRecord, NewEvent, StateTables};
use watershed_core::{
    Access, Action, Authorizer, Clock, Event, EventId, Fingerprint, LogIdentity, Position, Receipt, StreamId,
    Timestamp, Token, Version, event,
};

use super::in_flight::{Claim, InFlight};
use super::{Request, SendError};

/// What all write models share: the log, the clock, the authorizer, the keys under way.
pub(crate) struct WriteCore {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) tables: Option<Arc<dyn StateTables>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) in_flight: Arc<InFlight>,
    identity: LogIdentity,
}

/// What looking for an idempotency key found.
pub(crate) enum Seen {
    /// The command is new. The claim keeps its twins out until it is dropped.
    New { claim: Option<Claim>, looked_until: Position },
    /// It was taken before.
    Before(Receipt),
}

impl WriteCore {
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        tables: Option<Arc<dyn StateTables>>,
        clock: Arc<dyn Clock>,
        authorizer: Arc<dyn Authorizer>,
    ) -> Self {
        let identity = log.identity();
        Self { log, tables, clock, authorizer, in_flight: Arc::default(), identity }
    }

    /// Asks the authorizer.
    pub(crate) fn authorize<R>(
        &self,
        request: &Request,
        name: &str,
        stream: &StreamId,
        state: Option<&(dyn Any + Send + Sync)>,
    ) -> Result<(), SendError<R>> {
        let action = Action::Command { name, stream };
        self.authorizer
            .authorize(&Access { principal: &request.principal, action, state })
            .map_err(SendError::Denied)
    }

    /// Whether keys are looked for before a command is decided. Where the log is far away they are not: it looks for those of a
    /// whole group at once as it takes their events, and most commands come once.
    pub(crate) fn looks_first(&self, request: &Request) -> bool {
        request.key.is_none() || !self.log.is_shared()
    }

    /// Claims the request's key, and looks whether a command with it was taken before, unless that is left to the log.
    pub(crate) async fn look_for_key<R>(
        &self,
        request: &Request,
        fingerprint: Fingerprint,
        looks: bool,
    ) -> Result<Seen, SendError<R>> {
        // Before the search: what comes to the log meanwhile is for the log to find.
        let looked_until = if looks { self.log.head() } else { 0 };
        let Some(key) = &request.key else {
            return Ok(Seen::New { claim: None, looked_until });
        };
        let tenant = &request.principal.tenant;
        let Some(claim) = self.in_flight.claim(tenant, key) else {
            return Err(SendError::InFlight);
        };
        if !looks {
            return Ok(Seen::New { claim: Some(claim), looked_until });
        }
        match self.log.find_key(tenant, key).await {
            Ok(None) => Ok(Seen::New { claim: Some(claim), looked_until }),
            Ok(Some(record)) if record.fingerprint == fingerprint => Ok(Seen::Before(self.replayed(record))),
            Ok(Some(_)) => Err(SendError::KeyReused),
            Err(error) => Err(error.into()),
        }
    }

    fn replayed(&self, record: KeyRecord) -> Receipt {
        Receipt {
            stream: record.stream.to_string(),
            id: record.stream.id.to_string(),
            version: record.version,
            position: record.position,
            events: record.events,
            token: self.token(record.position),
            replayed: true,
        }
    }

    pub(crate) fn token(&self, position: Position) -> Token {
        Token { log: self.identity, position }
    }

    pub(crate) fn receipt(
        &self,
        stream: &StreamId,
        version: Version,
        position: Position,
        events: Vec<Arc<str>>,
    ) -> Receipt {
        let token = self.token(position);
        Receipt {
            stream: stream.to_string(),
            id: stream.id.to_string(),
            version,
            position,
            events,
            token,
            replayed: false,
        }
    }
}

/// An event cannot be written as JSON.
pub(crate) struct Unwritten(pub(crate) String);

impl<R> From<Unwritten> for SendError<R> {
    fn from(error: Unwritten) -> Self {
        Self::Unavailable(error.0)
    }
}

/// Puts events into the form that the log takes.
pub(crate) fn new_events<E: Event>(events: &[E], now: Timestamp) -> Result<Vec<NewEvent>, Unwritten> {
    events
        .iter()
        .map(|event| {
            let kind = event.kind();
            let payload = event::encode(event)
                .map_err(|error| Unwritten(format!("`{}` cannot be written: {error}", kind.name)))?;
            let mut tags = Vec::new();
            event.tags(&mut |tag| tags.push(tag));
            Ok(NewEvent { id: event_id(now), name: kind.name, schema: kind.schema, payload, tags })
        })
        .collect()
}

fn event_id(now: Timestamp) -> EventId {
    let random = uuid::Uuid::new_v4();
    let random = random.as_bytes();
    let mut bits = [0; 10];
    // The bytes that a version 4 leaves wholly to chance.
    bits[..6].copy_from_slice(&random[..6]);
    bits[6..].copy_from_slice(&random[9..13]);
    EventId::at(now.as_micros(), bits)
}

/// An append that says what `request` says, without events and preconditions yet.
pub(crate) fn append_for(
    request: &Request,
    stream: &StreamId,
    now: Timestamp,
    looked_until: Position,
) -> Append {
    Append {
        looked_until,
        actor: Some(request.principal.name.clone()),
        correlation: request.correlation.clone(),
        causation: request.causation.clone(),
        traceparent: request.traceparent.clone(),
        ..Append::new(request.principal.tenant.clone(), stream.clone(), Vec::new(), now)
    }
}

/// The request's idempotency key, in the form that the log takes.
pub(crate) fn idempotency(request: &Request, fingerprint: Fingerprint) -> Option<Idempotency> {
    request.key.as_ref().map(|key| Idempotency { key: key.clone(), fingerprint })
}

/// What a failed append means for the command.
pub(crate) enum Failed<R> {
    /// What it was decided on has changed, or its key has come to the log meanwhile: from the start again.
    Again,
    /// The command is not taken.
    For(SendError<R>),
}

pub(crate) fn failed<R>(error: AppendError) -> Failed<R> {
    Failed::For(match error {
        AppendError::Conflict { .. }
        | AppendError::BoundaryMoved { .. }
        | AppendError::StateMoved { .. }
        | AppendError::KeyTaken { .. } => return Failed::Again,
        AppendError::TagTaken { tag, .. } => SendError::TagTaken { tag },
        AppendError::SaveRefused { rule, problem } => SendError::SaveRefused { rule, problem },
        AppendError::SaveFailed(problem) => SendError::UnfitState(problem),
        AppendError::InlineRefused { model, problem } => SendError::InlineRefused { model, problem },
        AppendError::Unreadable(error) => error.into(),
        AppendError::ReadOnly(problem) => SendError::ReadOnly(problem),
        other => SendError::Unavailable(other.to_string()),
    })
}
