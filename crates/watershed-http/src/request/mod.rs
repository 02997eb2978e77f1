//! What a caller says: path, parameters, headers, body; read strictly, and refused by name where it is not understood.

mod body;
mod depth;
mod headers;
mod lines;
mod page;
mod parameters;
mod path;
mod principal;

pub(crate) use body::{Limits, read_json};
pub(crate) use depth::check_depth;
pub(crate) use headers::{command_request, last_event_id, last_place, terms, wants_events};
pub(crate) use lines::{Line, Lines};
pub(crate) use page::page_ask;
pub(crate) use parameters::Parameters;
pub(crate) use path::Segments;
pub(crate) use principal::principal_of;
