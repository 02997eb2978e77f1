//! The domain that the tests look at: a library that lends books.

use std::collections::BTreeMap;

use watershed::prelude::*;

/// What is lent.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Medium {
    Book,
    AudioBook,
    Dvd,
}

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "loan", prefix = "library.loan")]
pub(crate) enum LoanEvent {
    Lent {
        title: Personal<String>,
        medium: Medium,
        due: Date,
        #[tag(once)]
        slip: String,
        #[tag]
        shelf: Option<u32>,
        #[tag(name = "reader")]
        #[tag(once, name = "card")]
        reader_id: String,
    },
    #[event(name = "brought-back")]
    Returned {
        on: Date,
        fine: Decimal,
    },
    #[event(schema = 3, upcast(days_to_due, due_to_until))]
    Extended {
        until: Date,
    },
    Lost,
}

fn days_to_due(mut old: serde_json::Value) -> serde_json::Value {
    old["due"] = serde_json::json!(format!("2024-09-{:02}", old["days"].as_i64().unwrap_or(1)));
    old
}

fn due_to_until(mut old: serde_json::Value) -> serde_json::Value {
    old["until"] = old["due"].take();
    old
}

#[derive(Default, Debug)]
pub(crate) struct Loan;

#[derive(Command, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[command(aggregate = Loan, id = loan_id)]
pub(crate) enum LoanCommand {
    /// Lends a book.
    ///
    /// The slip is used once.
    Lend {
        #[id(generate)]
        loan_id: String,
        title: String,
        #[serde(default)]
        days: Option<u32>,
    },
    Return {
        loan_id: String,
        on: Date,
    },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "library.loan")]
pub(crate) enum LoanRefusal {
    #[refusal("say for how many days", field = days)]
    DaysMissing,
    #[refusal("loan {loan_id} came back on {on:?}, {{and}} {late:>3} days late")]
    AlreadyReturned { loan_id: String, on: Date, late: i64 },
}

impl Aggregate for Loan {
    type Command = LoanCommand;
    type Event = LoanEvent;
    type Refusal = LoanRefusal;

    fn decide(&self, command: &LoanCommand, _: &Cx) -> Decided<Self> {
        match command {
            LoanCommand::Lend { days: None, .. } => Err(LoanRefusal::DaysMissing),
            LoanCommand::Lend { .. } => Ok(vec![LoanEvent::Lost]),
            LoanCommand::Return { loan_id, on } => {
                Err(LoanRefusal::AlreadyReturned { loan_id: loan_id.clone(), on: *on, late: 2 })
            }
        }
    }

    fn evolve(&mut self, _: &LoanEvent) {}
}

/// A loan, as the desk sees it.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "loans",
    version = 2,
    on(LoanEvent),
    show = |row| !row.hidden,
    index(medium desc, due),
    index(due asc)
)]
#[contract(owner = "desk", fresh = operational(500ms), reconcile = sample(1h), rebuild = full, retention = keep(7d), unknown = stop, personal)]
pub(crate) struct LoanRow {
    #[key(stream)]
    pub(crate) loan_id: String,
    /// What is printed on its back.
    #[search]
    pub(crate) title: Personal<String>,
    pub(crate) medium: Medium,
    #[index]
    pub(crate) due: Option<Date>,
    #[internal]
    pub(crate) hidden: bool,
    #[json]
    pub(crate) notes: BTreeMap<String, u32>,
    #[json]
    #[search]
    pub(crate) earlier_readers: Option<Vec<String>>,
    #[at_read(|row, now| Some(now.date().days_since(row.due?)))]
    pub(crate) days_over: Option<i64>,
    pub(crate) r#type: String,
}

impl On<LoanEvent> for LoanRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<LoanEvent>) -> Applied {
        match &event.data {
            LoanEvent::Lost => row.delete(),
            LoanEvent::Extended { until } => row.get()?.due = Some(*until),
            LoanEvent::Lent { .. } | LoanEvent::Returned { .. } => {}
        }
        Ok(())
    }
}

impl LoanRow {
    pub(crate) fn example() -> Self {
        Self {
            loan_id: "loan-7".into(),
            title: "Middlemarch".into(),
            medium: Medium::AudioBook,
            due: Date::new(2024, 9, 1),
            hidden: false,
            notes: BTreeMap::from([("torn pages".into(), 2)]),
            earlier_readers: None,
            days_over: None,
            r#type: "fiction".into(),
        }
    }
}

/// One row per reader and month, from a `SELECT`.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "reader_months", version = 1, sql = "SELECT 1")]
#[contract(owner = "desk")]
pub(crate) struct ReaderMonth {
    #[key]
    pub(crate) reader: String,
    #[key]
    pub(crate) month: Month,
    #[index]
    pub(crate) loans: i64,
}

/// Loans that are due by a day.
#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "loans_due_by")]
pub(crate) struct LoansDueBy {
    pub(crate) day: Date,
}

impl Query for LoansDueBy {
    type Answer = Page<LoanRow>;

    fn ask(&self) -> Page<LoanRow> {
        Page::of(LoanRow::due.le(self.day)).sort([LoanRow::medium.desc(), LoanRow::loan_id.asc()])
    }
}
