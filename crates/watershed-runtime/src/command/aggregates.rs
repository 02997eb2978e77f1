use std::sync::Arc;
use std::time::Instant;

use schemars::SchemaGenerator;
use watershed_core::ports::{AppendError, Appended, Expected, Later, Line, Save, Snapshot};
use watershed_core::write::TablesSpec;
use watershed_core::{
    Aggregate, ColumnError, Command, CommandKind, Cx, Event, Fingerprint, Position, Receipt, Refusal,
    RefusalKind, Storage, StreamId, Tenant, Version,
};

use super::cells::{Cell, Cells, Shared, Unloaded};
use super::handler::{StateFound, handle_json, is_name, settle_id};
use super::in_tables::InTables;
use super::premises::{Standing, stand};
use super::write_core::{Failed, Seen, append_for, failed, idempotency, new_events};
use super::{
    AnyRefusal, CommandHandler, LoadError, Request, SendError, StateAt, WriteCore, WriteModel, fold,
};

/// How often a command is decided before its caller is told that others keep getting in the way.
const ATTEMPTS: u32 = 16;
/// How many aggregates of one kind are kept in memory.
const CELLS: usize = 100_000;

/// Takes the commands of one kind of aggregate.
pub(crate) struct Aggregates<A> {
    core: Arc<WriteCore>,
    category: Arc<str>,
    storage: Storage<A>,
    /// Where the state stands in tables.
    tables: Option<Arc<TablesSpec>>,
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
    /// What it was decided upon.
    line: Line,
}

/// What to tell the caller once everything that the decision rests on is durable.
enum Outcome<R> {
    Taken { version: Version, names: Vec<Arc<str>>, snapshot: Option<Snapshot> },
    Refused(R),
    Mismatch { expected: Version, actual: Version },
}

impl<A: Aggregate> Aggregates<A> {
    pub(crate) fn new(core: Arc<WriteCore>) -> Self {
        let storage = A::storage();
        let tables = storage.tables_codec().map(|codec| Arc::new((codec.spec)()));
        Self { core, category: A::Event::CATEGORY.into(), storage, tables, cells: Cells::new(CELLS) }
    }

    fn in_tables(&self) -> Option<InTables<'_, A>> {
        Some(InTables { codec: self.storage.tables_codec()?, tables: self.tables.as_ref()? })
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
                    // A state that was loaded since is none the worse for it.
                    handed_on.line.break_off();
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
        let Some(cell) = guard.as_mut().filter(|cell| !cell.is_stale()) else {
            return Ok(None);
        };
        self.core.authorize(request, command.kind().name, stream, Some(&cell.state))?;
        let now = self.core.clock.now();
        let mut append = append_for(request, stream, now, looked_until);
        append.expected = Expected::Version(cell.version);
        append.line = Some(cell.line.clone());
        append.conditions = std::mem::take(&mut premises.conditions);
        let tables = self.in_tables();
        append.save = tables.as_ref().map(|tables| tables.look(cell.row));
        // Also what is durable here may be old, where others append or change the tables; and state and premises were read one
        // after the other.
        let may_be_old = self.core.log.is_shared() || tables.is_some() || !append.conditions.is_empty();
        let pending = cell.is_pending() || may_be_old;

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
        append.save = self.evolve(cell, &events)?;
        cell.version += events.len() as u64;
        let snapshot = self.snapshot_due(before, cell);
        let outcome = Outcome::Taken { version: cell.version, names, snapshot };
        let line = cell.line.clone();
        Ok(Some(HandedOn { answer: self.core.log.append(append), outcome, line }))
    }

    /// Takes the events into the state, and says what is to be saved of it.
    fn evolve(&self, cell: &mut Cell<A>, events: &[A::Event]) -> Result<Option<Save>, SendError<A::Refusal>> {
        let Some(tables) = self.in_tables() else {
            events.iter().for_each(|event| cell.state.evolve(event));
            return Ok(None);
        };
        let unfit = |error: ColumnError| SendError::UnfitState(error.to_string());
        let before = tables.rows(&cell.state, cell.row).map_err(unfit)?;
        events.iter().for_each(|event| cell.state.evolve(event));
        match tables.save(before.as_ref(), &cell.state, cell.row) {
            Ok((save, row)) => {
                cell.row = row;
                if row.is_none() {
                    // As it would be loaded: where there is no row, nothing has happened.
                    cell.state = A::default();
                }
                Ok(Some(save))
            }
            Err(error) => {
                cell.line.break_off();
                Err(unfit(error))
            }
        }
    }

    /// An outcome that records nothing. Where the state that it rests on may not be durable yet, it waits for that.
    fn hand_on(
        &self,
        barrier: watershed_core::ports::Append,
        pending: bool,
        version: Version,
        outcome: Outcome<A::Refusal>,
    ) -> HandedOn<'_, A::Refusal> {
        let line = barrier.line.clone().unwrap_or_default();
        let answer = if pending {
            self.core.log.append(barrier)
        } else {
            let position = self.core.log.head();
            Box::pin(std::future::ready(Ok(Appended { position, version })))
        };
        HandedOn { answer, outcome, line }
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
            let begun = Instant::now();
            let mut loading = shared.loading.lock().await;
            if !is_fresh(&shared) {
                if let Some(failed) = loading.as_ref().filter(|failed| failed.since > begun) {
                    // It failed while this one waited for it. Tried by one after the other, a store that does not answer would keep the
                    // last of them many times as long.
                    return Err(failed.error.clone().into());
                }
                let loaded = self.load_present(tenant, stream).await;
                let (state, version, row) = loaded.inspect_err(|error| {
                    *loading = Some(Unloaded { since: Instant::now(), error: error.clone() });
                })?;
                *loading = None;
                *shared.lock() = Some(Cell { state, version, durable: version, row, line: Line::default() });
            }
        }
        Ok(shared)
    }

    /// The state as it is, the stream's version, and that of the row that it stands in. Of a state in tables the two may be of
    /// different moments: an append holds both to what they were.
    async fn load_present(
        &self,
        tenant: &Tenant,
        stream: &StreamId,
    ) -> Result<(A, Version, Option<u64>), LoadError> {
        let Some(tables) = self.in_tables() else {
            let (state, version) = self.load(tenant, stream, StateAt::Latest).await?;
            return Ok((state, version, None));
        };
        let (state, row) = tables.load(&self.core, tenant, &stream.id).await?;
        let version = self.core.log.stream_version(tenant, stream).await?;
        Ok((state, version, row))
    }

    /// Folds the state: from the newest snapshot that can be used, and the events since.
    async fn load(&self, tenant: &Tenant, stream: &StreamId, at: StateAt) -> Result<(A, Version), LoadError> {
        let start = match at {
            StateAt::Latest => self.snapshot_of(tenant, stream).await.unwrap_or_default(),
            _ => Default::default(),
        };
        fold(&self.core, tenant, stream, start, at).await
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
    shared.lock().as_ref().is_some_and(|cell| !cell.is_stale())
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

    fn tables(&self) -> Option<&TablesSpec> {
        self.tables.as_deref()
    }

    fn state<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
        at: StateAt,
    ) -> Option<Later<'a, StateFound>> {
        Some(Box::pin(async move {
            if let Some(tables) = self.in_tables() {
                let (state, version) = match at {
                    StateAt::Latest => {
                        self.load_present(tenant, stream).await.map(|(state, version, _)| (state, version))?
                    }
                    _ => self.load(tenant, stream, at).await?,
                };
                return Ok((version, tables.json(&state)));
            }
            let (state, version) = self.load(tenant, stream, at).await?;
            let json = self.storage.snapshot_codec().and_then(|codec| (codec.encode)(&state).ok());
            Ok((version, json.and_then(|json| serde_json::from_slice(&json).ok())))
        }))
    }
}
