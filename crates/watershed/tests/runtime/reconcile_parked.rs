//! Keys that are parked, held against the log: no false alarm, and nothing that passes unseen.

use std::sync::atomic::{AtomicBool, Ordering};

use watershed::prelude::*;
use watershed::runtime::{DriftKind, LookAt, Report};

use crate::bank::{Account, AccountCommand, AccountEvent, deposit, opening, withdrawal};
use crate::reconcile::tamper;
use crate::troubles::until;

/// The fold takes withdrawals of 13 once this is set: a defect that is mended without a new version.
static MENDED: AtomicBool = AtomicBool::new(false);

#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "wary", version = 1, on(AccountEvent))]
#[contract(owner = "tellers", fresh = operational(2s), personal)]
struct Wary {
    #[key(stream)]
    account_id: String,
    branch: String,
    balance: i64,
}

impl On<AccountEvent> for Wary {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
        let whole = |amount: &Decimal| amount.to_i64().unwrap_or(0);
        match &event.data {
            AccountEvent::Opened { branch, .. } => {
                let account_id = event.stream.id.to_string();
                row.put(Wary { account_id, branch: branch.clone(), balance: 0 });
            }
            AccountEvent::Deposited { amount, .. } => row.get()?.balance += whole(amount),
            AccountEvent::Withdrawn { amount } => {
                row.get()?.balance -= whole(amount);
                if *amount == Decimal::from(13) && !MENDED.load(Ordering::Relaxed) {
                    return Err("13 is bad luck".into());
                }
            }
            AccountEvent::Moved { .. } | AccountEvent::Closed => row.delete(),
        }
        Ok(())
    }
}

#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "wary_totals", version = 1, of = Wary)]
struct WaryTotal {
    #[group]
    branch: String,
    #[sum(|row| row.balance)]
    money: i64,
}

async fn open(folder: &std::path::Path) -> Running {
    Context::new("wary")
        .policy(AllowAll)
        .aggregate::<Account>()
        .read_models::<(Wary,)>()
        .rollups::<(WaryTotal,)>()
        .start(watershed::embedded(folder).unwrap())
        .await
        .unwrap()
}

async fn both(bank: &Running) -> [Report; 2] {
    let operator = Principal::default();
    let online = bank.reconcile(&operator, "wary", LookAt::Sample(1_000)).await.unwrap();
    [bank.reconcile(&operator, "wary", LookAt::Everything).await.unwrap(), online]
}

async fn assert_no_drift(bank: &Running, when: &str) {
    for report in both(bank).await {
        assert_eq!(report.drift, 0, "{when}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parked_keys_are_compared_as_of_the_event_that_they_are_parked_on() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    let (operator, tenant) = (Principal::default(), Tenant::default());
    for number in 0..20 {
        let id = format!("a{number:02}");
        bank.send(opening(&id, "Ann", "north")).await.unwrap();
        bank.send(deposit(&id, 100)).await.unwrap();
    }
    for id in ["a01", "a02", "a03"] {
        bank.send(withdrawal(id, 13)).await.unwrap();
        bank.send(deposit(id, 5)).await.unwrap();
    }
    bank.changed("wary", bank.head() - 1).await.unwrap();
    until("three keys parked", || async { bank.parked(&operator, None).await.unwrap().len() == 3 }).await;
    // So that nothing is tried again by itself.
    bank.pause(&operator, "wary").await.unwrap();
    assert_no_drift(&bank, "with parked keys").await;

    MENDED.store(true, Ordering::Relaxed);
    assert_no_drift(&bank, "with keys that the fold would not park any more").await;
    tamper(folder.path(), "views/wary.db", "UPDATE wary SET balance = 1 WHERE account_id = 'a01'");
    for report in both(&bank).await {
        let rows: Vec<_> =
            report.views.iter().filter(|view| view.view == "wary").flat_map(|view| &view.rows).collect();
        assert_eq!(
            (rows.len(), rows[0].key.as_str(), rows[0].kind),
            (1, "a01", DriftKind::Edited),
            "{report:?}"
        );
        let field = &rows[0].fields[0];
        assert_eq!(
            (field.field.as_str(), field.stored.as_str()),
            ("balance", "(personal)"),
            "nobody's business"
        );
    }
    // A repair folds the key anew, and so tries its events again.
    let mended = bank.repair(&operator, "wary").await.unwrap();
    assert_eq!((mended.rows, mended.released), (1, 1), "{mended:?}");
    let parked: Vec<_> = bank.parked(&operator, None).await.unwrap().into_iter().map(|key| key.key).collect();
    assert_eq!(parked, ["a02", "a03"]);
    assert_no_drift(&bank, "after the repair").await;

    // Passing over an event makes a row that is not what the log says, and reconciliation says so.
    MENDED.store(false, Ordering::Relaxed);
    let position = bank.parked(&operator, None).await.unwrap()[0].position;
    bank.skip_parked(&operator, "wary", &tenant, "a02", position).await.unwrap();
    for report in both(&bank).await {
        let kinds: Vec<_> =
            report.views.iter().flat_map(|view| &view.rows).filter(|row| row.key == "a02").collect();
        assert!(
            kinds.iter().any(|row| row.kind == DriftKind::Edited || row.kind == DriftKind::NotParked),
            "{report:?}"
        );
    }
    bank.rebuild_key(&operator, "wary", &tenant, "a02").await.unwrap();
    // Also where nothing waited behind it, and the row is as it was before.
    bank.send(withdrawal("a04", 13)).await.unwrap();
    bank.resume(&operator, "wary").await.unwrap();
    let is_parked =
        || async { bank.parked(&operator, None).await.unwrap().iter().any(|key| key.key == "a04") };
    until("it is parked", is_parked).await;
    bank.pause(&operator, "wary").await.unwrap();
    bank.skip_parked(&operator, "wary", &tenant, "a04", bank.head()).await.unwrap();
    for report in both(&bank).await {
        let kinds = report.views.iter().flat_map(|view| &view.rows).filter(|row| row.key == "a04");
        assert_eq!(kinds.map(|row| row.kind).collect::<Vec<_>>(), [DriftKind::NotParked], "{report:?}");
    }
    let parked: Vec<_> = bank.parked(&operator, None).await.unwrap().into_iter().map(|key| key.key).collect();
    assert_eq!(parked, ["a03", "a02"], "parked again, and a04 is not looked at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_was_deleted_before_its_next_event_came_is_parked_found_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    let operator = Principal::default();
    for id in ["a1", "a2"] {
        bank.send(opening(id, "Ann", "north")).await.unwrap();
        bank.send(deposit(id, 10)).await.unwrap();
    }
    bank.changed("wary", bank.head() - 1).await.unwrap();
    bank.close().await;
    tamper(folder.path(), "views/wary.db", "DELETE FROM wary WHERE account_id = 'a1'");
    let bank = open(folder.path()).await;
    bank.send(deposit("a1", 7)).await.unwrap();
    until("it is parked", || async { bank.parked(&operator, None).await.unwrap().len() == 1 }).await;
    for report in both(&bank).await {
        let row = report.views.iter().flat_map(|view| &view.rows).find(|row| row.key == "a1").unwrap();
        assert_eq!(row.kind, DriftKind::Missing);
    }
    let mended = bank.repair(&operator, "wary").await.unwrap();
    assert_eq!((mended.rows, mended.released), (1, 1));
    assert_eq!(bank.parked(&operator, None).await.unwrap().len(), 0);
    let row =
        bank.row_json("wary", "a1", &watershed::runtime::Terms::default()).await.unwrap().value.unwrap();
    assert_eq!(row.get(), r#"{"account_id":"a1","branch":"north","balance":17}"#);
    assert_no_drift(&bank, "after the repair").await;
    bank.send(AccountCommand::Move { account_id: "a1".into(), branch: "south".into() }).await.unwrap();
    bank.changed("wary", bank.head() - 1).await.unwrap();
    assert_no_drift(&bank, "after a row was deleted by its fold").await;
}
