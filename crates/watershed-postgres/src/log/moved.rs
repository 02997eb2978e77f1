//! Whether what conditions must not find has come: in one statement for all of them.

use futures_util::future::join_all;
use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::Position;
use watershed_store::{from_sql, to_sql};

use super::prepared::{Boundary, Queued};
use super::spans::Spans;
use crate::connection::{Asks, Values};

const TAGGED: &str = include_str!("sql/select_moved.sql");
const NAMED: &str = include_str!("sql/select_moved_named.sql");

pub(super) const STATEMENTS: &[&str] = &[TAGGED, NAMED];

/// The conditions with tags, column by column.
#[derive(Default)]
struct Tagged<'a> {
    places: Vec<i64>,
    afters: Vec<i64>,
    tags: Spans<Uuid>,
    names: Spans<&'a str>,
}

impl<'a> Tagged<'a> {
    fn add(&mut self, place: usize, condition: &'a Boundary) {
        self.places.push(to_sql(place as u64));
        self.afters.push(to_sql(condition.after));
        self.tags.add(condition.tags.iter().copied());
        self.names.add(condition.names.iter().copied());
    }

    async fn ask(self, connection: &impl Asks) -> Result<Vec<(usize, Position)>, Error> {
        if self.places.is_empty() {
            return Ok(Vec::new());
        }
        let values: Values<'_> = &[
            &self.places,
            &self.afters,
            &self.tags.all,
            &self.tags.firsts,
            &self.tags.lasts,
            &self.names.all,
            &self.names.firsts,
            &self.names.lasts,
        ];
        let rows = connection.query(TAGGED, values).await?;
        let place = |place: i64| usize::try_from(place).ok();
        Ok(rows.iter().filter_map(|row| Some((place(row.get(0))?, from_sql(row.get(1))))).collect())
    }
}

/// What has come in between, by the place of the append, of those at these places.
pub(super) async fn moved(
    connection: &impl Asks,
    appends: &[Queued],
    places: &[usize],
) -> Result<Vec<(usize, Position)>, Error> {
    let (mut tagged, mut named) = (Tagged::default(), Vec::new());
    for place in places {
        let append = &appends[*place].append;
        for condition in &append.conditions {
            match condition.tags.is_empty() {
                false => tagged.add(*place, condition),
                true => named.push((*place, &append.append.tenant, condition)),
            }
        }
    }
    let named = named.into_iter().map(|(place, tenant, condition)| async move {
        let (tenant, after) = (tenant.as_str(), to_sql(condition.after));
        let rows = connection.query(NAMED, &[&tenant, &after, &condition.names]).await?;
        let position: Option<i64> = rows.first().and_then(|row| row.get(0));
        Ok::<_, Error>(position.map(|position| (place, from_sql(position))))
    });
    // Sent in one go.
    let (tagged, named) = tokio::join!(biased; tagged.ask(connection), join_all(named));
    let mut all = tagged?;
    for found in named {
        all.extend(found?);
    }
    Ok(all)
}
