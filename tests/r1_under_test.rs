//! `r1` itself, built along with the tests that start it.

use std::process::ExitCode;

/// As `r1` has it: what is measured of memory depends on it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    r1::cli::main()
}
