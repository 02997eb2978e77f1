//! `events.lock`: what events were called and looked like when they were first recorded.
//!
//! A log is for ever. A variant that is renamed, a field that changes its type, a category that is spelt otherwise make
//! events of last year unreadable, and nothing but a test notices before they are read. So names, categories, schema
//! numbers and JSON shapes stand in a file under version control, one line a field, and a test compares.

mod brief;
mod compare;
mod entry;
mod shape;
mod widen;

use std::path::Path;

use watershed_core::Event;

use self::compare::compare;
use self::entry::{Entry, parse, write};
use self::shape::entries_of;
use crate::{diff, fail};

/// Set to `1`, it has a lock file take in what was added.
const UPDATE: &str = "WATERSHED_UPDATE_LOCK";

/// Event enums, as a tuple: `(FamilyEvent, TermEvent)`.
pub trait EventSet {
    /// The enums.
    #[must_use]
    fn enums() -> Vec<LockedEnum>;
}

/// One event enum of a set.
pub struct LockedEnum(fn() -> Vec<Entry>);

impl LockedEnum {
    fn of<E: Event>() -> Self {
        Self(entries_of::<E>)
    }
}

macro_rules! sets {
    ($(($($event:ident),+);)*) => {$(
        impl<$($event: Event),+> EventSet for ($($event,)+) {
            fn enums() -> Vec<LockedEnum> {
                vec![$(LockedEnum::of::<$event>()),+]
            }
        }
    )*};
}
sets! {
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
    (A, B, C, D, E, F, G);
    (A, B, C, D, E, F, G, H);
    (A, B, C, D, E, F, G, H, I);
    (A, B, C, D, E, F, G, H, I, J);
    (A, B, C, D, E, F, G, H, I, J, K);
    (A, B, C, D, E, F, G, H, I, J, K, L);
}

/// Compares the events with the lock file at `path`, which is part of the repository:
///
/// ```ignore
/// #[test]
/// fn events_are_what_the_log_holds() {
///     assert_events_locked::<(FamilyEvent,)>(concat!(env!("CARGO_MANIFEST_DIR"), "/events.lock"));
/// }
/// ```
///
/// With `WATERSHED_UPDATE_LOCK=1` in the environment the file is made, and takes in what old events can live with: new
/// events, raised schemas, new fields that may be left out, new words of a choice. Anything else it never takes in.
///
/// # Panics
/// Where events and file differ; says in what, and what to do about each.
#[track_caller]
pub fn assert_events_locked<S: EventSet>(path: impl AsRef<Path>) {
    let update = std::env::var(UPDATE).is_ok_and(|value| value == "1");
    if let Err(problem) = check_events_lock::<S>(path, update) {
        fail(problem);
    }
}

/// [`assert_events_locked`] for those who want the problem itself. With `update` the file takes in what it may.
///
/// # Errors
/// In what the events and the file differ, and what to do about each; or why the file cannot be read or written.
pub fn check_events_lock<S: EventSet>(path: impl AsRef<Path>, update: bool) -> Result<(), String> {
    let path = path.as_ref();
    let mut entries: Vec<Entry> = S::enums().iter().flat_map(|events| events.0()).collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(twice) = entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(format!("two events bear the name `{}`", twice[0].name));
    }
    let now = write(&entries);
    let locked = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && update => String::new(),
        Err(error) => {
            return Err(format!(
                "{}: {error}. Where there is no lock file yet, make it with {UPDATE}=1 cargo test, and commit it",
                path.display()
            ));
        }
    };
    let differences =
        compare(&parse(&locked).map_err(|problem| format!("{}: {problem}", path.display()))?, &entries);
    let (taken, refused): (Vec<_>, Vec<_>) =
        differences.iter().partition(|difference| difference.may_be_taken);
    if update && refused.is_empty() {
        return std::fs::write(path, now).map_err(|error| format!("{}: {error}", path.display()));
    }
    if differences.is_empty() {
        return Ok(());
    }
    let mut report = format!("the events are not those of {}:\n", path.display());
    for difference in refused.iter().chain(&taken) {
        report.push_str(&format!("\n* {}\n", difference.problem));
    }
    if update {
        report.push_str("\nThe lock file was not changed.\n");
    }
    report.push_str(&format!("\nIn all (- locked, + now):\n{}", diff::lines(&locked, &now)));
    Err(report)
}
