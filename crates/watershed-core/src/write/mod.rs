//! The write side: commands, and the models that decide them.

mod aggregate;
mod command;
mod cx;
mod decision;
mod receipt;
mod refusal;
mod storage;

pub use aggregate::{Aggregate, Decided};
pub use command::{Command, CommandKind, Fingerprint, FingerprintWriter};
pub use cx::{Cx, Principal};
pub use decision::{Boundary, Decision};
pub use receipt::Receipt;
pub use refusal::{Refusal, RefusalKind};
pub use storage::{SnapshotCodec, Storage};
