//! The program: reads its arguments, hands over to the library, ends with one of four codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
