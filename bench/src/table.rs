//! The table, for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::line::{Unit, number};
use crate::machine::LOUD;
use crate::run::Row;
use crate::stats::Spread;

/// The rows as a table.
pub(crate) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["case", "", "median [min-max]", "raw baseline", "ratio", "target", "met", "others"]);
    for column in [2, 3, 4, 7] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut last = "";
    for row in rows {
        let first = row.case != last;
        last = row.case;
        table.add_row([
            if first { row.case.to_owned() } else { String::new() },
            row.line.to_owned(),
            spread(row.value, row.unit),
            row.baseline.map_or_else(String::new, |baseline| spread(baseline, row.unit)),
            row.ratio.map_or_else(String::new, |ratio| times(ratio.median)),
            row.target.clone(),
            met(row),
            if first { others(row.others_cores) } else { String::new() },
        ]);
    }
    table
}

fn times(ratio: f64) -> String {
    if ratio < 100.0 { format!("{ratio:.2}x") } else { format!("{ratio:.0}x") }
}

fn spread(spread: Spread, unit: Unit) -> String {
    if spread.min.to_bits() == spread.max.to_bits() {
        return number(spread.median, unit);
    }
    format!("{} [{}-{}]", number(spread.median, unit), bare(spread.min, unit), bare(spread.max, unit))
}

fn bare(value: f64, unit: Unit) -> String {
    let with_unit = number(value, unit);
    with_unit.trim_end_matches(&unit.to_string()).trim_end().to_owned()
}

fn met(row: &Row) -> String {
    let verdict = match (row.met, row.missed_by) {
        (None, _) => return String::new(),
        (Some(true), _) => "yes".into(),
        (Some(false), Some(share)) if share.is_finite() => format!("NO, by {:.0} %", share * 100.0),
        (Some(false), _) => "NO".into(),
    };
    // Others may have made it worse, or its baseline.
    if is_loud(row) { format!("({verdict})") } else { verdict }
}

fn is_loud(row: &Row) -> bool {
    row.others_cores.is_some_and(|cores| cores > LOUD)
}

fn others(cores: Option<f64>) -> String {
    match cores {
        Some(cores) if cores > LOUD => format!("{cores:.2} cores!"),
        Some(cores) => format!("{cores:.2}"),
        None => "?".into(),
    }
}
