//! What Slint's compiler makes of `ui/app.slint`. Only the adapters of this package use it.
#![allow(
    missing_docs,
    clippy::all,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::todo,
    clippy::unwrap_used,
    reason = "generated code"
)]

slint::include_modules!();
