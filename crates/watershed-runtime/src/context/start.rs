use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustc_hash::{FxHashMap, FxHashSet};
use watershed_core::ports::{InlineFold, RowGroup, RowReader, RowsBesideLog};
use watershed_core::{Freshness, Journal, Source};

use super::builder::{AddedView, Context, EarlierVersion, StartError, Stores};
use super::catalogue::Catalogue;
use super::running::{Inner, Running};
use super::views::RunningView;
use crate::command::{WriteCore, WriteModel};
use crate::editions::{Ground, Group};
use crate::feed::{Decoders, Feed};
use crate::import::AddedImport;
use crate::nodes::{JoinError, Joining, Member};
use crate::projector::{
    Aside, Footing, GroupDefinition, Inline, MOST_WORKERS, ModelDefinition, Watchdog, bring_up,
};
use crate::query::{Fetch, Promise, Stand};
use crate::reconcile::{self, Drift, Reconciler, Rows, Watched};

impl Context {
    /// Starts the context on its stores: projectors begin to fold, commands and questions are taken.
    ///
    /// # Errors
    /// Where the context does not fit together, or a store cannot be opened.
    pub async fn start(mut self, stores: Stores) -> Result<Running, StartError> {
        let Some(authorizer) = self.authorizer.clone() else {
            return Err(StartError::NoPolicy(self.name));
        };
        self.check_names()?;
        let watchdog =
            Watchdog::new(self.fold_limit).map_err(|error| StartError::Store(error.to_string()))?;
        let core = Arc::new(WriteCore::new(
            stores.log.clone(),
            stores.tables.clone(),
            self.clock.clone(),
            authorizer.clone(),
        ));

        let mut handlers = FxHashMap::default();
        let mut write_models = Vec::new();
        for added in std::mem::take(&mut self.write_models) {
            let (model, handler) = (added.make)(core.clone());
            handlers.insert(added.command, handler);
            write_models.push(model);
        }
        self.open_tables(&stores, &write_models).await?;
        let importers = AddedImport::make_all(self.name, &self.imports, &handlers)?;
        let mut commands = FxHashMap::default();
        for (place, model) in write_models.iter().enumerate() {
            for kind in model.commands() {
                if commands.insert(kind.name, (place, kind.name)).is_some() {
                    return Err(self.twice("commands", kind.name));
                }
            }
        }

        let mut groups = self.make_groups()?;
        let mut decoders = Decoders::default();
        let all = groups.projected.iter().chain(&groups.inline).chain(groups.earlier.values());
        let all = all.flat_map(|group| &group.models);
        let mut categories: FxHashSet<_> = write_models.iter().map(|model| model.category()).collect();
        for (category, kinds, decode) in all.flat_map(|model| &model.follows) {
            categories.insert(*category);
            decoders.add(category, kinds, *decode);
        }
        let feed = Arc::new(Feed::new(stores.log.clone(), decoders.clone()));
        let catalogue = Catalogue::of(&write_models, &self.views, &self.questions, &importers);
        let questions: FxHashMap<_, _> = std::mem::take(&mut self.questions)
            .into_iter()
            .map(|question| (question.name(), question))
            .collect();
        let added: FxHashMap<_, _> =
            std::mem::take(&mut self.views).into_iter().map(|view| (view.name, view)).collect();
        for question in questions.values() {
            if !added.contains_key(question.view()) {
                return Err(StartError::NoView { query: question.name(), view: question.view() });
            }
        }

        let mut running = Vec::new();
        let mut views = FxHashMap::default();
        let mut insert = |name: &'static str, stand: Stand| {
            if let Some(view) = added.get(name) {
                views.insert(name, running_view(view, stand));
            }
        };
        let (drift, ends) = (Arc::new(Drift::default()), Arc::new(AtomicBool::new(false)));
        let reconciled = reconcile::Ground {
            feed: feed.clone(),
            clock: self.clock.clone(),
            runtime: tokio::runtime::Handle::current(),
            drift: drift.clone(),
            closing: ends.clone(),
            checks: std::mem::take(&mut self.checks).into(),
            watchdog: watchdog.clone(),
        };
        let mut watched = Vec::new();
        let mut watch = |rows: Rows| watched.push(Arc::new(Watched::new(rows, reconciled.clone())));
        let inline = self.start_inline(groups.inline, &stores, &feed, &decoders, &watchdog).await?;
        for (definition, group) in inline {
            watch(Rows::Beside { definition: definition.clone(), store: group.clone() });
            for model in &definition.models {
                insert(model.name, Stand::Current { reader: group.clone() });
                for (rollup, _, _) in &model.rollups {
                    insert(rollup, Stand::Current { reader: group.clone() });
                }
            }
        }
        // After the inline groups: a view may read their tables.
        for (name, sql) in groups.sql_views {
            let reader = self.open_sql_view(&added, name, sql, &stores).await?;
            insert(name, Stand::Current { reader });
        }
        let joining =
            Joining { context: self.name, name: self.node.take(), term: self.lease, as_guest: self.as_guest };
        let member = Member::join(&stores.rows, joining).await.map_err(|error| match error {
            JoinError::Twice(node) => StartError::NodeTwice { context: self.name, node },
            JoinError::Store(error) => StartError::Store(error.to_string()),
        })?;
        let ground = Ground {
            rows: stores.rows.clone(),
            ledger: stores.ledger.clone(),
            feed: feed.clone(),
            clock: self.clock.clone(),
            watchdog: watchdog.clone(),
            member: member.clone(),
        };
        for group in groups.projected {
            let earlier = groups.earlier.remove(group.name());
            let group = Group::start(group, earlier, ground.clone()).await.map_err(StartError::Store)?;
            watch(Rows::Kept(group.clone()));
            for view in group.views() {
                insert(view, Stand::Kept { group: group.clone() });
            }
            running.push(group);
        }
        if let Some(check) =
            reconciled.checks.iter().find(|check| !watched.iter().any(|of| of.has(check.view)))
        {
            return Err(StartError::NoCheckedView { check: check.name, view: check.view });
        }
        let seed = u64::try_from(self.clock.now().as_micros()).unwrap_or(0);
        let reconciler = Reconciler::start(&watched, ends, seed);
        let reconciler = reconciler.map_err(|error| StartError::Store(error.to_string()))?;
        Ok(Running(Arc::new(Inner {
            name: self.name,
            fetch: Fetch { feed, clock: self.clock.clone(), authorizer, tails: Aside::new(watchdog) },
            core,
            handlers,
            write_models,
            categories,
            commands,
            views,
            questions,
            groups: running,
            member,
            watched,
            drift,
            reconciler,
            importers,
            triage: stores.triage,
            catalogue,
        })))
    }

    /// Makes the context's own tables, and holds those of its aggregates' states against what is written of them.
    async fn open_tables(&self, stores: &Stores, models: &[Arc<dyn WriteModel>]) -> Result<(), StartError> {
        let mut wanted =
            models.iter().filter_map(|model| Some((model.category(), model.tables()?))).peekable();
        let unfit = |what: &str, problem: String| StartError::Tables { what: what.to_owned(), problem };
        let Some(store) = &stores.tables else {
            let first = wanted.peek().map(|(category, _)| *category);
            return match first.or((!self.tables.is_empty()).then_some(self.name)) {
                None => Ok(()),
                Some(what) => Err(unfit(what, "these stores keep no tables of state".to_owned())),
            };
        };
        if !self.tables.is_empty() {
            let made = store.make(self.name, &self.tables).await;
            made.map_err(|error| unfit(self.name, error.to_string()))?;
        }
        for (category, tables) in wanted {
            store.check(tables).await.map_err(|error| unfit(category, error.to_string()))?;
        }
        Ok(())
    }

    /// Brings the inline groups up to the log's head, and hands their folds to the log.
    async fn start_inline(
        &self,
        groups: Vec<GroupDefinition>,
        stores: &Stores,
        feed: &Arc<Feed>,
        decoders: &Decoders,
        watchdog: &Arc<Watchdog>,
    ) -> Result<Vec<(Arc<GroupDefinition>, Arc<dyn RowGroup>)>, StartError> {
        let mut started = Vec::new();
        let mut folds: Vec<Box<dyn InlineFold>> = Vec::new();
        for group in groups {
            let beside = beside_log(stores, group.name())?;
            let unsupported =
                |problem: String| StartError::Unsupported { view: group.name().to_owned(), problem };
            let store =
                beside.open_inline(group.spec(1)).await.map_err(|error| unsupported(error.to_string()))?;
            let definition = Arc::new(group);
            let brought_up = tokio::task::spawn_blocking({
                let footing = Footing {
                    definition: definition.clone(),
                    store: store.clone(),
                    feed: feed.clone(),
                    clock: self.clock.clone(),
                    runtime: tokio::runtime::Handle::current(),
                };
                let turn = watchdog.turn_or_end(definition.name(), "while it was brought up to the log");
                move || {
                    let _inside = turn.enter();
                    bring_up(footing)
                }
            });
            let brought_up = brought_up.await.unwrap_or_else(|_| Err("its fold panicked".to_owned()));
            let events = brought_up.map_err(StartError::Store)?;
            folds.push(Box::new(Inline::new(definition.clone(), decoders.clone(), events, watchdog)));
            started.push((definition, store));
        }
        stores.log.set_inline(folds);
        Ok(started)
    }

    async fn open_sql_view(
        &self,
        added: &FxHashMap<&'static str, AddedView>,
        name: &'static str,
        sql: &'static str,
        stores: &Stores,
    ) -> Result<Arc<dyn RowReader>, StartError> {
        let unsupported = |problem: String| StartError::Unsupported { view: name.to_owned(), problem };
        let table = added.get(name).map(|view| view.table.clone());
        let table = table.ok_or_else(|| unsupported("it was not added".to_owned()))?;
        let opened = beside_log(stores, name)?.open_sql_view(table, sql).await;
        opened.map_err(|error| unsupported(error.to_string()))
    }

    fn twice(&self, what: &'static str, name: &str) -> StartError {
        StartError::Twice { context: self.name, what, name: name.to_owned() }
    }

    fn check_names(&self) -> Result<(), StartError> {
        let mut names: Vec<&str> = self.views.iter().map(|view| view.name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.twice("views", pair[0]));
        }
        let mut names: Vec<&str> = self.questions.iter().map(|question| question.name()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.twice("queries", pair[0]));
        }
        let mut commands: Vec<TypeId> = self.write_models.iter().map(|model| model.command).collect();
        commands.sort_unstable();
        commands.dedup();
        if commands.len() < self.write_models.len() {
            return Err(self.twice("write models", "with the same command enum"));
        }
        Ok(())
    }

    /// The read models, by how they are kept.
    fn make_groups(&mut self) -> Result<Groups, StartError> {
        let mut groups = Groups::default();
        let mut last_inline = false;
        for added in std::mem::take(&mut self.read_models) {
            let model = (added.make)(&mut self.rollups);
            refuse_beside_log(&model, added.source)?;
            match added.source {
                Source::Sql(sql) if model.rollups.is_empty() => groups.sql_views.push((model.name, sql)),
                Source::Sql(_) => {
                    return Err(StartError::Unsupported {
                        view: model.name.to_owned(),
                        problem: "a rollup over an SQL view is not kept: write it as a GROUP BY".to_owned(),
                    });
                }
                Source::Log => {
                    let inline = added.contract.freshness == Freshness::Inline;
                    let kind = if inline { &mut groups.inline } else { &mut groups.projected };
                    match kind.last_mut() {
                        _ if added.starts_group => kind.push(self.group_of(vec![model])),
                        Some(group) if inline == last_inline => group.models.push(model),
                        _ => {
                            return Err(StartError::Unsupported {
                                view: model.name.to_owned(),
                                problem: "the read models of a group are all inline, or none is".to_owned(),
                            });
                        }
                    }
                    last_inline = inline;
                }
            }
        }
        self.give_workers(&mut groups)?;
        self.make_earlier(&mut groups)?;
        // What is left waits for a read model that was not added.
        if let Some((rollup, _)) = self.rollup_names.iter().find(|(_, of)| self.rollups.contains_key(of)) {
            return Err(StartError::NoReadModel { rollup });
        }
        Ok(groups)
    }

    fn group_of(&self, models: Vec<ModelDefinition>) -> GroupDefinition {
        GroupDefinition {
            models,
            rebuild_memory: self.rebuild_memory,
            workers: 1,
            clock: self.clock.clone(),
            differs: FxHashMap::default(),
            shown_as: FxHashMap::default(),
        }
    }

    /// Gives each group the workers that were said for its read model.
    fn give_workers(&self, groups: &mut Groups) -> Result<(), StartError> {
        for (view, workers) in &self.workers {
            let unsupported = |problem: String| StartError::Unsupported { view: (*view).to_owned(), problem };
            let mut projected = groups.projected.iter_mut();
            let group = projected.find(|group| group.models.iter().any(|model| model.name == *view));
            let group = group.ok_or_else(|| {
                unsupported("it is given workers, but no projector folds it in this context".to_owned())
            })?;
            if !(1..=MOST_WORKERS).contains(workers) {
                return Err(unsupported(format!(
                    "it is given {workers} workers: there can be 1 to {MOST_WORKERS}"
                )));
            }
            group.check_workers(*workers).map_err(unsupported)?;
            group.workers = *workers;
        }
        Ok(())
    }

    /// The groups as they were before: with the earlier versions of their read models, where there are such.
    fn make_earlier(&mut self, groups: &mut Groups) -> Result<(), StartError> {
        let mut versions = std::mem::take(&mut self.earlier);
        versions.values().try_for_each(EarlierVersion::check)?;
        for group in &mut groups.projected {
            let (mut models, mut changed) = (Vec::new(), false);
            for model in &group.models {
                let make = versions.get_mut(model.name).and_then(|version| version.make.take());
                changed |= make.is_some();
                models.push(make.map_or_else(|| model.clone(), |make| make(&mut self.rollups)));
            }
            if !changed {
                continue;
            }
            let mut earlier = self.group_of(models);
            for view in group.views().collect::<Vec<_>>() {
                if let Some(version) = versions.remove(view) {
                    group.differs.insert(view, version.differs);
                    earlier.shown_as.insert(view, version.view);
                }
            }
            groups.earlier.insert(group.name(), earlier);
        }
        match versions.keys().next() {
            None => Ok(()),
            Some(view) => Err(StartError::Unsupported {
                view: (*view).to_owned(),
                problem:
                    "it has an earlier version, but is not kept by a projector, or its read model has none"
                        .to_owned(),
            }),
        }
    }
}

/// The read models of a context, by how they are kept.
#[derive(Default)]
struct Groups {
    projected: Vec<GroupDefinition>,
    /// The earlier versions of these, by name.
    earlier: FxHashMap<&'static str, GroupDefinition>,
    inline: Vec<GroupDefinition>,
    sql_views: Vec<(&'static str, &'static str)>,
}

fn beside_log<'a>(stores: &'a Stores, view: &str) -> Result<&'a Arc<dyn RowsBesideLog>, StartError> {
    stores.beside_log.as_ref().ok_or_else(|| StartError::Unsupported {
        view: view.to_owned(),
        problem: "these stores keep no rows beside the log".to_owned(),
    })
}

/// Only what a projector keeps can be followed and grows old: the log's writer has nothing to spare for either, and a `SELECT` has
/// no rows of its own.
fn refuse_beside_log(model: &ModelDefinition, source: Source) -> Result<(), StartError> {
    if source == Source::Log && model.contract.freshness != Freshness::Inline {
        return Ok(());
    }
    let unsupported = |problem: &str| {
        Err(StartError::Unsupported { view: model.name.to_owned(), problem: problem.to_owned() })
    };
    if model.contract.journal != Journal::Off {
        return unsupported(
            "its changes cannot be followed: leave `journal` out, or have a projector keep it",
        );
    }
    if model.age.is_some() {
        return unsupported("its rows cannot grow old: leave `retention` out, or have a projector keep it");
    }
    Ok(())
}

fn running_view(view: &AddedView, stand: Stand) -> RunningView {
    RunningView {
        name: view.name,
        kind: view.kind,
        view: view.view.clone(),
        stand,
        promise: Promise { contract: view.contract, version: view.version },
    }
}
