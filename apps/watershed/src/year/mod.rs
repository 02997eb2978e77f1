//! A school year of the co-op, on its way to a server.

mod play;
mod sender;
mod tally;

pub(crate) use play::Play;
