//! The rules of billing: values in, lines out.
//!
//! Pure by construction: no clock, no file, no database, no float. The same
//! input gives the same bytes, so that a draft can be remade at any hour and
//! a family, an agent and the Treasury can all redo the arithmetic.
//!
//! - [`tariff`] reads a tariff file, says all that is wrong with it at once, and answers "what is one unit worth to this family that day?"
//! - [`quantity`] turns minutes at the door into units.
//! - [`price`] takes a month of an organisation ([`input`]) to its [`draft`]: which activity had each presence, who owes it, at
//!   what price, with an [`explanation`] of every cent and a typed [`problem`] wherever a person has to look.
//! - [`cnaf`] counts what a crèche is paid by: hours done, hours billed.
//! - [`issue`] holds a draft against what was billed before: bills, credit notes, adjustment lines.
//! - [`ledger`] says what a bill and a payment do to a family's account, and [`books`] holds the laws of it against what is stored.
//! - [`wording`] says an explanation in plain French, for whoever reads it.
#![warn(missing_docs)]

mod attribution;
pub mod books;
pub mod cnaf;
mod contract;
mod custody;
pub mod draft;
pub mod explanation;
pub mod input;
pub mod issue;
pub mod ledger;
mod lines;
mod month;
pub mod problem;
mod psu;
pub mod quantity;
mod situation;
mod steps;
pub mod tariff;
mod units;
pub mod wording;
mod world;

pub use month::{Priced, price, price_with_indicators};
