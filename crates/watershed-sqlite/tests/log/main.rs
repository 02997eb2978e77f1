//! The log: what the port promises, and what may go wrong under it.

mod conformance;
