//! Many writers at once.

use std::sync::Arc;

use watershed_core::ports::{Append, AppendError, Appended, Scope};
use watershed_core::{Boundary, Position, StreamId, Tag, Tenant};

use super::bench::{Bench, Log, positions, read, read_all, read_in_pages};
use super::draft::{CATEGORY, Draft};
use super::model::Model;
use crate::conformance::promise::{Checked, Problem, same};
use crate::conformance::random::Random;

const TASKS: u64 = 64;
const EACH: u64 = 40;

/// What was asked of the log, and what it answered.
pub(super) struct Asked {
    pub(super) append: Append,
    /// The head when it was asked.
    pub(super) head: Position,
    pub(super) answer: Result<Appended, AppendError>,
}

pub(super) async fn model(bench: Bench) -> Checked {
    let log = bench.open().await;
    let mut writers = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let log = log.clone();
        writers.spawn(async move { writer(&log, Random::new(0xC0FFEE + task)).await });
    }
    let mut asked = Vec::new();
    for result in writers.join_all().await {
        asked.extend(result?);
    }
    let model = Model::new(&read_all(&log).await?);
    asked.iter().try_for_each(|asked| model.explains(asked))?;
    model.nothing_else(&asked)?;
    model.uses_once(&asked)?;
    agrees(&log, &model, &asked).await?;
    drop(log);
    let log = bench.open().await;
    same("the log, after it is opened again", &Model::new(&read_all(&log).await?), &model)?;
    agrees(&log, &model, &asked).await
}

/// One writer: appends of all kinds, on streams, tags and keys that others use too.
async fn writer(log: &Log, mut random: Random) -> Checked<Vec<Asked>> {
    let mut asked = Vec::new();
    for _ in 0..EACH {
        let append: Append = draft(log, &mut random).await?.into();
        let head = log.head();
        let answer = log.append(append.clone()).await;
        asked.push(Asked { append, head, answer });
    }
    Ok(asked)
}

async fn draft(log: &Log, random: &mut Random) -> Checked<Draft> {
    let tenant = *random.pick(&["default", "default", "default", "acme"]);
    let mut draft = Draft::on(&format!("s-{}", random.below(12))).tenant(tenant);
    for _ in 0..*random.pick(&[0, 1, 1, 1, 1, 2, 3, 7]) {
        draft = draft.event(random.pick::<&str>(&["added", "moved", "removed"]));
        if random.percent(50) {
            draft = draft.tagged("sku", &random.below(6).to_string());
        }
        if random.percent(20) {
            draft = draft.tagged("shelf", &random.below(3).to_string());
        }
        if random.percent(15) {
            draft = draft.tagged_once("ticket", &random.below(200).to_string());
        }
    }
    if random.percent(40) {
        let tenant = draft.append().tenant.clone();
        let version = log.stream_version(&tenant, &draft.append().stream).await?;
        draft = draft.expecting(version + u64::from(random.percent(5)));
    }
    if random.percent(25) {
        draft = under_condition(log, draft, random).await?;
        if random.percent(40) {
            draft = under_condition(log, draft, random).await?;
        }
    }
    if random.percent(30) {
        draft = draft.key(&format!("k-{}", random.below(400)));
    }
    if random.percent(50) { looked(log, draft).await } else { Ok(draft) }
}

/// Reads what a boundary matches, as a decision does, and puts the append under the condition that nothing came since.
async fn under_condition(log: &Log, draft: Draft, random: &mut Random) -> Checked<Draft> {
    let mut boundary = Boundary::tag("sku", random.below(6));
    if random.percent(30) {
        boundary = boundary.and("shelf", random.below(3));
    }
    if random.percent(30) {
        boundary = boundary.named(["added", "removed"]);
    }
    let scope = Scope::Boundary { tenant: draft.append().tenant.clone(), boundary: boundary.clone() };
    let mut after = 0;
    loop {
        let page = read(log, &scope, after, 100).await?;
        if page.complete {
            return Ok(draft.unless(&boundary, page.head));
        }
        after = page.events.last().map_or(after, |event| event.position);
    }
}

/// Looks for the key and the tags first, and says how far; whoever finds one goes without saying.
async fn looked(log: &Log, draft: Draft) -> Checked<Draft> {
    let head = log.head();
    let append = draft.append();
    if let Some(idempotency) = &append.idempotency
        && log.find_key(&append.tenant, &idempotency.key).await?.is_some()
    {
        return Ok(draft);
    }
    for tag in append.events.iter().flat_map(|event| &event.tags).filter(|tag| tag.once) {
        if log.find_tag(&append.tenant, tag).await?.is_some() {
            return Ok(draft);
        }
    }
    Ok(draft.looked_until(head))
}

/// The log's own index must say what the model says.
async fn agrees(log: &Log, model: &Model, asked: &[Asked]) -> Checked {
    for tenant in ["default", "acme"] {
        let tenant = Tenant::stored(Arc::from(tenant));
        for number in 0..12 {
            let stream = StreamId::new(CATEGORY, format!("s-{number}"));
            let version = log.stream_version(&tenant, &stream).await?;
            let wanted = model.stream(&tenant, &stream);
            same("a stream's version", &version, &(wanted.len() as u64))?;
            let scope = Scope::Stream { tenant: tenant.clone(), stream };
            same("a stream", &positions(&read_in_pages(log, &scope, 50).await?), &wanted)?;
        }
        for number in 0..6 {
            let boundary = Boundary::tag("sku", number).named(["moved", "removed"]);
            let wanted = model.within(&tenant, &boundary);
            let scope = Scope::Boundary { tenant: tenant.clone(), boundary };
            same("a boundary", &positions(&read_in_pages(log, &scope, 50).await?), &wanted)?;
            let tag = Tag::new("sku", number);
            let first = model.within(&tenant, &Boundary::tag("sku", number)).first().copied();
            same("the first that bears a tag", &log.find_tag(&tenant, &tag).await?, &first)?;
        }
    }
    for asked in asked {
        let Some(idempotency) = &asked.append.idempotency else {
            continue;
        };
        let found = log.find_key(&asked.append.tenant, &idempotency.key).await?;
        let wanted = model.key(&asked.append.tenant, &idempotency.key, asked, found.as_ref());
        wanted.map_err(|problem| Problem(format!("what is known of a key: {}", problem.0)))?;
    }
    Ok(())
}
