//! The write side: commands, and the models that decide them.

mod aggregate;
mod command;
mod cx;
mod decision;
mod import;
mod premise;
mod receipt;
mod refusal;
mod storage;
mod tables;

pub use aggregate::{Aggregate, Decided};
pub use command::{Command, CommandKind, Fingerprint, FingerprintWriter};
pub use cx::{Cx, Principal};
pub use decision::{Boundary, Decision};
pub use import::{Import, Misfit, read_record};
pub use premise::{Needed, Premise, PremiseError, Premises, WhichPremise};
pub use receipt::Receipt;
pub use refusal::{Refusal, RefusalKind};
pub use storage::{SnapshotCodec, Storage, TablesCodec};
pub use tables::{Children, StateColumn, StateRows, StateTable, TableRow, Tables, TablesSpec, difference};
