//! The statements over a view's own `SELECT`.

use watershed_core::ports::RowError;
use watershed_core::{ColumnKind, Predicate, TableSpec, Tenant, Value};
use watershed_store::rows::{
    Allowed, Bind, Columns, Conditions, Question, Relation, RowsFrom, Segment, values_of_key,
};

use super::POSTGRES;
use crate::rows::names::name;
use crate::rows::value::type_of;

/// The log's head, and when the event there was recorded.
const HEAD: &str = "(SELECT position AS _as_of, (SELECT recorded_at FROM events e WHERE e.position = h.position) AS _as_of_time \
                    FROM log_head h) AS head";
const TENANT: &str = "tenant::text COLLATE \"C\"";

/// A view's columns and where they come from.
#[derive(Debug)]
pub(crate) struct SqlView {
    pub(crate) spec: TableSpec,
    select: String,
    relation: Relation,
    check: String,
}

impl SqlView {
    /// The view of `sql`, which is one `SELECT` that gives the table's columns and `tenant`.
    pub(crate) fn new(spec: TableSpec, sql: &str) -> Self {
        let columns: Vec<String> = spec
            .columns
            .iter()
            .map(|column| {
                let name = name(&column.name);
                // What was computed may be JSON of either form.
                let kind = if column.kind == ColumnKind::Json { "text" } else { type_of(column.kind) };
                format!("{name}::{kind} AS {name}")
            })
            .collect();
        let compared = Columns { spec: &spec, allowed: Allowed::Stored, computed: true, dialect: POSTGRES };
        let tie = spec.key_columns().map(|place| compared.term(&spec.columns[place])).collect();
        // On a line of its own, so that a comment at the end does not swallow what closes the view.
        let select = sql.trim().trim_end_matches(';').to_owned();
        let relation = Relation {
            from: format!("({select}\n) AS view"),
            columns: columns.join(", "),
            shown: None,
            computed: true,
            tie,
            dialect: POSTGRES,
        };
        let check = format!("SELECT {TENANT}, {} FROM {}", relation.columns, relation.from);
        Self { spec, select, relation, check }
    }

    /// What must be statements, so that the view is one `SELECT` that gives the columns.
    pub(crate) fn checked(&self) -> [&str; 2] {
        [&self.check, &self.select]
    }

    pub(crate) fn rows_from(&self) -> RowsFrom<'_> {
        RowsFrom { relation: &self.relation, spec: &self.spec, tie: values_of_key }
    }

    /// The contents of the key columns of a row with that key; none where the text is no such key.
    pub(crate) fn parts(&self, key: &str) -> Option<Vec<Value>> {
        values_of_key(&self.spec, key).filter(|_| !key.contains('\0'))
    }

    /// The page that is asked for, and the head that it is as of.
    pub(crate) fn page<'q>(
        &self,
        question: &'q Question<'_>,
        segments: &'q [Segment<'_>],
    ) -> (String, Vec<Bind<'q>>) {
        let conditions = question.conditions();
        let mut binds: Vec<Bind<'q>> = conditions.binds.clone();
        binds.extend(segments.iter().flat_map(|segment| segment.conditions.binds.iter().copied()));
        binds.push(Bind::Int(i64::try_from(question.wanted()).unwrap_or(i64::MAX)));
        let (limit, order) = (format!("LIMIT ${}", binds.len()), question.order());
        let Relation { from, columns, .. } = &self.relation;
        let run = |segment: &Segment<'_>| {
            let beyond = &segment.conditions.sql;
            let between = if beyond.is_empty() { "" } else { " AND " };
            format!(
                "(SELECT {columns} FROM {from} WHERE {}{between}{beyond} ORDER BY {order} {limit})",
                conditions.sql
            )
        };
        let runs: Vec<String> = segments.iter().map(run).collect();
        let sql = format!(
            "SELECT head.*, page.* FROM {HEAD} LEFT JOIN (SELECT TRUE AS _there, runs.* FROM ({}) AS runs \
             ORDER BY {order} {limit}) AS page ON TRUE ORDER BY {order}",
            runs.join(" UNION ALL "),
        );
        (sql, binds)
    }

    /// The row with these contents of its key columns, and the head that it is as of.
    pub(crate) fn one<'q>(&self, tenant: &'q Tenant, parts: &'q [Value]) -> (String, Vec<Bind<'q>>) {
        let mut conditions = Conditions::new(POSTGRES, 1);
        conditions.compare("tenant", " = ", Bind::Text(tenant.as_str()));
        for (column, part) in self.relation.tie.iter().zip(parts) {
            conditions.and().compare(column, " = ", Bind::Value(part));
        }
        let Relation { from, columns, .. } = &self.relation;
        let sql = format!(
            "SELECT head.*, one.* FROM {HEAD} LEFT JOIN (SELECT TRUE AS _there, {columns} FROM {from} WHERE {} LIMIT 1) AS one \
             ON TRUE",
            conditions.sql
        );
        (sql, conditions.binds)
    }

    /// The rows of all tenants that fulfil the filter, behind that tenant's row with these contents of its key columns.
    pub(crate) fn scan<'q>(
        &self,
        filter: &'q Predicate,
        after: Option<&'q (&'q Tenant, Vec<Value>)>,
        limit: usize,
    ) -> Result<(String, Vec<Bind<'q>>), RowError> {
        let order = format!("{TENANT}, {}", self.relation.tie.join(", "));
        let mut conditions = Conditions::new(POSTGRES, 1);
        conditions.predicate(self.rows_from().columns(Allowed::Stored), filter, true)?;
        if let Some((tenant, parts)) = after {
            conditions.and().text(&format!("({order}) > (")).bind(Bind::Text(tenant.as_str()));
            for part in parts {
                conditions.text(", ").bind(Bind::Value(part));
            }
            conditions.text(")");
        }
        let Relation { from, columns, .. } = &self.relation;
        let mut sql = Conditions::new(POSTGRES, conditions.next());
        sql.text("LIMIT ").bind(Bind::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
        let text = format!(
            "SELECT (SELECT max(position) FROM log_head), {TENANT}, {columns} FROM {from} WHERE {} ORDER BY {order} {}",
            conditions.sql, sql.sql
        );
        let mut binds = conditions.binds;
        binds.extend(sql.binds);
        Ok((text, binds))
    }
}
