//! Billing through the real program.

mod at_the_desk;
mod by_hand;
mod contracts;
pub mod draft;
mod issuing;
mod tariff_check;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `preau-server` as a person would.
pub fn preau_server(arguments: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_preau-server")).arg("--data").arg(data).args(arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
