use serde_json::Value;

use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, Tone, millis, text};

/// Shows what every view promises: as a table, as JSON, or as Markdown.
pub(super) async fn contracts(door: &mut Door, screen: Screen, markdown: bool) -> Result<(), CliError> {
    let answer = door.get(&door.admin("contracts")).await?;
    let contracts = answer["contracts"].as_array().map_or(&[][..], Vec::as_slice);
    if markdown {
        return Ok(screen.line(markdown_of(contracts).trim_end())?);
    }
    Ok(screen.rows(contracts, &columns())?)
}

/// A title, and what it shows of a contract.
type Shown = (&'static str, fn(&Value) -> String);

const SHOWN: [Shown; 11] = [
    ("view", |of| text(of, "view")),
    ("kind", |of| text(of, "kind")),
    ("owner", |of| text(of, "owner")),
    ("source of truth", |of| text(of, "source")),
    ("freshness", freshness),
    ("rebuild", |of| text(of, "rebuild")),
    ("reconciliation", |of| text(of, "reconcile")),
    ("retention", |of| text(of, "retention")),
    ("journal", |of| text(of, "journal")),
    ("unknown events", |of| text(of, "unknown")),
    ("personal", |of| if of["personal"] == true { "yes" } else { "no" }.to_owned()),
];

fn freshness(of: &Value) -> String {
    match of["bound_ms"].as_u64() {
        Some(1..) => format!("{}, {}", text(of, "freshness"), millis(of, "bound_ms")),
        _ => text(of, "freshness"),
    }
}

/// What of it is broken just now: no business of a document's, which is read later.
fn broken(of: &Value) -> String {
    let broken = of["broken"].as_array().map_or(&[][..], Vec::as_slice);
    if broken.is_empty() {
        return "yes".to_owned();
    }
    broken.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
}

fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = SHOWN.iter().map(|(title, show)| Column::text(title, *show)).collect();
    let tone = |of: &Value| if broken(of) == "yes" { Tone::Good } else { Tone::Bad };
    columns.push(Column::text("kept", broken).toned(tone));
    columns
}

fn markdown_of(contracts: &[Value]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut page = line(SHOWN.iter().map(|(title, _)| (*title).to_owned()).collect());
    page.push_str(&line(SHOWN.iter().map(|_| "---".to_owned()).collect()));
    for of in contracts {
        page.push_str(&line(SHOWN.iter().map(|(_, show)| show(of).replace('|', "\\|")).collect()));
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bar_in_an_owners_name_does_not_break_the_table() {
        let contract = json!({
            "view": "families", "kind": "read-model", "owner": "a|b", "source": "the log", "freshness": "operational",
            "bound_ms": 2_000, "rebuild": "by key", "reconcile": "on request", "retention": "as long as the log", "journal": "7 d",
            "unknown": "park", "personal": true, "broken": ["late"],
        });
        let page = markdown_of(std::slice::from_ref(&contract));
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(
            lines[2],
            "| families | read-model | a\\|b | the log | operational, 2.0 s | by key | on request | as long as the log | 7 d | park | yes |"
        );
        assert_eq!((lines.len(), broken(&contract).as_str()), (3, "late"));
    }
}
