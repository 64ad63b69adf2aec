//! Whole-desk tests of the server, one binary: each module is a desk, and runs on SQLite and on PostgreSQL.

mod place;
mod store;
