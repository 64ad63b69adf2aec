//! The registry desk: the territoire, its organisations and places, families and their files.
//!
//! Owns who exists and what was declared about them. Promises that a folder of files is taken whole or not at all, and
//! that taking it again changes only what changed.

pub mod booking;
pub mod door_code;
pub mod family_note;
pub mod homonym;
pub mod import;
pub mod init;
pub mod proof;
pub mod zone;
