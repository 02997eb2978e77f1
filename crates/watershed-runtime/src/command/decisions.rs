use std::marker::PhantomData;
use std::sync::Arc;

use schemars::SchemaGenerator;
use watershed_core::ports::{AppendError, Condition, Later, ReadFrom, Scope};
use watershed_core::write::TablesSpec;
use watershed_core::{
    Boundary, Command, CommandKind, Cx, Decision, Event, Position, Receipt, Refusal, RefusalKind, StreamId,
    Tenant, event,
};

use super::handler::{StateFound, handle_json, is_name, settle_id};
use super::write_core::{Failed, Seen, append_for, failed, idempotency, new_events};
use super::{AnyRefusal, CommandHandler, LoadError, Request, SendError, StateAt, WriteCore, WriteModel};

const ATTEMPTS: u32 = 16;
const LOAD_CHUNK: usize = 4_096;

/// Takes the commands of one kind of decision.
pub(crate) struct Decisions<D> {
    core: Arc<WriteCore>,
    category: Arc<str>,
    decision: PhantomData<fn() -> D>,
}

impl<D: Decision> Decisions<D> {
    pub(crate) fn new(core: Arc<WriteCore>) -> Self {
        Self { core, category: D::Event::CATEGORY.into(), decision: PhantomData }
    }

    async fn take(
        &self,
        mut command: D::Command,
        request: Request,
    ) -> Result<Receipt, SendError<D::Refusal>> {
        let fingerprint = command.fingerprint();
        let stream = StreamId { category: self.category.clone(), id: settle_id(&mut command)? };
        if request.key.as_deref().is_some_and(|key| !is_name(key)) {
            return Err(SendError::BadKey);
        }
        self.core.authorize(&request, command.kind().name, &stream, None)?;
        let boundary = D::boundary(&command);
        if boundary.tags.is_empty() {
            let problem = "a boundary without tags would be the whole log: give it at least one tag";
            return Err(SendError::Unavailable(problem.to_owned()));
        }
        let mut looks = self.core.looks_first(&request);
        for _ in 0..ATTEMPTS {
            let (claim, looked_until) = match self.core.look_for_key(&request, fingerprint, looks).await? {
                Seen::Before(receipt) => return Ok(receipt),
                Seen::New { claim, looked_until } => (claim, looked_until),
            };
            let (state, seen_until) = self.load(&request.principal.tenant, &boundary).await?;
            let now = self.core.clock.now();
            let allowed = self.core.authorize(&request, command.kind().name, &stream, Some(&state));
            let decided = allowed.map(|()| state.decide(&command, &Cx::new(now, request.principal.clone())));
            // What was taken before is told so, whatever would be decided now.
            if !looks && !matches!(&decided, Ok(Ok(events)) if !events.is_empty()) {
                looks = true;
                continue;
            }
            let (events, refusal) = match decided? {
                Ok(events) => (events, None),
                // Confirmed below: others may have appended what the decision rests on.
                Err(refusal) if self.core.log.is_shared() => (Vec::new(), Some(refusal)),
                Err(refusal) => return Err(SendError::Refused(refusal)),
            };
            let mut append = append_for(&request, &stream, now, looked_until);
            if let Some(expected) = request.expected {
                append.expected = watershed_core::ports::Expected::Version(expected);
            }
            append.conditions.push(Condition { boundary: boundary.clone(), after: seen_until });
            append.events = new_events(&events, now)?;
            if !append.events.is_empty() {
                append.idempotency = idempotency(&request, fingerprint);
            }
            let names = append.events.iter().map(|event| event.name.into()).collect();
            let answer = self.core.log.append(append).await;
            drop(claim);
            match answer {
                Ok(appended) => {
                    if let Some(refusal) = refusal {
                        return Err(SendError::Refused(refusal));
                    }
                    return Ok(self.core.receipt(&stream, appended.version, appended.position, names));
                }
                Err(AppendError::Conflict { expected, actual }) => {
                    return Err(SendError::VersionMismatch { expected, actual });
                }
                Err(error) => {
                    looks |= matches!(error, AppendError::KeyTaken { .. });
                    match failed(error) {
                        Failed::Again => {}
                        Failed::For(error) => return Err(error),
                    }
                }
            }
        }
        Err(SendError::Contended { attempts: ATTEMPTS })
    }

    /// Folds what the boundary matches, and says up to where that is known.
    async fn load(&self, tenant: &Tenant, boundary: &Boundary) -> Result<(D, Position), LoadError> {
        let mut state = D::default();
        let mut after = 0;
        loop {
            let scope = Scope::Boundary { tenant: tenant.clone(), boundary: boundary.clone() };
            let read = ReadFrom { scope, after, limit: LOAD_CHUNK };
            let read = self.core.log.read(read).await?;
            for stored in &read.events {
                let event = event::decode::<D::Event>(stored)?;
                state.evolve(&event.data);
                after = stored.position;
            }
            if read.complete {
                return Ok((state, read.head));
            }
        }
    }
}

impl<D: Decision> CommandHandler<D::Command> for Decisions<D> {
    fn handle(
        &self,
        command: D::Command,
        request: Request,
    ) -> Later<'_, Result<Receipt, SendError<D::Refusal>>> {
        Box::pin(self.take(command, request))
    }
}

impl<D: Decision> WriteModel for Decisions<D> {
    fn category(&self) -> &'static str {
        D::Event::CATEGORY
    }

    fn commands(&self) -> &'static [CommandKind] {
        D::Command::KINDS
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        <D::Command as schemars::JsonSchema>::json_schema(generator)
    }

    fn refusals(&self) -> &'static [RefusalKind] {
        D::Refusal::KINDS
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
        None
    }

    fn state<'a>(&'a self, _: &'a Tenant, _: &'a StreamId, _: StateAt) -> Option<Later<'a, StateFound>> {
        None
    }
}
