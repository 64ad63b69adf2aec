//! The rules of billing: values in, lines out.
//!
//! Pure by construction: no clock, no file, no database, no float. The same
//! input gives the same bytes, so that a draft can be remade at any hour and
//! a family, an agent and the Treasury can all redo the arithmetic.
//!
//! - [`tariff`] reads a tariff file, says all that is wrong with it at once, and answers "what is one unit worth to this family that day?"
//! - [`quantity`] turns minutes at the door into units.
#![warn(missing_docs)]

pub mod quantity;
pub mod tariff;
