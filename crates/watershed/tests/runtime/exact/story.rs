//! Stories of a yard: what happens to it, and what operators do meanwhile.

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use watershed::prelude::*;
use watershed::runtime::{EventRange, LookAt};

use super::yard::{
    FOR_EVER, HUBS, LINES, PARCELS, PASSED, WEIGHTS, YardEvent, context, hub_key, line_key, parcel_key,
};
use super::{ALONE, GROUP, Opened, defect, events, open, tenant};
use crate::reconcile::tamper;

/// What happens next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Step {
    /// Events: what, to what, and how.
    Record {
        other_tenant: bool,
        events: Vec<(u8, u32, u32)>,
    },
    RetryAll,
    /// Passes over the event of some parked key.
    PassOver(usize),
    Rebuild {
        alone: bool,
    },
    RebuildKey(u32),
    /// From an event, so many; by their positions, or by when they were recorded.
    RebuildRange {
        from: u64,
        events: u64,
        by_time: bool,
    },
    /// Somebody changes a row; it is looked for and put right.
    Tamper(u32),
    Restart,
}

/// A whole story.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Story {
    /// The folds have their defect from the first event on, rather than for a while in the middle.
    pub(super) defective_at_first: bool,
    pub(super) first: Vec<Step>,
    pub(super) then: Vec<Step>,
    /// With the defect mended.
    pub(super) last: Vec<Step>,
}

pub(super) fn story(longest: usize) -> impl Strategy<Value = Story> {
    let steps = move || vec(step(), 1..longest);
    (any::<bool>(), steps(), steps(), steps()).prop_map(|(defective_at_first, first, then, last)| Story {
        defective_at_first,
        first,
        then,
        last,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let events = vec((0..30_u8, any::<u32>(), any::<u32>()), 1..40);
    let record =
        (any::<bool>(), events).prop_map(|(other_tenant, events)| Step::Record { other_tenant, events });
    let range = (any::<u64>(), 1..40_u64, any::<bool>())
        .prop_map(|(from, events, by_time)| Step::RebuildRange { from, events, by_time });
    prop_oneof![
        12 => record,
        2 => Just(Step::RetryAll),
        2 => (0..20_usize).prop_map(Step::PassOver),
        1 => any::<bool>().prop_map(|alone| Step::Rebuild { alone }),
        2 => any::<u32>().prop_map(Step::RebuildKey),
        1 => range,
        1 => any::<u32>().prop_map(Step::Tamper),
        1 => Just(Step::Restart),
    ]
}

fn event((what, which, how): (u8, u32, u32)) -> YardEvent {
    let bad = match how {
        _ if how.is_multiple_of(41) => FOR_EVER | [HUBS, LINES, PARCELS, WEIGHTS][(how / 41 % 4) as usize],
        _ if how.is_multiple_of(7) => {
            [HUBS, LINES, PARCELS, WEIGHTS, PARCELS | WEIGHTS][(how / 7 % 5) as usize]
        }
        _ => 0,
    };
    let (hub, line, parcel) = (which % 4, which % 7, which % 13);
    let weight = i64::from(how / 3 % 100);
    match what {
        0..=3 => YardEvent::HubNamed { hub, name: format!("name {}", how / 5 % 6), bad },
        4 => YardEvent::HubClosed { hub },
        5..=8 => YardEvent::LineDrawn { line, hub: how / 11 % 4, bad },
        9 => YardEvent::LineCut { line },
        10..=15 => YardEvent::Booked { parcel, line: how / 13 % 7, weight, bad },
        16..=18 => YardEvent::Moved { parcel, line: how / 13 % 7, bad },
        19..=21 => YardEvent::Weighed { parcel, weight, bad },
        22 => YardEvent::Hidden { parcel, hidden: how.is_multiple_of(3) },
        23 | 24 => YardEvent::Delivered { parcel },
        25..=27 => YardEvent::Charged { hub, amount: weight % 9 + 1, bad },
        _ => YardEvent::SeasonBegun { season: how % 4 + 1, bad },
    }
}

/// One of the views that are folded from events, and a key of it.
fn some_row(number: u32) -> (&'static str, String) {
    let which = number / 4;
    match number % 4 {
        0 => ("hubs", hub_key(which % 4)),
        1 => ("lines", line_key(which % 7)),
        2 => (GROUP, parcel_key(which % 13)),
        _ => (ALONE, parcel_key(which % 13)),
    }
}

/// A yard that a story is played in.
pub(super) struct Played {
    /// None only while it is being opened again.
    opened: Option<Opened>,
    folder: PathBuf,
    /// Whether the folds have their defect, for the time being.
    is_defective: bool,
}

impl Played {
    pub(super) async fn begin(folder: &Path, is_defective: bool) -> Self {
        defect(is_defective);
        let opened = open(context(), folder).await;
        Self { opened: Some(opened), folder: folder.to_owned(), is_defective }
    }

    pub(super) fn opened(&self) -> &Opened {
        self.opened.as_ref().unwrap()
    }

    /// The defect comes, or is mended.
    pub(super) fn set_defective(&mut self, is_defective: bool) {
        defect(is_defective);
        self.is_defective = is_defective;
    }

    pub(super) async fn take_all(&mut self, steps: &[Step]) {
        for step in steps {
            self.take(step).await;
        }
        self.opened().rest().await;
    }

    /// What is recorded of these steps.
    pub(super) async fn record_all(&mut self, steps: &[Step]) {
        for step in steps {
            if let Step::Record { .. } = step {
                self.take(step).await;
            }
        }
        self.opened().rest().await;
    }

    async fn take(&mut self, step: &Step) {
        let (yard, operator) = (&self.opened().yard, Principal::default());
        match step {
            Step::Record { other_tenant, events } => {
                let tenant = if *other_tenant { tenant("other") } else { Principal::default() };
                self.opened().record(&tenant, events.iter().copied().map(event).collect()).await;
            }
            Step::RetryAll => self.opened().retry_all().await,
            Step::PassOver(number) => self.pass_over(*number).await,
            Step::Rebuild { alone } => {
                let view = if *alone { ALONE } else { GROUP };
                yard.rebuild_and_wait(&operator, view).await.unwrap();
            }
            Step::RebuildKey(number) => {
                let (view, key) = some_row(*number);
                yard.rebuild_key(&operator, view, &Tenant::default(), &key).await.unwrap();
            }
            Step::RebuildRange { from, events, by_time } => {
                self.rebuild_range(*from, *events, *by_time).await;
            }
            Step::Tamper(number) => self.tamper(*number).await,
            Step::Restart => self.reopen(context()).await,
        }
    }

    /// Only while the folds have their defect: the event could be applied by itself meanwhile.
    async fn pass_over(&self, number: usize) {
        let operator = Principal::default();
        let parked = self.opened().yard.parked(&operator, None).await.unwrap();
        if !self.is_defective || parked.is_empty() {
            return;
        }
        let parked = &parked[number % parked.len()];
        let model = match &*parked.view {
            "hubs" => HUBS,
            "lines" => LINES,
            GROUP => PARCELS,
            _ => WEIGHTS,
        };
        let passed = (model, parked.tenant.clone(), parked.key.clone(), parked.position);
        PASSED.write().unwrap().insert(passed);
        write_passed(&self.folder);
        let tenant = Tenant::new(&parked.tenant).unwrap();
        // Where the key was tried by itself in between, it was passed over by that.
        let _ = self
            .opened()
            .yard
            .skip_parked(&operator, &parked.view, &tenant, &parked.key, parked.position)
            .await;
    }

    async fn rebuild_range(&self, from: u64, events: u64, by_time: bool) {
        let from = from % self.opened().yard.head().max(1) + 1;
        let mut range = EventRange { from: Some(from), to: Some(from + events), ..EventRange::default() };
        if by_time {
            let all = self::events(&*self.opened().log).await;
            let at = |position: u64| all.get(position as usize - 1).map(|event| event.recorded_at);
            range = EventRange { since: at(from), until: at(from + events), ..EventRange::default() };
        }
        for view in [GROUP, ALONE] {
            self.opened().yard.rebuild_range(&Principal::default(), view, range).await.unwrap();
        }
    }

    async fn tamper(&self, number: u32) {
        self.opened().rest().await;
        let (view, key) = some_row(number);
        let (file, sql) = match (number / 64 % 4, view) {
            (0, ALONE) => (ALONE, format!("DELETE FROM weights WHERE parcel = '{key}'")),
            (1, _) => (GROUP, "UPDATE hub_loads SET weight = weight + 3".to_owned()),
            (2, "lines") => (GROUP, format!("DELETE FROM lines WHERE line = '{key}'")),
            (2, _) => (GROUP, format!("UPDATE parcels SET _shown = 1 - _shown WHERE parcel = '{key}'")),
            (_, "hubs") => (GROUP, format!("UPDATE hubs SET named = named + 1 WHERE hub = '{key}'")),
            (_, "lines") => (GROUP, format!("UPDATE lines SET hub = 'h9' WHERE line = '{key}'")),
            (_, ALONE) => (ALONE, format!("UPDATE weights SET seasons = 99 WHERE parcel = '{key}'")),
            _ => (GROUP, format!("UPDATE parcels SET charges = charges + 5 WHERE parcel = '{key}'")),
        };
        tamper(&self.folder, &format!("views/{file}.db"), &sql);
        put_right(self.opened()).await;
    }

    /// The defect is mended.
    pub(super) async fn mend(&mut self) {
        self.set_defective(false);
        self.opened().rest().await;
    }

    pub(super) async fn close(&mut self) {
        let Some(Opened { yard, log, .. }) = self.opened.take() else { return };
        drop(log);
        yard.close().await;
    }

    pub(super) async fn reopen(&mut self, context: Context) {
        self.close().await;
        self.opened = Some(open(context, &self.folder).await);
    }
}

/// Looks at everything, and puts right what is wrong.
pub(super) async fn put_right(opened: &Opened) {
    let operator = Principal::default();
    for view in [GROUP, ALONE] {
        opened.yard.reconcile(&operator, view, LookAt::Everything).await.unwrap();
        opened.yard.repair(&operator, view).await.unwrap();
    }
}

/// Which events were passed over, for whoever comes after a kill.
fn write_passed(folder: &Path) {
    let passed = serde_json::to_string(&*PASSED.read().unwrap()).unwrap();
    let unfinished = folder.join("passed.unfinished");
    std::fs::write(&unfinished, passed).unwrap();
    std::fs::rename(unfinished, folder.join("passed.json")).unwrap();
}

pub(super) fn read_passed(folder: &Path) {
    let passed = std::fs::read_to_string(folder.join("passed.json")).unwrap_or_else(|_| "[]".into());
    *PASSED.write().unwrap() = serde_json::from_str(&passed).unwrap();
}
