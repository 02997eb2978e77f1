use std::any::{Any, TypeId};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use schemars::SchemaGenerator;
use watershed_core::ports::{
    EventLog, Ledger, RowEditions, RowsBesideLog, SchemaStep, StateTables, SystemClock, Triage,
};
use watershed_core::{
    Aggregate, Authorizer, Clock, Contract, Decision, Plan, Query, ReadModel, Replaces, Rollup, Row, Source,
    TableSpec,
};

use super::catalogue::ViewKind;
use super::lists::{Queries, ReadModels, Rollups};
use super::queries::{NamedQuestion, Question};
use crate::command::{Aggregates, CommandHandler, Decisions, ErasedHandler, WriteCore, WriteModel};
use crate::import::AddedImport;
use crate::projector::{Differs, ModelDefinition, RollupDefinition};
use crate::query::{EarlierView, ErasedView, View};
use crate::reconcile::Check;

/// What a rebuild's rows may take in memory where nothing is said.
const REBUILD_MEMORY: usize = 256 << 20;

/// How long a lease is held without being renewed.
const LEASE: Duration = Duration::from_secs(3);

/// How long a fold may take where nothing is said.
const FOLD_LIMIT: Duration = Duration::from_secs(10);

/// What a context runs on.
#[derive(Clone)]
pub struct Stores {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The rows.
    pub rows: Arc<dyn RowEditions>,
    /// What operators have decided: which edition of a group serves.
    pub ledger: Arc<dyn Ledger>,
    /// The lines that imports could not take.
    pub triage: Arc<dyn Triage>,
    /// The rows beside the log, where the store has a place for them: for inline read models and SQL views.
    pub beside_log: Option<Arc<dyn RowsBesideLog>>,
    /// The tables that aggregates' state may stand in, where the log's database has a place for them.
    pub tables: Option<Arc<dyn StateTables>>,
}

/// Why a context does not start. Nothing has been changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Nobody has said who may do what.
    #[error(
        "the context `{0}` has no policy: add `.policy(...)`; `.policy(AllowAll)` allows everything to everybody"
    )]
    NoPolicy(&'static str),
    /// Two things bear one name.
    #[error("the context `{context}` has two {what} named `{name}`: rename one")]
    Twice {
        /// The context.
        context: &'static str,
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A rollup is over a read model that the context does not have.
    #[error(
        "the rollup `{rollup}` is over a read model that the context does not have: add it with `.read_models::<(..)>()`"
    )]
    NoReadModel {
        /// The rollup.
        rollup: &'static str,
    },
    /// An import sends commands that the context does not take.
    #[error(
        "the import `{import}` sends commands that the context `{context}` does not take: add their aggregate with `.aggregate::<..>()`"
    )]
    NoCommands {
        /// The context.
        context: &'static str,
        /// The import.
        import: &'static str,
    },
    /// A query asks a view that the context does not have.
    #[error(
        "the query `{query}` asks the view `{view}`, which the context does not have: add it with `.read_models` or `.rollups`"
    )]
    NoView {
        /// The query.
        query: &'static str,
        /// The view.
        view: &'static str,
    },
    /// An earlier version is none of the view that is said to replace it.
    #[error(
        "`{old}` version {old_version} cannot be the earlier version of `{new}` version {new_version}: give both one name, and the new one a higher version"
    )]
    NotEarlier {
        /// The earlier one's name.
        old: &'static str,
        /// Its version.
        old_version: u32,
        /// The name of the one that replaces it.
        new: &'static str,
        /// Its version.
        new_version: u32,
    },
    /// A check is about a view that the context does not have, or whose rows are not stored.
    #[error(
        "the check `{check}` is about `{view}`, whose rows the context does not keep: add the view, or take the check away"
    )]
    NoCheckedView {
        /// The check.
        check: &'static str,
        /// The view.
        view: &'static str,
    },
    /// The stores cannot do what a read model wants.
    #[error("the read model `{view}` cannot be kept: {problem}")]
    Unsupported {
        /// The view.
        view: String,
        /// Why.
        problem: String,
    },
    /// The tables of the user's own cannot be made, or the state of an aggregate cannot stand in them.
    #[error("the state of `{what}` cannot stand in tables: {problem}")]
    Tables {
        /// The category of the aggregate's streams, or the context.
        what: String,
        /// What is missing or does not fit.
        problem: String,
    },
    /// A process of that name shares the rows already.
    #[error(
        "a node called `{node}` serves the context `{context}` already: give this one a name of its own (`--node`), or stop that one \
         first"
    )]
    NodeTwice {
        /// The context.
        context: &'static str,
        /// The name.
        node: String,
    },
    /// A store failed.
    #[error("the context could not be started: {0}")]
    Store(String),
}

type Make<T> = Box<dyn FnOnce(&mut RollupsByModel) -> T + Send>;

fn make_model<R: ReadModel>(rollups: &mut RollupsByModel) -> ModelDefinition {
    let mine = rollups.remove(&TypeId::of::<R>());
    let mine = mine.and_then(|mine| mine.downcast::<Vec<RollupDefinition<R>>>().ok());
    ModelDefinition::of::<R>(mine.map(|mine| *mine).unwrap_or_default())
}

/// The rollups that wait for their read models, by the read model's type: in fact `Vec<RollupDefinition<R>>`.
pub(crate) type RollupsByModel = FxHashMap<TypeId, Box<dyn Any + Send>>;

/// A read model that has been added.
pub(crate) struct AddedModel {
    /// Starts a group; the following ones that do not are in it.
    pub(crate) starts_group: bool,
    pub(crate) contract: Contract,
    pub(crate) source: Source,
    pub(crate) make: Make<ModelDefinition>,
}

/// An earlier version of a view.
pub(crate) struct EarlierVersion {
    pub(crate) view: Arc<dyn ErasedView>,
    pub(crate) differs: Differs,
    /// Of a read model: makes its definition.
    pub(crate) make: Option<Make<ModelDefinition>>,
    old: (&'static str, u32),
    new: (&'static str, u32),
}

impl EarlierVersion {
    fn of<Old: Row, New: Replaces<Old>>(versions: (u32, u32), make: Option<Make<ModelDefinition>>) -> Self {
        Self {
            view: Arc::new(EarlierView::<Old, New>::new()),
            differs: Differs::of::<Old, New>(),
            make,
            old: (Old::NAME, versions.0),
            new: (New::NAME, versions.1),
        }
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        if self.old.0 == self.new.0 && self.old.1 < self.new.1 {
            return Ok(());
        }
        let ((old, old_version), (new, new_version)) = (self.old, self.new);
        Err(StartError::NotEarlier { old, old_version, new, new_version })
    }
}

/// A view that has been added: a read model's or a rollup's.
pub(crate) struct AddedView {
    pub(crate) name: &'static str,
    pub(crate) kind: ViewKind,
    pub(crate) version: u32,
    pub(crate) of: Option<&'static str>,
    pub(crate) view: Arc<dyn ErasedView>,
    pub(crate) table: TableSpec,
    pub(crate) schema: fn(&mut SchemaGenerator) -> schemars::Schema,
    pub(crate) contract: Contract,
}

/// A write model that has been added.
pub(crate) struct AddedWriteModel {
    pub(crate) command: TypeId,
    #[expect(clippy::type_complexity, reason = "said once")]
    pub(crate) make: Box<dyn FnOnce(Arc<WriteCore>) -> (Arc<dyn WriteModel>, ErasedHandler) + Send>,
}

/// A bounded context that is being put together.
///
/// ```ignore
/// let coop = Context::new("coop").policy(AllowAll).aggregate::<Family>().read_models::<(FamilyDetail,)>().start(stores).await?;
/// ```
#[must_use = "a context does nothing until it is started"]
pub struct Context {
    pub(crate) name: &'static str,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rebuild_memory: usize,
    /// How many workers fold the read model of that name, where it was said.
    pub(crate) workers: Vec<(&'static str, u16)>,
    pub(crate) fold_limit: Duration,
    pub(crate) node: Option<String>,
    pub(crate) lease: Duration,
    pub(crate) as_guest: bool,
    pub(crate) write_models: Vec<AddedWriteModel>,
    pub(crate) read_models: Vec<AddedModel>,
    pub(crate) rollups: RollupsByModel,
    pub(crate) rollup_names: Vec<(&'static str, TypeId)>,
    pub(crate) views: Vec<AddedView>,
    /// By the name of the view.
    pub(crate) earlier: FxHashMap<&'static str, EarlierVersion>,
    pub(crate) questions: Vec<Box<dyn Question>>,
    pub(crate) checks: Vec<Check>,
    pub(crate) imports: Vec<AddedImport>,
    pub(crate) tables: Vec<SchemaStep>,
}

impl Context {
    /// A context of that name, with nothing in it.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            authorizer: None,
            clock: Arc::new(SystemClock),
            rebuild_memory: REBUILD_MEMORY,
            workers: Vec::new(),
            fold_limit: FOLD_LIMIT,
            node: None,
            lease: LEASE,
            as_guest: false,
            write_models: Vec::new(),
            read_models: Vec::new(),
            rollups: RollupsByModel::default(),
            rollup_names: Vec::new(),
            views: Vec::new(),
            earlier: FxHashMap::default(),
            questions: Vec::new(),
            checks: Vec::new(),
            imports: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// Who may do what. A context without a policy does not start.
    pub fn policy(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizer = Some(Arc::new(authorizer));
        self
    }

    /// Tells the time by another clock than the machine's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How many bytes a rebuild's rows may take in memory, before they are stored; 256 MiB where nothing is said. Rows that
    /// take more are folded in several passes.
    pub fn rebuild_memory(mut self, bytes: usize) -> Self {
        self.rebuild_memory = bytes;
        self
    }

    /// How many workers fold a read model: 1 to 16, one where nothing is said. Each has a part of the keys, so that the events of
    /// a key stay in their order; rows, rollups and checkpoint still change in one transaction. Worth it where folding takes longer
    /// than writing, on a machine with cores to spare. Operators can say otherwise at any time (`views workers`). Not for read
    /// models of a group with others, nor for those that commit with the events.
    pub fn workers<R: ReadModel>(mut self, workers: u16) -> Self {
        self.workers.push((R::NAME, workers));
        self
    }

    /// How long the fold of one event into one row may take; 10 seconds where nothing is said. One that takes longer is given up
    /// with its thread, its key is parked, and everything else goes on. Where that happens a second time, or in an inline read
    /// model, the process ends with code 70, and says why.
    pub fn fold_limit(mut self, limit: Duration) -> Self {
        self.fold_limit = limit;
        self
    }

    /// This process's name among those that share the rows. No two may have the same at one time; where nothing is said, it is made of
    /// the machine's name and chance.
    pub fn node(mut self, name: impl Into<String>) -> Self {
        self.node = Some(name.into());
        self
    }

    /// How long a process that shares rows with others keeps what it has without being heard of; 3 seconds where nothing is said.
    /// When one is gone, others have what it kept within twice that time.
    pub fn lease(mut self, term: Duration) -> Self {
        self.lease = term;
        self
    }

    /// Keeps no rows as long as other processes are there that do: for a program that looks at the stores, or changes a little, and
    /// goes. Where it is alone, it keeps everything.
    pub fn as_guest(mut self) -> Self {
        self.as_guest = true;
        self
    }

    /// Adds an aggregate.
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        self.write_models.push(AddedWriteModel {
            command: TypeId::of::<A::Command>(),
            make: Box::new(|core| {
                let model = Arc::new(Aggregates::<A>::new(core));
                let handler: Arc<dyn CommandHandler<A::Command>> = model.clone();
                (model, Box::new(handler))
            }),
        });
        self
    }

    /// Adds a step by which the context's own tables come to be what they are: SQL that is run once, in the log's database, before
    /// anything else. A step that has been run stays as it is; a change is another step. Tables that are there anyway need none.
    pub fn tables_sql(mut self, step: SchemaStep) -> Self {
        self.tables.push(step);
        self
    }

    /// The steps by which the context's own tables come to be what they are, as they were added: for whoever runs them by hand.
    #[must_use]
    pub fn own_tables(&self) -> &[SchemaStep] {
        &self.tables
    }

    /// Adds a decision.
    pub fn decision<D: Decision>(mut self) -> Self {
        self.write_models.push(AddedWriteModel {
            command: TypeId::of::<D::Command>(),
            make: Box::new(|core| {
                let model = Arc::new(Decisions::<D>::new(core));
                let handler: Arc<dyn CommandHandler<D::Command>> = model.clone();
                (model, Box::new(handler))
            }),
        });
        self
    }

    /// Adds read models, each with a checkpoint of its own.
    pub fn read_models<M: ReadModels>(self) -> Self {
        M::add_each(self)
    }

    /// Adds read models that share a checkpoint and are folded in this order: a later one may look at an earlier one's rows, as of
    /// the same event. The earlier ones are kept in memory whole.
    pub fn group<M: ReadModels>(self) -> Self {
        M::add_group(self)
    }

    /// Adds rollups.
    pub fn rollups<R: Rollups>(self) -> Self {
        R::add_each(self)
    }

    /// Keeps an earlier version of a read model beside the present one, which is added as always. As long as the earlier one's
    /// rows serve, they are shown as the present one's; operators have the present one filled, verified and put in their
    /// place, and can take that back.
    pub fn earlier<Old: ReadModel, New: ReadModel + Replaces<Old>>(mut self) -> Self {
        let make: Make<ModelDefinition> = Box::new(make_model::<Old>);
        let earlier = EarlierVersion::of::<Old, New>((Old::VERSION, New::VERSION), Some(make));
        self.earlier.insert(New::NAME, earlier);
        self
    }

    /// The same for a rollup over an earlier version of a read model.
    pub fn earlier_rollup<Old: Rollup, New: Rollup + Replaces<Old>>(mut self) -> Self {
        self.wait_for_model::<Old>();
        let earlier = EarlierVersion::of::<Old, New>((Old::VERSION, New::VERSION), None);
        self.earlier.insert(New::NAME, earlier);
        self
    }

    /// Adds queries, so that they can be asked by name.
    pub fn queries<Q: Queries>(self) -> Self {
        Q::add_each(self)
    }

    /// Adds a check of the business over the rows of a view, as readers see them: `holds` says what is wrong with a row. It is
    /// asked whenever rows are held against the log, and what it says is reported beside what differs; nothing is mended.
    pub fn check<R: Row>(
        mut self,
        name: &'static str,
        holds: impl Fn(&R) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Check::of(name, holds));
        self
    }

    pub(crate) fn add_read_model<R: ReadModel>(&mut self, starts_group: bool) {
        self.read_models.push(AddedModel {
            starts_group,
            contract: R::CONTRACT,
            source: R::SOURCE,
            make: Box::new(make_model::<R>),
        });
        let kind = if matches!(R::SOURCE, Source::Sql(_)) { ViewKind::SqlView } else { ViewKind::ReadModel };
        self.add_view::<R>(kind, R::VERSION, None, R::CONTRACT);
    }

    pub(crate) fn add_rollup<R: Rollup>(&mut self) {
        self.wait_for_model::<R>();
        self.add_view::<R>(ViewKind::Rollup, R::VERSION, Some(R::Of::NAME), R::Of::CONTRACT);
    }

    /// Keeps a rollup until the read model that it is over is made.
    fn wait_for_model<R: Rollup>(&mut self) {
        let of = TypeId::of::<R::Of>();
        let waiting =
            self.rollups.entry(of).or_insert_with(|| Box::new(Vec::<RollupDefinition<R::Of>>::new()));
        if let Some(waiting) = waiting.downcast_mut::<Vec<RollupDefinition<R::Of>>>() {
            waiting.push(RollupDefinition::of::<R>());
        }
        self.rollup_names.push((R::NAME, of));
    }

    fn add_view<R: Row>(
        &mut self,
        kind: ViewKind,
        version: u32,
        of: Option<&'static str>,
        contract: Contract,
    ) {
        self.views.push(AddedView {
            name: R::NAME,
            kind,
            version,
            of,
            view: Arc::new(View::<R>::new()),
            table: R::table(),
            schema: |generator| generator.subschema_for::<R>(),
            contract,
        });
    }

    pub(crate) fn add_query<Q: Query>(&mut self)
    where
        Q::Answer: Plan,
    {
        self.questions.push(Box::new(NamedQuestion::<Q>::new()));
    }
}
