//! Billing: tariffs tried on their own examples, a month from the journal to a draft, and from a draft to bills.
//!
//! What is a rule stands in the package `rules`; this desk reads one organisation's rows in bulk ([`month`]), hands them
//! over, and prints what comes back ([`draft`]) or makes it hold ([`mod@issue`]); [`mod@books`] looks at all that was issued and paid again. A draft changes nothing and may be made at any
//! hour; what was issued never changes.

pub mod books;
mod codes;
pub mod commands;
pub mod decide;
pub mod draft;
pub mod indicators;
pub mod issue;
pub mod issued;
pub mod month;
pub mod names;
pub mod paper;
pub mod tariff_check;
pub(crate) mod text;
