use serde::de::DeserializeOwned;

use super::Plan;

/// A question's name and description. Derive it, with [`Query`] written beside.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no name as a query",
    note = "add #[derive(Query, Deserialize, JsonSchema)] and #[query(name = \"...\")] to the struct"
)]
pub trait NamedQuery: DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static {
    /// The name in business terms: `list_at_risk_families`.
    const NAME: &'static str;
    /// What its documentation comment says.
    const DOC: &'static str;
}

/// A question in business terms: its fields are its parameters.
pub trait Query: NamedQuery {
    /// The shape of the answer: [`super::One`] row or a [`super::Page`] of rows.
    type Answer: Plan;

    /// The plan that answers it. No I/O: tenant, token and paging are added by whoever runs the plan.
    fn ask(&self) -> Self::Answer;
}
