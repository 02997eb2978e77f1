//! A season of the catalog, on its way to a server.

mod play;
mod sender;
mod tally;

pub(crate) use play::Play;
