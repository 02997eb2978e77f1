use std::collections::BTreeMap;

use watershed::core::{Contribution, Input, Measure, Value};
use watershed::prelude::*;

use crate::domain::{LoanRow, Medium};

#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "media", version = 3, of = LoanRow, filter = |row| !row.hidden)]
struct Media {
    #[group]
    medium: Medium,
    #[count]
    loans: u64,
    #[count(|row| row.due.is_none())]
    without_due: u64,
    #[sum(|row| row.notes.get("torn pages").copied().unwrap_or(0))]
    #[index]
    torn: i64,
    #[group(|row| row.loan_id.len() as i64)]
    length: i64,
    #[avg(|row| Some(i64::from(row.due?.month_number())))]
    mean_month: Option<Decimal>,
    #[quantile(0.5, |row| row.title.len() as i64)]
    #[internal]
    median_length: Option<i64>,
    #[count_by(|row| row.r#type.as_str())]
    by_type: BTreeMap<String, u64>,
    #[sum_by(|row| row.notes.clone())]
    notes: BTreeMap<String, Decimal>,
    #[avg(|row| row.loan_id.len() as i64, scale = 4)]
    mean_length: Option<Decimal>,
    #[min(|row| row.title.as_str(), filter = |row| row.due.is_some())]
    first_title: Option<String>,
    #[max(|row| row.due)]
    last_due: Option<Date>,
    #[distinct(|row| row.medium)]
    kinds: u64,
    #[top(3, |row| row.medium)]
    most_lent: Vec<Top<Medium>>,
    #[top(2, |row| row.r#type.clone(), by = |row| row.loan_id.len() as i64)]
    longest: Vec<Top<String, i64>>,
    #[count(filter = |row| row.due.is_none())]
    also_without_due: u64,
    #[at_read(|row, _| row.loans.checked_div(2))]
    half: Option<u64>,
}

#[test]
fn a_row_gives_each_column_what_its_closure_says() {
    let number = |number: i64| Input::Number(Decimal::from(number));
    let words =
        |word: &str, number: i64| Input::Words(BTreeMap::from([(word.into(), Decimal::from(number))]));
    let contribution = Contribution {
        group: vec![Value::Text("audio_book".into()), Value::Int(6)],
        inputs: vec![
            Input::Yes,
            Input::Nothing,
            number(2),
            number(9),
            number(11),
            words("fiction", 1),
            words("torn pages", 2),
            number(6),
            Input::Item(Value::Text("Middlemarch".into())),
            Input::Item(Value::Text("2024-09-01".into())),
            Input::Item(Value::Text("audio_book".into())),
            Input::Item(Value::Text("audio_book".into())),
            Input::Weighed(Value::Text("fiction".into()), Decimal::from(6)),
            Input::Nothing,
        ],
    };
    assert_eq!(Media::contribution(&LoanRow::example()), Some(contribution));
}

#[test]
fn a_row_outside_a_measures_filter_gives_that_measure_nothing() {
    let without_due = LoanRow { due: None, ..LoanRow::example() };
    let inputs = Media::contribution(&without_due).unwrap().inputs;
    assert_eq!((&inputs[8], &inputs[9]), (&Input::Nothing, &Input::Nothing));
    assert_eq!((&inputs[13], &inputs[1]), (&Input::Yes, &Input::Yes));
}

#[test]
fn a_row_outside_the_filter_gives_nothing() {
    let hidden = LoanRow { hidden: true, ..LoanRow::example() };
    assert_eq!(Media::contribution(&hidden), None);
}

#[test]
fn measures_stand_beside_the_stored_columns() {
    let columns: Vec<&str> = Media::COLUMNS.iter().map(|column| column.name.as_ref()).collect();
    assert_eq!(
        columns,
        [
            "medium",
            "loans",
            "without_due",
            "torn",
            "length",
            "mean_month",
            "median_length",
            "by_type",
            "notes",
            "mean_length",
            "first_title",
            "last_due",
            "kinds",
            "most_lent",
            "longest",
            "also_without_due",
        ]
    );
    assert_eq!(
        Media::MEASURES,
        [
            Measure::Group,
            Measure::Count,
            Measure::Count,
            Measure::Sum,
            Measure::Group,
            Measure::Avg { scale: 2 },
            Measure::Quantile { share: 0.5 },
            Measure::CountBy,
            Measure::SumBy,
            Measure::Avg { scale: 4 },
            Measure::Min,
            Measure::Max,
            Measure::Distinct,
            Measure::Top { most: 3 },
            Measure::Top { most: 2 },
            Measure::Count,
        ]
    );
    let keys: Vec<usize> = Media::table().key_columns().collect();
    assert_eq!(keys, [0, 4]);
    assert!(Media::COLUMNS[0].is_declared() && Media::COLUMNS[3].is_declared());
    assert!(Media::COLUMNS[6].internal);
    assert_eq!(Media::VERSION, 3);
}

#[test]
fn a_rollups_row_is_a_row() {
    let mut media = Media {
        medium: Medium::Dvd,
        loans: 5,
        without_due: 0,
        torn: 1,
        length: 6,
        mean_month: None,
        median_length: Some(3),
        by_type: BTreeMap::from([("fiction".into(), 5)]),
        notes: BTreeMap::from([("torn pages".into(), Decimal::new(25, 1))]),
        mean_length: Some(Decimal::new(12_345, 4)),
        first_title: None,
        last_due: Date::new(2024, 9, 1),
        kinds: 1,
        most_lent: vec![Top { value: Medium::Dvd, total: 5 }],
        longest: Vec::new(),
        also_without_due: 0,
        half: None,
    };
    assert_eq!(Media::from_values(media.to_values().unwrap()).unwrap(), media);
    assert_eq!(media.key().as_str(), "dvd:6");
    media.at_read(Timestamp::from_micros(0));
    assert_eq!(media.half, Some(2));
    assert_eq!((Media::medium.name(), Media::torn.name()), ("medium", "torn"));
}
