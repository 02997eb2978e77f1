use std::collections::BTreeMap;

use watershed::prelude::*;

/// What an engagement score was made of. What is left out keeps its last value in the read models.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, Default, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct EngagementFactors {
    /// The day on which the family last logged in.
    pub last_login_date: Option<Date>,
    /// Hours volunteered in this school year so far.
    pub volunteer_hours: Option<i64>,
    /// Share of the co-op's events that the family came to, in percent: `"87.50"`.
    pub event_attendance_rate: Option<Decimal>,
}

/// What a risk score was made of: each factor by name, with what speaks for it.
pub type RiskFactors = BTreeMap<String, Evidence>;

/// What speaks for a risk factor.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
#[serde(untagged, expecting = "a whole number of points, or a text")]
pub enum Evidence {
    /// What it adds to the score: `25`.
    Points(i64),
    /// What was seen: `"three payments late in a row"`.
    Words(String),
}
