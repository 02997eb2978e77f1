use watershed::core::{Direction, NamedQuery, Plan};
use watershed::prelude::*;

use crate::domain::LoansDueBy;

#[test]
fn a_query_has_a_name_a_description_and_a_plan() {
    assert_eq!(LoansDueBy::NAME, "loans_due_by");
    assert_eq!(LoansDueBy::DOC, "Loans that are due by a day.");
    let ask = LoansDueBy { day: Date::new(2024, 9, 1).unwrap() }.ask().into_ask();
    assert_eq!(ask.view, "loans");
    assert_eq!(
        ask.sort,
        [("medium".into(), Direction::Descending), ("loan_id".into(), Direction::Ascending)]
    );
}
