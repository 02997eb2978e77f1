//! The suite of [`RowSnapshots`](watershed_core::ports::RowSnapshots), on a store that keeps editions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed_core::ports::RowEditions;

use super::promise::{Checked, holds, on_its_own_thread, same, suite};
pub use super::row_editions::EditionsFixture;
use super::row_editions::{Bench, NAMES, batch, contents, fill, holds_number, spec};

suite! {
    "the saved editions", EditionsFixture => Bench;
    "what was saved comes back whole: rows, checkpoint and parked keys" => whole,
    "what comes after it was saved is not in it" => as_it_stood,
    "what is saved while batches are written is of one moment" => one_moment,
    "what is saved under a name takes the place of what bore it" => replaced,
    "a note comes back as it was, and there is none where nothing was saved" => noted,
    "what was saved is there after the store is opened again, and its edition removed" => kept,
    "what was saved can be restored again and again, whatever becomes of the editions made of it" => often,
    "an edition that is there is not restored over" => not_over,
    "what was not saved makes no edition" => nothing_saved,
    "an edition that is not there is not saved, and what bears the name stays" => nothing_to_save,
    "names may be anything" => names,
}

async fn whole(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    store.save("g", 1, "monday", "note").await?;
    store.restore("monday", "g", 2).await?;
    holds_number(&store, "g", 2, 5).await?;
    holds_number(&store, "g", 1, 5).await
}

async fn as_it_stood(bench: Bench) -> Checked {
    let store = bench.open().await;
    let group = store.open(spec("g", 1)).await?;
    group.write(&batch(5)).await?;
    store.save("g", 1, "monday", "").await?;
    group.write(&batch(6)).await?;
    store.restore("monday", "g", 2).await?;
    holds_number(&store, "g", 2, 5).await?;
    same("the one that was saved", &contents(&group).await?.0, &6)
}

async fn one_moment(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 1).await?;
    let done = Arc::new(AtomicBool::new(false));
    let writer = on_its_own_thread({
        let (store, done) = (store.clone(), done.clone());
        async move {
            let group = store.open(spec("g", 1)).await?;
            let mut number = 1;
            while !done.load(Ordering::Relaxed) {
                number += 1;
                group.write(&batch(number)).await?;
            }
            Checked::Ok(number)
        }
    });
    let saved = saved_in_turns(&store).await;
    done.store(true, Ordering::Relaxed);
    let written = writer.await.map_err(super::promise::Problem::new)??;
    let last = saved?;
    holds!(last > 1, "nothing was written while it was saved: {written} batches");
    Ok(())
}

/// Saves again and again, and looks at each: what is in it is of one batch. Gives the last one's position.
async fn saved_in_turns(store: &Arc<dyn RowEditions>) -> Checked<u64> {
    let mut last = 0;
    for edition in 2..20 {
        store.save("g", 1, "now", "").await?;
        store.restore("now", "g", edition).await?;
        let position = {
            let group = store.open(spec("g", edition)).await?;
            contents(&group).await?.0
        };
        holds!(position >= last && position > 0, "it was saved at {last}, and later at {position}");
        holds_number(store, "g", edition, position).await?;
        last = position;
    }
    Ok(last)
}

async fn replaced(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    fill(&store, "h", 3, 7).await?;
    store.save("g", 1, "monday", "first").await?;
    store.save("h", 3, "monday", "second").await?;
    same("the note", &store.note("monday").await?.as_deref(), &Some("second"))?;
    store.restore("monday", "h", 4).await?;
    holds_number(&store, "h", 4, 7).await
}

async fn noted(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    let long = "n\u{f6}te ".repeat(20_000);
    for note in ["", "{\"a\": \"'; DROP TABLE x\"}\n\u{0}", &long] {
        same("the note of what is not there", &store.note("never").await?, &None)?;
        store.save("g", 1, "monday", note).await?;
        same("the note", &store.note("monday").await?.as_deref(), &Some(note))?;
    }
    Ok(())
}

async fn kept(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    store.save("g", 1, "monday", "note").await?;
    store.remove("g", 1).await?;
    drop(store);
    let store = bench.open().await;
    same("the note", &store.note("monday").await?.as_deref(), &Some("note"))?;
    store.restore("monday", "g", 1).await?;
    holds_number(&store, "g", 1, 5).await
}

async fn often(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    store.save("g", 1, "monday", "note").await?;
    store.restore("monday", "g", 2).await?;
    fill(&store, "g", 2, 8).await?;
    holds_number(&store, "g", 2, 8).await?;
    store.restore("monday", "g", 3).await?;
    holds_number(&store, "g", 3, 5).await?;
    store.remove("g", 3).await?;
    store.restore("monday", "g", 3).await?;
    holds_number(&store, "g", 3, 5).await?;
    holds_number(&store, "g", 2, 8).await
}

async fn not_over(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    fill(&store, "g", 2, 6).await?;
    store.save("g", 1, "monday", "note").await?;
    holds!(store.restore("monday", "g", 2).await.is_err(), "an edition was restored over one that was there");
    holds_number(&store, "g", 2, 6).await
}

async fn nothing_saved(bench: Bench) -> Checked {
    let store = bench.open().await;
    holds!(store.restore("never", "g", 1).await.is_err(), "what was never saved was restored");
    fill(&store, "g", 2, 6).await?;
    holds!(store.restore("never", "g", 1).await.is_err(), "what was never saved was restored");
    holds_number(&store, "g", 1, 0).await?;
    holds_number(&store, "g", 2, 6).await
}

async fn nothing_to_save(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 5).await?;
    store.save("g", 1, "monday", "note").await?;
    for name in ["monday", "tuesday"] {
        holds!(store.save("g", 9, name, "other").await.is_err(), "an edition was saved that was not there");
    }
    same("the note", &store.note("monday").await?.as_deref(), &Some("note"))?;
    same("the note of what could not be saved", &store.note("tuesday").await?, &None)?;
    store.restore("monday", "g", 2).await?;
    holds_number(&store, "g", 2, 5).await?;
    holds_number(&store, "g", 9, 0).await
}

async fn names(bench: Bench) -> Checked {
    let store = bench.open().await;
    for (number, name) in (1..).zip(NAMES) {
        fill(&store, "g", 1, number).await?;
        store.save("g", 1, name, name).await?;
    }
    for (number, name) in (1..).zip(NAMES) {
        same("the note", &store.note(name).await?.as_deref(), &Some(name))?;
        let edition = u32::try_from(number).unwrap_or(0) + 1;
        store.restore(name, "g", edition).await?;
        holds_number(&store, "g", edition, number).await?;
    }
    Ok(())
}
