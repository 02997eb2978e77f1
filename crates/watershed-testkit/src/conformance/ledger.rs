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
    "whoever has an answer finds what was written, and nothing older" => never_back,
}

async fn as_written(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    let long = "{\"\u{fc}\": [1, 2]} ".repeat(100_000);
    for document in ["", " ", "\u{0}", "'; DROP TABLE ledger; --", "\r\n\t", &long] {
        ledger.write("name", document).await?;
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
    ledger.write("other", "x").await?;
    same("a document that nobody wrote", &ledger.read("name").await?, &None)
}

async fn again(bench: Bench) -> Checked {
    let ledger = bench.0.open().await;
    for number in 0..50 {
        ledger.write(&format!("document {number}"), &format!("first {number}")).await?;
    }
    ledger.write("document 7", "second").await?;
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
    ledger.write("a", "first, and a long one").await?;
    ledger.write("b", "other").await?;
    for document in ["second", "", "third"] {
        ledger.write("a", document).await?;
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
        ledger.write(name, &format!("of {name}")).await?;
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
    ledger.write("name", &of(0)).await?;
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
        written = written.and(ledger.write("name", &of(number)).await);
    }
    done.store(true, Ordering::Relaxed);
    let seen = reader.await.map_err(Problem::new)??;
    written?;
    holds!(seen > 0, "nobody read while it was written");
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
                ledger.write(&name, &number.to_string()).await?;
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
