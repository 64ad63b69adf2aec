//! Badge readers, each with one vocabulary.
//!
//! Owns: what a reader says ([`ReaderEvent`]), the number of a card ([`uid::BadgeUid`]), the form in which it is typed
//! ([`form::UidForm`]), the keyboard wedge ([`wedge::Wedge`]) and whether one is plugged in ([`plugged`]), and the program that reads NFC
//! and PC/SC readers ([`program::ReaderProgram`], whose lines are [`said::Said`], and [`presence::Presence`], which tells what came from
//! what is there).
//! Promises: knows no child, no screen, no database and no clock; whatever a
//! reader sends, at most a sentence comes of it, never a panic.
#![warn(missing_docs)]

pub mod form;
pub mod plugged;
pub mod presence;
pub mod program;
pub mod said;
pub mod uid;
pub mod wedge;

use said::Fault;

/// What a reader has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderEvent {
    /// A card was held to the reader: its number as it came, to be read by
    /// [`uid::BadgeUid::parse`]. It says that a card was here, not who held it.
    Badge(String),
    /// A card came and went before it could be read.
    Unread,
    /// Several cards came at once: none of them counts.
    Several,
    /// The reader can't be heard any more, and why; the sentence is for the log.
    Fault(Fault, String),
    /// The reader is heard, at first or again: what it calls itself.
    Heard(String),
}
