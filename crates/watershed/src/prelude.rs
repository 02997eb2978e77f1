//! Everything that a domain is written with: `use watershed::prelude::*;`.

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use watershed_derive::{Choice, Command, Event, Query, ReadModel, Refusal, Rollup, TableRow, Tables};

pub use watershed_core::{
    // The write side.
    Aggregate,
    // Around a domain.
    AllowAll,
    // The read side.
    Applied,
    ApplyError,
    Authorizer,
    Boundary,
    Clock,
    Column,
    Command,
    Cx,
    // Values.
    Date,
    Decided,
    Decimal,
    Decision,
    Event,
    Filter,
    Import,
    Key,
    Keys,
    Misfit,
    Month,
    On,
    One,
    Page,
    PageOf,
    Personal,
    Premise,
    Premises,
    Principal,
    Query,
    ReadModel,
    Receipt,
    Recorded,
    Refusal,
    Replaces,
    Rollup,
    Row,
    Slot,
    Storage,
    TableRow,
    Tables,
    Tag,
    Tenant,
    Timestamp,
    Token,
    Top,
};

pub use watershed_runtime::{Answer, AskError, Context, OnStale, Running, SendError, StartError, Stores};
