//! The code reward: programs nobody vouches for are run against tests, in a sandbox.
//!
//! | file | |
//! | --- | --- |
//! | `limits`, `language` | what a program may use up, what became of it, what it is written in |
//! | `program` | the program in a response |
//! | `reward`, `functional`, `rust_tests`, `outputs` | tests to verdicts |
//! | `installed` | programs of this machine on texts nobody vouches for |
//! | `sandbox`, `commands` | programs in, outcomes out; `nowhere` is its stand-in on other systems |
//! | `launcher`, `work`, `process` | the process that starts containers, and how it watches them |
//! | `tree`, `in_tree` | a folder of files as a value, and scripts that run in one |
//! | `container`, `root`, `seccomp`, `probe` | what isolates, and how that is tried out |
//! | `python/` | what starts whole programs, and the two sides of a functional test |
//!
//! # Isolation
//!
//! Every run has user, mount, pid, network, IPC, UTS and cgroup namespaces of its own, a root of
//! read-only mounts with a small private `/tmp` in memory, Landlock where the kernel has it, a
//! seccomp list of allowed calls, rlimits, and a clock outside. Namespaces, mounts, Landlock and
//! rlimits are set up by [`hakoniwa`](https://docs.rs/hakoniwa), the seccomp filter is compiled by
//! [`seccompiler`](https://docs.rs/seccompiler). No daemon, no root, no program to install. Where the
//! kernel refuses any of it there is no [`Sandbox`], and [`Code`] leaves problems unjudged: nothing
//! is ever run unprotected. [`Sandbox::new`] tries the isolation out from within.
//!
//! # What a program cannot forge
//!
//! What is expected never enters the program's sandbox. Output of whole programs is compared out
//! here. Functional tests run in a second sandbox: there a checker executes the tests, and every
//! function, class or object of the program is a handle. Calling it sends the arguments over as
//! data and brings back data, rebuilt from exact builtin types; what is no data stays a handle, which
//! equals nothing. So `==` always compares what the checker owns. A program may exit, print, patch
//! `assert`, define `__eq__` or take over its own side of the pipe: all it can ever do is give an
//! answer, and the answer must be the right one. Names that are builtins, and functions given with the
//! task, are the tests' own, whatever the program calls its functions. Rust's `assert_eq!(a, b)`
//! is taken apart: `a` is evaluated with the program, `b` without it, and what both print is compared.
//!
//! Left out: tests that hand functions of their own to the program (unjudged), packages beyond the
//! standard libraries, several right outputs for one input, and memory beyond one process's address
//! space (there are no further processes).

mod functional;
mod language;
mod limits;
mod outputs;
mod program;
mod reward;
mod rust_tests;

#[cfg(all(target_os = "linux", feature = "code"))]
mod commands;
#[cfg(all(target_os = "linux", feature = "code"))]
mod container;
#[cfg(all(target_os = "linux", feature = "code"))]
mod in_tree;
#[cfg(all(target_os = "linux", feature = "code"))]
mod installed;
#[cfg(all(target_os = "linux", feature = "code"))]
mod job;
#[cfg(all(target_os = "linux", feature = "code"))]
mod launcher;
#[cfg(not(all(target_os = "linux", feature = "code")))]
mod nowhere;
#[cfg(all(target_os = "linux", feature = "code"))]
mod probe;
#[cfg(all(target_os = "linux", feature = "code"))]
mod process;
#[cfg(all(target_os = "linux", feature = "code"))]
mod root;
#[cfg(all(target_os = "linux", feature = "code"))]
mod sandbox;
#[cfg(all(target_os = "linux", feature = "code"))]
mod seccomp;
#[cfg(all(target_os = "linux", feature = "code"))]
mod tools;
mod tree;
#[cfg(all(target_os = "linux", feature = "code"))]
mod tree_stream;
#[cfg(all(target_os = "linux", feature = "code"))]
mod work;

#[cfg(all(test, target_os = "linux", feature = "code"))]
mod canonical;
#[cfg(all(test, target_os = "linux", feature = "code"))]
mod escapes;
#[cfg(all(test, target_os = "linux", feature = "code"))]
mod forgeries;
#[cfg(all(test, target_os = "linux", feature = "code"))]
mod refusal;
#[cfg(all(test, target_os = "linux", feature = "code"))]
mod testing;
#[cfg(all(test, target_os = "linux", feature = "code"))]
mod trees;

pub use language::Language;
pub use limits::{Limit, Limits, NoIsolation, Outcome, RunError, Status};
#[cfg(not(all(target_os = "linux", feature = "code")))]
pub use nowhere::{Sandbox, version};
pub use outputs::Outputs;
pub use program::{Program, find};
pub use reward::Code;
#[cfg(all(target_os = "linux", feature = "code"))]
pub use sandbox::Sandbox;
#[cfg(all(target_os = "linux", feature = "code"))]
pub use tools::version;
pub use tree::{Entry, PLACE, PathError, Tree};
