use watershed_core::ports::{Later, RowError, RowKey, RowReader, RowsFound, StoredRow};
use watershed_core::{Ask, Direction, Predicate, Tenant};

use super::faults::Fault;
use super::fixture::FaultyGroup;
use super::mistakes::{known, mistaken, unescaped};

impl RowReader for FaultyGroup {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move {
            let mut ask = ask.clone();
            ask.filter = mistaken(self.fault, &ask.filter);
            self.ask_otherwise(tenant, &mut ask).await?;
            let tenant = if self.has(Fault::OneTenant) { Tenant::default() } else { tenant.clone() };
            let found = self.group.ask(&tenant, &ask).await;
            self.answer_otherwise(&ask, found)
        })
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            let few = if self.has(Fault::FewKeys) { keys.len().min(999) } else { keys.len() };
            let mut keys = keys[..few].to_vec();
            keys.iter_mut().for_each(|key| self.rekey(key));
            self.group.rows(table, &keys).await
        })
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            let declared = |name: &str| {
                let column = self.spec.tables[table].column(name);
                column.is_some_and(|(_, column)| column.is_declared())
            };
            let filter =
                if self.has(Fault::DeclaredScan) { known(filter, &declared) } else { filter.clone() };
            let mut rows = self.group.scan(table, &filter, after, limit).await?;
            if self.has(Fault::OneTenantScan) {
                let first = rows.first().map(|row| row.key.tenant.clone());
                rows.retain(|row| Some(&row.key.tenant) == first.as_ref() && row.shown);
            }
            Ok(rows)
        })
    }
}

impl FaultyGroup {
    /// Asks something else than what was asked.
    async fn ask_otherwise(&self, tenant: &Tenant, ask: &mut Ask) -> Result<(), RowError> {
        let table = self.spec.tables.iter().find(|table| table.name == ask.view);
        let column = |name: &str| table.and_then(|table| table.column(name)).map(|(_, column)| column);
        match self.fault {
            Fault::AnyView if ask.key.is_some() => ask.view = "things",
            Fault::JoinsKeys => ask.key = ask.key.as_ref().map(unescaped),
            Fault::SecondWay => {
                for (_, direction) in ask.sort.iter_mut().skip(1) {
                    *direction = Direction::Ascending;
                }
            }
            Fault::EmptyLast if ask.after.is_none() => {
                if let Some((name, Direction::Ascending)) = ask.sort.first() {
                    let full = Predicate::Not(Box::new(Predicate::IsNull { column: name.clone() }));
                    ask.filter = ask.filter.clone().and(full);
                }
            }
            Fault::NoFilterWhenSorted if !ask.sort.is_empty() => ask.filter = Predicate::All,
            Fault::UnknownColumns => {
                ask.filter =
                    known(&ask.filter, &|name| column(name).is_some_and(|column| column.is_declared()));
                ask.sort.retain(|(name, _)| column(name).is_some_and(|column| column.is_declared()));
            }
            Fault::UnknownSearch => {
                ask.filter = known(&ask.filter, &|name| column(name).is_some_and(|column| column.searched));
            }
            Fault::AnyCursor => self.forge(tenant, ask).await?,
            _ => {}
        }
        Ok(())
    }

    /// Has the cursor pass for one of this question.
    async fn forge(&self, tenant: &Tenant, ask: &mut Ask) -> Result<(), RowError> {
        let Some(mut cursor) = ask.after.take() else { return Ok(()) };
        let first = self.group.ask(tenant, &Ask { limit: 1, ..ask.clone() }).await?;
        if let Some(fitting) = first.next {
            cursor.scope = fitting.scope;
            cursor.values.resize(fitting.values.len(), watershed_core::Value::Null);
        }
        ask.after = Some(cursor);
        Ok(())
    }

    fn answer_otherwise(&self, ask: &Ask, found: Result<RowsFound, RowError>) -> Result<RowsFound, RowError> {
        if self.has(Fault::FailsOnCursor) && matches!(found, Err(RowError::WrongCursor)) {
            return Err(RowError::Store("the cursor does not fit".into()));
        }
        let mut found = found?;
        let is_later = ask.after.is_some() && !found.rows.is_empty();
        match self.fault {
            Fault::SkipsOne if is_later => drop(found.rows.remove(0)),
            Fault::RepeatsOne if is_later => found.rows.insert(0, found.rows[0].clone()),
            Fault::LastPageGoesOn if found.next.is_none() => {
                found.next = found.rows.last().map(|row| watershed_core::Cursor {
                    scope: 0,
                    values: Vec::new(),
                    key: row.key.key.to_string(),
                });
            }
            Fault::NothingParked => found.parked = 0,
            _ => {}
        }
        Ok(found)
    }
}
