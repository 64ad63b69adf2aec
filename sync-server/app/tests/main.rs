//! Whole-desk tests of the server, one binary: each module is a desk, and runs on SQLite and on PostgreSQL.

mod billing;
mod place;
mod store;
