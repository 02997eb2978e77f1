use watershed_testkit::{given, given_decision, principal, tenant, timestamp};

use crate::complaint;
use crate::pantry::{
    Claim, Jar, JarCommand, JarEvent, JarRefusal, KindEvent, claim, fill, filled, taste, tasted,
};

fn cooked(kind: &str, grams: i64, cook: &str) -> JarEvent {
    JarEvent::Filled { kind: kind.into(), grams, cook: Some(cook.into()) }
}

#[test]
fn what_follows_is_compared_whole_and_in_order() {
    given::<Jar>([]).when(fill("plum", 5)).then([cooked("plum", 5, "anonymous")]);
    given::<Jar>([filled("plum", 5), tasted(1)]).when(JarCommand::Empty).then([JarEvent::Emptied]);
    given::<Jar>([]).when(JarCommand::Empty).then_nothing();
}

#[test]
fn a_command_is_decided_at_the_time_and_by_the_principal_that_the_test_says() {
    let sarah = watershed_core::Principal { tenant: tenant("acme"), ..principal("sarah") };
    given::<Jar>([]).by(sarah.clone()).when(fill("plum", 5)).then([cooked("plum", 5, "sarah")]);
    let now = timestamp("2024-09-01T08:30:00Z");
    let ticket = "2024-09-01T08:30:00.000000Z/acme".to_owned();
    let whole = given::<Jar>([filled("plum", 5)]).at(now).by(sarah).when(taste(5));
    whole.then([JarEvent::Tasted { grams: 5, ticket }, JarEvent::Emptied]);
}

#[test]
fn a_difference_is_shown_with_the_event_that_it_is_in() {
    let said = complaint(|| given::<Jar>([]).when(fill("plum", 5)).then([cooked("plum", 6, "anonymous")]));
    assert!(said.contains("event 1 differs"), "{said}");
    assert!(said.contains("-   \"grams\": 6") && said.contains("+   \"grams\": 5"), "{said}");
    // Debug hides personal data, and so would have hidden this.
    let said = complaint(|| given::<Jar>([]).when(fill("plum", 5)).then([cooked("plum", 5, "sarah")]));
    assert!(said.contains("sarah") && said.contains("anonymous"), "{said}");

    let said = complaint(|| given::<Jar>([]).when(fill("plum", 5)).then_nothing());
    assert!(said.contains("event 1 was not expected") && said.contains("plum"), "{said}");
    let more = [JarEvent::Emptied, JarEvent::Emptied];
    let said = complaint(|| given::<Jar>([filled("plum", 5)]).when(JarCommand::Empty).then(more));
    assert!(said.contains("event 2 is missing"), "{said}");
}

#[test]
fn a_refusal_is_compared_with_its_details() {
    let five = || given::<Jar>([filled("plum", 5)]);
    five().when(taste(6)).then_refused(JarRefusal::TooMuch { left: 5 });
    five().when(fill("plum", 0)).then_refused(JarRefusal::NotPositive);
    let said = complaint(|| five().when(taste(6)).then_refused(JarRefusal::TooMuch { left: 4 }));
    assert!(said.contains("only 4 grams") && said.contains("only 5 grams"), "{said}");
    let said = complaint(|| five().when(taste(6)).then_refused(JarRefusal::NotPositive));
    assert!(said.contains("pantry.too-much") && said.contains("pantry.not-positive"), "{said}");
    let said = complaint(|| five().when(taste(6)).then([JarEvent::Emptied]));
    assert!(said.contains("refused") && said.contains("pantry.jar.emptied"), "{said}");
    let said = complaint(|| five().when(JarCommand::Empty).then_refused(JarRefusal::NotPositive));
    assert!(said.contains("not refused") && said.contains("pantry.jar.emptied"), "{said}");
}

#[test]
fn a_decision_that_looks_at_more_than_state_and_command_is_found_out() {
    let said = complaint(|| given::<Jar>([]).when(JarCommand::Guess));
    assert!(said.contains("not pure"), "{said}");
}

#[test]
fn a_decision_sees_what_lies_within_its_boundary() {
    let claimed = |name: &str| KindEvent::Claimed { name: name.into() };
    given_decision::<Claim>([]).when(claim("plum")).then([claimed("plum")]);
    given_decision::<Claim>([claimed("plum")]).when(claim("plum")).then_refused(JarRefusal::Taken);
    given_decision::<Claim>([claimed("quince")]).when(claim("plum")).then([claimed("plum")]);
    let renamed = KindEvent::Renamed { from: "plum".into(), to: "plum".into() };
    given_decision::<Claim>([renamed]).when(claim("plum")).then([claimed("plum")]);
    assert!(given_decision::<Claim>([]).when(claim("plum")).decided().is_ok());
}
