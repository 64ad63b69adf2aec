//! Claims about the journal, the fold and the wire, from outside the package.
#![expect(clippy::unwrap_used, reason = "a test's helper fails where it stands")]

mod day_sheet;
mod days_and_names;
mod erasure;
mod fold_evacuations;
mod fold_laws;
mod fold_rules;
mod fold_team;
mod fold_times;
mod golden;
mod journal;
mod payload_laws;
mod second_verifier;
mod signatures;
mod support;
mod wire;
