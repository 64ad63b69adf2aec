//! Billing: tariffs tried on their own examples, and a month from the journal to a draft.
//!
//! What is a rule stands in the package `rules`; this desk reads one organisation's rows in bulk ([`month`]), hands them
//! over, and prints what comes back ([`draft`]). A draft changes nothing and may be made at any hour.

mod codes;
pub mod draft;
pub mod month;
pub mod tariff_check;
mod text;
