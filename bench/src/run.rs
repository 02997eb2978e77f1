use serde::Serialize;

use crate::cases::{About, Case, Reading};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit, Verdict};
use crate::machine::Patience;
use crate::stats::Spread;

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// The case.
    pub(crate) case: &'static str,
    /// What it measures.
    pub(crate) measures: &'static str,
    /// Which of its numbers.
    pub(crate) line: &'static str,
    /// In what.
    pub(crate) unit: Unit,
    /// The number.
    pub(crate) value: Spread,
    /// The baseline's, measured in the same runs.
    pub(crate) baseline: Option<Spread>,
    /// The number divided by the baseline, run by run.
    pub(crate) ratio: Option<Spread>,
    /// What it should be, in words; empty where it should be nothing in particular.
    pub(crate) target: String,
    /// Whether it is so; none where there is no target.
    pub(crate) met: Option<bool>,
    /// The share of the target by which it is missed.
    pub(crate) missed_by: Option<f64>,
    /// The cores that other processes used, on average, during the loudest of the runs.
    pub(crate) others_cores: Option<f64>,
}

/// Measures a case `rounds` times, each of them in quiet if `patience` lasts.
///
/// # Errors
/// Where one of the runs gives no numbers: the others alone would flatter.
pub(crate) fn run(
    case: &dyn Case,
    lab: &Lab,
    rounds: u32,
    patience: &mut Patience,
) -> Result<Vec<Row>, Problem> {
    let mut readings = Vec::new();
    let mut others: Option<f64> = None;
    let mut measure = case.prepare(lab)?;
    for _ in 0..rounds {
        let (reading, cores) = patience.in_quiet(&mut measure)?;
        readings.push(reading);
        others = match (others, cores) {
            (Some(loudest), Some(cores)) => Some(loudest.max(cores)),
            (loudest, cores) => loudest.or(cores),
        };
    }
    rows(case.about(), &readings, others)
}

fn rows(about: About, runs: &[Vec<Reading>], others: Option<f64>) -> Result<Vec<Row>, Problem> {
    let lines = runs.first().map_or(&[][..], |run| &run[..]);
    lines.iter().map(|reading| row(about, reading.line, runs, others)).collect()
}

fn row(
    about: About,
    line: &'static Line,
    runs: &[Vec<Reading>],
    others: Option<f64>,
) -> Result<Row, Problem> {
    let of_line = || runs.iter().flatten().filter(|reading| std::ptr::eq(reading.line, line));
    let lacking = || Problem::Wrong(format!("{} gave no `{}`", about.name, line.name));
    let value = Spread::of(of_line().map(|reading| reading.value).collect()).ok_or_else(lacking)?;
    let baseline = Spread::of(of_line().filter_map(|reading| reading.baseline).collect());
    let ratio = Spread::of(of_line().filter_map(|reading| Some(reading.value / reading.baseline?)).collect());
    let verdict = line.judge(value.median, ratio.map(|ratio| ratio.median));
    Ok(Row {
        case: about.name,
        measures: about.measures,
        line: line.name,
        unit: line.unit,
        value,
        baseline,
        ratio,
        target: line.words(),
        met: match verdict {
            Verdict::None => None,
            Verdict::Met => Some(true),
            Verdict::Missed(_) => Some(false),
        },
        missed_by: match verdict {
            Verdict::Missed(share) => Some(share),
            _ => None,
        },
        others_cores: others,
    })
}
