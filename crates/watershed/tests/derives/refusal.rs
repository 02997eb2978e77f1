use watershed::core::RefusalKind;
use watershed::prelude::*;

use crate::domain::LoanRefusal;

#[test]
fn a_refusal_has_a_code_a_field_and_words() {
    let missing = LoanRefusal::DaysMissing;
    let kind = RefusalKind { code: "library.loan.days-missing", field: Some("days") };
    assert_eq!(missing.kind(), &kind);
    assert_eq!(missing.message(), "say for how many days");
    let returned = LoanRefusal::AlreadyReturned {
        loan_id: "loan-7".into(),
        on: Date::new(2024, 9, 1).unwrap(),
        late: 2,
    };
    assert_eq!(returned.kind().code, "library.loan.already-returned");
    assert_eq!(returned.kind().field, None);
    assert_eq!(returned.message(), "loan loan-7 came back on 2024-09-01, {and}   2 days late");
    let error: &dyn std::error::Error = &returned;
    assert_eq!(error.to_string(), returned.message());
}
