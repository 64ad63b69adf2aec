//! Identity: who acts, and the trace that it leaves.
//!
//! Owns the audit ([`audit`]). Promises that a line is written in the transaction of what it tells of, names types and
//! ids and never values or names, and is chained to the line before it.

pub mod audit;
