//! The rows of one tenant in the order of their keys, for folds.

use watershed_core::ports::RowError;
use watershed_core::{Predicate, Tenant};
use watershed_store::rows::{Allowed, Bind, Conditions, RowsFrom};

use super::POSTGRES;

/// The statement for at most so many rows of the tenant that fulfil the filter, behind that key, and what its parameters are
/// bound to.
pub(crate) fn scan<'q>(
    from: &RowsFrom<'_>,
    tenant: &'q Tenant,
    (filter, after, limit): (&'q Predicate, Option<&'q str>, usize),
) -> Result<(String, Vec<Bind<'q>>), RowError> {
    let tie = from.relation.tie.join(", ");
    let mut conditions = Conditions::new(POSTGRES, 1);
    conditions.compare("tenant", " = ", Bind::Text(tenant.as_str()));
    conditions.and().predicate(from.columns(Allowed::Stored), filter, true)?;
    if let Some(after) = after {
        conditions.and().compare(&tie, " > ", Bind::Text(after));
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut last = Conditions::new(POSTGRES, conditions.next());
    last.text("LIMIT ").bind(Bind::Int(limit));
    let run = |long: &str| {
        format!(
            "(SELECT {} FROM {} WHERE {long} AND {} ORDER BY {tie} {})",
            from.relation.columns, from.relation.from, conditions.sql, last.sql
        )
    };
    let sql = format!(
        "SELECT * FROM ({} UNION ALL {}) AS runs ORDER BY {tie} {}",
        run("NOT _long"),
        run("_long"),
        last.sql
    );
    conditions.binds.extend(last.binds);
    Ok((sql, conditions.binds))
}
