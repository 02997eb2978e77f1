use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use watershed_core::ports::{Append, AppendError, Appended, EventLog, Expected, InlineFold, Later, NewEvent};
use watershed_core::{LogIdentity, StreamId, Tag, Tenant, Timestamp};

use super::faults::Fault;
use super::fixture::Faulty;

type Answer = Result<Appended, AppendError>;

/// The answer of a future that has it at once.
pub(super) fn at_once<T>(mut later: Later<'_, T>) -> Option<T> {
    match later.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

impl EventLog for Faulty {
    fn identity(&self) -> LogIdentity {
        let mut identity = self.log.identity();
        identity.epoch += u32::from(self.has(Fault::NewIdentity) && self.again);
        identity
    }

    fn append(&self, mut append: Append) -> Later<'_, Answer> {
        self.record_otherwise(&mut append);
        self.check_otherwise(&mut append);
        self.answer_otherwise(append)
    }

    fn set_inline(&self, folds: Vec<Box<dyn InlineFold>>) {
        if !self.has(Fault::NoFolds) {
            self.log.set_inline(folds);
        }
    }
}

impl Faulty {
    fn record_otherwise(&self, append: &mut Append) {
        match self.fault {
            Fault::Truncated => append.events.truncate(500),
            Fault::CutPayload => {
                for event in &mut append.events {
                    let short = event.payload.len().min(1 << 20);
                    event.payload = event.payload[..short].into();
                }
            }
            Fault::TrimmedId => append.stream.id = append.stream.id.trim().into(),
            Fault::LostCausation => append.causation = None,
            Fault::ClampedTime => append.recorded_at = append.recorded_at.max(Timestamp::from_micros(0)),
            Fault::OneTenant => append.tenant = Tenant::default(),
            Fault::JoinedStreams => append.stream = joined(&append.stream),
            _ => {}
        }
    }

    fn check_otherwise(&self, append: &mut Append) {
        let is_barrier = append.events.is_empty();
        match self.fault {
            Fault::NoExpected => append.expected = Expected::Any,
            Fault::NoCondition => append.conditions.clear(),
            Fault::NoLines => append.line = None,
            Fault::FirstConditionOnly => append.conditions.truncate(1),
            Fault::LastConditionOnly => {
                let last = append.conditions.len().saturating_sub(1);
                append.conditions.drain(..last);
            }
            Fault::NoOnce => use_often(append),
            Fault::NoKeys => append.idempotency = None,
            // Whoever has looked at all is believed for all that comes after.
            Fault::TrustsCaller if append.looked_until > 0 => {
                append.idempotency = None;
                use_often(append);
            }
            Fault::BarrierUnchecked if is_barrier => {
                append.expected = Expected::Any;
                append.conditions.clear();
                append.idempotency = None;
            }
            Fault::ForgetsChecks if self.again => {
                append.idempotency = None;
                use_often(append);
            }
            Fault::FirstTagOnly | Fault::AnyName | Fault::SinceStart => self.mistake_condition(append),
            _ => {}
        }
    }

    fn mistake_condition(&self, append: &mut Append) {
        let Some(condition) = append.conditions.first_mut() else { return };
        match self.fault {
            Fault::FirstTagOnly => condition.boundary.tags.truncate(1),
            // Looks at the first name that it is given, and takes it for all.
            Fault::AnyName => condition.boundary.names.truncate(1),
            _ => condition.after = 0,
        }
    }

    fn answer_otherwise(&self, append: Append) -> Later<'_, Answer> {
        match self.fault {
            Fault::BarrierAtOnce if append.events.is_empty() => {
                let version = at_once(self.log.stream_version(&append.tenant, &append.stream));
                let version = version.and_then(Result::ok).unwrap_or_default();
                let position = self.log.head();
                Box::pin(std::future::ready(Ok(Appended { position, version })))
            }
            Fault::DurableOnly => match self.durable_conflict(&append) {
                Some(conflict) => Box::pin(std::future::ready(Err(conflict))),
                None => self.log.append(append),
            },
            Fault::Lazy => Box::pin(async move { self.log.append(append).await }),
            Fault::PositionOff => Box::pin(async move {
                let answer = self.log.append(append).await?;
                Ok(Appended { position: answer.position + 1, ..answer })
            }),
            Fault::Split => Box::pin(self.split(append)),
            Fault::FirstOfRefused => Box::pin(self.first_of_refused(append)),
            Fault::Contagious => Box::pin(self.contagious(append)),
            Fault::BurntTags | Fault::BurntKeys => Box::pin(self.burning(append)),
            _ => self.log.append(append),
        }
    }

    fn durable_conflict(&self, append: &Append) -> Option<AppendError> {
        let Expected::Version(expected) = append.expected else { return None };
        let actual = at_once(self.log.stream_version(&append.tenant, &append.stream))?.ok()?;
        (actual != expected).then_some(AppendError::Conflict { expected, actual })
    }

    /// Each event by itself.
    async fn split(&self, append: Append) -> Answer {
        let mut answer = None;
        for (event, place) in append.events.iter().zip(0..) {
            let mut one = Append { events: vec![event.clone()], ..append.clone() };
            if place > 0 {
                (one.expected, one.conditions, one.idempotency) = (Expected::Any, Vec::new(), None);
            }
            answer = Some(self.log.append(one).await?);
        }
        match answer {
            Some(answer) => Ok(answer),
            None => self.log.append(append).await,
        }
    }

    async fn first_of_refused(&self, append: Append) -> Answer {
        let answer = self.log.append(append.clone()).await;
        let first: Vec<NewEvent> = append.events.iter().take(1).cloned().collect();
        if answer.is_err() && !first.is_empty() {
            let mut left = Append { events: first, expected: Expected::Any, ..append };
            (left.conditions, left.idempotency) = (Vec::new(), None);
            use_often(&mut left);
            self.log.append(left).await?;
        }
        answer
    }

    async fn contagious(&self, append: Append) -> Answer {
        if self.infected.swap(false, Ordering::Relaxed) {
            return Err(AppendError::Conflict { expected: 0, actual: 1 });
        }
        let answer = self.log.append(append).await;
        self.infected.store(matches!(answer, Err(AppendError::Conflict { .. })), Ordering::Relaxed);
        answer
    }

    async fn burning(&self, append: Append) -> Answer {
        let key = append.idempotency.as_ref().map(|idempotency| idempotency.key.to_string());
        let tags: Vec<Tag> = append.events.iter().flat_map(|event| event.tags.clone()).collect();
        {
            let burnt = self.burnt.lock().unwrap();
            if self.has(Fault::BurntKeys) && key.as_ref().is_some_and(|key| burnt.contains(key)) {
                return Err(AppendError::KeyTaken { position: 1 });
            }
            if let Some(tag) = tags.iter().find(|tag| burnt.contains(&tag.to_string())) {
                return Err(AppendError::TagTaken { tag: tag.clone(), position: 1 });
            }
        }
        let answer = self.log.append(append).await;
        if answer.is_err() {
            self.burnt.lock().unwrap().extend(tags.iter().map(Tag::to_string).chain(key));
        }
        answer
    }
}

/// Any event may bear its tags.
fn use_often(append: &mut Append) {
    append.events.iter_mut().flat_map(|event| &mut event.tags).for_each(|tag| tag.once = false);
}

/// The stream whose name the two parts of this one's make together.
pub(super) fn joined(stream: &StreamId) -> StreamId {
    StreamId::new("", stream.to_string())
}
