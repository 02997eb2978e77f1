//! What the cases on PostgreSQL share: a private server, plain rows in it, nodes in processes of their own, and small contexts.

mod accounts;
mod node;
mod own;
mod plain;
mod seats;
mod server;

pub(crate) use accounts::{AccountCommand, account, accounts};
pub(crate) use node::{Node, Orders, Part, Sent, serve};
pub(crate) use plain::Plain;
pub(crate) use seats::{seats, take};
pub(crate) use server::Server;
