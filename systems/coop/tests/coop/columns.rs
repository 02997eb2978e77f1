//! The views have the seed's columns, and the README says where each comes from.

use std::collections::BTreeSet;

use coop::views::{AtRiskFamily, FamilyDetail, FamilyMonth, PaymentAnalytics, RiskTiers};
use watershed::prelude::*;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// The columns that readers see.
fn columns<R: Row>() -> BTreeSet<String> {
    let schema = schemars::schema_for!(R);
    let fields = schema.get("properties").and_then(|fields| fields.as_object()).unwrap();
    let is_internal = |name: &str| R::COLUMNS.iter().any(|column| column.name == name && column.internal);
    fields.keys().filter(|name| !is_internal(name)).cloned().collect()
}

/// The first cells of the table under the view's heading.
fn documented<R: Row>() -> BTreeSet<String> {
    let (_, section) = README.split_once(&format!("### `{}`\n", R::NAME)).unwrap();
    let section = section.split("\n#").next().unwrap_or_default();
    section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn every_column_of_the_seed_is_there() {
    let family_read_model = words(
        "family_id family_name enrollment_date status children_count children_names oldest_child_age total_paid
         payment_count last_payment_date avg_payment_days_late engagement_score last_login_date volunteer_hours
         event_attendance_rate risk_score risk_tier risk_factors last_updated event_version",
    );
    let at_risk_families_view = words(
        "family_id family_name risk_score risk_tier risk_factors recommended_intervention intervention_priority
         days_until_predicted_withdrawal last_contact_date last_contact_method days_since_contact
         preferred_contact_channel assigned_coordinator last_updated",
    );
    let payment_analytics_view = words(
        "month families_active families_paid_on_time families_paid_late families_overdue revenue_collected
         revenue_expected revenue_outstanding avg_payment_days_late median_payment_days_late
         payment_method_breakdown last_updated",
    );
    assert_eq!(columns::<FamilyDetail>(), family_read_model);
    assert_eq!(columns::<AtRiskFamily>(), at_risk_families_view);
    assert_eq!(columns::<PaymentAnalytics>(), payment_analytics_view);
}

#[test]
fn every_column_is_documented() {
    assert_eq!(columns::<FamilyDetail>(), documented::<FamilyDetail>());
    assert_eq!(columns::<AtRiskFamily>(), documented::<AtRiskFamily>());
    assert_eq!(columns::<PaymentAnalytics>(), documented::<PaymentAnalytics>());
    assert_eq!(columns::<FamilyMonth>(), documented::<FamilyMonth>());
    assert_eq!(columns::<RiskTiers>(), documented::<RiskTiers>());
}
