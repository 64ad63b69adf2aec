//! Whole-desk tests of the server, one binary: each module is a desk, and runs on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod api;
mod attendance;
mod billing;
mod day_list;
mod desk;
mod hostile;
mod identity;
mod import;
mod jobs;
mod keeping;
mod office;
mod payments;
mod place;
mod plans;
mod portal;
mod store;
mod sync;
mod world;
