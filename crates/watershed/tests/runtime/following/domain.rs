//! Accounts whose lists are followed, in two versions.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed::prelude::*;

use crate::bank::{Account, AccountEvent};

/// The folds take deposits of 13 only while this is not set: a defect that is mended without a new version.
pub(super) static DEFECT: AtomicBool = AtomicBool::new(false);

macro_rules! version {
    ($name:ident, $total:ident, $version:tt) => {
        #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
        #[read_model(name = "listed", version = $version, on(AccountEvent), show = |r| r.branch != "hidden")]
        #[contract(owner = "tellers", fresh = operational(2s), journal = keep(1h))]
        pub(super) struct $name {
            #[key(stream)]
            pub(super) account_id: String,
            #[search]
            pub(super) owner: String,
            #[index]
            pub(super) branch: String,
            #[index]
            pub(super) balance: i64,
            pub(super) version: i64,
        }

        impl On<AccountEvent> for $name {
            fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
                let whole = |amount: &Decimal| amount.to_i64().unwrap_or(0);
                match &event.data {
                    AccountEvent::Opened { owner, branch } => row.put($name {
                        account_id: event.stream.id.to_string(),
                        owner: owner.clone(),
                        branch: branch.clone(),
                        balance: 0,
                        version: $version,
                    }),
                    AccountEvent::Deposited { amount, .. } => {
                        row.get()?.balance += whole(amount);
                        if *amount == Decimal::from(13) && DEFECT.load(Ordering::Relaxed) {
                            return Err("13 is bad luck".into());
                        }
                    }
                    AccountEvent::Withdrawn { amount } => row.get()?.balance -= whole(amount),
                    AccountEvent::Moved { branch } => row.get()?.branch = branch.clone(),
                    AccountEvent::Closed => row.delete(),
                }
                Ok(())
            }
        }

        #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
        #[rollup(name = "listed_totals", version = $version, of = $name)]
        pub(super) struct $total {
            #[group]
            pub(super) branch: String,
            #[count]
            pub(super) accounts: u64,
            #[sum(|r| r.balance)]
            pub(super) money: i64,
        }
    };
}
version!(Listed, ListedTotal, 1);
version!(Listed2, ListedTotal2, 2);

impl Replaces<Listed> for Listed2 {
    const DIFFERS: &'static [&'static str] = &["version"];

    fn from_earlier(old: Listed) -> Self {
        let Listed { account_id, owner, branch, balance, version } = old;
        Self { account_id, owner, branch, balance, version }
    }
}

impl Replaces<ListedTotal> for ListedTotal2 {
    fn from_earlier(old: ListedTotal) -> Self {
        Self { branch: old.branch, accounts: old.accounts, money: old.money }
    }
}

/// The rich of one branch.
#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "rich")]
pub(super) struct Rich {
    branch: String,
    least: i64,
}

impl Query for Rich {
    type Answer = Page<Listed2>;

    fn ask(&self) -> Page<Listed2> {
        Page::of(Listed2::branch.eq(self.branch.clone()).and(Listed2::balance.ge(self.least)))
    }
}

/// The program that has the first version alone.
pub(super) async fn first(folder: &Path) -> Running {
    let context = Context::new("lists").policy(AllowAll).aggregate::<Account>();
    let context = context.read_models::<(Listed,)>().rollups::<(ListedTotal,)>();
    context.start(watershed::embedded(folder).unwrap()).await.unwrap()
}

/// The program that has the second version beside the first.
pub(super) async fn both(folder: &Path) -> Running {
    let context = Context::new("lists").policy(AllowAll).aggregate::<Account>();
    let context = context
        .read_models::<(Listed2,)>()
        .rollups::<(ListedTotal2,)>()
        .earlier::<Listed, Listed2>()
        .earlier_rollup::<ListedTotal, ListedTotal2>()
        .queries::<(Rich,)>();
    context.start(watershed::embedded(folder).unwrap()).await.unwrap()
}
