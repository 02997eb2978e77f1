use watershed_core::ports::{AppendError, Scope};
use watershed_core::{Boundary, StreamId, Tag, Tenant};

use super::bench::{Bench, positions, read_in_pages, take};
use super::draft::{CATEGORY, Draft};
use crate::conformance::promise::{Checked, same};

pub(super) async fn apart(bench: Bench) -> Checked {
    let log = bench.open().await;
    let stream = StreamId::new(CATEGORY, "s");
    let names = ["acme", "Acme", "acme ", "acme'; --", "默认"];
    for name in names {
        for _ in 0..2 {
            take(&log, Draft::on("s").tenant(name).event("happened").tagged("sku", "a")).await?;
        }
        let once = Draft::on("s").tenant(name).event("paid").tagged_once("ticket", "t").key("k");
        take(&log, once.expecting(2).unless(&Boundary::tag("ticket", "t"), 0)).await?;
    }
    for (name, place) in names.iter().zip(0_u64..) {
        let tenant = Tenant::stored((*name).into());
        let first = place * 3 + 1;
        same("the stream's version", &log.stream_version(&tenant, &stream).await?, &3)?;
        same("the first with sku:a", &log.find_tag(&tenant, &Tag::new("sku", "a")).await?, &Some(first))?;
        let key = log.find_key(&tenant, "k").await?;
        same("where the key stands", &key.map(|record| record.position), &Some(first + 2))?;
        let scope = Scope::Stream { tenant: tenant.clone(), stream: stream.clone() };
        let events = read_in_pages(&log, &scope, 2).await?;
        same("the tenant's stream", &positions(&events), &vec![first, first + 1, first + 2])?;
        let scope = Scope::Boundary { tenant, boundary: Boundary::tag("sku", "a") };
        let events = read_in_pages(&log, &scope, 10).await?;
        same("what bears sku:a in the tenant", &positions(&events), &vec![first, first + 1])?;
    }
    let unknown = Tenant::stored("nobody".into());
    same("an unknown tenant's stream", &log.stream_version(&unknown, &stream).await?, &0)?;
    same("an unknown tenant's key", &log.find_key(&unknown, "k").await?, &None)?;
    let again = Draft::on("s").tenant("acme").event("paid").key("k");
    same(
        "a key once more in its tenant",
        &log.append(again.into()).await,
        &Err(AppendError::KeyTaken { position: 3 }),
    )
}

pub(super) async fn streams_apart(bench: Bench) -> Checked {
    let log = bench.open().await;
    let spelt = [
        ("a", "b/c"),
        ("a/b", "c"),
        ("a", "b"),
        ("A", "b"),
        ("a", "B"),
        ("a", "b "),
        (" a", "b"),
        ("ab", "c"),
        ("a", "bc"),
        ("a", "é"),
        ("a", "e\u{301}"),
        ("a", "1"),
        ("a", "01"),
        ("a", "1.0"),
        ("a", ""),
        ("", "a"),
        ("", ""),
        ("a:b", "c"),
        ("a", "b:c"),
    ];
    let tenant = Tenant::default();
    for ((category, id), position) in spelt.iter().zip(1..) {
        let draft = Draft::on("").stream(StreamId::new(*category, *id)).expecting(0);
        let appended = take(&log, draft.event("happened")).await?;
        same(
            "the position and version of a stream's first event",
            &(appended.position, appended.version),
            &(position, 1),
        )?;
    }
    for ((category, id), position) in spelt.iter().zip(1..) {
        let stream = StreamId::new(*category, *id);
        let scope = Scope::Stream { tenant: tenant.clone(), stream: stream.clone() };
        let events = read_in_pages(&log, &scope, 10).await?;
        same(&format!("the stream {category:?}, {id:?}"), &positions(&events), &vec![position])?;
        same("the name of its stream", &events[0].stream, &stream)?;
    }
    Ok(())
}
