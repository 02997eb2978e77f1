use std::time::Duration;

use watershed::core::{
    ColumnKind, Contract, Direction, Freshness, Journal, KeyedBy, Rebuild, Reconcile, Retention, Source,
    UnknownEvents, Value,
};
use watershed::prelude::*;

use crate::domain::{LoanRow, ReaderMonth};

#[test]
fn a_row_survives_its_columns() {
    let row = LoanRow::example();
    let values = row.to_values().unwrap();
    assert_eq!(values.len(), LoanRow::COLUMNS.len());
    assert_eq!(LoanRow::from_values(values).unwrap(), row);
    let empty = LoanRow { due: None, earlier_readers: Some(vec!["Ada".into()]), ..row };
    assert_eq!(LoanRow::from_values(empty.to_values().unwrap()).unwrap(), empty);
}

#[test]
fn columns_are_what_the_marks_say() {
    let words: Vec<String> = LoanRow::COLUMNS
        .iter()
        .map(|column| {
            let mut words = vec![format!("{} {:?}", column.name, column.kind)];
            let marks = [
                (column.optional, "optional"),
                (column.key, "key"),
                (column.indexed, "indexed"),
                (column.searched, "searched"),
                (column.internal, "internal"),
            ];
            words.extend(marks.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
            words.join(" ")
        })
        .collect();
    assert_eq!(
        words,
        [
            "loan_id Text key",
            "title Text searched",
            "medium Text indexed",
            "due Text optional indexed",
            "hidden Bool internal",
            "notes Json",
            "earlier_readers Json optional searched",
            "type Text",
        ]
    );
    assert_eq!(LoanRow::NAME, "loans");
    assert_eq!(LoanRow::COLUMNS[5].kind, ColumnKind::Json);
}

#[test]
fn an_edited_table_is_refused_by_the_column_at_fault() {
    let error = |place: usize, value: Value| {
        let mut values = LoanRow::example().to_values().unwrap();
        values[place] = value;
        LoanRow::from_values(values).unwrap_err().to_string()
    };
    assert_eq!(
        error(2, Value::Text("vinyl".into())),
        "column `medium`: `vinyl` is none of book, audio_book, dvd"
    );
    assert!(error(5, Value::Json("[]".into())).starts_with("column `notes`: invalid type"));
    assert!(error(0, Value::Null).starts_with("column `loan_id`: expected a text"));
    let mut short = LoanRow::example().to_values().unwrap();
    short.pop();
    assert_eq!(
        LoanRow::from_values(short).unwrap_err().to_string(),
        "column `loans`: the table has 7 columns, the row's type 8"
    );
}

#[test]
fn an_empty_nested_column_is_empty_rather_than_the_text_null() {
    assert_eq!(LoanRow::example().to_values().unwrap()[6], Value::Null);
}

#[test]
fn the_key_is_the_streams_id_or_its_columns_joined() {
    assert_eq!(LoanRow::example().key(), Key::from("loan-7"));
    assert_eq!((LoanRow::KEYED_BY, ReaderMonth::KEYED_BY), (KeyedBy::Stream, KeyedBy::Event));
    let month = ReaderMonth { reader: "a:b".into(), month: Month::new(2024, 9).unwrap(), loans: 3 };
    assert_eq!(month.key().as_str(), "a%3Ab:2024-09");
    assert_eq!(ReaderMonth::table().key_columns().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn what_depends_on_now_is_computed_when_answering() {
    let mut row = LoanRow::example();
    row.at_read("2024-09-04T12:00:00Z".parse().unwrap());
    assert_eq!(row.days_over, Some(3));
    row.due = None;
    row.at_read("2024-09-04T12:00:00Z".parse().unwrap());
    assert_eq!(row.days_over, None);
}

#[test]
fn the_contract_and_the_rest_of_the_head_are_as_written() {
    let contract = Contract {
        owner: "desk",
        freshness: Freshness::Operational(Duration::from_millis(500)),
        source: "the context's log",
        rebuild: Rebuild::Full,
        reconcile: Reconcile::Sample(Duration::from_secs(3_600)),
        retention: Retention::For(Duration::from_secs(7 * 86_400)),
        journal: Journal::Off,
        unknown: UnknownEvents::Stop,
        personal: true,
    };
    assert_eq!(LoanRow::CONTRACT, contract);
    assert_eq!((LoanRow::VERSION, LoanRow::SOURCE), (2, Source::Log));
    let indexes: Vec<_> = LoanRow::INDEXES.iter().map(|index| index.columns.to_vec()).collect();
    let medium_and_due = vec![("medium", Direction::Descending), ("due", Direction::Ascending)];
    assert_eq!(indexes, [medium_and_due, vec![("due", Direction::Ascending)]]);
    let hidden = LoanRow { hidden: true, ..LoanRow::example() };
    assert!(LoanRow::example().is_shown() && !hidden.is_shown());
    let [handler] = &LoanRow::handlers()[..] else { panic!() };
    assert_eq!((handler.category, handler.kinds.len()), ("loan", 4));
}

#[test]
fn column_constants_bear_the_columns_names() {
    assert_eq!(LoanRow::loan_id.name(), "loan_id");
    assert_eq!(LoanRow::title.name(), "title");
    assert_eq!(LoanRow::medium.name(), "medium");
    assert_eq!(LoanRow::earlier_readers.name(), "earlier_readers");
    let _: Column<LoanRow, Date> = LoanRow::due;
    let _: Filter<LoanRow> = LoanRow::earlier_readers.contains("Ada");
}

#[test]
fn an_sql_view_folds_nothing() {
    assert_eq!(ReaderMonth::SOURCE, Source::Sql("SELECT 1"));
    assert!(ReaderMonth::handlers().is_empty());
}

/// A read model with the given contract, and what came of it.
macro_rules! contract {
    ($($words:tt)*) => {{
        #[derive(ReadModel, Serialize, JsonSchema)]
        #[read_model(name = "x", version = 1, sql = "SELECT 1")]
        #[contract(owner = "desk", $($words)*)]
        struct X {
            #[key]
            id: String,
        }
        X::CONTRACT
    }};
}

#[test]
fn every_word_of_a_contract_is_understood() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(contract!().freshness, Contract::DEFAULT.freshness);
    assert_eq!(contract!(fresh = inline).freshness, Freshness::Inline);
    assert_eq!(contract!(fresh = read_your_writes).freshness, Freshness::ReadYourWrites);
    let hour = contract!(fresh = analytical(1h), reconcile = sample(90m), unknown = ignore);
    assert_eq!(hour.freshness, Freshness::Analytical(minutes(60)));
    assert_eq!(hour.reconcile, Reconcile::Sample(minutes(90)));
    assert_eq!((hour.rebuild, hour.retention), (Rebuild::ByKey, Retention::Forever));
    let strict = contract!(reconcile = full(1d), rebuild = by_key, source = "the till", retention = forever);
    assert_eq!((strict.reconcile, strict.source), (Reconcile::Full(minutes(1_440)), "the till"));
    assert_eq!((hour.unknown, hour.personal), (UnknownEvents::Ignore, false));
    let words = contract!(reconcile = on_request, unknown = park, journal = keep(90m), personal);
    assert_eq!((words.journal, strict.journal), (Journal::For(minutes(90)), Journal::Off));
    assert_eq!((words.reconcile, words.unknown), (Reconcile::OnRequest, UnknownEvents::Park));
    assert!(words.personal);
}
