use watershed_testkit::{Story, project, project_group, tenant};

use crate::complaint;
use crate::pantry::{JarRow, KindRow, Tasting, filled, tasted};

#[test]
fn a_later_read_model_sees_what_an_earlier_one_made_of_the_same_event() {
    let story = Story::new()
        .on("a", filled("plum", 5))
        .on("a", tasted(2))
        .on("b", filled("plum", 9))
        .on("b", tasted(1))
        .on("a", tasted(1))
        .tenant(tenant("acme"))
        .on("b", filled("plum", 100))
        .on("b", tasted(1));
    let group = project_group::<(JarRow, KindRow, Tasting)>(&story);
    assert_eq!(group.of::<Tasting>().expect_row("a").left, 2);
    assert_eq!(group.of::<Tasting>().expect_row("b").left, 8);
    assert_eq!(group.of::<Tasting>().row_of(&tenant("acme"), "b").unwrap().left, 99);
    assert_eq!(group.of::<JarRow>().rows(), project::<JarRow>(&story).rows());
    assert_eq!(group.of::<KindRow>().expect_row("all").filled, 2);
}

#[test]
fn whoever_looks_at_a_parked_row_waits_and_nobody_else() {
    let story = Story::new()
        .on("a", filled("plum", 5))
        .on("a", tasted(1))
        .on("a", filled("plum", 13))
        .on("a", tasted(1))
        .on("b", filled("fig", 5))
        .on("b", tasted(1))
        .tenant(tenant("acme"))
        .on("a", filled("plum", 7))
        .on("a", tasted(1));
    let group = project_group::<(JarRow, Tasting)>(&story);
    let parked: Vec<_> = group.of::<Tasting>().parked().collect();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].key.key.as_str(), parked[0].position), ("a", 4));
    assert!(parked[0].error.contains("the row `a` of `jars` is parked"), "{parked:?}");
    assert_eq!(group.of::<Tasting>().expect_row("a").left, 4, "as it was before");
    assert_eq!(group.of::<Tasting>().expect_row("b").left, 4);
    assert_eq!(group.of::<Tasting>().row_of(&tenant("acme"), "a").unwrap().left, 6);
}

#[test]
fn a_read_model_that_is_no_earlier_one_cannot_be_read() {
    let story = Story::new().on("a", filled("plum", 5)).on("a", tasted(2));
    let behind = project_group::<(Tasting, JarRow)>(&story);
    let parked: Vec<_> = behind.of::<Tasting>().parked().collect();
    assert!(parked[0].error.contains("`jars` is not an earlier read model"), "{parked:?}");
    let said = complaint(|| behind.of::<KindRow>().rows().len());
    assert!(said.contains("`kinds` is not one of this group's"), "{said}");
}
