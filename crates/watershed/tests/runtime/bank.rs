//! A small bank: the domain of these tests. Accounts, a read model of each kind, rollups, a decision.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "account", prefix = "bank.account")]
pub(crate) enum AccountEvent {
    Opened {
        owner: String,
        branch: String,
    },
    Deposited {
        amount: Decimal,
        #[tag(once)]
        reference: Option<String>,
    },
    Withdrawn {
        amount: Decimal,
    },
    Moved {
        branch: String,
    },
    Closed,
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Account, id = account_id)]
pub(crate) enum AccountCommand {
    /// Opens an account.
    Open {
        #[id(generate)]
        account_id: String,
        owner: String,
        branch: String,
    },
    /// Puts money in.
    Deposit { account_id: String, amount: Decimal, reference: Option<String> },
    /// Takes money out.
    Withdraw { account_id: String, amount: Decimal },
    /// Moves the account to another branch.
    Move { account_id: String, branch: String },
    /// Closes the account.
    Close { account_id: String },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "bank.account")]
pub(crate) enum AccountRefusal {
    #[refusal("there is no such account")]
    Unknown,
    #[refusal("the account is open already")]
    AlreadyOpen,
    #[refusal("the amount must be above zero", field = amount)]
    AmountNotPositive,
    #[refusal("the balance is {balance}", field = amount)]
    Overdrawn { balance: Decimal },
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Account {
    open: bool,
    balance: Decimal,
    deposits: u64,
}

impl Aggregate for Account {
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Refusal = AccountRefusal;

    fn decide(&self, command: &AccountCommand, _: &Cx) -> Decided<Self> {
        if let AccountCommand::Open { owner, branch, .. } = command {
            return if self.open {
                Err(AccountRefusal::AlreadyOpen)
            } else {
                Ok(vec![AccountEvent::Opened { owner: owner.clone(), branch: branch.clone() }])
            };
        }
        if !self.open {
            return Err(AccountRefusal::Unknown);
        }
        match command {
            AccountCommand::Open { .. } => Ok(Vec::new()),
            AccountCommand::Deposit { amount, .. } | AccountCommand::Withdraw { amount, .. }
                if !amount.is_positive() =>
            {
                Err(AccountRefusal::AmountNotPositive)
            }
            AccountCommand::Deposit { amount, reference, .. } => {
                Ok(vec![AccountEvent::Deposited { amount: *amount, reference: reference.clone() }])
            }
            AccountCommand::Withdraw { amount, .. } if *amount > self.balance => {
                Err(AccountRefusal::Overdrawn { balance: self.balance })
            }
            AccountCommand::Withdraw { amount, .. } => Ok(vec![AccountEvent::Withdrawn { amount: *amount }]),
            AccountCommand::Move { branch, .. } => Ok(vec![AccountEvent::Moved { branch: branch.clone() }]),
            AccountCommand::Close { .. } if !self.balance.is_zero() => {
                Ok(vec![AccountEvent::Withdrawn { amount: self.balance }, AccountEvent::Closed])
            }
            AccountCommand::Close { .. } => Ok(vec![AccountEvent::Closed]),
        }
    }

    fn evolve(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited { amount, .. } => {
                self.balance += *amount;
                self.deposits += 1;
            }
            AccountEvent::Withdrawn { amount } => self.balance -= *amount,
            AccountEvent::Moved { .. } => {}
            AccountEvent::Closed => self.open = false,
        }
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(10)
    }
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "balances", version = 1, on(AccountEvent), show = |r| !r.closed, index(branch, balance desc))]
#[contract(owner = "tellers", fresh = operational(2s))]
pub(crate) struct Balance {
    #[key(stream)]
    pub(crate) account_id: String,
    #[search]
    pub(crate) owner: String,
    #[index]
    pub(crate) branch: String,
    #[index]
    pub(crate) balance: Decimal,
    pub(crate) changes: i64,
    #[internal]
    pub(crate) closed: bool,
}

/// Makes the fold of deposits fail while it is set: a defect that is mended later.
pub(crate) static DEFECT: AtomicBool = AtomicBool::new(false);

impl On<AccountEvent> for Balance {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
        match &event.data {
            AccountEvent::Opened { owner, branch } => row.put(Balance {
                account_id: event.stream.id.to_string(),
                owner: owner.clone(),
                branch: branch.clone(),
                balance: Decimal::ZERO,
                changes: 0,
                closed: false,
            }),
            AccountEvent::Deposited { amount, .. } => {
                let row = row.get()?;
                row.balance += *amount;
                row.changes += 1;
                if DEFECT.load(Ordering::Relaxed) && *amount == Decimal::from(1) {
                    assert!(row.owner != "Doomed", "the fold has a defect");
                    if row.owner == "Unlucky" {
                        return Err("deposits of 1 are not understood yet".into());
                    }
                }
            }
            AccountEvent::Withdrawn { amount } => {
                let row = row.get()?;
                row.balance -= *amount;
                row.changes += 1;
            }
            AccountEvent::Moved { branch } => row.get()?.branch = branch.clone(),
            AccountEvent::Closed => row.get()?.closed = true,
        }
        Ok(())
    }
}

/// One row for each branch and size of deposit: keyed by the event, not the stream.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "deposit_sizes", version = 1, on(AccountEvent))]
#[contract(owner = "tellers", fresh = analytical(10s))]
pub(crate) struct DepositSize {
    #[key]
    pub(crate) size: String,
    pub(crate) deposits: i64,
    pub(crate) total: Decimal,
}

impl On<AccountEvent> for DepositSize {
    fn keys(event: &Recorded<AccountEvent>) -> Keys<Self> {
        match &event.data {
            AccountEvent::Deposited { amount, .. } => Keys::one(size_of(*amount)),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
        if let AccountEvent::Deposited { amount, .. } = &event.data {
            let size = row.key().to_string();
            let row = row.get_or_put_with(|| DepositSize { size, deposits: 0, total: Decimal::ZERO });
            row.deposits += 1;
            row.total += *amount;
        }
        Ok(())
    }
}

fn size_of(amount: Decimal) -> &'static str {
    if amount < Decimal::from(10) {
        "small"
    } else if amount < Decimal::from(100) {
        "middle"
    } else {
        "large"
    }
}

#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "branches", version = 1, of = Balance)]
pub(crate) struct Branch {
    #[group]
    pub(crate) branch: String,
    #[count]
    pub(crate) accounts: u64,
    #[sum(|r| r.balance)]
    pub(crate) money: Decimal,
    #[avg(|r| r.balance)]
    pub(crate) average: Option<Decimal>,
    #[quantile(0.5, |r| r.balance)]
    pub(crate) median: Option<Decimal>,
    #[count_by(|r| if r.changes == 0 { "idle" } else { "active" })]
    pub(crate) by_activity: BTreeMap<String, u64>,
}

#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "get_balance")]
pub(crate) struct GetBalance {
    pub(crate) account_id: String,
}

impl Query for GetBalance {
    type Answer = One<Balance>;

    fn ask(&self) -> One<Balance> {
        One::with_key(&self.account_id)
    }
}

#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "richest")]
pub(crate) struct Richest {
    pub(crate) least: Decimal,
}

impl Query for Richest {
    type Answer = Page<Balance>;

    fn ask(&self) -> Page<Balance> {
        Page::of(Balance::balance.ge(self.least)).sort([Balance::balance.desc()])
    }
}

/// The bank, with its stores in `folder`.
pub(crate) async fn open(folder: &Path) -> Running {
    start(watershed::embedded(folder).unwrap()).await
}

pub(crate) async fn start(stores: Stores) -> Running {
    context().start(stores).await.unwrap()
}

pub(crate) fn context() -> Context {
    Context::new("bank")
        .policy(AllowAll)
        .aggregate::<Account>()
        .read_models::<(Balance, DepositSize)>()
        .rollups::<(Branch,)>()
        .queries::<(GetBalance, Richest)>()
}

pub(crate) fn opening(id: &str, owner: &str, branch: &str) -> AccountCommand {
    AccountCommand::Open { account_id: id.into(), owner: owner.into(), branch: branch.into() }
}

pub(crate) fn deposit(id: &str, amount: i64) -> AccountCommand {
    AccountCommand::Deposit { account_id: id.into(), amount: Decimal::from(amount), reference: None }
}

pub(crate) fn withdrawal(id: &str, amount: i64) -> AccountCommand {
    AccountCommand::Withdraw { account_id: id.into(), amount: Decimal::from(amount) }
}

pub(crate) async fn balance(bank: &Running, id: &str) -> Option<Balance> {
    bank.ask(GetBalance { account_id: id.into() }).after(bank.token()).await.unwrap().value
}
