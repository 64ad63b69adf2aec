//! The language of both sides of Préau: what a tablet and the server must
//! understand alike, to the byte.
//!
//! One sentence holds the system: a journal of sealed facts, and readings of
//! it. [`journal`] owns the facts; [`fold`] is the one reading that everything
//! else reads from; [`roster`] and [`wire`] are what travels.
//!
//! No I/O, no async, no clock and no randomness: instants, days and random
//! bytes come in as arguments, so that a seed replays a month.
#![warn(missing_docs)]

pub mod calendar;
pub mod day_sheet;
pub mod fold;
pub mod french;
pub mod id;
pub mod journal;
pub mod money;
pub mod name;
pub mod pickup;
pub mod ratio;
pub mod roster;
pub mod wire;
