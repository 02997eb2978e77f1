use std::collections::BTreeMap;

use watershed_core::{Timestamp, Top};
use watershed_testkit::{Story, decimal, naive_rollup, project};

use crate::pantry::{JarEvent, JarRow, KindTotals, filled, tasted};

fn jar(kind: &str, grams: i64, tastings: &[i64]) -> JarRow {
    JarRow {
        id: String::new(),
        kind: kind.into(),
        grams,
        filled_at: watershed_core::Timestamp::default(),
        tastings: tastings.to_vec(),
        days_old: 0,
    }
}

#[test]
fn every_measure_is_what_its_definition_says() {
    let jars = [
        jar("plum", 1, &[2, 9]),
        jar("plum", 5, &[]),
        jar("plum", 4, &[5]),
        jar("plum", 2, &[2]),
        jar("fig", 3, &[]),
        jar("secret", 3, &[1]),
    ];
    let totals = naive_rollup::<KindTotals>(&jars);
    let fig = KindTotals {
        kind: "fig".into(),
        jars: 1,
        tasted: 0,
        grams: 3,
        average: None,
        median: Some(3),
        lightest: Some(3),
        last_filled: Some(Timestamp::default()),
        weights: 1,
        usual: vec![Top { value: 3, total: 1 }],
        most_tasted: Vec::new(),
        by_first: BTreeMap::new(),
        grams_by_first: BTreeMap::new(),
    };
    let plum = KindTotals {
        kind: "plum".into(),
        jars: 4,
        tasted: 3,
        grams: 12,
        average: Some(decimal("3.00")),
        median: Some(2),
        lightest: Some(1),
        last_filled: Some(Timestamp::default()),
        weights: 4,
        // All of them once: the smallest come first.
        usual: vec![Top { value: 1, total: 1 }, Top { value: 2, total: 1 }],
        most_tasted: vec![Top { value: "1 g".into(), total: decimal("2") }],
        by_first: BTreeMap::from([("2".into(), 2), ("5".into(), 1)]),
        grams_by_first: BTreeMap::from([("2".into(), decimal("3")), ("5".into(), decimal("4"))]),
    };
    assert_eq!(totals, [fig, plum]);
    assert_eq!(naive_rollup::<KindTotals>(&[]), []);
}

#[test]
fn a_mean_is_rounded_half_away_from_zero() {
    let jars = [jar("plum", 1, &[1]), jar("plum", 1, &[0]), jar("plum", 1, &[0])];
    assert_eq!(naive_rollup::<KindTotals>(&jars)[0].average, Some(decimal("0.33")));
    let eighths: Vec<_> = [-1, 0, 0, 0, 0, 0, 0, 0].iter().map(|first| jar("plum", 1, &[*first])).collect();
    assert_eq!(naive_rollup::<KindTotals>(&eighths)[0].average, Some(decimal("-0.13")));
}

#[test]
fn the_middle_of_an_even_number_is_the_lower_one() {
    let of = |grams: &[i64]| {
        let jars: Vec<_> = grams.iter().map(|grams| jar("plum", *grams, &[])).collect();
        naive_rollup::<KindTotals>(&jars)[0].median
    };
    assert_eq!(of(&[4, 1, 3, 2]), Some(2));
    assert_eq!(of(&[5, 1, 3]), Some(3));
    assert_eq!(of(&[7]), Some(7));
}

#[test]
fn only_shown_rows_count() {
    let story = Story::new()
        .on("a", filled("plum", 5))
        .on("b", filled("plum", 5))
        .on("b", tasted(5))
        .on("c", filled("fig", 5))
        .on("c", JarEvent::Emptied);
    let totals: Vec<KindTotals> = project::<JarRow>(story).rollup();
    assert_eq!(totals.len(), 1);
    assert_eq!((totals[0].kind.as_str(), totals[0].jars, totals[0].grams), ("plum", 1, 5));
}

#[test]
fn the_most_frequent_values_come_first_and_of_equal_ones_the_smallest() {
    let jars: Vec<_> = [9, 7, 9, 8, 7, 10]
        .iter()
        .map(|grams| jar("plum", *grams, &[1][..usize::from(*grams == 10)]))
        .collect();
    let totals = &naive_rollup::<KindTotals>(&jars)[0];
    assert_eq!(totals.usual, [Top { value: 7, total: 2 }, Top { value: 9, total: 2 }]);
    assert_eq!((totals.weights, totals.lightest), (4, Some(7)));
    assert_eq!(totals.most_tasted, [Top { value: "10 g".into(), total: decimal("1") }]);
}

#[test]
fn only_a_yes_counts() {
    let jars = [jar("numbered", 5, &[]), jar("numbered", 6, &[])];
    let totals = naive_rollup::<KindTotals>(&jars);
    assert_eq!((totals[0].jars, totals[0].grams), (0, 11));
}
