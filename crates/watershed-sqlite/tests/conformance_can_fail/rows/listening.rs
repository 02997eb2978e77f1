//! Journals that lack something.

use watershed_core::ports::{
    Changed, JournalEnd, JournalFrom, JournalPart, Later, RowError, RowJournal, RowState,
};
use watershed_core::{Tenant, Timestamp};

use super::faults::Fault;
use super::fixture::FaultyGroup;

impl RowJournal for FaultyGroup {
    fn read_journal(
        &self,
        from: JournalFrom,
        limit: usize,
    ) -> Later<'_, Result<Option<JournalPart>, RowError>> {
        Box::pin(async move {
            let from = match (self.fault, from) {
                // Whoever trusts numbers alone.
                (Fault::AnyPlace, JournalFrom::After(mark)) => JournalFrom::Number(mark.number),
                (Fault::ForgetsPlaces, JournalFrom::After(_)) if self.again => JournalFrom::End,
                (_, from) => from,
            };
            let mut part = self.group.read_journal(from, limit).await?;
            if let Some(part) = &mut part {
                self.spoil(part);
            }
            Ok(part)
        })
    }

    fn forget_changes(&self, before: Timestamp, most: u64) -> Later<'_, Result<u64, RowError>> {
        let before = if self.has(Fault::ForgetsByNumberAlone) { Timestamp::from_micros(0) } else { before };
        self.group.forget_changes(before, most)
    }

    fn take_over(&self, from: JournalEnd, at: Timestamp) -> Later<'_, Result<(), RowError>> {
        if self.has(Fault::SilentTakeOver) {
            return Box::pin(async { Ok(()) });
        }
        self.group.take_over(from, at)
    }
}

impl FaultyGroup {
    fn spoil(&self, part: &mut JournalPart) {
        if self.has(Fault::SkipsEntries) {
            let mut kept = 0;
            part.entries.retain(|_| {
                kept += 1;
                kept % 5 != 0
            });
        }
        for entry in &mut part.entries {
            let Changed::Row(row) = &mut entry.changed else { continue };
            match self.fault {
                Fault::NoTombstones if row.state == RowState::Gone => row.state = RowState::Hidden,
                Fault::HalfBefore => {
                    if let Some(value) = row.before.as_mut().and_then(|before| before.last_mut()) {
                        *value = watershed_core::Value::Null;
                    }
                }
                Fault::OneTenantJournal => row.key.tenant = Tenant::default(),
                _ => {}
            }
        }
    }
}
