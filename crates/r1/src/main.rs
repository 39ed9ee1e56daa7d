//! The binary `r1`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    r1::cli::main()
}
