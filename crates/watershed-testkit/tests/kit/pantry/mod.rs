//! Jars are filled and tasted; kinds of preserve are renamed.

mod commands;
mod events;
mod rows;
mod totals;

pub(crate) use commands::{Claim, Jar, JarCommand, JarRefusal, claim, fill, taste};
pub(crate) use events::{JarEvent, KindEvent, filled, tasted};
pub(crate) use rows::{JarRow, KindRow, Tasting};
pub(crate) use totals::KindTotals;
