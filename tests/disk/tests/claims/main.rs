//! The shipped store on a disk that is cut off, full, failing or rotting.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]
mod cuts;
mod failing;
mod salvage;
mod tablet;
mod upgrade;
