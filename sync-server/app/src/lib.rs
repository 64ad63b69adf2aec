//! The server of Préau: one binary with subcommands.
//!
//! Folders are what a town hall would call its desks: [`registry`] (families,
//! places, imports), [`billing`] (tariffs, drafts), [`office`], [`portal`]… each with its queries, use cases, routes and pages side by
//! side. [`store`] is the one door to the database; [`app`] holds what all
//! desks share; [`page`] what all pages do; [`clock`] is the only file that reads the wall clock.

pub mod api;
pub mod app;
pub mod attendance;
pub mod billing;
pub mod cli;
pub mod clock;
pub mod error;
pub mod identity;
pub mod jobs;
pub mod keeping;
pub mod ledger;
pub mod office;
pub mod page;
pub mod payments;
pub mod portal;
pub mod registry;
pub mod router;
pub mod serve;
pub mod settings;
pub mod store;
pub mod sync;

pub use error::{Error, Result};
