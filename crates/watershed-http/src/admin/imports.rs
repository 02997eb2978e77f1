use serde::{Deserialize, Serialize};
use watershed_core::Principal;
use watershed_runtime::ImportStatus;

use super::read;
use crate::hosted::Hosted;
use crate::problem::{NO_SUCH_LINE, Problem};
use crate::reply::{Reply, json};
use crate::request::Parameters;

/// How many lines a page has, where nobody says, and at most.
const DEFAULT: u64 = 100;
const MOST: u64 = 1_000;

#[derive(Serialize)]
struct Imports {
    imports: Vec<ImportStatus>,
}

/// The imports, and how many lines of each wait to be looked at.
pub(crate) async fn list(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    Ok(json(&Imports { imports: hosted.running.imports(principal).await? }))
}

/// The lines of an import that could not be taken.
pub(crate) async fn lines(
    hosted: &Hosted,
    principal: &Principal,
    import: &str,
    mut parameters: Parameters,
) -> Result<Reply, Problem> {
    let after = parameters.take_number("after", 0..=u64::MAX)?.unwrap_or(0);
    let limit = parameters.take_number("limit", 1..=MOST)?.unwrap_or(DEFAULT);
    parameters.finish()?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    Ok(json(&hosted.running.import_lines(principal, import, after, limit).await?))
}

/// One of them, whole.
pub(crate) async fn line(
    hosted: &Hosted,
    principal: &Principal,
    (import, number): (&str, &str),
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    let no_number = || Problem::new(&NO_SUCH_LINE, "lines are kept under numbers");
    let number = number.parse().map_err(|_| no_number())?;
    Ok(json(&hosted.running.import_line(principal, import, number).await?))
}

/// Which line is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    number: u64,
}

/// Tries a line again.
pub(crate) async fn retry(
    hosted: &Hosted,
    principal: &Principal,
    import: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Which { number } = read(body)?;
    Ok(json(&hosted.running.retry_import_line(principal, import, number).await?))
}

#[derive(Serialize)]
struct Discarded {
    number: u64,
    outcome: &'static str,
}

/// Lets a line go.
pub(crate) async fn discard(
    hosted: &Hosted,
    principal: &Principal,
    import: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Which { number } = read(body)?;
    hosted.running.discard_import_line(principal, import, number).await?;
    Ok(json(&Discarded { number, outcome: "discarded" }))
}
