//! Whole-system tests: the real programs, from a town hall's files to cents.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise, in its helpers too")]

mod agglomeration;
mod at_rest;
mod clock;
mod demo;
mod disk_full;
mod house;
mod killed;
mod line;
mod lost_database;
mod petite_commune;
mod tablet;
