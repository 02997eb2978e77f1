//! What a program finds of a group when it starts, and what it makes of that.

use std::sync::Arc;
use std::time::Duration;

use super::group::{Ground, remove};
use super::plan::{Versions, settle};
use super::record::{EditionState, Record};
use super::written::Written;
use crate::projector::{GroupDefinition, seat_of};

/// For so long processes of an older program may go on after a newer one has started: what they answer from is not removed before.
const OTHERS_END: Duration = Duration::from_secs(3_600);

/// A group as it is from now on.
pub(super) struct Found {
    pub(super) record: Record,
    /// What the program's version replaces: the one before, where the program still has it, and itself without its newest rollups.
    pub(super) previous: Vec<Arc<GroupDefinition>>,
}

/// Looks what there is, settles what is to be, and writes it down: again where another process was quicker.
pub(super) async fn find(
    ground: &Ground,
    current: &GroupDefinition,
    earlier: Option<GroupDefinition>,
) -> Result<Found, String> {
    let earlier = earlier.map(Arc::new);
    loop {
        let written = Written::read(&*ground.ledger, current.name()).await?;
        let lacking = lacking(current, earlier.as_deref(), &written.record).map(Arc::new);
        let previous: Vec<_> = earlier.iter().chain(&lacking).cloned().collect();
        let [earlier_version, lacking_version] =
            [&earlier, &lacking].map(|known| known.as_ref().map(|known| known.version()));
        let elsewhere = kept_elsewhere(ground).await?;
        let versions = Versions {
            current: &current.version(),
            earlier: earlier_version.as_deref(),
            before_rollups: lacking_version.as_deref(),
            elsewhere: &elsewhere,
        };
        if ground.member.as_ref().is_some_and(|member| member.is_guest()) {
            return as_guest(current.name(), written.record, versions)
                .map(|record| Found { record, previous });
        }
        let record = settle(written.record.clone(), versions, ground.clock.now());
        // Written first: an edition that is there has a record, so that it is found and removed one day.
        if (record == written.record || written.replace(&*ground.ledger, current.name(), &record).await?)
            && let Some(record) = remove_retired(ground, current.name(), record, versions).await?
        {
            return Ok(Found { record, previous });
        }
    }
}

/// A guest takes what there is as it is, and decides nothing: its program need not be the one of the nodes that serve.
fn as_guest(group: &str, record: Record, versions: Versions<'_>) -> Result<Record, String> {
    match record.serving() {
        Some(serving) if versions.knows(&serving.version) => Ok(record),
        Some(serving) => Err(format!(
            "edition {} of `{group}` serves, of the version `{}`, which this program does not have: use the program of the nodes that \
             serve, or ask one of them with `--server`",
            serving.number,
            seat_of(&serving.version)
        )),
        None => Err(format!(
            "no edition of `{group}` serves yet: a node is about to start. Try again, or ask it with `--server`"
        )),
    }
}

/// What serves, where it is the program's version without its newest rollups.
fn lacking(
    current: &GroupDefinition,
    earlier: Option<&GroupDefinition>,
    record: &Record,
) -> Option<GroupDefinition> {
    let serving = record.serving()?;
    let is_known = |known: &GroupDefinition| known.version() == serving.version;
    if is_known(current) || earlier.is_some_and(is_known) {
        return None;
    }
    current.before_rollups(&serving.version)
}

/// The seats that other processes have.
async fn kept_elsewhere(ground: &Ground) -> Result<Vec<String>, String> {
    let Some(member) = &ground.member else { return Ok(Vec::new()) };
    let nodes = member.nodes().await.map_err(|error| error.to_string())?;
    let held = nodes.leases.into_iter().filter(|lease| !lease.left.is_zero() && lease.node != member.name());
    Ok(held.map(|lease| lease.seat).collect())
}

/// Removes what was retired before, where nobody has it open any more. The record without it; none where another process has decided
/// something meanwhile.
async fn remove_retired(
    ground: &Ground,
    group: &str,
    mut record: Record,
    versions: Versions<'_>,
) -> Result<Option<Record>, String> {
    let retired = record.editions.iter().filter(|edition| edition.state == EditionState::Retired);
    let over: Vec<u32> = retired
        // A process of an older program may still answer from them: it is replaced some time later.
        .filter(|edition| ground.member.is_none() || ground.clock.now().since(edition.since) > OTHERS_END)
        .filter(|edition| !versions.is_kept_elsewhere(&edition.version))
        .map(|edition| edition.number)
        .collect();
    if over.is_empty() {
        return Ok(Some(record));
    }
    for number in &over {
        remove(ground, group, *number).await.map_err(|error| error.to_string())?;
    }
    let written = Written::read(&*ground.ledger, group).await?;
    let is_mine = written.record == record;
    record.editions.retain(|edition| !over.contains(&edition.number));
    let is_written = is_mine && written.replace(&*ground.ledger, group, &record).await?;
    Ok(is_written.then_some(record))
}
