//! `preau-server import`: what a folder becomes, what stays as it was, what is told.

mod attendance;
mod mistakes;
mod organisations;
mod town;
mod whole;
