//! The suite of [`EventLog`].

mod atomic;
mod bench;
mod boundary;
mod draft;
mod expected;
mod index;
mod inline;
mod keys;
mod model;
mod odd;
mod positions;
mod reads;
mod reopen;
mod snapshots;
mod storm;
mod tags;
mod tenants;
mod waiting;

use std::sync::Arc;

use watershed_core::ports::{EventLog, Later};

use self::bench::Bench;
pub(super) use self::bench::read_all;
pub(super) use self::draft::Draft;
pub(super) use self::odd::odd_words;
use super::promise::suite;
use super::storage::Storage;

/// Storage for one log.
pub trait LogFixture: Send + Sync + 'static {
    /// Opens the log on this storage, and makes it where it is not there. Called again, on the same storage, after the
    /// handle that it gave before has been dropped: what was acknowledged must then be there.
    fn open(&self) -> impl Future<Output = Arc<dyn EventLog>> + Send;
}

impl<F: LogFixture> Storage<Arc<dyn EventLog>> for F {
    fn open(&self) -> Later<'_, Arc<dyn EventLog>> {
        Box::pin(LogFixture::open(self))
    }
}

suite! {
    "the event log", LogFixture => Bench;
    "a fresh log is empty" => positions::fresh,
    "positions are contiguous from 1, in the order in which appends were acknowledged" => positions::contiguous,
    "versions are contiguous from 1 in each stream" => positions::versions,
    "appends are taken in the order of the calls, however their answers are polled" => positions::call_order,
    "an answer that nobody waits for harms nobody" => positions::dropped_answers,
    "an event is read back as it was recorded, envelope, data and tags" => reads::envelope,
    "what is acknowledged can be read, found and counted at once" => index::at_once,
    "events of one append stand together" => atomic::together,
    "an append that is refused records nothing, whichever of its events is at fault" => atomic::nothing,
    "a thousand events are recorded together" => atomic::many,
    "an append without events is answered with the head, when everything before it is durable" => atomic::barrier,
    "an append without events is checked like any other" => atomic::barrier_checked,
    "an append with another expected version conflicts, and says which it is" => expected::conflict,
    "of appends that expect the same version one is taken" => expected::one_wins,
    "appends may expect what is still on its way" => expected::pipelined,
    "what was decided upon an append that is refused is refused as well, wherever its stream has come to" => expected::upon,
    "a conflict refuses its own append only" => expected::only_its_own,
    "a condition refuses what a matching event has come before" => boundary::moved,
    "a condition looks at all tags and any of the names" => boundary::tags_and_names,
    "a condition does not look at events up to its position, at other tenants, nor at its own append" => boundary::not_moved,
    "of several conditions each is looked at" => boundary::each,
    "of appends under the same condition one is taken" => boundary::one_wins,
    "a tag that may be used once is refused a second time" => tags::once,
    "a tag that may be used once is refused within one append" => tags::once_in_one_append,
    "of appends that use the same tag once one is taken" => tags::one_wins,
    "a tag of an append that was refused may be used" => tags::free_after_refusal,
    "the log looks for keys after where the caller has looked, and for tags everywhere" => tags::looked_until,
    "an idempotency key is taken once, and found with all that is known of it" => keys::taken_once,
    "of appends with the same idempotency key one is taken" => keys::one_wins,
    "a key of an append that was refused, or had no events, may be used" => keys::free_after_refusal,
    "tenants do not see each other's streams, tags, keys and boundaries" => tenants::apart,
    "streams are told apart by category and id, however they are spelt" => tenants::streams_apart,
    "the log is read after a position, up to a limit, until it is complete" => reads::log,
    "a stream is read after a version, up to a limit, until it is complete" => reads::stream,
    "a boundary is read after a position, up to a limit, until it is complete" => reads::boundary,
    "a boundary of few events that stand among many with its tags is read whole, however often" => reads::few_among_many,
    "reading beyond the end, or with the largest numbers, gives nothing and fails nothing" => reads::beyond,
    "readers see a growing prefix while the log is written" => reads::while_writing,
    "a scan of the log sees what reading sees" => reads::scan,
    "waiting past a position ends when the log has come past it, and not before" => waiting::wait_past,
    "many wait at once, and all are woken" => waiting::many,
    "the first event that bears a tag is found" => index::first_of_tag,
    "everything is found among very many events" => index::many_events,
    "payloads of megabytes are kept whole" => odd::big_payloads,
    "odd texts are kept as they are" => odd::odd_texts,
    "events may be recorded at any time, in any order of times" => odd::odd_times,
    "everything is there after the log is opened again" => reopen::everything,
    "positions, versions, keys and tags go on where they were after the log is opened again" => reopen::goes_on,
    "a log keeps its identity; another log has another" => reopen::identity,
    "a snapshot is kept, by tenant and stream, until a newer one comes" => snapshots::kept,
    "a snapshot that is given back is one that was saved, whole" => snapshots::whole,
    "inline folds see each append's events as they are recorded" => inline::sees,
    "an inline fold that refuses an append refuses that one only" => inline::refuses,
    "many writers at once: the log is what its answers say" => storm::model,
}
