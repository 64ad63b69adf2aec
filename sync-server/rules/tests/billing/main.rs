//! The rules as a town hall meets them: tariff files and days at the door in, figures out.
#![allow(clippy::unwrap_used, reason = "a test says by failing what it expected")]

mod amounts;
mod contracts;
mod grids;
mod issuing;
mod laws;
mod tariff_files;
mod town;
mod two_sites;
mod which_activity;
mod who_owes;
mod wording;
