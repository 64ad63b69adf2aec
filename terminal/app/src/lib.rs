//! The window of the tablet.
//!
//! Owns: what `ui/*.slint` shows ([`paint`]), what a touch asks ([`acts`]),
//! keys and badge readers that type ([`keyboard`]), other readers ([`reader`]), what is heard ([`sound`]), photos ([`faces`]), how large everything is ([`magnify`]),
//! and the thread behind the window ([`door_thread`]), over the tablet's own store and exchange ([`desk`]). Promises: no rule of attendance, no storage;
//! the window never waits for a disk or a network, and shows a fact only after
//! the door has answered that it is kept.
#![warn(missing_docs)]

pub mod acts;
pub mod dashes;
pub mod desk;
pub mod door_thread;
pub mod faces;
pub mod keyboard;
pub mod magnify;
pub mod reader;
pub mod sound;
mod staff_pages;

pub mod paint;
mod ui;
pub mod window;

pub use ui::{AppWindow, Hand, Palette};
