//! Inline read models, whose rows commit with the events, and SQL views over them.

use watershed::prelude::*;
use watershed::runtime::{FetchPlan, LookAt, OperateError, PageAsk, Terms};

use crate::bank::{self, Account, AccountCommand, AccountEvent, deposit, opening};
use crate::reconcile::tamper;

/// Every account's number within its branch: it must never be late, and never leave anybody out.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "ledger", version = 1, on(AccountEvent))]
#[contract(owner = "books", fresh = inline)]
struct Ledger {
    #[key(stream)]
    account_id: String,
    #[index]
    branch: String,
    balance: Decimal,
}

impl On<AccountEvent> for Ledger {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
        match &event.data {
            AccountEvent::Opened { branch, .. } => {
                if branch == "nowhere" {
                    return Err("there is no such branch".into());
                }
                let account_id = event.stream.id.to_string();
                row.put(Ledger { account_id, branch: branch.clone(), balance: Decimal::ZERO });
            }
            AccountEvent::Deposited { amount, .. } => row.get()?.balance += *amount,
            AccountEvent::Withdrawn { amount } => row.get()?.balance -= *amount,
            AccountEvent::Moved { branch } => row.get()?.branch.clone_from(branch),
            AccountEvent::Closed => row.delete(),
        }
        Ok(())
    }
}

#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "ledger_totals", version = 1, of = Ledger)]
struct LedgerTotal {
    #[group]
    branch: String,
    #[count]
    accounts: u64,
    #[sum(|r| r.balance)]
    money: Decimal,
}

/// The same totals, asked of the database itself.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "branch_sizes",
    version = 1,
    sql = "SELECT tenant, branch, count(*) AS accounts FROM ledger GROUP BY tenant, branch"
)]
#[contract(owner = "books", fresh = inline)]
struct BranchSize {
    #[key]
    branch: String,
    #[index]
    accounts: i64,
}

pub(crate) async fn open(folder: &std::path::Path) -> Running {
    Context::new("books")
        .policy(AllowAll)
        .aggregate::<Account>()
        .read_models::<(Ledger, BranchSize)>()
        .rollups::<(LedgerTotal,)>()
        .start(watershed::embedded(folder).unwrap())
        .await
        .unwrap()
}

async fn rows(books: &Running, view: &str) -> Vec<String> {
    let page = books.page_json(view, PageAsk::default(), &Terms::default()).await.unwrap();
    assert_eq!((page.plan, page.stale), (FetchPlan::Current, false));
    page.value.rows.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_rows_are_there_when_the_command_is_answered_and_a_failing_fold_refuses_its_command_only() {
    let folder = tempfile::tempdir().unwrap();
    let books = open(folder.path()).await;
    let mut sent = Vec::new();
    for number in 0..30 {
        let books = books.clone();
        sent.push(tokio::spawn(async move {
            let id = format!("a{number:02}");
            let branch = ["north", "nowhere", "south"][number % 3];
            let opened = books.send(opening(&id, "Ann", branch)).await;
            if branch == "nowhere" {
                assert!(
                    matches!(&opened, Err(SendError::InlineRefused { model, .. }) if model == "ledger"),
                    "{opened:?}"
                );
                return;
            }
            opened.unwrap();
            let row = books.row_json("ledger", &id, &Terms::default()).await.unwrap();
            assert!(row.value.is_some(), "no token, and no wait");
            books.send(deposit(&id, 5)).await.unwrap();
        }));
    }
    for sent in sent {
        sent.await.unwrap();
    }
    assert_eq!(books.head(), 40, "what was refused is not in the log");
    assert_eq!(rows(&books, "ledger").await.len(), 20);
    let totals = [
        r#"{"branch":"north","accounts":10,"money":"50"}"#.to_owned(),
        r#"{"branch":"south","accounts":10,"money":"50"}"#.to_owned(),
    ];
    assert_eq!(rows(&books, "ledger_totals").await, totals);
    assert_eq!(
        rows(&books, "branch_sizes").await,
        [r#"{"branch":"north","accounts":10}"#.to_owned(), r#"{"branch":"south","accounts":10}"#.to_owned()]
    );
    books.send(AccountCommand::Close { account_id: "a00".into() }).await.unwrap();
    assert_eq!(rows(&books, "branch_sizes").await[0], r#"{"branch":"north","accounts":9}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inline_read_model_that_is_added_later_is_filled_before_the_first_command() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    for number in 0..20 {
        bank.send(opening(&format!("a{number}"), "Ann", "north")).await.unwrap();
        bank.send(deposit(&format!("a{number}"), 3)).await.unwrap();
    }
    bank.close().await;
    let books = open(folder.path()).await;
    assert_eq!(rows(&books, "ledger_totals").await, [r#"{"branch":"north","accounts":20,"money":"60"}"#]);
    books.send(deposit("a0", 1)).await.unwrap();
    assert_eq!(rows(&books, "ledger_totals").await, [r#"{"branch":"north","accounts":20,"money":"61"}"#]);
    books.close().await;
    let books = open(folder.path()).await;
    assert_eq!(rows(&books, "ledger_totals").await, [r#"{"branch":"north","accounts":20,"money":"61"}"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_rows_are_held_against_the_log_and_put_right_while_commands_come() {
    let folder = tempfile::tempdir().unwrap();
    let books = open(folder.path()).await;
    let operator = Principal::default();
    for number in 0..40 {
        let id = format!("a{number:02}");
        books.send(opening(&id, "Ann", ["north", "south"][number % 2])).await.unwrap();
        books.send(deposit(&id, 5)).await.unwrap();
    }
    let (before, totals) = (rows(&books, "ledger").await, rows(&books, "ledger_totals").await);
    let looks = [LookAt::Everything, LookAt::Sample(1_000)];
    for look in looks {
        assert_eq!(books.reconcile(&operator, "ledger", look).await.unwrap().drift, 0);
    }
    tamper(
        folder.path(),
        "log.db",
        "UPDATE ledger SET balance = '9', branch = 'south' WHERE account_id = 'a02'",
    );
    tamper(folder.path(), "log.db", "DELETE FROM ledger WHERE account_id = 'a03'");
    tamper(folder.path(), "log.db", "UPDATE ledger_totals SET money = '1' WHERE branch = 'north'");
    for look in looks {
        let report = books.reconcile(&operator, "ledger", look).await.unwrap();
        let keys: Vec<_> = report.views[0].rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["a02", "a03"], "{look:?}");
        assert!(report.views[1].rows.iter().any(|row| row.key == "north"), "{look:?}");
    }
    let busy = tokio::spawn({
        let books = books.clone();
        async move {
            for number in 0..400 {
                books.send(opening(&format!("b{number:03}"), "Ben", "east")).await.unwrap();
            }
        }
    });
    let mut mended = books.repair(&operator, "ledger").await;
    // Commands may have left no room: then it says so, and has changed nothing.
    busy.await.unwrap();
    if mended.is_err() {
        mended = books.repair(&operator, "ledger").await;
    }
    assert!(mended.unwrap().rows <= 2);
    let mut after = rows(&books, "ledger").await;
    after.retain(|row| !row.contains("east"));
    let mut after_totals = rows(&books, "ledger_totals").await;
    after_totals.retain(|row| !row.contains("east"));
    assert_eq!((after, after_totals), (before, totals));
    assert_eq!(books.reconcile(&operator, "ledger", LookAt::Everything).await.unwrap().drift, 0);
    assert_eq!(books.head(), 480, "repairs record nothing");
    let sql = books.reconcile(&operator, "branch_sizes", LookAt::Everything).await;
    assert!(matches!(sql, Err(OperateError::WrongState(_))), "{sql:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_of_inline_rows_loses_no_event_that_comes_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let books = open(folder.path()).await;
    let operator = Principal::default();
    for id in ["a1", "a2"] {
        books.send(opening(id, "Ann", "north")).await.unwrap();
    }
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let busy = tokio::spawn({
        let (books, done) = (books.clone(), done.clone());
        async move {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                books.send(deposit("a1", 1)).await.unwrap();
            }
        }
    });
    for round in 0..40 {
        tamper(
            folder.path(),
            "log.db",
            "UPDATE ledger SET branch = 'south', balance = '0' WHERE account_id = 'a1'",
        );
        while let Err(error) = books.rebuild_key(&operator, "ledger", &Tenant::default(), "a1").await {
            assert!(matches!(error, OperateError::Unavailable(_)), "{error:?}");
        }
        let report = books.reconcile(&operator, "ledger", LookAt::Everything).await.unwrap();
        assert_eq!(report.drift, 0, "round {round}: {report:?}");
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    busy.await.unwrap();
}
