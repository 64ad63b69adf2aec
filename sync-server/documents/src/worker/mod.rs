//! Rendering in a process of its own, which can be ended.
//!
//! Typst stops a loop after 10,000 turns and a call, layout or show rule that nests too deep; it bounds neither two loops inside each
//! other nor memory. A folder that an organisation wrote is therefore rendered by a worker: it has a ceiling of memory (which it sets
//! for itself before it reads anything), a deadline (after which it is killed, and the next request starts another), no environment,
//! and nothing but its standard input and output. What goes wrong in there is a [`crate::DocumentError`] here.
//!
//! The worker is the program `preau-documents`, or any program that calls [`serve_this_process`]. Without the feature `engine` this
//! package is only its client, and whoever uses it builds without Typst.

mod client;
mod protocol;
#[cfg(feature = "engine")]
mod server;

pub use client::Worker;
#[cfg(feature = "engine")]
pub use server::{serve, serve_this_process};
