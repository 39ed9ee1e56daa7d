//! `r1` itself, built along with the tests that start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    r1::cli::main()
}
