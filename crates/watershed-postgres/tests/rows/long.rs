//! Texts that no index takes, names that PostgreSQL cuts short, and letters that it does not keep.

use watershed_core::ports::{RowError, RowStore, RowsBatch};
use watershed_core::read::Comparison;
use watershed_core::{Ask, ColumnKind, Direction, Predicate, Tenant, Value};
use watershed_postgres::PostgresRows;
use watershed_testkit::postgres::Postgres;

use crate::support::{client, column, group_of, ids, key, key_column, open, options, puts, thing, walk};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_longer_than_an_index_takes_are_sorted_among_the_others() {
    let server = Postgres::start();
    let (_store, group) = open(&server).await;
    // Text that cannot be made shorter, of which no index takes 2,700 bytes.
    let noise = |seed: u32| -> String {
        let mut state = seed;
        let mut letter = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from((state >> 16) % 90).unwrap())
        };
        (0..6_000).map(|_| letter()).collect()
    };
    let mut rows = Vec::new();
    for number in 0..60_u32 {
        let word = match number % 5 {
            0 => None,
            1 => Some("m".to_owned()),
            2 => Some(format!("m{}", noise(number))),
            3 => Some(format!("m{}{number}", noise(2))),
            _ => Some(format!("{}", char::from(b'a' + u8::try_from(number % 26).unwrap()))),
        };
        let id = if number % 7 == 0 { format!("{number}{}", noise(number)) } else { number.to_string() };
        rows.push(thing(&id, (number / 20).into(), word.as_deref()));
    }
    group.write(&puts(rows.clone(), 1)).await.unwrap();
    let word = |row: &watershed_core::ports::StoredRow| match &row.values[2] {
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    };
    for way in [Direction::Ascending, Direction::Descending] {
        for by_number in [false, true] {
            let mut wanted = rows.clone();
            wanted.sort_by(|left, right| {
                let first = if by_number {
                    left.values[1].partial_cmp(&right.values[1]).unwrap()
                } else {
                    std::cmp::Ordering::Equal
                };
                let order = first.then(word(left).cmp(&word(right))).then(left.key.key.cmp(&right.key.key));
                if way == Direction::Ascending { order } else { order.reverse() }
            });
            let mut sort = vec![("word".into(), way)];
            if by_number {
                sort.insert(0, ("number".into(), way));
            }
            for limit in [1, 7, 1_000] {
                let found = walk(&group, &Ask { sort: sort.clone(), limit, ..Ask::rows("things") }).await;
                assert_eq!(ids(&found), ids(&wanted), "{sort:?}, {limit} at a time");
            }
        }
    }
    // A row goes from one side to the other, and stays one row.
    let changed = [thing("1", 9, Some(&noise(1))), thing("2", 9, Some("short"))];
    group.write(&puts(changed.to_vec(), 2)).await.unwrap();
    let all = walk(&group, &Ask::rows("things")).await;
    assert_eq!(all.len(), 60);
    for row in &changed {
        let one = std::slice::from_ref(row);
        assert_eq!(group.rows(0, std::slice::from_ref(&row.key)).await.unwrap(), one);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_cut_short_do_not_collide() {
    const LONG: &str = "n123456789n123456789n123456789n123456789n123456789n123456789n12345";
    let server = Postgres::start();
    let store = PostgresRows::open(options(&server.server())).await.unwrap();
    let name = |tail: &str| -> &'static str { Box::leak(format!("{LONG}{tail}").into_boxed_str()) };
    let columns = || {
        vec![
            key_column("id"),
            column(name("_one"), ColumnKind::Int),
            column(name("_other"), ColumnKind::Text),
        ]
    };
    let mut spec = group_of(name(".a"), columns());
    spec.tables.push(group_of(name(".b"), columns()).tables.remove(0));
    let group = store.open(spec).await.unwrap();
    let mut batch = puts(vec![thing("x", 1, Some("a"))], 1);
    batch.changes.push((1, puts(vec![thing("x", 2, Some("b"))], 1).changes.remove(0).1));
    group.write(&batch).await.unwrap();
    for (table, number) in [(name(".a"), 1), (name(".b"), 2)] {
        let filter = Predicate::Compare {
            column: name("_one").into(),
            comparison: Comparison::Equal,
            value: Value::Int(number),
        };
        let found = walk(&group, &Ask { filter, ..Ask::rows(table) }).await;
        assert_eq!(found.len(), 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_kept_is_told_and_nothing_of_its_batch_is_written() {
    let server = Postgres::start();
    let (_store, group) = open(&server).await;
    group.write(&puts(vec![thing("a", 1, Some("a"))], 1)).await.unwrap();
    let faults = [thing("b", 1, Some("a\0b")), thing("a\0b", 1, None)];
    for fault in faults {
        let answer = group.write(&puts(vec![thing("a", 2, None), fault], 2)).await;
        let Err(RowError::Store(said)) = answer else { panic!("{answer:?}") };
        assert!(said.contains("NUL"), "{said}");
    }
    assert_eq!(group.rows(0, &[key("a")]).await.unwrap(), [thing("a", 1, Some("a"))]);
    // What readers ask for with it is answered as if such a text could be there.
    group.write(&puts(vec![thing("b", 1, Some("ab")), thing("c", 1, Some("b"))], 2)).await.unwrap();
    let with = |comparison| Predicate::Compare {
        column: "word".into(),
        comparison,
        value: Value::Text("a\0b".into()),
    };
    let found = async |filter| ids(&walk(&group, &Ask { filter, ..Ask::rows("things") }).await);
    assert_eq!(found(with(Comparison::Less)).await, ["a"]);
    assert_eq!(found(with(Comparison::GreaterOrEqual)).await, ["b", "c"]);
    assert_eq!(found(with(Comparison::Equal)).await, [""; 0]);
    assert_eq!(found(Predicate::Not(Box::new(with(Comparison::Equal)))).await, ["a", "b", "c"]);
    let contains = Predicate::Contains { column: "word".into(), part: "\0".into() };
    assert_eq!(found(contains).await, [""; 0]);
    let any = Predicate::AnyOf {
        column: "word".into(),
        values: vec![Value::Text("\0".into()), Value::Text("b".into())],
    };
    assert_eq!(found(any).await, ["c"]);
    let one = Ask { key: Some("a\0b".into()), ..Ask::rows("things") };
    assert_eq!(group.ask(&Tenant::default(), &one).await.unwrap().rows, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_was_dropped_by_hand_is_made_again_and_the_group_begins_anew() {
    let server = Postgres::start();
    let (store, group) = open(&server).await;
    group.write(&puts(vec![thing("a", 1, None)], 7)).await.unwrap();
    let client = client(&server).await;
    let sql = "SELECT tables[1] FROM checkpoints WHERE projection_name = 'things'";
    let table: String = client.query_one(sql, &[]).await.unwrap().get(0);
    client.batch_execute(&format!("DROP TABLE \"{table}\"")).await.unwrap();
    assert!(group.rows(0, &[key("a")]).await.is_err(), "a table that is gone is no empty one");
    let said = group.rows(0, &[key("a")]).await.unwrap_err().to_string();
    assert!(said.contains("does not exist"), "{said}");
    drop((group, store));
    let (_store, group) = open(&server).await;
    assert_eq!(group.checkpoint().await.unwrap().position, 0);
    group.write(&RowsBatch { only_at: Some(0), ..puts(vec![thing("b", 2, None)], 1) }).await.unwrap();
    assert_eq!(ids(&walk(&group, &Ask::rows("things")).await), ["b"]);
}
