//! Payments through the real router, over a real port, with the sandbox in the same process.

mod begin;
mod books;
mod browser;
mod commands;
mod decided;
mod endings;
mod faults;
mod house;
mod ledger;
mod lies;
mod race;
mod told;
