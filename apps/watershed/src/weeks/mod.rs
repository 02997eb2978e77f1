//! Four weeks of parcels, on their way to a server: what customers send as commands, what carriers send by the file.

mod files;
mod play;
mod sender;
mod tally;

pub(crate) use play::Play;
