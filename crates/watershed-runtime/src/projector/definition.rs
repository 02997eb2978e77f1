use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use watershed_core::ports::{GroupSpec, StoredRow};
use watershed_core::{
    Clock, Contract, EventKind, Journal, ReadModel, Replaces, Rollup, Row, TableSpec, Value, event,
};

use super::age::{Age, table_of};
use super::rollup::RollupTable;
use super::stuck::{Known, StuckFold};
use super::{AnyModel, ModelState};
use crate::query::ErasedView;

/// A rollup of a read model, with its type put aside but for the read model's.
pub(crate) struct RollupDefinition<R> {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) table: RollupTable,
    pub(crate) contribution: fn(&R) -> Option<watershed_core::Contribution>,
}

impl<R: ReadModel> RollupDefinition<R> {
    pub(crate) fn of<U: Rollup<Of = R>>() -> Self {
        Self {
            name: U::NAME,
            version: U::VERSION,
            table: RollupTable::new(U::table(), U::MEASURES),
            contribution: U::contribution,
        }
    }
}

impl<R> Clone for RollupDefinition<R> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            version: self.version,
            table: self.table.clone(),
            contribution: self.contribution,
        }
    }
}

/// What is meant to differ between a view's rows and those of the version before.
#[derive(Clone)]
pub(crate) struct Differs {
    /// These columns.
    pub(crate) columns: &'static [&'static str],
    /// These two rows of one key.
    pub(crate) expected: fn(&[Value], &[Value]) -> bool,
}

impl Differs {
    pub(crate) fn of<Old: Row, New: Replaces<Old>>() -> Self {
        Self {
            columns: New::DIFFERS,
            expected: |old, new| match (row_of::<Old>(old), row_of::<New>(new)) {
                (Some(old), Some(new)) => New::is_expected(&old, &new),
                _ => false,
            },
        }
    }
}

/// The row with these contents. A table may have a column more than its rows.
fn row_of<R: Row>(values: &[Value]) -> Option<R> {
    R::from_values(values.get(..R::COLUMNS.len())?.to_vec()).ok()
}

/// What a group needs to know of one of its read models.
#[derive(Clone)]
pub(crate) struct ModelDefinition {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) contract: Contract,
    /// Beyond which its rows are not kept.
    pub(crate) age: Option<Age>,
    pub(crate) table: TableSpec,
    pub(crate) rollups: Vec<(&'static str, u32, TableSpec)>,
    /// The tables of the rollups' values, with the places of their rollups among the model's.
    pub(crate) values: Vec<(usize, TableSpec)>,
    /// The enums that it follows: category, kinds, decoder.
    pub(crate) follows: Vec<(&'static str, &'static [EventKind], event::Decoder)>,
    /// The events that its fold has not returned from.
    pub(crate) known: Arc<Known>,
    /// Makes its fold with empty hands.
    pub(crate) make: Arc<dyn Fn() -> Box<dyn AnyModel> + Send + Sync>,
    /// The same read model with only those of its rollups that are to be kept.
    only: Arc<dyn Fn(&KeptRollup<'_>) -> ModelDefinition + Send + Sync>,
}

/// Whether a rollup of that name and version is to be kept.
type KeptRollup<'a> = dyn Fn(&str, u32) -> bool + 'a;

impl ModelDefinition {
    pub(crate) fn of<R: ReadModel>(rollups: Vec<RollupDefinition<R>>) -> Self {
        let known = Arc::new(Known::nothing());
        let all = rollups.clone();
        Self {
            name: R::NAME,
            version: R::VERSION,
            contract: R::CONTRACT,
            age: Age::of(&R::CONTRACT),
            table: table_of::<R>(),
            rollups: rollups
                .iter()
                .map(|rollup| (rollup.name, rollup.version, rollup.table.spec().clone()))
                .collect(),
            values: rollups
                .iter()
                .enumerate()
                .filter_map(|(place, rollup)| Some((place, rollup.table.values()?.clone())))
                .collect(),
            follows: R::handlers()
                .iter()
                .map(|handler| (handler.category, handler.kinds, handler.decode))
                .collect(),
            known: known.clone(),
            only: Arc::new(move |kept| {
                Self::of(all.iter().filter(|rollup| kept(rollup.name, rollup.version)).cloned().collect())
            }),
            make: Arc::new(move || Box::new(ModelState::<R>::new(known.clone(), rollups.clone()))),
        }
    }
}

/// Where a view's rows stand among a group's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A read model's.
    Model(usize),
    /// A rollup's.
    Rollup(usize),
}

impl Place {
    /// Of a read model, its place among the group's.
    pub(crate) fn model(self) -> Option<usize> {
        match self {
            Self::Model(place) => Some(place),
            Self::Rollup(_) => None,
        }
    }

    /// The place of the table.
    pub(crate) fn table(self) -> usize {
        let (Self::Model(place) | Self::Rollup(place)) = self;
        place
    }
}

/// Read models that share a checkpoint, in the order in which they are folded.
pub(crate) struct GroupDefinition {
    pub(crate) models: Vec<ModelDefinition>,
    /// What a rebuild may hold in memory, in bytes.
    pub(crate) rebuild_memory: usize,
    /// How many workers fold it, where operators have not said otherwise.
    pub(crate) workers: u16,
    pub(crate) clock: Arc<dyn Clock>,
    /// The views that replace an earlier version's, and how they differ from it.
    pub(crate) differs: FxHashMap<&'static str, Differs>,
    /// Of an earlier version: how its rows are shown as the present version's.
    pub(crate) shown_as: FxHashMap<&'static str, Arc<dyn ErasedView>>,
}

/// The name of the seat of whoever keeps the editions of that version.
pub(crate) fn seat_of(version: &str) -> String {
    version.trim_end_matches(';').replace(';', ", ")
}

impl GroupDefinition {
    /// The group's name: its last read model's.
    pub(crate) fn name(&self) -> &'static str {
        self.models.last().map_or("", |model| model.name)
    }

    /// That so many workers can fold it.
    ///
    /// # Errors
    /// Where they cannot, why.
    pub(crate) fn check_workers(&self, workers: u16) -> Result<(), String> {
        match &self.models[..] {
            [first, .., last] if workers > 1 => Err(format!(
                "`{}` is folded together with `{}`, whose rows it may look at: one worker folds such a group",
                last.name, first.name
            )),
            _ => Ok(()),
        }
    }

    /// Whether a read model of the group follows events of that category.
    pub(crate) fn follows(&self, category: &str) -> bool {
        let mut followed = self.models.iter().flat_map(|model| &model.follows);
        followed.any(|(follows, _, _)| *follows == category)
    }

    /// Whether a row of the model at that place is past its age: for readers, and whoever compares rows, it is not there.
    pub(crate) fn is_past(&self, model: usize, row: &StoredRow) -> bool {
        let age = self.models.get(model).and_then(|model| model.age);
        age.is_some_and(|age| age.is_past_row(row, self.clock.now()))
    }

    /// Whether rows of some model grow old.
    pub(crate) fn ages(&self) -> bool {
        self.models.iter().any(|model| model.age.is_some())
    }

    /// The names of its read models and their rollups.
    pub(crate) fn views(&self) -> impl Iterator<Item = &'static str> {
        self.models.iter().flat_map(|model| {
            std::iter::once(model.name).chain(model.rollups.iter().map(|(rollup, _, _)| *rollup))
        })
    }

    /// How a view's rows are meant to differ from those of the version before.
    pub(crate) fn differs(&self, view: &str) -> Option<&Differs> {
        self.differs.get(view)
    }

    /// That fold has not returned: nobody tries it again unasked. Answers with whose it was.
    pub(crate) fn is_stuck(&self, fold: StuckFold) -> &'static str {
        self.models.iter().find(|model| model.known.add(fold)).map_or(self.name(), |model| model.name)
    }

    /// The name of the seat of whoever keeps the editions of this version, of several processes.
    pub(crate) fn seat(&self) -> String {
        seat_of(&self.version())
    }

    /// What changes with the fold of any of its views: `family_detail 2;risk_tiers 1;`.
    pub(crate) fn version(&self) -> String {
        let mut version = String::new();
        for model in &self.models {
            version.push_str(&format!("{} {};", model.name, model.version));
            for (name, number, _) in &model.rollups {
                version.push_str(&format!("{name} {number};"));
            }
        }
        version
    }

    /// The group as it was at that version, where it only lacked some of its rollups then.
    pub(crate) fn before_rollups(&self, version: &str) -> Option<Self> {
        let had = |name: &str, number| version.split(';').any(|part| part == format!("{name} {number}"));
        let before = Self {
            models: self.models.iter().map(|model| (model.only)(&had)).collect(),
            rebuild_memory: self.rebuild_memory,
            workers: self.workers,
            clock: self.clock.clone(),
            differs: FxHashMap::default(),
            shown_as: FxHashMap::default(),
        };
        (before.version() == version).then_some(before)
    }

    /// The place of a view's table, where it is one of the group's.
    pub(crate) fn place(&self, view: &str) -> Option<Place> {
        if let Some(place) = self.models.iter().position(|model| model.name == view) {
            return Some(Place::Model(place));
        }
        let rollups = self.models.iter().flat_map(|model| &model.rollups);
        let place = rollups.enumerate().find(|(_, (name, _, _))| *name == view).map(|(place, _)| place);
        place.map(|place| Place::Rollup(self.models.len() + place))
    }

    /// The tables of rollups' values, each by its place and that of its rollup's.
    pub(crate) fn values(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut first_rollup = self.models.len();
        let first_values = first_rollup + self.models.iter().map(|model| model.rollups.len()).sum::<usize>();
        let rollups = self.models.iter().flat_map(move |model| {
            let first = first_rollup;
            first_rollup += model.rollups.len();
            model.values.iter().map(move |(place, _)| first + place)
        });
        rollups.enumerate().map(move |(place, rollup)| (first_values + place, rollup))
    }

    /// The group's tables: the read models' in their order, then the rollups' in theirs, and last those of the rollups' values.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &TableSpec> {
        let models = self.models.iter().map(|model| &model.table);
        let rollups = self.models.iter().flat_map(|model| model.rollups.iter().map(|(_, _, table)| table));
        let values = self.models.iter().flat_map(|model| model.values.iter().map(|(_, table)| table));
        models.chain(rollups).chain(values)
    }

    /// The places of the tables whose changes listeners can follow: those of the read models that say so, and of their rollups.
    pub(crate) fn journaled(&self) -> impl Iterator<Item = usize> {
        let mut first_rollup = self.models.len();
        self.models.iter().enumerate().flat_map(move |(place, model)| {
            let rollups = first_rollup..first_rollup + model.rollups.len();
            first_rollup = rollups.end;
            let is_on = model.contract.journal != Journal::Off;
            std::iter::once(place).chain(rollups).filter(move |_| is_on)
        })
    }

    /// What a store opens one of its editions by.
    pub(crate) fn spec(&self, edition: u32) -> GroupSpec {
        GroupSpec {
            name: self.name().to_owned(),
            edition,
            version: self.version(),
            tables: self.tables().cloned().collect(),
            journal: self.journaled().collect(),
        }
    }

    /// How long the changes of its rows are kept; none where nobody can follow them.
    pub(crate) fn changes_kept(&self) -> Option<Duration> {
        let kept = self.models.iter().filter_map(|model| match model.contract.journal {
            Journal::Off => None,
            Journal::For(time) => Some(time),
        });
        kept.max()
    }

    /// The folds, with empty hands.
    pub(crate) fn make_models(&self) -> Vec<Box<dyn AnyModel>> {
        let mut next_table = self.models.len();
        let mut next_values = next_table + self.models.iter().map(|model| model.rollups.len()).sum::<usize>();
        self.models
            .iter()
            .enumerate()
            .map(|(place, definition)| {
                let mut model = (definition.make)();
                model.place_tables(place, next_table, next_values);
                next_table += definition.rollups.len();
                next_values += definition.values.len();
                model
            })
            .collect()
    }
}
