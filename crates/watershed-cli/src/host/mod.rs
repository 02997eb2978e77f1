//! The program as a host: contexts opened on their folders, and served.

mod audit;
mod holder;
mod opened;
mod serve;

pub(crate) use holder::holder_of;
pub(crate) use opened::{Opened, is_data_folder};
pub(crate) use serve::{Port, serve, told_to_stop};
