//! The model of Watershed, pure and synchronous, and the ports that its parts meet at.
//!
//! What a domain is written in stands here: events, commands, aggregates and decisions on the write side; read models,
//! rollups and queries on the read side. So do the [`ports`] that stores implement and the runtime drives.
//!
//! Nothing here does I/O, starts a thread, or knows a database. Everything of ours depends on this crate; it depends on
//! nothing of ours.

mod choice;
pub mod decimal;
pub mod event;
mod identity;
mod personal;
pub mod policy;
pub mod ports;
pub mod read;
pub mod rollup;
mod time;
mod token;
mod value;
pub mod variant;
pub mod write;

pub use choice::ParseChoiceError;
pub use decimal::Decimal;
pub use event::{Envelope, Event, EventKind, Recorded, StoredEvent, Tag};
pub use identity::{EventId, LogIdentity, Position, StreamId, Tenant, Version};
pub use personal::Personal;
pub use policy::{Access, Action, AllowAll, Authorizer, Denied};
pub use ports::Clock;
pub use read::{
    Applied, ApplyError, Ask, Column, ColumnSpec, Contract, Cursor, CursorError, Direction, Filter,
    Freshness, Handler, IndexSpec, Journal, Key, KeyedBy, Keys, NamedQuery, On, One, Page, PageOf, Plan,
    Predicate, Query, ReadModel, Rebuild, Reconcile, Replaces, Retention, Row, Slot, Sort, Source, TableSpec,
    UnknownEvents,
};
pub use rollup::{Contribution, Input, IntoInput, IntoItem, Measure, Rollup, Top};
pub use time::{Date, Month, ParseTimeError, Timestamp};
pub use token::{Token, TokenError};
pub use value::{ColumnError, ColumnKind, ColumnType, Value, json_from_value, json_to_value};
pub use write::{
    Aggregate, Boundary, Command, CommandKind, Cx, Decided, Decision, Fingerprint, FingerprintWriter, Import,
    Misfit, Needed, Premise, PremiseError, Premises, Principal, Receipt, Refusal, RefusalKind, SnapshotCodec,
    StateColumn, StateRows, StateTable, Storage, TableRow, Tables, TablesSpec,
};
