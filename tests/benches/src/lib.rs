//! Benches that stand beside no single room: each prints medians and a ratio to the least that the same work could take.
//!
//! `cargo bench -p preau-benches` runs them; nothing here is part of a check.
