//! Logging in, through the real router and over a real port, as browsers do it.

mod activation;
pub mod browser;
mod commands;
mod forms;
mod log_in;
pub mod rights;
mod second_factor;
mod sign_on;
