//! The one statement that answers a question for a page: the checkpoint and the rows as of the same moment.

use watershed_store::rows::{Bind, Question, Segment};

use super::TableSql;

/// How many parameters stand before the question's: checkpoint, load, view.
pub(crate) const BEFORE: usize = 3;

/// The statement for the page, and what its parameters behind the first three are bound to. It gives the checkpoint's position
/// and time, the number of parked keys, and behind these a row's columns, which are empty where there is no row.
///
/// Each segment is read from the index that holds it together, up to the page's size, and once more among the rows that stand in
/// no such index: of what comes together the page's first rows are taken.
pub(crate) fn page<'q>(
    table: &TableSql,
    question: &'q Question<'_>,
    segments: &'q [Segment<'_>],
) -> (String, Vec<Bind<'q>>) {
    let conditions = question.conditions();
    let mut binds: Vec<Bind<'q>> = conditions.binds.clone();
    binds.extend(segments.iter().flat_map(|segment| segment.conditions.binds.iter().copied()));
    binds.push(Bind::Int(i64::try_from(question.wanted()).unwrap_or(i64::MAX)));
    let (limit, order) = (format!("LIMIT ${}", BEFORE + binds.len()), question.order());
    let relation = &table.relation;
    let run = |long: &str, segment: &Segment<'_>| {
        let beyond = &segment.conditions.sql;
        let between = if beyond.is_empty() { "" } else { " AND " };
        format!(
            "(SELECT {} FROM {} WHERE {long} AND {}{between}{beyond} ORDER BY {order} {limit})",
            relation.columns, relation.from, conditions.sql,
        )
    };
    let runs: Vec<String> = ["NOT _long", "_long"]
        .iter()
        .flat_map(|long| segments.iter().map(move |segment| (long, segment)))
        .map(|(long, segment)| run(long, segment))
        .collect();
    let sql = format!(
        "SELECT head.*, page.* FROM (SELECT position AS _as_of, last_event_timestamp AS _as_of_time, \
         (SELECT count(*) FROM parked p WHERE p.projection = c.id AND p.table_name = $3 AND p.tenant = ${}) AS _parked \
         FROM checkpoints c WHERE c.id = $1 AND c.generation = $2) AS head \
         LEFT JOIN (SELECT * FROM ({}) AS runs ORDER BY {order} {limit}) AS page ON TRUE ORDER BY {order}",
        // invariant: the tenant is what a question's conditions begin with
        BEFORE + 1,
        runs.join(" UNION ALL "),
    );
    (sql, binds)
}
