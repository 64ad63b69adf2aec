//! The tablet without its window.
pub mod view;
