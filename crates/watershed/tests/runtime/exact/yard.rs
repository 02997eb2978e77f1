//! A yard: hubs, lines between them, parcels on the lines. A group of three read models, each of which looks at the ones before it;
//! one on its own; events that change whatever rows match; folds with a defect that can be mended.

use std::collections::BTreeSet;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed::core::Position;
use watershed::prelude::*;

/// The bits of `bad`: which read model's fold fails with the event, as long as the folds are defective.
pub(super) const HUBS: u8 = 1;
pub(super) const LINES: u8 = 2;
pub(super) const PARCELS: u8 = 4;
pub(super) const WEIGHTS: u8 = 8;
/// Its folds fail with the event also when the defect is mended.
pub(super) const FOR_EVER: u8 = 16;

/// The folds fail with events that are bad for them.
pub(super) static DEFECT: AtomicBool = AtomicBool::new(false);

/// An event of a row: the model's bit, tenant, key, position.
type Passed = (u8, String, String, Position);

/// Events that are to be passed over.
pub(super) static PASSED: RwLock<BTreeSet<Passed>> = RwLock::new(BTreeSet::new());

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "yard", prefix = "yard")]
pub(super) enum YardEvent {
    HubNamed {
        hub: u32,
        name: String,
        bad: u8,
    },
    HubClosed {
        hub: u32,
    },
    LineDrawn {
        line: u32,
        hub: u32,
        bad: u8,
    },
    LineCut {
        line: u32,
    },
    Booked {
        parcel: u32,
        line: u32,
        weight: i64,
        bad: u8,
    },
    Moved {
        parcel: u32,
        line: u32,
        bad: u8,
    },
    Weighed {
        parcel: u32,
        weight: i64,
        bad: u8,
    },
    Hidden {
        parcel: u32,
        hidden: bool,
    },
    Delivered {
        parcel: u32,
    },
    /// Concerns every parcel of the hub.
    Charged {
        hub: u32,
        amount: i64,
        bad: u8,
    },
    /// Concerns every hub that has been named twice, and every heavy parcel.
    SeasonBegun {
        season: u32,
        bad: u8,
    },
}

impl YardEvent {
    fn bad(&self) -> u8 {
        match self {
            Self::HubNamed { bad, .. }
            | Self::LineDrawn { bad, .. }
            | Self::Booked { bad, .. }
            | Self::Moved { bad, .. }
            | Self::Weighed { bad, .. }
            | Self::Charged { bad, .. }
            | Self::SeasonBegun { bad, .. } => *bad,
            Self::HubClosed { .. } | Self::LineCut { .. } | Self::Hidden { .. } | Self::Delivered { .. } => 0,
        }
    }
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Yard, id = yard_id)]
pub(super) enum YardCommand {
    /// Records what happened.
    Record { yard_id: String, events: Vec<YardEvent> },
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Yard {}

impl Aggregate for Yard {
    type Command = YardCommand;
    type Event = YardEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &YardCommand, _: &Cx) -> Decided<Self> {
        let YardCommand::Record { events, .. } = command;
        Ok(events.clone())
    }

    fn evolve(&mut self, _: &YardEvent) {}
}

/// How a fold is to take an event.
#[derive(PartialEq)]
enum Way {
    Takes,
    /// Half of it, and then an error.
    Fails,
    PassesOver,
}

fn way(model: u8, defective: bool, key: &Key, event: &Recorded<YardEvent>) -> Way {
    let place = (model, event.tenant.to_string(), key.to_string(), event.position);
    if PASSED.read().unwrap().contains(&place) {
        return Way::PassesOver;
    }
    let bad = event.data.bad();
    let is_bad = bad & model != 0 && (bad & FOR_EVER != 0 || (defective && DEFECT.load(Ordering::SeqCst)));
    // Of the rows that an event matches, some only.
    let is_one = !matches!(event.data, YardEvent::Charged { .. } | YardEvent::SeasonBegun { .. })
        || key.as_str().bytes().map(u32::from).sum::<u32>().is_multiple_of(2);
    if is_bad && is_one { Way::Fails } else { Way::Takes }
}

fn ended(way: &Way) -> Applied {
    if *way == Way::Fails { Err("the fold has a defect".into()) } else { Ok(()) }
}

pub(super) fn hub_key(hub: u32) -> String {
    format!("h{hub}")
}

pub(super) fn line_key(line: u32) -> String {
    format!("l{line}")
}

pub(super) fn parcel_key(parcel: u32) -> String {
    format!("p{parcel:02}")
}

macro_rules! yard {
    ($module:ident, $version:tt, $defective:literal) => {
        pub(super) mod $module {
            use super::*;

            #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[read_model(name = "hubs", version = $version, on(YardEvent))]
            #[contract(owner = "yard", fresh = operational(2s))]
            pub(in super::super) struct Hub {
                #[key]
                pub(in super::super) hub: String,
                pub(in super::super) name: String,
                #[index]
                pub(in super::super) named: i64,
                pub(in super::super) season: i64,
            }

            impl On<YardEvent> for Hub {
                fn keys(event: &Recorded<YardEvent>) -> Keys<Self> {
                    match &event.data {
                        YardEvent::HubNamed { hub, .. } | YardEvent::HubClosed { hub } => {
                            Keys::one(hub_key(*hub))
                        }
                        YardEvent::SeasonBegun { .. } => Keys::Matching(Self::named.ge(2_i64)),
                        _ => Keys::None,
                    }
                }

                fn apply(row: &mut Slot<'_, Self>, event: &Recorded<YardEvent>) -> Applied {
                    let way = way(HUBS, $defective, row.key(), event);
                    if way == Way::PassesOver {
                        return Ok(());
                    }
                    let key = row.key().to_string();
                    match &event.data {
                        YardEvent::HubNamed { name, .. } => {
                            let made = || Self { hub: key, name: String::new(), named: 0, season: 0 };
                            let hub = row.get_or_put_with(made);
                            hub.name.clone_from(name);
                            hub.named += 1;
                        }
                        YardEvent::SeasonBegun { season, .. } => row.get()?.season += i64::from(*season),
                        _ => row.delete(),
                    }
                    ended(&way)
                }
            }

            #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[read_model(name = "lines", version = $version, on(YardEvent))]
            #[contract(owner = "yard", fresh = operational(2s))]
            pub(in super::super) struct Line {
                #[key]
                pub(in super::super) line: String,
                #[index]
                pub(in super::super) hub: String,
                pub(in super::super) hub_name: String,
                pub(in super::super) changes: i64,
            }

            impl On<YardEvent> for Line {
                fn keys(event: &Recorded<YardEvent>) -> Keys<Self> {
                    match &event.data {
                        YardEvent::LineDrawn { line, .. } | YardEvent::LineCut { line } => {
                            Keys::one(line_key(*line))
                        }
                        YardEvent::HubNamed { hub, .. } => Keys::Matching(Self::hub.eq(hub_key(*hub))),
                        _ => Keys::None,
                    }
                }

                fn apply(row: &mut Slot<'_, Self>, event: &Recorded<YardEvent>) -> Applied {
                    let way = way(LINES, $defective, row.key(), event);
                    if way == Way::PassesOver {
                        return Ok(());
                    }
                    let line = row.key().to_string();
                    match &event.data {
                        YardEvent::LineDrawn { hub, .. } => {
                            let hub = hub_key(*hub);
                            let hub_name = row.of::<Hub>(&hub)?.map_or("none", |hub| &hub.name).to_owned();
                            row.put(Self { line, hub, hub_name, changes: 0 });
                        }
                        YardEvent::HubNamed { hub, .. } => {
                            // Half changed before it looks.
                            row.get()?.changes += 1;
                            let hub = row.of::<Hub>(&hub_key(*hub))?;
                            let hub_name = hub.map_or("none", |hub| &hub.name).to_owned();
                            row.get()?.hub_name = hub_name;
                        }
                        _ => row.delete(),
                    }
                    ended(&way)
                }
            }

            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = "line_counts", version = $version, of = Line)]
            pub(in super::super) struct LineCount {
                #[group]
                hub_name: String,
                #[count]
                lines: u64,
                #[max(|r| r.line.as_str())]
                last: Option<String>,
            }

            #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[read_model(name = "parcels", version = $version, on(YardEvent), show = |r| !r.hidden)]
            #[contract(owner = "yard", fresh = operational(2s))]
            pub(in super::super) struct Parcel {
                #[key]
                pub(in super::super) parcel: String,
                pub(in super::super) line: String,
                #[index]
                pub(in super::super) hub: String,
                pub(in super::super) label: String,
                #[index]
                pub(in super::super) weight: i64,
                pub(in super::super) charges: i64,
                pub(in super::super) hidden: bool,
            }

            impl Parcel {
                /// The hub of a line, and what both look like at the event.
                fn seen(row: &Slot<'_, Self>, line: u32) -> Result<(String, String), ApplyError> {
                    let key = line_key(line);
                    // One that may not do that passes over whatever is wrong with its line.
                    let found = if line % 3 == 1 {
                        row.of::<Line>(&key).ok().flatten()
                    } else {
                        row.of::<Line>(&key)?
                    };
                    let Some(line) = found else { return Ok(("none".into(), "nowhere".into())) };
                    let hub = row.of::<Hub>(&line.hub)?;
                    let hub =
                        hub.map_or(String::new(), |hub| format!("{} {} {}", hub.name, hub.named, hub.season));
                    Ok((line.hub.clone(), format!("{} {} {hub}", line.hub_name, line.changes)))
                }
            }

            impl On<YardEvent> for Parcel {
                fn keys(event: &Recorded<YardEvent>) -> Keys<Self> {
                    match &event.data {
                        YardEvent::Booked { parcel, .. }
                        | YardEvent::Moved { parcel, .. }
                        | YardEvent::Weighed { parcel, .. }
                        | YardEvent::Hidden { parcel, .. }
                        | YardEvent::Delivered { parcel } => Keys::one(parcel_key(*parcel)),
                        YardEvent::Charged { hub, .. } => Keys::Matching(Self::hub.eq(hub_key(*hub))),
                        _ => Keys::None,
                    }
                }

                fn apply(row: &mut Slot<'_, Self>, event: &Recorded<YardEvent>) -> Applied {
                    let way = way(PARCELS, $defective, row.key(), event);
                    if way == Way::PassesOver {
                        return Ok(());
                    }
                    let parcel = row.key().to_string();
                    if let YardEvent::Booked { line, weight, .. } = &event.data {
                        let (hub, label) = Self::seen(row, *line)?;
                        let (line, weight) = (line_key(*line), *weight);
                        row.put(Self { parcel, line, hub, label, weight, charges: 0, hidden: false });
                        return ended(&way);
                    }
                    if row.row().is_none() {
                        return Ok(());
                    }
                    match &event.data {
                        YardEvent::Moved { line, .. } => {
                            row.get()?.line = line_key(*line);
                            let (hub, label) = Self::seen(row, *line)?;
                            let there = row.get()?;
                            (there.hub, there.label) = (hub, label);
                        }
                        YardEvent::Weighed { weight, .. } => row.get()?.weight = *weight,
                        YardEvent::Hidden { hidden, .. } => row.get()?.hidden = *hidden,
                        YardEvent::Charged { hub, amount, .. } => {
                            let named = row.of::<Hub>(&hub_key(*hub))?.map_or(0, |hub| hub.named);
                            row.get()?.charges += amount * named;
                        }
                        _ => row.delete(),
                    }
                    ended(&way)
                }
            }

            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = "hub_loads", version = $version, of = Parcel)]
            pub(in super::super) struct HubLoad {
                #[group]
                hub: String,
                #[count]
                parcels: u64,
                #[count(|_| true, filter = |r| r.charges > 0)]
                charged: u64,
                #[sum(|r| r.weight)]
                weight: i64,
                #[avg(|r| r.weight, scale = 2)]
                average: Option<Decimal>,
                #[min(|r| r.weight)]
                lightest: Option<i64>,
                #[max(|r| r.label.as_str(), filter = |r| r.weight > 20)]
                last_label: Option<String>,
                #[quantile(0.5, |r| r.weight)]
                median: Option<i64>,
                #[distinct(|r| r.line.as_str())]
                lines: u64,
                #[top(2, |r| r.line.as_str(), by = |r| r.weight)]
                heaviest: Vec<Top<String, i64>>,
            }

            /// Looks at nobody.
            #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[read_model(name = "weights", version = $version, on(YardEvent))]
            #[contract(owner = "yard", fresh = operational(2s))]
            pub(in super::super) struct Weight {
                #[key]
                pub(in super::super) parcel: String,
                #[index]
                pub(in super::super) weight: i64,
                pub(in super::super) seasons: i64,
            }

            impl On<YardEvent> for Weight {
                fn keys(event: &Recorded<YardEvent>) -> Keys<Self> {
                    match &event.data {
                        YardEvent::Booked { parcel, .. }
                        | YardEvent::Weighed { parcel, .. }
                        | YardEvent::Delivered { parcel } => Keys::one(parcel_key(*parcel)),
                        YardEvent::SeasonBegun { .. } => Keys::Matching(Self::weight.ge(50_i64)),
                        _ => Keys::None,
                    }
                }

                fn apply(row: &mut Slot<'_, Self>, event: &Recorded<YardEvent>) -> Applied {
                    let way = way(WEIGHTS, $defective, row.key(), event);
                    if way == Way::PassesOver {
                        return Ok(());
                    }
                    let parcel = row.key().to_string();
                    match &event.data {
                        YardEvent::Booked { weight, .. } => {
                            row.put(Self { parcel, weight: *weight, seasons: 0 });
                        }
                        YardEvent::Weighed { weight, .. } if row.row().is_some() => {
                            row.get()?.weight = *weight;
                        }
                        YardEvent::SeasonBegun { season, .. } => row.get()?.seasons += i64::from(*season),
                        YardEvent::Delivered { .. } => row.delete(),
                        _ => {}
                    }
                    ended(&way)
                }
            }

            pub(in super::super) type Group = (Hub, Line, Parcel);

            /// With the views of this version.
            pub(super) fn with_views(context: Context) -> Context {
                context.group::<Group>().read_models::<(Weight,)>().rollups::<(LineCount, HubLoad)>()
            }
        }
    };
}
yard!(first, 1, true);
yard!(second, 2, false);

macro_rules! replaces {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Replaces<first::$name> for second::$name {
            fn from_earlier(old: first::$name) -> Self {
                Self { $($field: old.$field),* }
            }
        }
    )*};
}
replaces! {
    Hub { hub, name, named, season }
    Line { line, hub, hub_name, changes }
    Parcel { parcel, line, hub, label, weight, charges, hidden }
    Weight { parcel, weight, seasons }
}

/// The rollups of both versions are made of the same columns.
macro_rules! replaces_rollup {
    ($($name:ident),*) => {$(
        impl Replaces<first::$name> for second::$name {
            fn from_earlier(old: first::$name) -> Self {
                use watershed::core::Row;
                Self::from_values(old.to_values().unwrap()).unwrap()
            }
        }
    )*};
}
replaces_rollup!(LineCount, HubLoad);

fn base() -> Context {
    // Too little for the rows of a rebuild: it takes several passes.
    Context::new("yard").policy(AllowAll).aggregate::<Yard>().rebuild_memory(16 << 10)
}

/// The program whose folds may be defective.
pub(super) fn context() -> Context {
    first::with_views(base())
}

/// The program in which the defect is mended, with the earlier version beside it.
pub(super) fn context_of_both() -> Context {
    second::with_views(base())
        .earlier::<first::Hub, second::Hub>()
        .earlier::<first::Line, second::Line>()
        .earlier::<first::Parcel, second::Parcel>()
        .earlier::<first::Weight, second::Weight>()
        .earlier_rollup::<first::LineCount, second::LineCount>()
        .earlier_rollup::<first::HubLoad, second::HubLoad>()
}
