//! A read model whose fold takes much longer than writing what comes of it.

use coop::family::FamilyEvent;
use serde::{Deserialize, Serialize};
use watershed::prelude::{Applied, JsonSchema, On, ReadModel, Recorded, Slot};

use crate::mix::mix;

/// So many steps take about 20 µs.
const STEPS: u64 = 8_000;

/// A number that is long to come by.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "bench_computed", version = 1, on(FamilyEvent))]
#[contract(owner = "bench", fresh = operational(2s))]
pub(super) struct Computed {
    #[key(stream)]
    family_id: String,
    number: i64,
}

impl On<FamilyEvent> for Computed {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<FamilyEvent>) -> Applied {
        let family_id = event.stream.id.to_string();
        let row = row.get_or_put_with(|| Self { family_id, number: 0 });
        row.number =
            (0..STEPS).fold(row.number.cast_unsigned(), |number, step| mix(number ^ step)).cast_signed();
        Ok(())
    }
}
