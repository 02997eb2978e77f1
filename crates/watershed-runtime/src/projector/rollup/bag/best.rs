use super::{Bag, Item, Total};

impl Bag {
    /// Follows the change of a value in the list of the best ones. `total` is the value's now; none where it is gone. Where another
    /// value that is not in the list may have to come into it, the list is forgotten, and looked for when it is asked for.
    pub(super) fn note_best(&mut self, item: &Item, total: Option<Total>) {
        let Some(best) = &mut self.best else { return };
        // Then there are no others.
        let has_all = best.len() < self.most;
        let known = best.iter().position(|(_, known)| known == item);
        let before = known.map(|place| best.remove(place).0);
        let place = total.map(|total| {
            let place =
                best.partition_point(|(other, known)| *other > total || (*other == total && known < item));
            (place, total)
        });
        match place {
            Some((place, total))
                if has_all || place < best.len() || before.is_some_and(|before| before <= total) =>
            {
                best.insert(place, (total, item.clone()));
                best.truncate(self.most);
            }
            _ if before.is_some() && !has_all => self.best = None,
            _ => {}
        }
    }
}
