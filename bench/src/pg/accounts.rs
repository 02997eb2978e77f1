//! Accounts whose state stands in a table.

use watershed::core::ports::SchemaStep;
use watershed::prelude::*;

/// The table; the baseline's has the same columns.
const TABLES: SchemaStep = SchemaStep {
    number: 1,
    sqlite: "",
    postgres: "CREATE TABLE accounts (account_id text PRIMARY KEY, total bigint NOT NULL, version bigint NOT NULL DEFAULT 0)",
};

/// What happens to an account.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "account", prefix = "bench.account")]
pub(crate) enum AccountEvent {
    /// Something was paid in.
    PaidIn {
        /// In cents.
        cents: i64,
        /// What for.
        remark: String,
    },
}

/// An account.
#[derive(Tables, Default, Debug)]
#[tables(table = "accounts", id = "account_id", version = "version")]
pub(crate) struct Account {
    total: i64,
}

/// What an account can be asked for.
#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Account, id = account_id)]
pub(crate) enum AccountCommand {
    /// To take money.
    PayIn {
        /// The account.
        account_id: String,
        /// In cents.
        cents: i64,
        /// What for.
        remark: String,
    },
}

/// Why it does not.
#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "bench.account")]
pub(crate) enum AccountRefusal {
    /// Nothing is paid in.
    #[refusal("the amount must be above zero", field = cents)]
    Nothing,
}

impl Aggregate for Account {
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Refusal = AccountRefusal;

    fn decide(&self, command: &AccountCommand, _: &Cx) -> Decided<Self> {
        let AccountCommand::PayIn { cents, remark, .. } = command;
        if *cents <= 0 {
            return Err(AccountRefusal::Nothing);
        }
        Ok(vec![AccountEvent::PaidIn { cents: *cents, remark: remark.clone() }])
    }

    fn evolve(&mut self, event: &AccountEvent) {
        let AccountEvent::PaidIn { cents, .. } = event;
        self.total += cents;
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

/// A context of accounts.
pub(crate) fn accounts() -> Context {
    Context::new("accounts").policy(AllowAll).tables_sql(TABLES).aggregate::<Account>()
}

/// The name of an account.
pub(crate) fn account(number: u64) -> String {
    format!("family-{number:06}")
}
