//! What the tablet promises, as claims in plain words: controllers and store
//! together, without a window.

mod barred;
mod board;
mod clocks;
mod door;
mod fixture;
mod moments;
mod roll_call;
mod server;
mod storage;
mod sync;
