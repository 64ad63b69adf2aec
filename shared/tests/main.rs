//! Claims about the journal, the fold and the wire, from outside the package.

mod day_sheet;
mod erasure;
mod fold_laws;
mod fold_rules;
mod fold_times;
mod golden;
mod journal;
mod payload_laws;
mod second_verifier;
mod support;
mod wire;
