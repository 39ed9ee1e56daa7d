//! The binary `r1`; everything it does is in the library.

use std::process::ExitCode;

/// Tensors come and go by the megabyte; the system's allocator gives each back to the kernel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    r1::cli::main()
}
