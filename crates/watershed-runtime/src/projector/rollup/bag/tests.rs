use std::collections::BTreeMap;

use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::{Decimal, Key, Tenant};

use super::{Bag, Item, Pages, Total};

/// A bag beside what it must be, with its pages in a store.
struct Kept {
    bag: Bag,
    most: usize,
    weighed: bool,
    plain: BTreeMap<Item, (i64, Total)>,
    store: BTreeMap<RowKey, StoredRow>,
    loaded: usize,
    written: usize,
}

fn group() -> RowKey {
    RowKey { tenant: Tenant::default(), key: Key::from("a:group") }
}

fn with<T>(kept: &mut Kept, run: impl FnOnce(&mut Bag, &mut Pages<'_>) -> T) -> T {
    let (store, group) = (&kept.store, group());
    let mut read = |key: &RowKey| Ok(store.get(key).cloned());
    run(&mut kept.bag, &mut Pages { group: &group, place: 0, read: &mut read, loaded: &mut kept.loaded })
}

impl Kept {
    fn new(most: usize) -> Self {
        let (plain, store) = (BTreeMap::new(), BTreeMap::new());
        Self { bag: Bag::new(most), most, weighed: false, plain, store, loaded: 0, written: 0 }
    }

    fn take(&mut self, item: &Item, weight: Option<Decimal>, sign: i64) {
        with(self, |bag, pages| bag.take(item, weight, sign, pages)).unwrap();
        self.weighed |= weight.is_some();
        let (times, total) = self.plain.entry(item.clone()).or_default();
        *times += sign;
        total.add(weight.unwrap_or(Decimal::from(1)), sign);
        if *times == 0 {
            self.plain.remove(item);
        }
    }

    /// Writes what has changed.
    fn write(&mut self) {
        let mut changes = Vec::new();
        with(self, |bag, pages| {
            bag.settle(pages).unwrap();
            if bag.most > 0 {
                bag.top(pages).unwrap();
            }
            bag.page_changes(pages, 1, &mut changes);
        });
        self.written += changes.len();
        for change in changes {
            match change {
                RowChange::Put(row) => drop(self.store.insert(row.key.clone(), row)),
                RowChange::Delete(key) => drop(self.store.remove(&key)),
            }
        }
    }

    /// Forgets what is in memory, and reads what is stored in the group's row.
    fn reopen(&mut self) {
        self.bag = serde_json::from_str(&serde_json::to_string(&self.bag).unwrap()).unwrap();
        self.bag.rank(self.most);
    }

    fn check(&mut self) {
        let times: i64 = self.plain.values().map(|(times, _)| times).sum();
        assert_eq!((self.bag.times(), self.bag.distinct()), (times, self.plain.len() as i64));
        let in_order: Vec<Item> =
            self.plain.iter().flat_map(|(item, (times, _))| vec![item.clone(); *times as usize]).collect();
        for rank in [1, 2, times / 3, times / 2, times - 1, times] {
            let expected = usize::try_from(rank - 1).ok().and_then(|place| in_order.get(place)).cloned();
            let expected = expected.or_else(|| in_order.first().cloned());
            assert_eq!(with(self, |bag, pages| bag.at_rank(rank, pages)).unwrap(), expected, "{rank}");
        }
        self.check_top();
    }

    fn check_top(&mut self) {
        if self.most > 0 {
            let mut expected: Vec<(Total, Item)> =
                self.plain.iter().map(|(item, (_, total))| (*total, item.clone())).collect();
            expected.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
            expected.truncate(self.most);
            assert_eq!(with(self, Bag::top).unwrap(), expected);
        }
    }

    /// What a bag that is made of the same values at once is: its row and its pages.
    fn made_anew(&self) -> (String, BTreeMap<RowKey, StoredRow>) {
        let mut fresh = Self::new(self.most);
        for (item, (times, total)) in self.plain.iter().rev() {
            let weight = total.to_decimal().divided_by(Decimal::from(*times), 28).unwrap();
            for _ in 0..*times {
                fresh.take(item, self.weighed.then_some(weight), 1);
            }
        }
        fresh.write();
        (serde_json::to_string(&fresh.bag).unwrap(), fresh.store)
    }
}

fn dice(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// Grows and shrinks through every height, reads everything again now and then, and is at all times what was put in.
fn live_through(seed: u64, top: usize, item: impl Fn(u64) -> Item, weight: impl Fn(u64) -> Option<Decimal>) {
    let (mut kept, mut seed) = (Kept::new(top), seed);
    let mut heights = std::collections::BTreeSet::new();
    for most in [60, 3_000, 200, 7_000, 30, 0] {
        while kept.plain.len() < most {
            for _ in 0..=dice(&mut seed) % 700 {
                let number = dice(&mut seed) % 40_000;
                kept.take(&item(number), weight(number), 1);
            }
            kept.write();
            kept.check_top();
            if dice(&mut seed).is_multiple_of(3) {
                kept.reopen();
            }
        }
        while kept.plain.len() > most {
            for _ in 0..=dice(&mut seed) % 700 {
                let from = item(dice(&mut seed) % 40_000);
                let Some(item) = kept.plain.range(from..).next().or(kept.plain.iter().next()) else { break };
                let (item, (times, total)) = (item.0.clone(), *item.1);
                let weight = total.to_decimal().divided_by(Decimal::from(times), 28);
                kept.take(&item, weight.filter(|_| kept.weighed), -1);
            }
            kept.write();
            kept.check_top();
            if dice(&mut seed).is_multiple_of(3) {
                kept.reopen();
            }
        }
        heights.insert(kept.bag.height);
        kept.check();
        let (row, pages) = kept.made_anew();
        assert_eq!(serde_json::to_string(&kept.bag).unwrap(), row, "{most}");
        assert_eq!(kept.store, pages, "{most}");
    }
    assert!(heights.contains(&0) && heights.contains(&2), "{heights:?}");
    assert!(kept.store.is_empty());
}

#[test]
fn a_bag_is_what_was_put_in_whatever_its_size_and_its_past() {
    live_through(7, 0, |number| Item::Number(Decimal::new(number as i64 * 25, 2).normalized()), |_| None);
    live_through(8, 7, |number| Item::Text(format!("customer: {}", number % 37_000).into()), |_| None);
    let weight = |number: u64| Some(Decimal::new((number % 50) as i64 - 10, 1));
    live_through(9, 200, |number| Item::Number(Decimal::from(number as i64 - 20_000)), weight);
}

#[test]
fn a_change_of_a_large_bag_touches_a_page_of_each_level() {
    let mut kept = Kept::new(10);
    for number in 0..100_000 {
        kept.take(&Item::Number(Decimal::from(number)), None, 1);
    }
    kept.write();
    kept.reopen();
    (kept.loaded, kept.written) = (0, 0);
    for number in 0..100 {
        kept.take(&Item::Number(Decimal::from(number * 997)), None, 1);
        kept.write();
        kept.reopen();
    }
    assert_eq!(kept.bag.height, 2);
    assert!(kept.loaded <= 2 * 100 && kept.written <= 2 * 100, "{}, {}", kept.loaded, kept.written);
    let row = serde_json::to_string(&kept.bag).unwrap().len();
    let largest = kept.store.values().map(|row| format!("{:?}", row.values[1]).len()).max().unwrap();
    assert!(row < 6_000 && largest < 8_000, "{row}, {largest}");
}

#[test]
fn a_page_that_is_missing_is_damage_and_not_an_empty_page() {
    let mut kept = Kept::new(0);
    for number in 0..1_000 {
        kept.take(&Item::Number(Decimal::from(number)), None, 1);
    }
    kept.write();
    kept.reopen();
    kept.store.clear();
    let taken = with(&mut kept, |bag, pages| bag.take(&Item::Number(Decimal::from(5)), None, 1, pages));
    assert!(taken.unwrap_err().to_string().contains("is missing"));
}
