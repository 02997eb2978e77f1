use std::any::{Any, TypeId};
use std::sync::Arc;

use watershed_core::read::{Neighbours, Unseen};
use watershed_core::{ReadModel, StoredEvent, Tenant};

use super::Folded;
use super::take::Taking;
use crate::fail;
use crate::story::IntoStory;

/// One read model of a group, with its type put aside.
trait Member: Any {
    fn take(&mut self, event: &StoredEvent, earlier: &dyn Neighbours);
    fn model(&self) -> TypeId;
    fn row(&self, tenant: &Tenant, key: &str) -> Option<&dyn Any>;
    fn is_parked(&self, tenant: &Tenant, key: &str) -> bool;
}

impl<R: ReadModel> Member for Folded<R> {
    fn take(&mut self, event: &StoredEvent, earlier: &dyn Neighbours) {
        self.0.take(event, earlier);
    }

    fn model(&self) -> TypeId {
        TypeId::of::<R>()
    }

    fn row(&self, tenant: &Tenant, key: &str) -> Option<&dyn Any> {
        self.0.row(tenant, key)
    }

    fn is_parked(&self, tenant: &Tenant, key: &str) -> bool {
        self.0.is_parked(tenant, key)
    }
}

/// The read models that stand before the one whose turn it is, as its event's tenant sees them.
struct Earlier<'a> {
    members: &'a [Box<dyn Member>],
    tenant: &'a Tenant,
}

impl Neighbours for Earlier<'_> {
    fn row(&self, model: TypeId, key: &str) -> Result<Option<&dyn Any>, Unseen> {
        let member = self.members.iter().find(|member| member.model() == model);
        let member = member.ok_or(Unseen::NotInGroup)?;
        // What the row will be is not known before its events have been applied.
        if member.is_parked(self.tenant, key) {
            Err(Unseen::Parked)
        } else {
            Ok(member.row(self.tenant, key))
        }
    }
}

/// The read models of a group, before they have taken anything.
pub struct Members(Vec<Box<dyn Member>>);

/// Several read models that are folded together, in their order: `(Category, ProductDetail)`.
pub trait Group {
    /// The read models.
    fn members() -> Members;
}

macro_rules! groups {
    ($(($($model:ident),+);)*) => {$(
        impl<$($model: ReadModel),+> Group for ($($model,)+) {
            fn members() -> Members {
                Members(vec![$(Box::new(Folded::<$model>(Taking::new()))),+])
            }
        }
    )*};
}
groups! {
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
    (A, B, C, D, E, F, G);
    (A, B, C, D, E, F, G, H);
}

/// What the read models of a group make of a log.
pub struct FoldedGroup(Vec<Box<dyn Member>>);

/// Folds the events, one after the other, each into the group's read models in their order: a later one sees what an
/// earlier one has made of the same event. Whoever looks at a row that is parked is parked too: what it would have seen is not
/// known.
#[must_use]
#[track_caller]
pub fn naive_fold_group<G: Group>(events: &[Arc<StoredEvent>]) -> FoldedGroup {
    let Members(mut members) = G::members();
    for event in events {
        for place in 0..members.len() {
            let (earlier, rest) = members.split_at_mut(place);
            let earlier = Earlier { members: earlier, tenant: &event.tenant };
            for member in rest.iter_mut().take(1) {
                member.take(event, &earlier);
            }
        }
    }
    FoldedGroup(members)
}

/// What the group makes of the story: [`naive_fold_group`] of its events.
#[track_caller]
pub fn project_group<G: Group>(story: impl IntoStory) -> FoldedGroup {
    naive_fold_group::<G>(story.into_story().events())
}

impl FoldedGroup {
    /// What one of the group's read models has come to.
    ///
    /// # Panics
    /// Where it is not one of the group.
    #[must_use]
    #[track_caller]
    pub fn of<R: ReadModel>(&self) -> &Folded<R> {
        self.0
            .iter()
            .find_map(|member| (&**member as &dyn Any).downcast_ref())
            .unwrap_or_else(|| fail(format!("`{}` is not one of this group's read models", R::NAME)))
    }
}
