//! The suite of [`Triage`].

use std::sync::Arc;

use watershed_core::ports::{BadLine, KeptLine, Later, Triage, WhichLines};
use watershed_core::{Tenant, Timestamp};

use super::promise::{Checked, holds, same, suite};
use super::storage::Storage;

/// Storage for one triage.
pub trait TriageFixture: Send + Sync + 'static {
    /// Opens it on this storage, and makes it where it is not there. Called again, on the same storage, after what it gave
    /// before has been dropped.
    fn open(&self) -> impl Future<Output = Arc<dyn Triage>> + Send;
}

impl<F: TriageFixture> Storage<Arc<dyn Triage>> for F {
    fn open(&self) -> Later<'_, Arc<dyn Triage>> {
        Box::pin(TriageFixture::open(self))
    }
}

/// Storage, fresh for each check.
struct Bench(Arc<dyn Storage<Arc<dyn Triage>>>);

impl Bench {
    fn on(fixture: impl TriageFixture) -> Self {
        Self(Arc::new(fixture))
    }
}

suite! {
    "the triage", TriageFixture => Bench;
    "a kept line is there byte for byte after the store is opened again" => again,
    "a line that comes again is kept once, counted, and says what its latest coming says" => once,
    "lines of another import, another tenant or another length are other lines" => others,
    "kept lines come by their numbers, page by page, with their count" => pages,
    "a list gives no more of a line than it was asked for" => cut,
    "a line that is let go is gone, and its number is given to no other" => released,
}

fn line(content: &[u8]) -> BadLine {
    BadLine {
        tenant: Tenant::default(),
        import: "reports".to_owned(),
        source: Some("monday".to_owned()),
        line: 7,
        content: content.to_vec(),
        bytes: content.len() as u64,
        code: "malformed-line".to_owned(),
        reason: "no JSON".to_owned(),
        at: Timestamp::from_micros(1_000),
    }
}

fn all() -> WhichLines {
    WhichLines { import: "reports".to_owned(), after: 0, limit: 1_000, content: u32::MAX }
}

async fn lines(triage: &Arc<dyn Triage>) -> Checked<Vec<KeptLine>> {
    Ok(triage.list(all()).await?.lines)
}

async fn again(bench: Bench) -> Checked {
    let triage = bench.0.open().await;
    // Whatever a line is, it is no text as far as anybody knows.
    let odd: Vec<u8> = (0..=255).collect();
    let wanted =
        [line(&odd), BadLine { source: None, ..line(b"") }, BadLine { bytes: 1 << 40, ..line(b"{") }];
    let numbers = triage.keep(wanted.to_vec()).await?;
    drop(triage);
    let kept = lines(&bench.0.open().await).await?;
    same("the numbers", &kept.iter().map(|line| line.number).collect::<Vec<_>>(), &numbers)?;
    let found: Vec<BadLine> = kept.into_iter().map(|kept| kept.line).collect();
    same("the lines", found.as_slice(), wanted.as_slice())
}

async fn once(bench: Bench) -> Checked {
    let triage = bench.0.open().await;
    let later = BadLine {
        source: Some("tuesday".to_owned()),
        line: 9,
        code: "refused".to_owned(),
        reason: "not yet".to_owned(),
        at: Timestamp::from_micros(2_000),
        ..line(b"a")
    };
    let first = triage.keep(vec![line(b"a"), line(b"b"), line(b"a")]).await?;
    same("the number of the same line in one go", &first[2], &first[0])?;
    let second = triage.keep(vec![later.clone()]).await?;
    same("the number of the same line later", &second[0], &first[0])?;
    let kept = lines(&triage).await?;
    same("how many are kept", &kept.len(), &2)?;
    let expected = KeptLine { number: first[0], times: 3, since: Timestamp::from_micros(1_000), line: later };
    same("the line that came again", &kept[0], &expected)
}

async fn others(bench: Bench) -> Checked {
    let triage = bench.0.open().await;
    let tenant = Tenant::new("acme").unwrap_or_default();
    let theirs = BadLine { tenant, ..line(b"a") };
    let elsewhere = BadLine { import: "others".to_owned(), ..line(b"a") };
    let longer = BadLine { bytes: 2, ..line(b"a") };
    let numbers = triage.keep(vec![line(b"a"), theirs, elsewhere, longer]).await?;
    let mut apart = numbers.clone();
    apart.sort_unstable();
    apart.dedup();
    same("how many lines they are", &apart.len(), &4)?;
    let found = triage.list(all()).await?;
    same("the lines of one import", &(found.lines.len(), found.total), &(3, 3))?;
    holds!(!triage.release("others", numbers[0]).await?, "a line was let go through another import");
    Ok(())
}

async fn pages(bench: Bench) -> Checked {
    let triage = bench.0.open().await;
    let many = (0..25_u8).map(|number| line(&[number])).collect();
    let numbers = triage.keep(many).await?;
    holds!(numbers.is_sorted(), "the numbers do not go up: {numbers:?}");
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = triage.list(WhichLines { after, limit: 10, ..all() }).await?;
        same("the count", &page.total, &25)?;
        holds!(page.lines.len() <= 10, "a page of {} lines", page.lines.len());
        let Some(last) = page.lines.last() else { break };
        after = last.number;
        found.extend(page.lines.iter().map(|line| line.number));
    }
    same("all pages", found.as_slice(), numbers.as_slice())?;
    let count = triage.list(WhichLines { limit: 0, ..all() }).await?;
    same("the count alone", &(count.lines.len(), count.total), &(0, 25))
}

async fn cut(bench: Bench) -> Checked {
    let triage = bench.0.open().await;
    triage.keep(vec![line(&[b'x'; 10_000])]).await?;
    let found = triage.list(WhichLines { content: 100, ..all() }).await?;
    let line = &found.lines.first().ok_or_else(|| super::promise::Problem::new("no line"))?.line;
    same("what is given of it, and how long it is", &(line.content.len(), line.bytes), &(100, 10_000))
}

async fn released(bench: Bench) -> Checked {
    let triage = bench.0.open().await;
    let numbers = triage.keep(vec![line(b"a"), line(b"b")]).await?;
    holds!(triage.release("reports", numbers[1]).await?, "the line was not there");
    holds!(!triage.release("reports", numbers[1]).await?, "the line was there a second time");
    drop(triage);
    let triage = bench.0.open().await;
    same("what is left", &lines(&triage).await?.len(), &1)?;
    // Whoever has the old number in hand must not let another line go.
    let next = triage.keep(vec![line(b"b")]).await?;
    holds!(next[0] > numbers[1], "the number {} is given again, as {}", numbers[1], next[0]);
    Ok(())
}
