//! The exchange with the server: entries out, changes in.
//!
//! [`client::SyncClient`] decides, without a socket, a clock or a disk:
//! `step(now, input) -> outputs`. [`shell::Shell`] does what it says, on the
//! store and over a [`transport::Transport`]; [`line::Line`] runs a shell in a
//! thread of its own.
//!
//! Promises: an entry leaves the queue by the server's verdict alone; a lost
//! reply costs a repeat and nothing else; the state of the line is the last
//! whole round trip; nobody but the authority pinned at enrolment is believed,
//! at a time that the tablet knows or that this authority signs.

pub mod believed_time;
mod carry;
pub mod client;
pub mod detail;
mod epoch;
pub mod gzip;
pub mod http;
pub mod line;
mod pace;
pub mod photos;
mod pull;
pub mod report;
pub mod shell;
mod signed_time;
mod steps;
pub mod tls;
pub mod transport;
