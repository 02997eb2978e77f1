use watershed_core::ports::{
    Changed, ChangedRow, JournalEnd, JournalEntry, JournalFrom, JournalMark, JournalPart, RowChange, RowKey,
    RowState, RowsBatch, StoredRow,
};
use watershed_core::{Timestamp, Value};

use super::bench::{Bench, Opened, batch, checkpoint, hidden, in_tenant, key, key_of, numbered, put};
use super::specs::{EXTRAS_TABLE, THINGS_TABLE, things_group, things_journaled};
use crate::conformance::promise::{Checked, Problem, holds, same};

const MANY: usize = 100_000;

async fn part(group: &Opened, from: JournalFrom, limit: usize) -> Checked<JournalPart> {
    let part = group.read_journal(from, limit).await?;
    part.ok_or_else(|| Problem::new("a group that is to keep a journal has none"))
}

/// Where the journal ends.
async fn end(group: &Opened) -> Checked<JournalMark> {
    Ok(part(group, JournalFrom::End, MANY).await?.end.mark)
}

async fn is_known(group: &Opened, mark: JournalMark) -> Checked<bool> {
    Ok(part(group, JournalFrom::After(mark), MANY).await?.is_known)
}

/// What a listener that is there is given, which must be known.
async fn after(group: &Opened, mark: JournalMark) -> Checked<Vec<JournalEntry>> {
    let part = part(group, JournalFrom::After(mark), MANY).await?;
    holds!(part.is_known, "the place {mark} is not known any more; the journal ends at {}", part.end.mark);
    Ok(part.entries)
}

/// The rows that an entry each says to have changed: key, state, revision, and the number column before.
fn brief(entries: &[JournalEntry]) -> Vec<String> {
    let told = |entry: &JournalEntry| match &entry.changed {
        Changed::Everything => "everything".to_owned(),
        Changed::Row(row) => {
            let before = row.before.as_ref().map(|values| values.get(2).cloned().unwrap_or_default());
            format!(
                "{}/{} {:?} at {} revision {} was {before:?}",
                row.key.tenant,
                row.key.key.as_str(),
                row.state,
                row.position,
                row.revision
            )
        }
    };
    entries.iter().map(told).collect()
}

fn at(position: u64, row: StoredRow) -> StoredRow {
    StoredRow { position, revision: position, ..row }
}

async fn delete(group: &Opened, keys: Vec<RowKey>, position: u64) -> Checked {
    let changes = vec![(THINGS_TABLE, keys.into_iter().map(RowChange::Delete).collect())];
    Ok(group.write(&RowsBatch { changes, checkpoint: checkpoint(position), ..RowsBatch::default() }).await?)
}

pub(super) async fn numbered_without_gap(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    let begin = end(&group).await?;
    for position in 1..=20 {
        let rows = ["a", "b", "c"].map(|id| at(position, numbered(id, 7)));
        put(&group, THINGS_TABLE, rows.into(), position).await?;
    }
    let entries = after(&group, begin).await?;
    same("how many entries there are", &entries.len(), &60)?;
    for (number, entry) in (begin.number + 1..).zip(&entries) {
        same("an entry's number", &entry.mark.number, &number)?;
    }
    // Read in parts, each behind the one before.
    let (mut place, mut walked) = (begin, Vec::new());
    loop {
        let next = part(&group, JournalFrom::After(place), 7).await?;
        holds!(
            next.is_known && next.entries.len() <= 7,
            "{} entries, where 7 were asked for",
            next.entries.len()
        );
        let Some(last) = next.entries.last() else { break };
        place = last.mark;
        walked.extend(next.entries);
    }
    same("the entries, read in parts", &walked, &entries)?;
    same("the journal's end", &end(&group).await?, &place)?;
    let from = part(&group, JournalFrom::Number(begin.number + 58), MANY).await?;
    same("the entries behind a number", &from.entries, &entries[58..].to_vec())?;
    same("how far the group has come", &from.position, &20)
}

pub(super) async fn what_readers_saw(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    let begin = end(&group).await?;
    put(&group, THINGS_TABLE, vec![at(1, numbered("a", 5)), at(1, hidden(numbered("h", 5)))], 1).await?;
    put(&group, THINGS_TABLE, vec![at(2, numbered("a", 6)), at(2, hidden(numbered("h", 6)))], 2).await?;
    put(&group, THINGS_TABLE, vec![at(3, hidden(numbered("a", 7))), at(3, numbered("h", 7))], 3).await?;
    put(&group, THINGS_TABLE, vec![at(4, hidden(numbered("a", 8)))], 4).await?;
    put(&group, THINGS_TABLE, vec![at(5, in_tenant("acme", numbered("h", 1)))], 5).await?;
    delete(&group, vec![key("a"), key("h"), key("not there")], 9).await?;
    let entries = after(&group, begin).await?;
    let told = [
        "default/a Shown at 1 revision 1 was None",
        "default/a Shown at 2 revision 2 was Some(5)",
        "default/a Hidden at 3 revision 3 was Some(6)",
        "default/h Shown at 3 revision 3 was None",
        "acme/h Shown at 5 revision 5 was None",
        "default/h Gone at 9 revision 4 was Some(7)",
    ];
    same("what the journal says", &brief(&entries), &told.map(str::to_owned).to_vec())
}

pub(super) async fn before_in_full(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    let mut row = numbered("a", -3);
    let given = [
        ("flag", Value::Bool(true)),
        ("ratio", Value::Real(-0.1)),
        ("amount", Value::Decimal("12.50".parse().map_err(Problem::new)?)),
        ("word", Value::Text("é'\"🦀".into())),
        ("at", Value::Timestamp(Timestamp::from_micros(-7))),
        ("nested", Value::Json(r#"{"a":[1]}"#.into())),
        ("memo", Value::Text("memo".into())),
        ("secret", Value::Int(1)),
        ("secret_index", Value::Int(2)),
        ("note", Value::Text("note".into())),
    ];
    let spec = super::specs::things();
    for (name, value) in given {
        if let Some((place, _)) = spec.column(name) {
            row.values[place] = value;
        }
    }
    put(&group, THINGS_TABLE, vec![row.clone()], 1).await?;
    let begin = end(&group).await?;
    put(&group, THINGS_TABLE, vec![at(2, numbered("a", 4))], 2).await?;
    // Columns that nobody may ask about are nobody's business.
    for name in ["secret", "secret_index", "note"] {
        if let Some((place, _)) = spec.column(name) {
            row.values[place] = Value::Null;
        }
    }
    let expected = ChangedRow {
        table: THINGS_TABLE,
        key: key("a"),
        position: 2,
        revision: 2,
        state: RowState::Shown,
        before: Some(row.values),
    };
    let entries = after(&group, begin).await?;
    same(
        "the changes",
        &entries.into_iter().map(|entry| entry.changed).collect(),
        &vec![Changed::Row(expected)],
    )
}

pub(super) async fn only_what_is_named(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    let begin = end(&group).await?;
    let extra = StoredRow {
        key: key("here:1"),
        values: vec![Value::Text("here".into()), Value::Int(1), Value::Int(1)],
        ..numbered("x", 1)
    };
    put(&group, EXTRAS_TABLE, vec![extra], 1).await?;
    same("entries of a table that is not named", &after(&group, begin).await?, &Vec::new())?;
    drop(group);
    let silent = bench.group(things_group()).await?;
    put(&silent, THINGS_TABLE, vec![numbered("unheard", 1)], 2).await?;
    same("a journal that nobody wants", &silent.read_journal(JournalFrom::End, 1).await?, &None)?;
    drop(silent);
    let group = bench.group(things_journaled()).await?;
    let part = part(&group, JournalFrom::After(begin), MANY).await?;
    holds!(
        !part.is_known
            || matches!(part.entries.first().map(|entry| &entry.changed), Some(Changed::Everything)),
        "a listener from before a time without a journal goes on as if nothing had been missed: {part:?}"
    );
    Ok(())
}

pub(super) async fn nothing_of_a_broken_batch(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    put(&group, THINGS_TABLE, vec![numbered("a", 1)], 1).await?;
    let begin = end(&group).await?;
    let mut broken = batch(THINGS_TABLE, vec![numbered("a", 2), numbered("b", 2)], 2);
    broken.changes.push((99, vec![RowChange::Delete(key("a"))]));
    holds!(group.write(&broken).await.is_err(), "a batch for a table that is not there was written");
    let late = RowsBatch { only_at: Some(7), ..batch(THINGS_TABLE, vec![numbered("a", 3)], 7) };
    holds!(group.write(&late).await.is_err(), "a batch for another checkpoint was written");
    same("what was written down of them", &after(&group, begin).await?, &Vec::new())?;
    put(&group, THINGS_TABLE, vec![numbered("a", 4)], 2).await?;
    let next = after(&group, begin).await?;
    same("the next number", &next.first().map(|entry| entry.mark.number), &Some(begin.number + 1))
}

pub(super) async fn goes_on(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    put(&group, THINGS_TABLE, vec![numbered("a", 1)], 1).await?;
    let seen = end(&group).await?;
    put(&group, THINGS_TABLE, vec![at(2, numbered("a", 2))], 2).await?;
    drop(group);
    let group = bench.group(things_journaled()).await?;
    put(&group, THINGS_TABLE, vec![at(3, numbered("b", 3))], 3).await?;
    let told = ["default/a Shown at 2 revision 2 was Some(1)", "default/b Shown at 3 revision 3 was None"];
    let place: JournalMark = seen.to_string().parse().map_err(Problem::new)?;
    same("what was missed", &brief(&after(&group, place).await?), &told.map(str::to_owned).to_vec())
}

pub(super) async fn forgotten(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    let begin = end(&group).await?;
    for position in 1..=30_u32 {
        let mut change = batch(THINGS_TABLE, vec![at(position.into(), numbered("a", 1))], position.into());
        change.checkpoint.updated_at = Some(Timestamp::from_micros(position.into()));
        group.write(&change).await?;
    }
    let all = after(&group, begin).await?;
    same("an entry's time", &all.last().map(|entry| entry.at), &Some(Timestamp::from_micros(30)))?;
    same("how many are forgotten", &group.forget_changes(Timestamp::from_micros(11), 1_000).await?, &10)?;
    holds!(!is_known(&group, begin).await?, "a listener whose entries were forgotten goes on");
    holds!(!is_known(&group, all[8].mark).await?, "a listener that lacks the last forgotten entry goes on");
    same("what is left", &after(&group, all[9].mark).await?, &all[10..].to_vec())?;
    same("how many are beyond the most", &group.forget_changes(Timestamp::from_micros(0), 4).await?, &16)?;
    same("what is left", &after(&group, all[25].mark).await?, &all[26..].to_vec())?;
    let kept = part(&group, JournalFrom::Number(0), MANY).await?;
    same("what whoever looks from the beginning finds", &kept.entries, &all[26..].to_vec())?;
    same("how many are forgotten in all", &kept.forgotten, &(begin.number + 26))
}

pub(super) async fn no_other_place(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    put(&group, THINGS_TABLE, vec![numbered("a", 1)], 1).await?;
    let mark = end(&group).await?;
    let others = [
        JournalMark { link: mark.link ^ 1, ..mark },
        JournalMark { number: mark.number + 1, ..mark },
        JournalMark { number: mark.number.saturating_sub(1), ..mark },
        JournalMark { slice: 1, ..mark },
    ];
    for other in others {
        let part = part(&group, JournalFrom::After(other), MANY).await?;
        holds!(
            !part.is_known && part.entries.is_empty(),
            "{other} passes for a place of the journal at {mark}"
        );
        same("where to go on", &part.end.mark, &mark)?;
    }
    Ok(())
}

pub(super) async fn everything(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    put(&group, THINGS_TABLE, vec![numbered("a", 1)], 1).await?;
    let before = part(&group, JournalFrom::End, MANY).await?.end;
    let mut loader = group.loader().await?;
    loader.add(THINGS_TABLE, vec![numbered("b", 2)]).await?;
    loader.finish(Vec::new(), checkpoint(5)).await?;
    let entries = after(&group, before.mark).await?;
    same("what a load says", &brief(&entries), &vec!["everything".to_owned()])?;
    let generation = entries.first().map_or(0, |entry| entry.generation);
    holds!(generation > before.generation, "a load leaves the generation at {generation}");
    put(&group, THINGS_TABLE, vec![at(6, numbered("b", 3))], 6).await?;
    let loaded = part(&group, JournalFrom::End, MANY).await?.end;
    same("the generation of a later change", &loaded.generation, &generation)?;

    // Listeners to another one's journal come over, from far ahead and from behind.
    for (number, ahead) in [(loaded.mark.number + 100, true), (1, false)] {
        let own = part(&group, JournalFrom::End, MANY).await?.end;
        let from = JournalEnd {
            mark: JournalMark { number, ..loaded.mark },
            generation: loaded.generation + number,
        };
        group.take_over(from, Timestamp::from_micros(9)).await?;
        let taken = part(&group, JournalFrom::End, MANY).await?.end;
        holds!(
            taken.generation > from.generation.max(own.generation),
            "the generation is {}",
            taken.generation
        );
        holds!(taken.mark.number > own.mark.number.max(number), "the journal goes back to {}", taken.mark);
        if ahead {
            let told = brief(&after(&group, from.mark).await?);
            same("what listeners that come over are told", &told, &vec!["everything".to_owned()])?;
        } else {
            let part = part(&group, JournalFrom::After(from.mark), MANY).await?;
            holds!(
                !part.is_known,
                "a listener from a journal that ended earlier goes on in the middle of this one"
            );
        }
        let own = part(&group, JournalFrom::After(own.mark), MANY).await?;
        let is_told = !own.is_known || brief(&own.entries) == ["everything"];
        holds!(is_told, "a listener of this journal's own is not told");
    }
    Ok(())
}

pub(super) async fn tenants(bench: Bench) -> Checked {
    let group = bench.group(things_journaled()).await?;
    let begin = end(&group).await?;
    put(&group, THINGS_TABLE, vec![in_tenant("acme", numbered("a", 1)), numbered("a", 2)], 1).await?;
    let entries = after(&group, begin).await?;
    let keys: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.changed {
            Changed::Row(row) => Some(row.key.clone()),
            Changed::Everything => None,
        })
        .collect();
    same("whose rows have changed", &keys, &vec![key_of("acme", "a"), key("a")])
}
