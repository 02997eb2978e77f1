//! A depot: one stream whose events concern one item, several, or whatever lies in a bay; and the same read model with the same
//! rollups twice, so that two ways of folding one log can be held against each other.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "depot", prefix = "depot")]
pub(crate) enum DepotEvent {
    Stored { item: u32, bay: String, weight: Decimal },
    Moved { item: u32, bay: String },
    Weighed { items: Vec<u32>, weight: Decimal },
    BayEmptied { bay: String, into: String },
    Hidden { item: u32, hidden: bool },
    Fetched { item: u32 },
    Scratched { item: u32 },
    Dropped { item: u32 },
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Depot, id = depot_id)]
pub(crate) enum DepotCommand {
    /// Records what happened.
    Record { depot_id: String, events: Vec<DepotEvent> },
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Depot {}

impl Aggregate for Depot {
    type Command = DepotCommand;
    type Event = DepotEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &DepotCommand, _: &Cx) -> Decided<Self> {
        let DepotCommand::Record { events, .. } = command;
        Ok(events.clone())
    }

    fn evolve(&mut self, _: &DepotEvent) {}
}

/// Has [`many::Item`] note which threads fold it.
pub(crate) static WATCHED: AtomicBool = AtomicBool::new(false);
/// Has [`many::Item`] panic where it is asked whether a row is shown.
pub(crate) static BLIND: AtomicBool = AtomicBool::new(false);
/// Has the fold of an item that is dropped never return from [`many::Item`].
pub(crate) static HANGS: AtomicBool = AtomicBool::new(false);
static FOLDED_BY: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// The names of the threads that have folded [`many::Item`] since this was asked last, each with a row that it has folded.
pub(crate) fn folded_by() -> BTreeMap<String, String> {
    std::mem::take(&mut *FOLDED_BY.lock().unwrap())
}

fn note_thread(row: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    FOLDED_BY.lock().unwrap().insert(name, row.to_owned());
    // Long enough for others to come to their share.
    std::thread::sleep(Duration::from_micros(20));
}

pub(crate) fn item_key(item: u32) -> String {
    format!("i{item:05}")
}

macro_rules! views {
    ($module:ident, $is_watched:expr, $items:tt, $bays:tt, $weights:tt) => {
        pub(crate) mod $module {
            use super::*;

            const IS_WATCHED: bool = $is_watched;

            #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[read_model(name = $items, version = 1, on(DepotEvent), show = |r| r.is_seen())]
            #[contract(owner = "keepers", fresh = operational(2s))]
            pub(crate) struct Item {
                #[key]
                pub(crate) item: String,
                #[index]
                pub(crate) bay: String,
                pub(crate) weight: Decimal,
                /// The versions of the events that it has seen, in the order in which it has seen them.
                #[json]
                pub(crate) trail: Vec<u64>,
                pub(crate) hidden: bool,
            }

            impl Item {
                fn is_seen(&self) -> bool {
                    assert!(!IS_WATCHED || !BLIND.load(Ordering::Relaxed), "nobody can see");
                    !self.hidden
                }
            }

            impl On<DepotEvent> for Item {
                fn keys(event: &Recorded<DepotEvent>) -> Keys<Self> {
                    match &event.data {
                        DepotEvent::Stored { item, .. }
                        | DepotEvent::Moved { item, .. }
                        | DepotEvent::Hidden { item, .. }
                        | DepotEvent::Fetched { item }
                        | DepotEvent::Scratched { item }
                        | DepotEvent::Dropped { item } => Keys::one(item_key(*item)),
                        DepotEvent::Weighed { items, .. } => {
                            Keys::Many(items.iter().map(|item| Key::from(&item_key(*item))).collect())
                        }
                        DepotEvent::BayEmptied { bay, .. } => Keys::Matching(Item::bay.eq(bay.clone())),
                    }
                }

                fn apply(row: &mut Slot<'_, Self>, event: &Recorded<DepotEvent>) -> Applied {
                    let key = row.key().to_string();
                    if IS_WATCHED && WATCHED.load(Ordering::Relaxed) {
                        note_thread(&key);
                    }
                    if let DepotEvent::Stored { bay, weight, .. } = &event.data {
                        let stored = row.get_or_put_with(|| Item {
                            item: key,
                            bay: bay.clone(),
                            weight: *weight,
                            trail: Vec::new(),
                            hidden: false,
                        });
                        stored.bay.clone_from(bay);
                        stored.trail.push(event.version);
                        return Ok(());
                    }
                    // What was never stored is no business of anybody's.
                    let Ok(there) = row.get() else { return Ok(()) };
                    there.trail.push(event.version);
                    match &event.data {
                        DepotEvent::Moved { bay, .. } | DepotEvent::BayEmptied { into: bay, .. } => {
                            there.bay.clone_from(bay);
                        }
                        DepotEvent::Weighed { weight, .. } => there.weight += *weight,
                        DepotEvent::Hidden { hidden, .. } => there.hidden = *hidden,
                        DepotEvent::Scratched { .. } => {
                            return Err("nobody knows what a scratch means".into());
                        }
                        DepotEvent::Dropped { .. } => {
                            while IS_WATCHED && HANGS.load(Ordering::Relaxed) {
                                std::thread::sleep(Duration::from_millis(5));
                            }
                            panic!("it broke");
                        }
                        DepotEvent::Fetched { .. } => row.delete(),
                        DepotEvent::Stored { .. } => {}
                    }
                    Ok(())
                }
            }

            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = $bays, version = 1, of = Item)]
            pub(crate) struct Bay {
                #[group]
                bay: String,
                #[count]
                items: u64,
                #[sum(|r| r.weight)]
                weight: Decimal,
                #[min(|r| r.weight)]
                lightest: Option<Decimal>,
                #[quantile(0.5, |r| r.weight)]
                median: Option<Decimal>,
                #[distinct(|r| r.weight)]
                weights: u64,
                #[top(3, |r| r.item.as_str(), by = |r| r.weight)]
                heaviest: Vec<Top<String, Decimal>>,
            }

            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = $weights, version = 1, of = Item, filter = |r| r.weight < Decimal::from(50))]
            pub(crate) struct LightWeight {
                #[group]
                weight: Decimal,
                #[count]
                items: u64,
                #[max(|r| r.bay.as_str())]
                last_bay: Option<String>,
            }
        }
    };
}
views!(one, false, "items", "bays", "light_weights");
views!(many, true, "items_shared", "bays_shared", "light_weights_shared");

/// The tables of the first, and beside each that of the second.
pub(crate) const TABLES: [(&str, &str); 5] = [
    ("items", "items_shared"),
    ("bays", "bays_shared"),
    ("bays__values", "bays_shared__values"),
    ("light_weights", "light_weights_shared"),
    ("light_weights__values", "light_weights_shared__values"),
];

/// The depot with both of its read models, each of which is a group of its own.
pub(crate) fn context() -> Context {
    Context::new("depot")
        .policy(AllowAll)
        .aggregate::<Depot>()
        .read_models::<(one::Item, many::Item)>()
        .rollups::<(one::Bay, one::LightWeight, many::Bay, many::LightWeight)>()
}

pub(crate) fn record(events: Vec<DepotEvent>) -> DepotCommand {
    DepotCommand::Record { depot_id: "d".into(), events }
}
