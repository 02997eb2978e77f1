//! The suite of [`Ledger`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed_core::ports::{Later, Ledger};

use super::promise::{Checked, Problem, holds, on_its_own_thread, same, suite};
use super::storage::Storage;

/// Storage for one ledger.
pub trait LedgerFixture: Send + Sync + 'static {
    /// Opens it on this storage, and makes it where it is not there. Called again, on the same storage, after what it gave
    /// before has been dropped.
    fn open(&self) -> impl Future<Output = Arc<dyn Ledger>> + Send;
}

impl<F: LedgerFixture> Storage<Arc<dyn Ledger>> for F {
    fn open(&self) -> Later<'_, Arc<dyn Ledger>> {
        Box::pin(LedgerFixture::open(self))
    }
}

/// Storage, fresh for each check.
struct Bench(Arc<dyn Storage<Arc<dyn Ledger>>>);

impl Bench {
    fn on(fixture: impl LedgerFixture) -> Self {
        Self(Arc::new(fixture))
    }
}

suite! {
    "the ledger", LedgerFixture => Bench;
    "a document comes back as it was written, whatever is in it and however long it is" => as_written,
    "there is no document where none was written" => none,
    "documents are there after the ledger is opened again" => again,
    "a document takes the place of the one of its name, and no other is touched" => replaced,
    "documents whose names differ in anything are different documents" => names,
    "whoever reads sees a document whole, the old one or the new one" => never_half,
    "what somebody else has written meanwhile stays, and whoever is too late is told" => not_over,
    "of several who write at once in place of the same document one does" => one_of_many,
    "whoever has an answer finds what was written, and nothing older" => never_back,
}

/// Puts the document in place of whatever is there.
async fn put(ledger: &Arc<dyn Ledger>, name: &str, document: &str) -> Checked {
    let before = ledger.read(name).await?;
    let written = ledger.write(name, before.as_deref(), document).await?;
    holds!(written, "`{name}` was not written, though nobody else wrote it");
    Ok(())
}

async fn as_written(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    let long = "{\"\u{fc}\": [1, 2]} ".repeat(100_000);
    for document in ["", " ", "\u{0}", "'; DROP TABLE ledger; --", "\r\n\t", &long] {
        put(&ledger, "name", document).await?;
        let found = ledger.read("name").await?;
        holds!(
            found.as_deref() == Some(document),
            "a document of {} bytes came back as {:?} bytes",
            document.len(),
            found.map(|found| found.len())
        );
    }
    Ok(())
}

async fn none(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    same("a document that nobody wrote", &ledger.read("name").await?, &None)?;
    put(&ledger, "other", "x").await?;
    same("a document that nobody wrote", &ledger.read("name").await?, &None)
}

async fn again(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    for number in 0..50 {
        put(&ledger, &format!("document {number}"), &format!("first {number}")).await?;
    }
    put(&ledger, "document 7", "second").await?;
    drop(ledger);
    for _ in 0..2 {
        let ledger = bench.0.open().await;
        for number in 0..50 {
            let expected = if number == 7 { "second".to_owned() } else { format!("first {number}") };
            let found = ledger.read(&format!("document {number}")).await?;
            same("a document", &found, &Some(expected))?;
        }
    }
    Ok(())
}

async fn replaced(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    put(&ledger, "a", "first, and a long one").await?;
    put(&ledger, "b", "other").await?;
    for document in ["second", "", "third"] {
        put(&ledger, "a", document).await?;
        same("the document", &ledger.read("a").await?.as_deref(), &Some(document))?;
        same("the other one", &ledger.read("b").await?.as_deref(), &Some("other"))?;
    }
    Ok(())
}

async fn names(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    let names =
        ["", "a", "A", "a ", "a/b", "a%2Fb", "../a", "\u{e4}", "a\u{308}", "a'b", "editions/a", "editions/b"];
    for name in names {
        put(&ledger, name, &format!("of {name}")).await?;
    }
    for name in names {
        same(name, &ledger.read(name).await?, &Some(format!("of {name}")))?;
    }
    Ok(())
}

/// A document of one letter, again and again: one that is half another is seen to be.
fn of(number: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or(0));
    std::iter::repeat_n(letter, 1_000 + number % 5 * 20_000).collect()
}

async fn never_half(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    put(&ledger, "name", &of(0)).await?;
    let done = Arc::new(AtomicBool::new(false));
    let reader = on_its_own_thread({
        let (ledger, done) = (ledger.clone(), done.clone());
        async move {
            let mut seen = 0_u64;
            while !done.load(Ordering::Relaxed) {
                let found = ledger.read("name").await?.unwrap_or_default();
                holds!((0..130).any(|number| of(number) == found), "a document of {} bytes", found.len());
                seen += 1;
            }
            Checked::Ok(seen)
        }
    });
    let mut written = Ok(());
    for number in 0..130 {
        written = written.and(put(&ledger, "name", &of(number)).await);
    }
    done.store(true, Ordering::Relaxed);
    let seen = reader.await.map_err(Problem::new)??;
    written?;
    holds!(seen > 0, "nobody read while it was written");
    Ok(())
}

async fn not_over(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    same("the first one is written", &ledger.write("name", None, "first").await?, &true)?;
    same("beside it there is no other first one", &ledger.write("name", None, "other").await?, &false)?;
    same("nor in place of what was never there", &ledger.write("name", Some("x"), "other").await?, &false)?;
    same("nor where there is none", &ledger.write("else", Some("first"), "other").await?, &false)?;
    same("the document", &ledger.read("name").await?.as_deref(), &Some("first"))?;
    same("no document", &ledger.read("else").await?, &None)?;
    // Whoever has lost the answer asks again, and is told that it is there.
    for before in [Some("first"), Some("first"), None] {
        same("it is there", &ledger.write("name", before, "second").await?, &true)?;
    }
    same("the document", &ledger.read("name").await?.as_deref(), &Some("second"))
}

async fn one_of_many(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    put(&ledger, "name", "0 by nobody").await?;
    let count = |document: &str| document.split(' ').next().map(str::parse::<u32>);
    let mut writers = Vec::new();
    for writer in 0..4 {
        let ledger = ledger.clone();
        writers.push(on_its_own_thread(async move {
            let mut counted = 0_u32;
            while counted < 50 {
                let before = ledger.read("name").await?.unwrap_or_default();
                let Some(Ok(so_far)) = count(&before) else { return Err(Problem::new(before)) };
                // Of the same document each would be told that it is there.
                let mine = format!("{} by {writer}", so_far + 1);
                counted += u32::from(ledger.write("name", Some(&before), &mine).await?);
            }
            Checked::Ok(())
        }));
    }
    for writer in writers {
        writer.await.map_err(Problem::new)??;
    }
    let counted = ledger.read("name").await?.unwrap_or_default();
    holds!(count(&counted) == Some(Ok(200)), "200 were told that theirs is there, and it came to {counted}");
    Ok(())
}

async fn never_back(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let ledger = ledger.clone();
        writers.push(on_its_own_thread(async move {
            let name = format!("of {writer}");
            for number in 0..50 {
                put(&ledger, &name, &number.to_string()).await?;
                same("what was just written", &ledger.read(&name).await?, &Some(number.to_string()))?;
            }
            Checked::Ok(())
        }));
    }
    for writer in writers {
        writer.await.map_err(Problem::new)??;
    }
    Ok(())
}
