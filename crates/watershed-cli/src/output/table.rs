use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, LineStyle, Row, Table, TableStyle};
use serde_json::Value;

/// How a cell is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

/// A column: its title, and what it shows of a row.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    show: fn(&Value) -> String,
    tone: fn(&Value) -> Tone,
    right: bool,
}

impl Column {
    /// A column of texts.
    pub(crate) fn text(title: &'static str, show: fn(&Value) -> String) -> Self {
        Self { title, show, tone: |_| Tone::Plain, right: false }
    }

    /// A column of numbers.
    pub(crate) fn number(title: &'static str, show: fn(&Value) -> String) -> Self {
        Self { right: true, ..Self::text(title, show) }
    }

    /// The same column in colours.
    pub(crate) fn toned(self, tone: fn(&Value) -> Tone) -> Self {
        Self { tone, ..self }
    }
}

/// A line under the header, and nothing else: rows are read across, and copied.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A terminal that is narrower than this does not know how wide it is: those behind a pipe or a serial line say 0, or 1.
const NARROWEST: u16 = 20;

/// The rows as a table, no wider than the terminal, each row of at most so many lines.
pub(crate) fn table(rows: &[Value], columns: &[Column], height: usize) -> String {
    fitted(rows, columns, height, Table::new().width())
}

/// The same for a terminal of that width; as wide as it comes where nobody knows one.
fn fitted(rows: &[Value], columns: &[Column], height: usize, width: Option<u16>) -> String {
    let colours = std::env::var_os("NO_COLOR").is_none();
    let mut table = Table::new();
    table.load_style(STYLE).set_truncation_indicator("…");
    if let Some(width) = width.filter(|width| *width >= NARROWEST) {
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(columns.iter().map(|column| aligned(Cell::new(column.title), column)));
    for row in rows {
        let cells = columns.iter().map(|column| {
            let cell = aligned(Cell::new((column.show)(row)), column);
            match (column.tone)(row) {
                Tone::Good if colours => cell.fg(Color::Green),
                Tone::Warning if colours => cell.fg(Color::Yellow),
                Tone::Bad if colours => cell.fg(Color::Red),
                _ => cell,
            }
        });
        let mut line = Row::from(cells.collect::<Vec<_>>());
        line.max_height(height);
        table.add_row(line);
    }
    table.to_string()
}

fn aligned(cell: Cell, column: &Column) -> Cell {
    if column.right { cell.set_alignment(CellAlignment::Right) } else { cell }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::text;

    #[test]
    fn a_terminal_that_does_not_know_its_width_gets_whole_words() {
        let columns =
            [Column::text("view", |row| text(row, "view")), Column::text("owner", |row| text(row, "owner"))];
        let rows = [json!({ "view": "payment_analytics", "owner": "coordinators" })];
        let shown = |width| fitted(&rows, &columns, usize::MAX, width);
        let whole = shown(None);
        assert!(whole.contains("payment_analytics") && whole.contains("coordinators"), "{whole}");
        for width in 0..NARROWEST {
            assert_eq!(shown(Some(width)), whole, "of a terminal {width} wide");
        }
        let narrow = shown(Some(24));
        assert!(narrow.lines().all(|line| line.chars().count() <= 24), "{narrow}");
    }
}
