//! What is measured: one file a case.

mod backfill;
mod command_alone;
mod command_deep;
mod commands;
mod http;
mod journal;
mod lag;
mod live;
mod postgres;
mod postgres_nodes;
mod postgres_own;
mod postgres_rebuild;
mod postgres_saves;
mod postgres_tags;
mod postgres_visible;
mod query;
mod raw_group;
mod raw_scan;
mod raw_single;
mod rebuild;
mod reconcile;
mod replay;
mod rollups;
mod rollups_inline;
mod slices;
mod tracking;

use crate::error::Problem;
use crate::lab::Lab;
use crate::line::Line;

/// Something that is measured.
pub(crate) trait Case: Sync {
    /// What it is.
    fn about(&self) -> About;

    /// Prepares what is measured more than once: a log of a million events is written one time.
    ///
    /// # Errors
    /// Where that fails.
    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem>;
}

/// Measures once. The harness does so several times, and takes the median. It fails where there is no number: it never
/// gives one that is not measured.
pub(crate) type Round<'a> = Box<dyn FnMut() -> Result<Vec<Reading>, Problem> + 'a>;

/// What a case is.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// Its name, for whoever wants this one alone.
    pub(crate) name: &'static str,
    /// What it measures, and beside which baseline.
    pub(crate) measures: &'static str,
}

/// A number that was measured, and the baseline's beside it.
pub(crate) struct Reading {
    /// Which number.
    pub(crate) line: &'static Line,
    /// What it was.
    pub(crate) value: f64,
    /// What the baseline was, in the same run and the same unit.
    pub(crate) baseline: Option<f64>,
}

impl Reading {
    /// A number that has no baseline.
    pub(crate) fn alone(line: &'static Line, value: f64) -> Self {
        Self { line, value, baseline: None }
    }

    /// A number with its baseline.
    pub(crate) fn beside(line: &'static Line, value: f64, baseline: f64) -> Self {
        Self { line, value, baseline: Some(baseline) }
    }
}

/// Every case, in the order of the table.
pub(crate) const ALL: &[&dyn Case] = &[
    &raw_single::RawSingle,
    &raw_group::RawGroup::SIXTY_FOUR,
    &raw_group::RawGroup::MANY,
    &raw_scan::RawScan,
    &command_alone::CommandAlone,
    &commands::Commands::SIXTY_FOUR,
    &commands::Commands::MANY,
    &live::Live,
    &commands::Commands::HOT,
    &command_deep::CommandDeep,
    &rollups::Rollups::THREE,
    &rollups::Rollups::WIDE,
    &rollups_inline::RollupsInline,
    &postgres::Postgres::ALONE,
    &postgres::Postgres::SIXTY_FOUR,
    &postgres::Postgres::MANY,
    &postgres_nodes::TwoNodes::OWN,
    &postgres_nodes::TwoNodes::SHARED,
    &postgres_tags::Tags,
    &postgres_saves::Saves,
    &postgres_own::Own,
    &postgres_rebuild::Rebuild,
    &postgres_visible::Visible::ONE,
    &postgres_visible::Visible::TWO,
    &slices::Slices::DETAIL,
    &slices::Slices::ROLLED_UP,
    &slices::Slices::WIDE,
    &slices::Slices::COMPUTED,
    &journal::Journal,
    &rebuild::Rebuild::MILLION,
    &rebuild::Rebuild::TEN_MILLION,
    &rebuild::Rebuild::WIDE,
    &backfill::Backfill,
    &reconcile::Offline,
    &reconcile::Online,
    &lag::Lag::SLOW,
    &lag::Lag::FAST,
    &query::Query,
    &tracking::Tracking,
    &http::Http::QUERIES,
    &http::Http::COMMANDS,
    &replay::Replay,
];
