//! Lists that are followed: what enters them, changes in them and leaves them is told once, whatever happens in between.

mod domain;
mod storm;
mod told;

use std::collections::BTreeMap;

use watershed::core::ports::JournalMark;
use watershed::prelude::*;
use watershed::runtime::{Again, Following, ListChange, ListChanges, PageAsk, Terms};

/// The rich of the north.
fn list() -> PageAsk {
    let filter = |column: &str, operator: &str, value: &str| (column.into(), operator.into(), value.into());
    let filters = vec![filter("branch", "eq", "north"), filter("balance", "gte", "50")];
    PageAsk { filters, ..PageAsk::default() }
}

/// The list as it is, with everything up to that token in it.
async fn read(lists: &Running, token: Token) -> BTreeMap<String, String> {
    let terms = Terms { token: Some(token), ..Terms::default() };
    let (mut rows, mut after) = (BTreeMap::new(), None);
    loop {
        let page = PageAsk { limit: Some(7), after: after.take(), ..list() };
        let page = lists.page_json("listed", page, &terms).await.unwrap().value;
        for row in page.rows {
            let json: serde_json::Value = serde_json::from_str(row.get()).unwrap();
            rows.insert(json["account_id"].as_str().unwrap().to_owned(), row.get().to_owned());
        }
        match page.next {
            Some(next) => after = Some(next.to_string()),
            None => return rows,
        }
    }
}

/// Whoever follows the list, and keeps what they were told.
#[derive(Default)]
struct Follower {
    rows: BTreeMap<String, String>,
    mark: Option<JournalMark>,
    /// Why the list was read, each time.
    read: Vec<Again>,
    /// Changes that were told.
    told: usize,
}

impl Follower {
    fn follow(&self, lists: &Running) -> Following {
        lists.follow_page("listed", list(), Terms::default(), self.mark).unwrap()
    }

    /// Takes in at most so many of the changes; whoever goes away in between comes back with the mark of the last one.
    async fn take(&mut self, lists: &Running, changes: ListChanges, most: usize) {
        let is_all = changes.changes.len() <= most;
        for (mark, change) in changes.changes.into_iter().take(most) {
            assert!(
                self.mark.is_none_or(|seen| seen.number <= mark.number),
                "{:?} and then {mark}",
                self.mark
            );
            if self.mark == Some(mark) {
                assert!(matches!(change, ListChange::Read { .. }), "{mark} is told twice");
            }
            self.told += 1;
            match change {
                ListChange::Read { why, token, .. } => {
                    self.read.push(why);
                    self.rows = read(lists, token).await;
                }
                ListChange::Row { key, row } => drop(self.rows.insert(key, row.get().to_owned())),
                ListChange::Gone { key } => drop(self.rows.remove(&key)),
            }
            self.mark = Some(mark);
        }
        if is_all {
            self.mark = Some(changes.mark);
        }
    }

    /// Takes in everything that has been written.
    async fn catch_up(&mut self, lists: &Running) {
        let _folded = read(lists, lists.token()).await;
        let mut following = self.follow(lists);
        while let Some(changes) = following.look().await.unwrap() {
            self.take(lists, changes, usize::MAX).await;
        }
    }
}
