use watershed_core::ports::AppendError;
use watershed_core::write::StateRows;

use super::bench::{Bench, thing};
use crate::conformance::promise::{Checked, holds, same};

pub(super) async fn columns(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let before = thing("s", 1, &[("wheel", 1, 4)]);
    open.make("t", &before).await?;
    bench
        .outside("UPDATE \"the things\" SET theirs = 'changed'; UPDATE parts SET theirs = 'changed'")
        .await?;
    let after = thing("s", 2, &[("wheel", 1, 5)]);
    let save = open.save(Some(1), Some(&before), &after)?;
    open.log.append(open.append("t", 1, save)).await?;
    same("the rows", &open.rows("t", 2).await?, &after)?;
    // What the state has no word for is as it was; it would be no number otherwise.
    for table in ["\"the things\"", "parts"] {
        let check = format!("ALTER TABLE {table} ADD COLUMN looked INTEGER");
        bench.outside(&check).await?;
        let kept = format!("UPDATE {table} SET looked = 1 / (CASE theirs WHEN 'changed' THEN 1 ELSE 0 END)");
        bench.outside(&kept).await?;
        let none = format!("CREATE UNIQUE INDEX all_changed_{} ON {table} (looked, thing_id)", table.len());
        bench.outside(&none).await?;
        let empty = format!(
            "INSERT INTO shelves (tenant, shelf_id) SELECT 'x', NULL FROM {table} WHERE looked IS NULL"
        );
        bench.outside(&empty).await?;
    }
    Ok(())
}

pub(super) async fn children(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let states = [
        thing("s", 1, &[("axle", 1, 2), ("wheel", 1, 4)]),
        thing("s", 1, &[("axle", 1, 3), ("bell", 1, 1), ("wheel", 1, 4)]),
        thing("s", 1, &[("axle", 2, 3)]),
        thing("s", 9, &[]),
        thing("s", 9, &[("axle", 1, 2), ("axle", 2, 2), ("wheel", 1, 4)]),
    ];
    open.make("t", &states[0]).await?;
    open.make("other", &thing("o", 1, &[("axle", 1, 1)])).await?;
    for (version, pair) in (1..).zip(states.windows(2)) {
        let save = open.save(Some(version), Some(&pair[0]), &pair[1])?;
        open.log.append(open.append("t", version, save)).await?;
        same("the rows", &open.rows("t", version + 1).await?, &pair[1])?;
    }
    same("another's children", &open.rows("other", 1).await?.children[0].len(), &1)
}

pub(super) async fn removed(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let rows = thing("s", 1, &[("axle", 1, 2), ("wheel", 1, 4)]);
    open.make("t", &rows).await?;
    let gone = StateRows { kept: false, ..rows.clone() };
    let save = open.save(Some(1), Some(&rows), &gone)?;
    open.log.append(open.append("t", 1, save)).await?;
    same("the rows", &open.load("t").await?, &None)?;
    open.confirm("t", None).await?;
    let save = open.save(None, None, &rows)?;
    open.log.append(open.append("t", 2, save)).await?;
    same("the rows, made again", &open.rows("t", 1).await?, &rows)
}

pub(super) async fn version(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let rows = thing("s", 1, &[("wheel", 1, 4)]);
    open.make("t", &rows).await?;
    let after = thing("s", 2, &[]);
    let head = open.log.head();
    for (expected, before) in [(None, None), (Some(0), Some(&rows)), (Some(2), Some(&rows))] {
        let save = open.save(expected, before, &after)?;
        let answer = open.log.append(open.append("t", 1, save)).await;
        same("the answer", &answer, &Err(AppendError::StateMoved { expected, actual: Some(1) }))?;
    }
    let save = open.save(Some(1), Some(&rows), &after)?;
    let answer = open.log.append(open.append("none", 0, save.clone())).await;
    let moved = AppendError::StateMoved { expected: Some(1), actual: None };
    same("the answer where there is no row", &answer, &Err(moved))?;
    // The stream's version is looked at as well.
    let answer = open.log.append(open.append("t", 0, save)).await;
    same("the answer", &answer, &Err(AppendError::Conflict { expected: 0, actual: 1 }))?;
    same("the head", &open.log.head(), &head)?;
    same("the rows", &open.rows("t", 1).await?, &rows)?;
    // A save that changes no column counts all the same.
    let save = open.save(Some(1), Some(&rows), &rows)?;
    open.log.append(open.append("t", 1, save)).await?;
    same("the rows", &open.rows("t", 2).await?, &rows)
}

pub(super) async fn confirms(bench: Bench) -> Checked {
    let open = bench.open().await?;
    open.make("t", &thing("s", 1, &[])).await?;
    let head = open.log.head();
    open.confirm("t", Some(1)).await?;
    open.confirm("none", None).await?;
    let answer = open.confirm("t", None).await;
    same("the answer", &answer, &Err(AppendError::StateMoved { expected: None, actual: Some(1) }))?;
    let answer = open.confirm("none", Some(0)).await;
    same("the answer", &answer, &Err(AppendError::StateMoved { expected: Some(0), actual: None }))?;
    same("the head", &open.log.head(), &head)?;
    same("the row", &open.rows("t", 1).await?, &thing("s", 1, &[]))
}

pub(super) async fn outside(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let rows = thing("s", 1, &[]);
    open.make("t", &rows).await?;
    bench.outside("UPDATE \"the things\" SET \"count\" = 5, version = version + 1").await?;
    let answer = open.confirm("t", Some(1)).await;
    let moved = Err(AppendError::StateMoved { expected: Some(1), actual: Some(2) });
    same("the answer to who only looks", &answer, &moved)?;
    let save = open.save(Some(1), Some(&rows), &thing("s", 2, &[]))?;
    same("the answer", &open.log.append(open.append("t", 1, save)).await, &moved)?;
    let theirs = open.rows("t", 2).await?;
    same("the rows", &theirs, &thing("s", 5, &[]))?;
    let save = open.save(Some(2), Some(&theirs), &thing("s", 6, &[]))?;
    open.log.append(open.append("t", 1, save)).await?;
    bench.outside("DELETE FROM \"the things\"").await?;
    let answer = open.confirm("t", Some(3)).await;
    holds!(
        answer == Err(AppendError::StateMoved { expected: Some(3), actual: None }),
        "a row that was removed: {answer:?}"
    );
    Ok(())
}
