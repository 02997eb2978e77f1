use coop::family::FamilyEvent;
use coop::queries::{FamiliesByRiskTier, GetFamily, GetPaymentAnalytics, ListAtRiskFamilies, SearchFamilies};
use coop::views::{AtRiskFamily, FamilyDetail};
use watershed::core::read::Plan;
use watershed::core::{Ask, Direction, NamedQuery};
use watershed::prelude::*;
use watershed_testkit::{fulfils, month, project};

use crate::tell::*;

/// The question that a caller asks with these parameters.
fn ask<Q: Query>(parameters: &str) -> Ask {
    serde_json::from_str::<Q>(parameters).unwrap().ask().into_ask()
}

/// The keys of the shown rows that the question is about.
fn found<R: ReadModel + Clone>(story: Vec<(&str, FamilyEvent)>, ask: &Ask) -> Vec<String> {
    let folded = project::<R>(story);
    folded
        .shown()
        .into_iter()
        .filter(|row| fulfils(&R::table(), &row.to_values().unwrap(), &ask.filter).unwrap())
        .map(|row| row.key().to_string())
        .collect()
}

#[test]
fn every_question_has_its_name_in_the_business() {
    assert_eq!(GetFamily::NAME, "get_family");
    assert_eq!(ListAtRiskFamilies::NAME, "list_at_risk_families");
    assert_eq!(FamiliesByRiskTier::NAME, "families_by_risk_tier");
    assert_eq!(GetPaymentAnalytics::NAME, "payment_analytics");
    assert_eq!(SearchFamilies::NAME, "search_families");
}

#[test]
fn a_family_is_found_by_its_id() {
    let ask = ask::<GetFamily>(r#"{"family_id":"fam-1"}"#);
    assert_eq!((ask.view, ask.key.unwrap().as_str()), ("family_detail", "fam-1"));
}

#[test]
fn families_at_risk_are_listed_from_70_on_and_the_most_urgent_first() {
    let by_default = ask::<ListAtRiskFamilies>("{}");
    let sorted: Vec<_> = by_default.sort.iter().map(|(column, way)| (column.as_ref(), *way)).collect();
    assert_eq!(
        sorted,
        [("intervention_priority", Direction::Descending), ("risk_score", Direction::Descending),]
    );
    let story = vec![
        ("calm", enrolled()),
        ("calm", at_risk(0, 69)),
        ("worried", enrolled()),
        ("worried", at_risk(0, 70)),
        ("leaving", enrolled()),
        ("leaving", at_risk(0, 95)),
    ];
    assert_eq!(found::<AtRiskFamily>(story.clone(), &by_default), ["leaving", "worried"]);
    let from_90 = ask::<ListAtRiskFamilies>(r#"{"min_risk":90}"#);
    assert_eq!(found::<AtRiskFamily>(story, &from_90), ["leaving"]);
}

#[test]
fn a_family_is_found_by_a_part_of_its_name_or_of_a_childs() {
    let story = vec![
        ("a", enrolled_as("Okafor Family", "2024-09-01")),
        ("b", enrolled_as("Martinez Family", "2024-09-01")),
        ("b", child("Zoe", "2015-06-15")),
        ("c", enrolled_as("Zoellner Family", "2024-09-01")),
    ];
    let search = |term: &str| {
        let ask = ask::<SearchFamilies>(&format!(r#"{{"term":"{term}"}}"#));
        assert_eq!(ask.limit, 50);
        assert_eq!(ask.sort, [("family_name".into(), Direction::Ascending)]);
        found::<FamilyDetail>(story.clone(), &ask)
    };
    assert_eq!(search("okaf"), ["a"]);
    assert_eq!(search("ZOE"), ["b", "c"]);
    assert_eq!(search("nobody"), [""; 0]);
}

#[test]
fn the_books_are_read_from_month_to_month_and_the_latest_first() {
    let ask = ask::<GetPaymentAnalytics>(r#"{"from":"2024-09","to":"2024-11"}"#);
    assert_eq!(ask.view, "payment_analytics");
    assert_eq!(ask.sort, [("month".into(), Direction::Descending)]);
    let table = coop::views::PaymentAnalytics::table();
    let (place, _) = table.column("month").unwrap();
    let mut values = vec![watershed::core::Value::Null; table.columns.len()];
    let mut is_within = |of: &str| {
        values[place] = watershed::core::ColumnType::to_value(&month(of));
        fulfils(&table, &values, &ask.filter).unwrap()
    };
    assert!(!is_within("2024-08") && is_within("2024-09") && is_within("2024-11") && !is_within("2024-12"));
}

#[test]
fn tiers_are_listed_from_critical_to_low() {
    let ask = ask::<FamiliesByRiskTier>("{}");
    assert_eq!(ask.sort, [("severity".into(), Direction::Descending)]);
}

/// A question over a column that no index serves would be refused when the context starts.
#[test]
fn every_question_filters_and_sorts_by_declared_columns() {
    fn check<Q: Query>(parameters: &str) {
        let table = <<Q::Answer as Plan>::Row as Row>::table();
        let ask = ask::<Q>(parameters);
        let in_an_index = |name: &str| {
            table.indexes.iter().any(|index| index.columns.iter().any(|(column, _)| *column == name))
        };
        let declared = |name: &str| {
            let (_, column) = table.column(name).unwrap();
            column.is_declared() || column.searched || in_an_index(name)
        };
        ask.filter.each_column(&mut |name| assert!(declared(name), "{name}"));
        for (name, _) in &ask.sort {
            assert!(declared(name), "{name}");
        }
    }
    check::<ListAtRiskFamilies>("{}");
    check::<FamiliesByRiskTier>("{}");
    check::<GetPaymentAnalytics>(r#"{"from":"2024-09","to":"2024-11"}"#);
    check::<SearchFamilies>(r#"{"term":"a"}"#);
}
