use watershed_core::Value;
use watershed_core::ports::{AppendError, ChildChange, ChildWrite, RootWrite, Save, SaveRule};

use super::bench::{Answer, Bench, COUNT, Open, SHELF, thing};
use crate::conformance::event_log::Draft;
use crate::conformance::promise::{Checked, holds, same};

fn rule_of(answer: &Answer) -> Option<SaveRule> {
    match answer {
        Err(AppendError::SaveRefused { rule, .. }) => Some(*rule),
        _ => None,
    }
}

/// Saves that a rule stands against, and which.
fn against(open: &Open) -> Checked<Vec<(&'static str, Save, SaveRule)>> {
    let mut below = thing("below", -1, &[]);
    let mut nowhere = thing("nowhere", 1, &[]);
    nowhere.root[SHELF] = Value::Text("no such shelf".into());
    let mut empty = thing("empty", 1, &[]);
    empty.root[COUNT] = Value::Null;
    below.children = vec![vec![]];
    Ok(vec![
        ("taken", open.save(None, None, &thing("taken", 1, &[("wheel", 1, 1)]))?, SaveRule::Unique),
        ("below", open.save(None, None, &below)?, SaveRule::Check),
        ("nowhere", open.save(None, None, &nowhere)?, SaveRule::Reference),
        ("empty", open.save(None, None, &empty)?, SaveRule::NotNull),
    ])
}

pub(super) async fn rules(bench: Bench) -> Checked {
    let open = bench.open().await?;
    open.make("first", &thing("taken", 1, &[])).await?;
    for (id, save, rule) in against(&open)? {
        let answer = open.log.append(open.append(id, 0, save)).await;
        same(id, &rule_of(&answer), &Some(rule))?;
    }
    // Among others, who share its commit.
    let mut answers = Vec::new();
    for round in 0..20 {
        for (id, save, rule) in against(&open)? {
            answers.push((open.log.append(open.append(id, 0, save)), Some(rule)));
            let id = format!("fine-{round}-{id}");
            let fine = open.save(None, None, &thing(&id, 1, &[("wheel", 1, 1)]))?;
            answers.push((open.log.append(open.append(&id, 0, fine)), None));
            answers.push((open.log.append(Draft::on(&format!("plain-{id}")).event("happened").into()), None));
        }
    }
    for (answer, rule) in answers {
        let answer = answer.await;
        match rule {
            None => holds!(answer.is_ok(), "it was refused for another's sake: {answer:?}"),
            Some(rule) => same("the rule", &rule_of(&answer), &Some(rule))?,
        }
    }
    same("how many rows there are", &open.tables.ids(&open.things, None, 1_000).await?.len(), &81)?;
    same("how many events", &open.log.head(), &161)
}

pub(super) async fn nothing(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let before = thing("s", 1, &[("wheel", 1, 4)]);
    open.make("t", &before).await?;
    open.make("other", &thing("taken", 1, &[])).await?;
    let head = open.log.head();
    // The root is changed and a child is made before the rule is met.
    let mut save = open.save(Some(1), Some(&before), &thing("s", 7, &[("axle", 1, 1), ("wheel", 1, 4)]))?;
    let one = |name: &str| vec![Value::Text(name.into()), Value::Int(1), Value::Int(1)];
    save.children.push(ChildWrite { table: 0, change: ChildChange::Insert(one("wheel")) });
    let answer = open.log.append(open.append("t", 1, save)).await;
    same("the rule", &rule_of(&answer), &Some(SaveRule::Unique))?;
    let save = open.save(Some(1), Some(&before), &thing("taken", 7, &[]))?;
    let answer = open.log.append(open.append("t", 1, save.clone())).await;
    same("the rule", &rule_of(&answer), &Some(SaveRule::Unique))?;
    // And one that the log refuses.
    let answer = open.log.append(open.append("t", 9, save)).await;
    holds!(matches!(answer, Err(AppendError::Conflict { .. })), "another version: {answer:?}");
    same("the head", &open.log.head(), &head)?;
    same("the rows", &open.rows("t", 1).await?, &before)?;
    let save = open.save(Some(1), Some(&before), &thing("s", 2, &[]))?;
    let appended = open.log.append(open.append("t", 1, save)).await?;
    same("where the next event stands", &(appended.position, appended.version), &(head + 1, 2))
}

pub(super) async fn rows(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let before = thing("s", 1, &[("wheel", 1, 4)]);
    open.make("t", &before).await?;
    let absent = vec![Value::Text("axle".into()), Value::Int(1)];
    for change in [
        ChildChange::Delete { key: absent.clone() },
        ChildChange::Update { key: absent, columns: vec![(2, Value::Int(5))] },
    ] {
        let children = vec![ChildWrite { table: 0, change }];
        let save = Save {
            tables: open.things.clone(),
            expected: Some(1),
            root: RootWrite::Update(Vec::new()),
            children,
        };
        let answer = open.log.append(open.append("t", 1, save)).await;
        holds!(matches!(answer, Err(AppendError::SaveFailed(_))), "a child that is not there: {answer:?}");
    }
    same("the rows", &open.rows("t", 1).await?, &before)?;
    same("the head", &open.log.head(), &1)
}
