use watershed_core::Direction;
use watershed_runtime::PageAsk;

use super::Parameters;
use crate::problem::{MALFORMED_PARAMETER, Problem};

/// The largest page that may be asked for.
const MAX_LIMIT: u64 = watershed_core::Ask::MAX_LIMIT as u64;

/// Reads the parameters of a list: `status=enrolled&risk_score.ge=70&sort=-risk_score&limit=50&after=<cursor>`.
///
/// Which columns and operators there are is the view's to say.
pub(crate) fn page_ask(mut parameters: Parameters) -> Result<PageAsk, Problem> {
    let sort = parameters.take("sort")?.map_or_else(|| Ok(Vec::new()), |text| sort_of(&text))?;
    let limit = parameters.take_number("limit", 1..=MAX_LIMIT)?;
    let after = parameters.take("after")?;
    Ok(PageAsk {
        filters: parameters.0.into_iter().map(filter_of).collect(),
        sort,
        limit: limit.and_then(|limit| u32::try_from(limit).ok()),
        after,
    })
}

/// `column=value` or `column.operator=value`.
fn filter_of((name, value): (String, String)) -> (String, String, String) {
    match name.split_once('.') {
        Some((column, operator)) => (column.to_owned(), operator.to_owned(), value),
        None => (name, "eq".to_owned(), value),
    }
}

/// `-risk_score,family_id`: a `-` sorts the largest first.
fn sort_of(text: &str) -> Result<Vec<(String, Direction)>, Problem> {
    let columns = text.split(',').map(|column| {
        let (name, direction) = match column.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (column, Direction::Ascending),
        };
        if name.is_empty() {
            let wanted = "must be columns with commas between them, each with a `-` before it to sort the largest first";
            return Err(Problem::with_field(&MALFORMED_PARAMETER, "sort", wanted));
        }
        Ok((name.to_owned(), direction))
    });
    columns.collect()
}
