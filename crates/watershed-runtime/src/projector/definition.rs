use watershed_core::ports::GroupSpec;
use watershed_core::{Contract, EventKind, ReadModel, Rollup, TableSpec, event};

use super::rollup::RollupTable;
use super::{AnyModel, ModelState};

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

/// What a group needs to know of one of its read models.
pub(crate) struct ModelDefinition {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) contract: Contract,
    pub(crate) table: TableSpec,
    pub(crate) rollups: Vec<(&'static str, u32, TableSpec)>,
    /// The tables of the rollups' values, of those that have one.
    pub(crate) values: Vec<TableSpec>,
    /// The enums that it follows: category, kinds, decoder.
    pub(crate) follows: Vec<(&'static str, &'static [EventKind], event::Decoder)>,
    /// Makes its fold with empty hands.
    pub(crate) make: Box<dyn Fn() -> Box<dyn AnyModel> + Send + Sync>,
}

impl ModelDefinition {
    pub(crate) fn of<R: ReadModel>(rollups: Vec<RollupDefinition<R>>) -> Self {
        Self {
            name: R::NAME,
            version: R::VERSION,
            contract: R::CONTRACT,
            table: R::table(),
            rollups: rollups
                .iter()
                .map(|rollup| (rollup.name, rollup.version, rollup.table.spec().clone()))
                .collect(),
            values: rollups.iter().filter_map(|rollup| rollup.table.values().cloned()).collect(),
            follows: R::handlers()
                .iter()
                .map(|handler| (handler.category, handler.kinds, handler.decode))
                .collect(),
            make: Box::new(move || Box::new(ModelState::<R>::new(rollups.clone()))),
        }
    }
}

/// Read models that share a checkpoint, in the order in which they are folded.
pub(crate) struct GroupDefinition {
    pub(crate) models: Vec<ModelDefinition>,
    /// What a rebuild may hold in memory, in bytes.
    pub(crate) rebuild_memory: usize,
}

impl GroupDefinition {
    /// The group's name: its last read model's.
    pub(crate) fn name(&self) -> &'static str {
        self.models.last().map_or("", |model| model.name)
    }

    /// The names of its read models and their rollups.
    pub(crate) fn views(&self) -> impl Iterator<Item = &'static str> {
        self.models.iter().flat_map(|model| {
            std::iter::once(model.name).chain(model.rollups.iter().map(|(rollup, _, _)| *rollup))
        })
    }

    /// The tables: the read models' in their order, then the rollups' in theirs, and last those of the rollups' values.
    pub(crate) fn spec(&self) -> GroupSpec {
        let mut tables: Vec<_> = self.models.iter().map(|model| model.table.clone()).collect();
        let mut version = String::new();
        for model in &self.models {
            version.push_str(&format!("{} {};", model.name, model.version));
            for (name, number, table) in &model.rollups {
                version.push_str(&format!("{name} {number};"));
                tables.push(table.clone());
            }
        }
        tables.extend(self.models.iter().flat_map(|model| model.values.iter().cloned()));
        GroupSpec { name: self.name().to_owned(), version, tables }
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
