//! The protocol, over real TLS on a real port: what is promised to a tablet, and what a liar gets.

mod care;
mod days;
mod decided;
mod effective;
mod en_route;
mod enrolling;
mod epochs;
mod erased;
mod exports;
mod interleaved;
mod limits;
mod lives;
mod peers;
mod photos;
mod ratio;
mod raw_bytes;
mod snapshot;
pub mod tablet;
mod taking_in;
mod telling;
mod time;
mod together;
mod watched;
