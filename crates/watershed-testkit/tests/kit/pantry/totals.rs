use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use watershed_core::{
    ColumnError, ColumnKind, ColumnSpec, ColumnType, Contribution, Decimal, Input, IntoInput, IntoItem, Key,
    Measure, Rollup, Row, Timestamp, Top, Value, json_from_value, json_to_value,
};

use super::JarRow;
use super::rows::{column, content, key};

/// Every measure there is, over the jars of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct KindTotals {
    pub(crate) kind: String,
    pub(crate) jars: u64,
    pub(crate) tasted: u64,
    pub(crate) grams: i64,
    pub(crate) average: Option<Decimal>,
    pub(crate) median: Option<i64>,
    pub(crate) lightest: Option<i64>,
    pub(crate) last_filled: Option<Timestamp>,
    pub(crate) weights: u64,
    pub(crate) usual: Vec<Top<i64>>,
    pub(crate) most_tasted: Vec<Top<String, Decimal>>,
    pub(crate) by_first: BTreeMap<String, u64>,
    pub(crate) grams_by_first: BTreeMap<String, Decimal>,
}

impl Row for KindTotals {
    const NAME: &'static str = "kind_totals";
    const COLUMNS: &'static [ColumnSpec] = &[
        key("kind"),
        column("jars", ColumnKind::Int),
        column("tasted", ColumnKind::Int),
        column("grams", ColumnKind::Int),
        column("average", ColumnKind::Decimal),
        column("median", ColumnKind::Int),
        column("lightest", ColumnKind::Int),
        column("last_filled", ColumnKind::Timestamp),
        column("weights", ColumnKind::Int),
        column("usual", ColumnKind::Json),
        column("most_tasted", ColumnKind::Json),
        column("by_first", ColumnKind::Json),
        column("grams_by_first", ColumnKind::Json),
    ];

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        let problem = |problem| ColumnError { column: "by_first", problem };
        Ok(vec![
            self.kind.to_value(),
            self.jars.to_value(),
            self.tasted.to_value(),
            self.grams.to_value(),
            self.average.to_value(),
            self.median.to_value(),
            self.lightest.to_value(),
            self.last_filled.to_value(),
            self.weights.to_value(),
            json_to_value(&self.usual).map_err(problem)?,
            json_to_value(&self.most_tasted).map_err(problem)?,
            json_to_value(&self.by_first).map_err(problem)?,
            json_to_value(&self.grams_by_first).map_err(problem)?,
        ])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        let problem = |problem| ColumnError { column: "by_first", problem };
        Ok(Self {
            kind: content(&values, 0)?,
            jars: content(&values, 1)?,
            tasted: content(&values, 2)?,
            grams: content(&values, 3)?,
            average: content(&values, 4)?,
            median: content(&values, 5)?,
            lightest: content(&values, 6)?,
            last_filled: content(&values, 7)?,
            weights: content(&values, 8)?,
            usual: json_from_value(&values[9]).map_err(problem)?,
            most_tasted: json_from_value(&values[10]).map_err(problem)?,
            by_first: json_from_value(&values[11]).map_err(problem)?,
            grams_by_first: json_from_value(&values[12]).map_err(problem)?,
        })
    }

    fn key(&self) -> Key {
        Key::from(&self.kind)
    }
}

impl Rollup for KindTotals {
    type Of = JarRow;
    const VERSION: u32 = 1;
    const MEASURES: &'static [Measure] = &[
        Measure::Group,
        Measure::Count,
        Measure::Count,
        Measure::Sum,
        Measure::Avg { scale: 2 },
        Measure::Quantile { share: 0.5 },
        Measure::Min,
        Measure::Max,
        Measure::Distinct,
        Measure::Top { most: 2 },
        Measure::Top { most: 1 },
        Measure::CountBy,
        Measure::SumBy,
    ];

    /// By the first tasting: a jar that nobody has tasted gives nothing to these columns.
    fn contribution(row: &JarRow) -> Option<Contribution> {
        if row.kind == "secret" {
            return None;
        }
        let first = row.tastings.first().map(i64::to_string);
        let grams = first.clone().map(|first| BTreeMap::from([(first, row.grams)]));
        Some(Contribution {
            group: vec![row.kind.to_value()],
            inputs: vec![
                // A number is no yes: it does not count.
                if row.kind == "numbered" { row.grams.into_input() } else { Input::Yes },
                (!row.tastings.is_empty()).into_input(),
                row.grams.into_input(),
                row.tastings.first().copied().into_input(),
                row.grams.into_item(),
                row.grams.into_item(),
                row.filled_at.into_item(),
                row.grams.into_item(),
                row.grams.into_item(),
                match row.tastings.len() {
                    0 => Input::Nothing,
                    times => Input::Weighed(format!("{} g", row.grams).to_value(), (times as u64).into()),
                },
                first.into_input(),
                grams.into_input(),
            ],
        })
    }
}
