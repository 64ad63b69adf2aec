//! `preau-server import`: what a folder becomes, what stays as it was, what is told.

mod attendance;
mod audited;
mod barred;
mod command;
mod mistakes;
mod organisations;
mod photos;
mod town;
mod whole;
