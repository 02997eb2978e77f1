use std::any::TypeId;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use watershed_core::{Freshness, Source};

use super::builder::{AddedView, Context, StartError, Stores};
use super::catalogue::Catalogue;
use super::running::{Inner, Running};
use super::views::RunningView;
use crate::command::WriteCore;
use crate::feed::{Decoders, Feed};
use crate::projector::{GroupDefinition, ModelDefinition, Projector};
use crate::query::{Fetch, Promise, Stand};

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
        let core = Arc::new(WriteCore::new(stores.log.clone(), self.clock.clone(), authorizer.clone()));

        let mut handlers = FxHashMap::default();
        let mut write_models = Vec::new();
        for added in std::mem::take(&mut self.write_models) {
            let (model, handler) = (added.make)(core.clone());
            handlers.insert(added.command, handler);
            write_models.push(model);
        }
        let mut commands = FxHashMap::default();
        for (place, model) in write_models.iter().enumerate() {
            for kind in model.commands() {
                if commands.insert(kind.name, (place, kind.name)).is_some() {
                    return Err(self.twice("commands", kind.name));
                }
            }
        }

        let groups = self.make_groups()?;
        let mut decoders = Decoders::default();
        for model in groups.iter().flat_map(|group| &group.models) {
            for (category, kinds, decode) in &model.follows {
                decoders.add(category, kinds, *decode);
            }
        }
        let feed = Arc::new(Feed::new(stores.log.clone(), decoders));
        let catalogue = Catalogue::of(&write_models, &self.views, &self.questions);
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

        let mut projectors = Vec::new();
        let mut views = FxHashMap::default();
        for group in groups {
            let projector = self.start_group(group, &stores, &feed).await?;
            for (place, model) in projector.definition.models.iter().enumerate() {
                insert_view(&mut views, &added, model.name, projector.clone(), Some(place));
                for (rollup, _, _) in &model.rollups {
                    insert_view(&mut views, &added, rollup, projector.clone(), None);
                }
            }
            projectors.push(projector);
        }
        Ok(Running(Arc::new(Inner {
            name: self.name,
            fetch: Fetch { feed, clock: self.clock.clone(), authorizer },
            core,
            handlers,
            write_models,
            commands,
            views,
            questions,
            projectors,
            catalogue,
        })))
    }

    async fn start_group(
        &self,
        group: GroupDefinition,
        stores: &Stores,
        feed: &Arc<Feed>,
    ) -> Result<Arc<Projector>, StartError> {
        let failed = |error: String| StartError::Store(error);
        let store = stores.rows.open(group.spec()).await.map_err(|error| failed(error.to_string()))?;
        let projector = Projector::start(Arc::new(group), store, feed.clone(), self.clock.clone()).await;
        projector.map(Arc::new).map_err(failed)
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

    /// The projected groups. What is kept otherwise stands apart.
    fn make_groups(&mut self) -> Result<Vec<GroupDefinition>, StartError> {
        let mut groups: Vec<Vec<ModelDefinition>> = Vec::new();
        for added in std::mem::take(&mut self.read_models) {
            let model = (added.make)(&mut self.rollups);
            let is_projected = added.source == Source::Log && added.contract.freshness != Freshness::Inline;
            if !is_projected {
                return Err(StartError::Unsupported {
                    view: model.name.to_owned(),
                    problem: "these stores keep no rows beside the log".to_owned(),
                });
            }
            match groups.last_mut() {
                Some(group) if !added.starts_group => group.push(model),
                _ => groups.push(vec![model]),
            }
        }
        // What is left waits for a read model that was not added.
        if let Some((rollup, _)) = self.rollup_names.iter().find(|(_, of)| self.rollups.contains_key(of)) {
            return Err(StartError::NoReadModel { rollup });
        }
        Ok(groups.into_iter().map(|models| GroupDefinition { models }).collect())
    }
}

fn insert_view(
    views: &mut FxHashMap<&'static str, RunningView>,
    added: &FxHashMap<&'static str, AddedView>,
    name: &'static str,
    projector: Arc<Projector>,
    model: Option<usize>,
) {
    let Some(view) = added.get(name) else { return };
    views.insert(
        name,
        RunningView {
            name,
            kind: view.kind,
            view: view.view.clone(),
            stand: Stand::Projected { projector, model },
            promise: Promise { contract: view.contract, version: view.version },
        },
    );
}
