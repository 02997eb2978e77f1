use std::sync::Arc;

use schemars::SchemaGenerator;
use watershed_core::ports::{AppendError, Appended, Expected, Later, ReadFrom, Scope, Snapshot};
use watershed_core::{
    Aggregate, Command, CommandKind, Cx, Event, Fingerprint, Position, Receipt, Refusal, RefusalKind,
    Storage, StreamId, Tenant, Version, event,
};

use super::cells::{Cell, Cells, Shared};
use super::handler::{StateFound, handle_json, is_name, settle_id};
use super::premises::{Standing, stand};
use super::write_core::{Failed, Seen, append_for, failed, idempotency, new_events};
use super::{AnyRefusal, CommandHandler, LoadError, Request, SendError, StateAt, WriteCore, WriteModel};

/// How often a command is decided before its caller is told that others keep getting in the way.
const ATTEMPTS: u32 = 16;
/// How many events are read at once while a stream is loaded.
const LOAD_CHUNK: usize = 4_096;
/// How many aggregates of one kind are kept in memory.
const CELLS: usize = 100_000;

/// Takes the commands of one kind of aggregate.
pub(crate) struct Aggregates<A> {
    core: Arc<WriteCore>,
    category: Arc<str>,
    storage: Storage<A>,
    cells: Cells<A>,
}

/// A command with what it rests on beside its aggregate's state.
struct ToDecide<'a, C> {
    command: &'a C,
    request: &'a Request,
    stream: &'a StreamId,
    premises: Standing,
}

/// A command that has been decided and handed to the log, or found to change nothing.
struct HandedOn<'a, R> {
    answer: Later<'a, Result<Appended, AppendError>>,
    outcome: Outcome<R>,
}

/// What to tell the caller once everything that the decision rests on is durable.
enum Outcome<R> {
    Taken { version: Version, names: Vec<Arc<str>>, snapshot: Option<Snapshot> },
    Refused(R),
    Mismatch { expected: Version, actual: Version },
}

impl<A: Aggregate> Aggregates<A> {
    pub(crate) fn new(core: Arc<WriteCore>) -> Self {
        Self { core, category: A::Event::CATEGORY.into(), storage: A::storage(), cells: Cells::new(CELLS) }
    }

    async fn take(
        &self,
        mut command: A::Command,
        request: Request,
    ) -> Result<Receipt, SendError<A::Refusal>> {
        let fingerprint = command.fingerprint();
        let stream = StreamId { category: self.category.clone(), id: settle_id(&mut command)? };
        if request.key.as_deref().is_some_and(|key| !is_name(key)) {
            return Err(SendError::BadKey);
        }
        self.core.authorize(&request, command.kind().name, &stream, None)?;
        let mut looks = self.core.looks_first(&request);
        for _ in 0..ATTEMPTS {
            let (claim, looked_until) = match self.core.look_for_key(&request, fingerprint, looks).await? {
                Seen::Before(receipt) => return Ok(receipt),
                Seen::New { claim, looked_until } => (claim, looked_until),
            };
            let premises = stand::<A>(&self.core, &request.principal.tenant, &command).await?;
            let shared = self.loaded(&request.principal.tenant, &stream).await?;
            let to_decide = ToDecide { command: &command, request: &request, stream: &stream, premises };
            let decided = self.decide(&shared, to_decide, fingerprint, looked_until);
            // What was taken before is told so, whatever would be decided now.
            if !looks && !matches!(&decided, Ok(None)) && !decided.as_ref().is_ok_and(records) {
                looks = true;
                continue;
            }
            let Some(handed_on) = decided? else { continue };
            let answer = handed_on.answer.await;
            drop(claim);
            match answer {
                Ok(appended) => {
                    return self.conclude(
                        &shared,
                        &request.principal.tenant,
                        &stream,
                        appended,
                        handed_on.outcome,
                    );
                }
                Err(error) => {
                    looks |= matches!(error, AppendError::KeyTaken { .. });
                    shared.spoil();
                    match failed(error) {
                        Failed::Again => {}
                        Failed::For(error) => return Err(error),
                    }
                }
            }
        }
        Err(SendError::Contended { attempts: ATTEMPTS })
    }

    /// Decides the command on the pending head and hands the events to the log, in one go under the cell's lock: so the
    /// log takes the appends of one stream in the order in which they were decided. `None` where the cell must be loaded again.
    fn decide(
        &self,
        shared: &Shared<A>,
        to_decide: ToDecide<'_, A::Command>,
        fingerprint: Fingerprint,
        looked_until: Position,
    ) -> Result<Option<HandedOn<'_, A::Refusal>>, SendError<A::Refusal>> {
        let ToDecide { command, request, stream, mut premises } = to_decide;
        let mut guard = shared.lock();
        let Some(cell) = guard.as_mut().filter(|cell| !cell.stale) else {
            return Ok(None);
        };
        self.core.authorize(request, command.kind().name, stream, Some(&cell.state))?;
        let now = self.core.clock.now();
        let mut append = append_for(request, stream, now, looked_until);
        append.expected = Expected::Version(cell.version);
        append.conditions = std::mem::take(&mut premises.conditions);
        // Also what is durable here may be old, where others append; and state and premises were read one after the other.
        let pending = cell.is_pending() || self.core.log.is_shared() || !append.conditions.is_empty();

        if let Some(expected) = request.expected.filter(|expected| *expected != cell.version) {
            let mismatch = Outcome::Mismatch { expected, actual: cell.version };
            return Ok(Some(self.hand_on(append, pending, cell.version, mismatch)));
        }
        let cx = premises.tell(Cx::new(now, request.principal.clone()));
        let decided = cell.state.decide(command, &cx);
        if let Some(mistake) = cx.undeclared() {
            return Err(SendError::WrongPremise(mistake));
        }
        let events = match decided {
            Ok(events) => events,
            Err(refusal) => {
                return Ok(Some(self.hand_on(append, pending, cell.version, Outcome::Refused(refusal))));
            }
        };
        if events.is_empty() {
            let unchanged = Outcome::Taken { version: cell.version, names: Vec::new(), snapshot: None };
            return Ok(Some(self.hand_on(append, pending, cell.version, unchanged)));
        }
        append.idempotency = idempotency(request, fingerprint);
        append.events = new_events(&events, now)?;
        let names = append.events.iter().map(|event| event.name.into()).collect();
        let before = cell.version;
        for event in &events {
            cell.state.evolve(event);
        }
        cell.version += events.len() as u64;
        let snapshot = self.snapshot_due(before, cell);
        let outcome = Outcome::Taken { version: cell.version, names, snapshot };
        Ok(Some(HandedOn { answer: self.core.log.append(append), outcome }))
    }

    /// An outcome that records nothing. Where the state that it rests on may not be durable yet, it waits for that.
    fn hand_on(
        &self,
        barrier: watershed_core::ports::Append,
        pending: bool,
        version: Version,
        outcome: Outcome<A::Refusal>,
    ) -> HandedOn<'_, A::Refusal> {
        let answer = if pending {
            self.core.log.append(barrier)
        } else {
            let position = self.core.log.head();
            Box::pin(std::future::ready(Ok(Appended { position, version })))
        };
        HandedOn { answer, outcome }
    }

    fn conclude(
        &self,
        shared: &Shared<A>,
        tenant: &Tenant,
        stream: &StreamId,
        appended: Appended,
        outcome: Outcome<A::Refusal>,
    ) -> Result<Receipt, SendError<A::Refusal>> {
        if let Some(cell) = &mut *shared.lock() {
            cell.durable = cell.durable.max(appended.version);
        }
        match outcome {
            Outcome::Taken { version, names, snapshot } => {
                if let Some(snapshot) = snapshot {
                    self.core.log.save_snapshot(tenant, stream, snapshot);
                }
                Ok(self.core.receipt(stream, version, appended.position, names))
            }
            Outcome::Refused(refusal) => Err(SendError::Refused(refusal)),
            Outcome::Mismatch { expected, actual } => Err(SendError::VersionMismatch { expected, actual }),
        }
    }

    /// The state as bytes where this command's events have brought the stream past a multiple of the snapshots' distance.
    /// It is kept only once they are durable.
    fn snapshot_due(&self, before: Version, cell: &Cell<A>) -> Option<Snapshot> {
        let codec = self.storage.snapshot_codec()?;
        if before / codec.every == cell.version / codec.every {
            return None;
        }
        match (codec.encode)(&cell.state) {
            Ok(state) => Some(Snapshot { version: cell.version, meaning: codec.version, state }),
            Err(error) => {
                tracing::warn!(category = %self.category, %error, "a snapshot could not be written");
                None
            }
        }
    }

    /// The aggregate's cell, loaded.
    async fn loaded(
        &self,
        tenant: &Tenant,
        stream: &StreamId,
    ) -> Result<Arc<Shared<A>>, SendError<A::Refusal>> {
        let shared = self.cells.get(tenant, &stream.id);
        if is_fresh(&shared) {
            return Ok(shared);
        }
        {
            let _loading = shared.loading.lock().await;
            if !is_fresh(&shared) {
                let (state, version) = self.load(tenant, stream, StateAt::Latest).await?;
                *shared.lock() = Some(Cell { state, version, durable: version, stale: false });
            }
        }
        Ok(shared)
    }

    /// Folds the state: from the newest snapshot that can be used, and the events since.
    async fn load(&self, tenant: &Tenant, stream: &StreamId, at: StateAt) -> Result<(A, Version), LoadError> {
        let (mut state, mut version) = match at {
            StateAt::Latest => self.snapshot_of(tenant, stream).await.unwrap_or_default(),
            _ => Default::default(),
        };
        loop {
            let scope = Scope::Stream { tenant: tenant.clone(), stream: stream.clone() };
            let read = ReadFrom { scope, after: version, limit: LOAD_CHUNK };
            let read = self.core.log.read(read).await?;
            for stored in &read.events {
                let past = match at {
                    StateAt::Latest => false,
                    StateAt::Version(last) => stored.version > last,
                    StateAt::Time(last) => stored.recorded_at > last,
                };
                if past {
                    return Ok((state, version));
                }
                let event = event::decode::<A::Event>(stored)?;
                state.evolve(&event.data);
                version = stored.version;
            }
            if read.complete {
                return Ok((state, version));
            }
        }
    }

    async fn snapshot_of(&self, tenant: &Tenant, stream: &StreamId) -> Option<(A, Version)> {
        let codec = self.storage.snapshot_codec()?;
        let snapshot = self.core.log.load_snapshot(tenant, stream).await?;
        if snapshot.meaning != codec.version {
            return None;
        }
        match (codec.decode)(&snapshot.state) {
            Ok(state) => Some((state, snapshot.version)),
            Err(error) => {
                tracing::warn!(%stream, %error, "a snapshot could not be read; the events are folded instead");
                None
            }
        }
    }
}

/// Whether the log is asked to record something.
fn records<R>(handed_on: &Option<HandedOn<'_, R>>) -> bool {
    let outcome = handed_on.as_ref().map(|handed_on| &handed_on.outcome);
    matches!(outcome, Some(Outcome::Taken { names, .. }) if !names.is_empty())
}

fn is_fresh<A>(shared: &Shared<A>) -> bool {
    shared.lock().as_ref().is_some_and(|cell| !cell.stale)
}

impl<A: Aggregate> CommandHandler<A::Command> for Aggregates<A> {
    fn handle(
        &self,
        command: A::Command,
        request: Request,
    ) -> Later<'_, Result<Receipt, SendError<A::Refusal>>> {
        Box::pin(self.take(command, request))
    }
}

impl<A: Aggregate> WriteModel for Aggregates<A> {
    fn category(&self) -> &'static str {
        A::Event::CATEGORY
    }

    fn commands(&self) -> &'static [CommandKind] {
        A::Command::KINDS
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        <A::Command as schemars::JsonSchema>::json_schema(generator)
    }

    fn refusals(&self) -> &'static [RefusalKind] {
        A::Refusal::KINDS
    }

    fn handle_json<'a>(
        &'a self,
        name: &'a str,
        body: &'a [u8],
        request: Request,
    ) -> Later<'a, Result<Receipt, SendError<AnyRefusal>>> {
        Box::pin(handle_json(self, name, body, request))
    }

    fn state<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
        at: StateAt,
    ) -> Option<Later<'a, StateFound>> {
        Some(Box::pin(async move {
            let (state, version) = self.load(tenant, stream, at).await?;
            let json = self.storage.snapshot_codec().and_then(|codec| (codec.encode)(&state).ok());
            Ok((version, json.and_then(|json| serde_json::from_slice(&json).ok())))
        }))
    }
}
