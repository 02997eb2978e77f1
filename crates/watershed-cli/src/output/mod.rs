//! What people and programs read: tables on a terminal, JSON lines otherwise.

mod progress;
mod screen;
mod shape;
mod table;

pub use progress::Progress;
pub(crate) use screen::Screen;
pub use shape::thousands;
pub(crate) use shape::{ago, grouped, millis, text};
pub(crate) use table::{Column, Tone};
