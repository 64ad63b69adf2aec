//! Billing: tariffs tried on their own examples, and a month from the journal to a draft.
//!
//! What is a rule stands in the package `rules`; this desk reads one organisation's rows in bulk, hands them over, and
//! prints what comes back. A draft changes nothing and may be made at any hour.

pub mod tariff_check;
