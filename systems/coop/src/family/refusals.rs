use watershed::prelude::*;

/// How a family says no.
#[derive(Refusal, Debug, Clone, PartialEq, Eq)]
#[refusal(prefix = "coop.family")]
pub enum FamilyRefusal {
    /// The id is taken.
    #[refusal("a family with this id is already enrolled", field = family_id)]
    AlreadyEnrolled,
    /// Nobody has enrolled under this id.
    #[refusal("no family is enrolled under this id", field = family_id)]
    NotEnrolled,
    /// The family has left.
    #[refusal("the family was withdrawn on {date}", field = family_id)]
    Withdrawn {
        /// Its last day.
        date: Date,
    },

    /// The family has no name.
    #[refusal("a family needs a name", field = family_name)]
    FamilyNameMissing,
    /// The child has no name.
    #[refusal("a child needs a name", field = child_name)]
    ChildNameMissing,
    /// The payment has no transaction id.
    #[refusal("a payment needs the id of its transaction", field = transaction_id)]
    TransactionIdMissing,
    /// A text is longer than its column.
    #[refusal("`{field}` is longer than {limit} characters")]
    TextTooLong {
        /// The field.
        field: &'static str,
        /// The longest it may be.
        limit: usize,
    },
    /// That is no e-mail address.
    #[refusal("an e-mail address has a name, an @ and a domain", field = email)]
    EmailImplausible,

    /// The child would not be born yet.
    #[refusal("a child cannot be born after today, {today}", field = birth_date)]
    BirthDateInFuture {
        /// The day on which the command was decided.
        today: Date,
    },
    /// The child would not be a child.
    #[refusal("a child is at most {years} years old when its family enrolls", field = birth_date)]
    BirthDateTooEarly {
        /// The age at which somebody is no child any more.
        years: i64,
    },
    /// The same child was added before.
    #[refusal("a child of this name and birth date was already added", field = child_name)]
    ChildAlreadyAdded,
    /// More children than a family has.
    #[refusal("a family has at most {limit} children")]
    TooManyChildren {
        /// The most there may be.
        limit: usize,
    },

    /// The amount is zero or less.
    #[refusal("the amount must be above zero", field = amount)]
    AmountNotPositive,
    /// The amount has a fraction of a cent.
    #[refusal("the amount must be in whole cents", field = amount)]
    AmountNotInCents,
    /// The amount is larger than its column.
    #[refusal("the amount must be at most {limit}", field = amount)]
    AmountTooLarge {
        /// The largest amount.
        limit: Decimal,
    },
    /// The month lies outside the time in which the family may owe or pay anything.
    #[refusal("{month} is not among the {years} years from {first}, when the family enrolled", field = month)]
    MonthOutOfRange {
        /// The month.
        month: Month,
        /// The month of the enrolment.
        first: Month,
        /// How many years count from there.
        years: i16,
    },
    /// Dues are assessed once for each month.
    #[refusal("dues for {month} were already assessed", field = month)]
    DuesAlreadyAssessed {
        /// The month.
        month: Month,
    },
    /// The due date has nothing to do with the month.
    #[refusal("the due date must lie within a year of {month}", field = due_date)]
    DueDateImplausible {
        /// The month.
        month: Month,
    },
    /// The payment is older than the membership.
    #[refusal("the family enrolled on {enrollment_date}: no payment before that", field = date)]
    PaymentBeforeEnrollment {
        /// When the family enrolled.
        enrollment_date: Date,
    },

    /// The score is off the scale.
    #[refusal("a score lies between 0 and 100", field = new_score)]
    ScoreOutOfRange,
    /// The score was computed from another one than the present.
    #[refusal("the score is {present} by now", field = old_score)]
    ScoreMoved {
        /// The present score.
        present: i64,
    },
    /// Nobody volunteers for less than no time.
    #[refusal("volunteer hours cannot be negative", field = factors)]
    VolunteerHoursNegative,
    /// The rate is off the scale.
    #[refusal("the attendance rate is a percentage from 0 to 100 with at most two decimals", field = factors)]
    AttendanceOutOfRange,

    /// The family would leave before it came.
    #[refusal("the family enrolled on {enrollment_date}: it cannot leave before that", field = date)]
    WithdrawalBeforeEnrollment {
        /// When the family enrolled.
        enrollment_date: Date,
    },
}
