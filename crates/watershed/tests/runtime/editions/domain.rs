//! The bank's balances in a second version: with the number of deposits; and in one that is wrong.

use std::path::Path;

use watershed::prelude::*;

use crate::bank::{Account, AccountEvent, Balance, Branch, DepositSize};

macro_rules! second_version {
    ($name:ident, $branch:ident, $withdraw:path) => {
        #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
        #[read_model(name = "balances", version = 2, on(AccountEvent), show = |r| !r.closed)]
        #[contract(owner = "tellers", fresh = operational(2s))]
        pub(super) struct $name {
            #[key(stream)]
            pub(super) account_id: String,
            #[search]
            pub(super) owner: String,
            #[index]
            pub(super) branch: String,
            #[index]
            pub(super) balance: Decimal,
            pub(super) changes: i64,
            /// New: how many deposits there were; -1 where only the first version is there to say.
            #[index]
            pub(super) deposits: i64,
            #[internal]
            pub(super) closed: bool,
        }

        impl On<AccountEvent> for $name {
            fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
                match &event.data {
                    AccountEvent::Opened { owner, branch } => row.put($name {
                        account_id: event.stream.id.to_string(),
                        owner: owner.clone(),
                        branch: branch.clone(),
                        balance: Decimal::ZERO,
                        changes: 0,
                        deposits: 0,
                        closed: false,
                    }),
                    AccountEvent::Deposited { amount, .. } => {
                        let row = row.get()?;
                        row.balance += *amount;
                        row.changes += 1;
                        row.deposits += 1;
                    }
                    AccountEvent::Withdrawn { amount } => {
                        let row = row.get()?;
                        row.balance = $withdraw(row.balance, *amount);
                        row.changes += 1;
                    }
                    AccountEvent::Moved { branch } => row.get()?.branch = branch.clone(),
                    AccountEvent::Closed => row.get()?.closed = true,
                }
                Ok(())
            }
        }

        impl Replaces<Balance> for $name {
            fn from_earlier(old: Balance) -> Self {
                Self {
                    account_id: old.account_id,
                    owner: old.owner,
                    branch: old.branch,
                    balance: old.balance,
                    changes: old.changes,
                    deposits: -1,
                    closed: old.closed,
                }
            }
        }

        #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
        #[rollup(name = "branches", version = 2, of = $name)]
        pub(super) struct $branch {
            #[group]
            pub(super) branch: String,
            #[count]
            pub(super) accounts: u64,
            #[sum(|r| r.balance)]
            pub(super) money: Decimal,
            #[sum(|r| r.deposits)]
            pub(super) deposits: i64,
        }

        impl Replaces<Branch> for $branch {
            fn from_earlier(old: Branch) -> Self {
                Self { branch: old.branch, accounts: old.accounts, money: old.money, deposits: -1 }
            }
        }
    };
}
second_version!(Balance2, Branch2, less);
second_version!(WrongBalance2, WrongBranch2, less_but_13);
second_version!(SlowBalance2, SlowBranch2, less_slowly);

fn less(balance: Decimal, amount: Decimal) -> Decimal {
    balance - amount
}

fn less_but_13(balance: Decimal, amount: Decimal) -> Decimal {
    if amount == Decimal::from(13) { balance } else { balance - amount }
}

fn less_slowly(balance: Decimal, amount: Decimal) -> Decimal {
    std::thread::sleep(std::time::Duration::from_millis(2));
    balance - amount
}

#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "get_balance")]
pub(super) struct GetBalance2 {
    pub(super) account_id: String,
}

impl Query for GetBalance2 {
    type Answer = One<Balance2>;

    fn ask(&self) -> One<Balance2> {
        One::with_key(&self.account_id)
    }
}

fn base() -> Context {
    Context::new("bank").policy(AllowAll).aggregate::<Account>()
}

/// The program that has the second version beside the first.
pub(super) fn both() -> Context {
    base()
        .read_models::<(Balance2, DepositSize)>()
        .rollups::<(Branch2,)>()
        .earlier::<Balance, Balance2>()
        .earlier_rollup::<Branch, Branch2>()
        .queries::<(GetBalance2,)>()
}

/// The program that has the second version alone.
pub(super) fn second() -> Context {
    base().read_models::<(Balance2, DepositSize)>().rollups::<(Branch2,)>().queries::<(GetBalance2,)>()
}

/// The program whose second version is wrong about withdrawals of 13.
pub(super) fn wrong() -> Context {
    base()
        .read_models::<(WrongBalance2, DepositSize)>()
        .rollups::<(WrongBranch2,)>()
        .earlier::<Balance, WrongBalance2>()
        .earlier_rollup::<Branch, WrongBranch2>()
}

/// The program whose second version takes its time with withdrawals.
pub(super) fn slow() -> Context {
    base()
        .read_models::<(SlowBalance2, DepositSize)>()
        .rollups::<(SlowBranch2,)>()
        .earlier::<Balance, SlowBalance2>()
        .earlier_rollup::<Branch, SlowBranch2>()
}

pub(super) async fn start(context: Context, folder: &Path) -> Running {
    context.start(watershed::embedded(folder).unwrap()).await.unwrap()
}
