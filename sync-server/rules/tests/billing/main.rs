//! The rules as a town hall meets them: tariff files in, figures out.
#![allow(clippy::unwrap_used, reason = "a test says by failing what it expected")]

mod grids;
mod tariff_files;
