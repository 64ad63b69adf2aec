//! The window without a display: found by what it says, touched, read back.
//!
//! Each test has its own platform on its own thread. Pictures are written for
//! eyes to the target folder (`ecrans/`), and never compared.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, reason = "tests and their helpers; positions in pixels")]

mod care;
mod closing;
mod contrast;
mod door;
mod evacuation;
mod faces;
#[path = "../../examples/preview/fixtures.rs"]
#[allow(dead_code, reason = "shared with the picture maker")]
mod fixtures;
mod looks;
mod monkey;
mod notes;
mod outing;
mod reader;
mod references;
mod sheets;
#[path = "../../../core/tests/claims/fixture.rs"]
mod site;
mod sound;
mod staff_pages;
mod team;
mod through;
mod touch;
mod typing;
