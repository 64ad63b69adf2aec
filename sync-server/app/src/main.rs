//! The program: reads its arguments, hands over to the library, ends with one of four codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Whatever this program writes is children's data or a key: nobody else's to read, whichever library makes the file.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    server::cli::main()
}
