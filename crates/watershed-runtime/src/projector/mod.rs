//! An event's way: from the feed, through the folds of a group of read models, into rows and checkpoint in one transaction.
//!
//! A group is what shares a checkpoint: one read model with its rollups, or several that read each other's rows. Each has a
//! thread of its own, on which its folds run; one of a single read model can be given more workers ([`sliced`]).

mod age;
mod before;
mod control;
mod definition;
mod elsewhere;
mod fold;
mod folding;
mod inline;
mod insistent;
mod live;
mod model;
mod pace;
mod parking;
mod priority;
mod progress;
mod rebuild;
mod refold;
mod retry;
mod rollup;
mod seat;
mod slice;
mod sliced;
mod stuck;
mod tail;
mod trouble;
mod upkeep;
mod worker;

pub(crate) use age::Age;
pub(crate) use control::Control;
pub use control::Retried;
pub(crate) use definition::{Differs, GroupDefinition, ModelDefinition, Place, RollupDefinition, seat_of};
pub(crate) use elsewhere::Declined;
pub(crate) use fold::{Concern, concern};
pub(crate) use inline::Inline;
pub(crate) use live::Footing;
pub(crate) use model::{AnyModel, ModelState};
pub(crate) use pace::{Closing, Pace};
pub(crate) use parking::ParkedRow;
pub(crate) use progress::Progress;
pub use progress::RebuildProgress;
pub(crate) use rebuild::{Glimpse, Ground, Passage, fold_group, pass_through};
pub(crate) use refold::{
    Against, Difference, Instead, Refold, Regrouped, Wanted, against, differences, fields, mend_beside,
    regroup, wait_for,
};
pub use refold::{FieldDrift, Mended};
pub(crate) use seat::{Patience, Projector};
pub(crate) use slice::{SHARES, share_of};
pub(crate) use sliced::MOST_WORKERS;
pub(crate) use stuck::{Aside, Inside, Watchdog};
pub(crate) use tail::{TailFold, fold_tail};
pub(crate) use worker::{Filling, bring_up};
