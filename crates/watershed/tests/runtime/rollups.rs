//! Whatever happens to the rows: a rollup is the `GROUP BY` of what is shown, in every measure, and what is kept up is equal,
//! byte for byte, to what is built anew.

use proptest::collection::vec;
use proptest::prelude::*;
use watershed::core::ports::StoredRow;
use watershed::core::{Row, Value};
use watershed::prelude::*;
use watershed_testkit::naive_rollup;

use crate::market::{self, MarketCommand, MarketEvent, inline, projected};
use crate::spied::Spied;

/// What happens to the market between two openings of its stores.
#[derive(Debug, Clone)]
struct Life {
    /// So many of ten events make or change a sale; the others take one back.
    growth: u8,
    /// For each command, its events: what, to which sale, and how.
    commands: Vec<Vec<(u8, u32, u32)>>,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let command = vec((0..10_u8, 0..3_000_u32, any::<u32>()), 1..120);
    let life = (2..10_u8, vec(command, 1..12));
    vec(life.prop_map(|(growth, commands)| Life { growth, commands }), 2..5)
}

fn event(growth: u8, (what, sale, how): (u8, u32, u32)) -> MarketEvent {
    // Few small amounts, many large ones; and some equal ones that are written differently.
    let amount = match how % 5 {
        0 => Decimal::new(i64::from(how / 5 % 40) * 10, 1),
        1 => Decimal::from(how / 5 % 30),
        _ => Decimal::new(i64::from(how / 7 % 200_000) - 20_000, 2),
    };
    let region = ["north", "south", "east: far"][(how / 3 % 7).min(2) as usize].to_owned();
    let day = Date::new(2024, 1 + (how / 11 % 12) as u8, 1 + (how / 13 % 28) as u8).filter(|_| how % 9 > 0);
    match what {
        back if back >= growth => match how % 4 {
            0 => MarketEvent::Hidden { sale, hidden: true },
            _ => MarketEvent::Returned { sale },
        },
        0..=4 => MarketEvent::Sold { sale, region, article: how / 17 % 900, amount, day },
        5 => MarketEvent::Moved { sale, region },
        6 | 7 => MarketEvent::Repriced { sale, amount },
        _ => MarketEvent::Hidden { sale, hidden: how.is_multiple_of(2) },
    }
}

fn rows_of<R: Row>(rows: &[StoredRow]) -> Vec<R> {
    rows.iter().filter(|row| row.shown).map(|row| R::from_values(row.values.clone()).unwrap()).collect()
}

/// That the stored groups are those of the stored rows, in what readers see and in how it is written.
async fn assert_group_by<P: Rollup + PartialEq + std::fmt::Debug>(spied: &Spied) {
    let rows = rows_of::<P::Of>(&spied.rows(<P::Of as Row>::NAME).await);
    let expected = naive_rollup::<P>(&rows);
    let stored = spied.rows(P::NAME).await;
    let contents = |row: &StoredRow| -> Vec<Value> { row.values[..P::COLUMNS.len()].to_vec() };
    let found: Vec<P> = stored.iter().map(|row| P::from_values(contents(row)).unwrap()).collect();
    assert_eq!(found, expected, "{}", P::NAME);
    for (stored, expected) in stored.iter().zip(&expected) {
        assert_eq!(stored.key.key, expected.key());
        let written = |values: &[Value]| format!("{values:?}");
        // JSON is read, and was compared, as what it says.
        let expected = expected.to_values().unwrap();
        let plain = |values: &[Value]| -> Vec<Value> {
            values.iter().filter(|value| !matches!(value, Value::Json(_))).cloned().collect()
        };
        assert_eq!(written(&plain(&contents(stored))), written(&plain(&expected)), "{}", P::NAME);
    }
}

const PROJECTED: [&str; 5] =
    ["regions", "regions__values", "small_amounts", "all_sales", "all_sales__values"];

async fn everything(spied: &Spied) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for table in PROJECTED {
        all.push(spied.contents(table).await);
    }
    all
}

async fn live_through(lives: &[Life]) {
    let folder = tempfile::tempdir().unwrap();
    for (number, life) in lives.iter().enumerate() {
        let spied = Spied::default();
        let stores = spied.on(watershed::embedded(folder.path()).unwrap());
        let market = market::context_with_inline().start(stores).await.unwrap();
        for command in &life.commands {
            let events = command.iter().map(|event| self::event(life.growth, *event)).collect();
            market.send(MarketCommand::Record { market_id: "m".into(), events }).await.unwrap();
        }
        market.changed("sales", market.head() - 1).await.unwrap();
        assert_group_by::<projected::Region>(&spied).await;
        assert_group_by::<projected::SmallAmount>(&spied).await;
        assert_group_by::<projected::All>(&spied).await;
        let kept_up = everything(&spied).await;
        for (table, kept_up) in PROJECTED.iter().zip(&kept_up) {
            let name = table.strip_suffix("__values").unwrap_or(table);
            let inline = spied.contents(&table.replace(name, &format!("{name}_now"))).await;
            assert_eq!(&inline, kept_up, "{table}: what is inline and what is projected");
        }
        assert_group_by::<inline::Region>(&spied).await;
        if number % 2 == 1 {
            market.rebuild_and_wait(&Principal::default(), "sales").await.unwrap();
            assert_eq!(everything(&spied).await, kept_up, "what was kept up and what is built anew");
        }
        market.close().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 200 } else { 6 },
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn rollups_are_the_group_by_and_equal_to_what_is_built_anew(lives in lives()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(live_through(&lives));
    }
}

/// Growing far enough for pages of pages, and back to nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_with_very_many_values_is_kept_up_and_goes_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let spied = Spied::default();
    let market =
        market::context().start(spied.on(watershed::embedded(folder.path()).unwrap())).await.unwrap();
    let record = async |events: Vec<MarketEvent>| {
        market.send(MarketCommand::Record { market_id: "m".into(), events }).await.unwrap();
    };
    let sold = |sale: u32| MarketEvent::Sold {
        sale,
        region: "north".into(),
        article: sale * 7 % 6_000,
        amount: Decimal::new(i64::from(sale * 31 % 7_919), 2),
        day: Date::new(2024, 5, 1),
    };
    for first in (0..6_000).step_by(1_000) {
        record((first..first + 1_000).map(sold).collect()).await;
    }
    record(vec![MarketEvent::Repriced { sale: 17, amount: Decimal::from(1_000_000) }]).await;
    market.changed("sales", market.head() - 1).await.unwrap();
    assert_group_by::<projected::Region>(&spied).await;
    assert_group_by::<projected::All>(&spied).await;
    let kept_up = everything(&spied).await;
    assert!(kept_up[1].len() > 500, "{} pages", kept_up[1].len());
    market.rebuild_and_wait(&Principal::default(), "sales").await.unwrap();
    assert_eq!(everything(&spied).await, kept_up);
    for first in (0..6_000).step_by(1_000) {
        record((first..first + 1_000).map(|sale| MarketEvent::Returned { sale }).collect()).await;
    }
    market.changed("sales", market.head() - 1).await.unwrap();
    assert_eq!(everything(&spied).await, [Vec::<String>::new(), vec![], vec![], vec![], vec![]]);
}
