//! The benchmarks of this crate, a small file each.
//!
//! | name | what a reply is graded by |
//! | --- | --- |
//! | `aime-2024`, `math-500`, `gsm8k`, `amc-2023` | the final answer, verified against the gold one |
//! | `mmlu` | the letter of the option |
//! | `humaneval`, `mbpp`, `livecodebench` | tests, run in the sandbox of `rewards` |
//! | `codeforces` | the same; the places its samples earn in contests make a rating |
//! | `debug-chain` | the same, after rounds of debugging |
//! | `python-to-rust` | the same cases in Python and, of what is right, in Rust |
//! | `swe-bench-verified`, `swe-bench` | the repository's tests after the patch |
//! | `swe-bench-debug` | the same, after a script of the model's own and rounds of debugging |
//! | `formal-coq`, `formal-lean` | the proof checker, and where it is open a model |
//! | `problems` | the check of each problem, whatever file of problems it is |

mod choice;
mod codeforces;
mod debug_chain;
mod formal;
mod formal_figures;
mod live_code;
mod problem_file;
pub mod published;
mod sandbox;
mod share;
mod swe_bench;
mod swe_debug;
#[cfg(all(test, target_os = "linux"))]
mod tests;
mod transfer;

use crate::benchmark::Benchmark;
use crate::debug::Chain;
pub use choice::Choice;
pub use codeforces::Codeforces;
pub use debug_chain::DebugChain;
pub use formal::FormalStatements;
pub use live_code::LiveCode;
pub use problem_file::ProblemFile;
pub use sandbox::Programs;
pub use swe_bench::SweBench;
pub use swe_debug::SweDebug;
pub use transfer::Transfer;

/// All benchmarks of this crate, in the order of the table above. Those that need more than a file of tasks
/// (clones, contests, a Lake project) are there to be named and listed; whoever measures makes one with what it
/// needs.
pub fn all() -> Vec<Box<dyn Benchmark>> {
    vec![
        Box::new(ProblemFile::aime_2024()),
        Box::new(ProblemFile::math_500()),
        Box::new(ProblemFile::gsm8k()),
        Box::new(ProblemFile::amc_2023()),
        Box::new(Choice::mmlu()),
        Box::new(ProblemFile::humaneval()),
        Box::new(ProblemFile::mbpp()),
        Box::new(LiveCode::default()),
        Box::new(Codeforces::default()),
        Box::new(DebugChain::new(Chain::default())),
        Box::new(Transfer::default()),
        Box::new(SweBench::verified(None)),
        Box::new(SweBench::any(None)),
        Box::new(SweDebug::new(None, false, Chain::default())),
        Box::new(FormalStatements::coq()),
        Box::new(FormalStatements::lean(None)),
        Box::new(ProblemFile::problems()),
    ]
}

/// The benchmark called `name`.
///
/// # Errors
/// When there is none; the names there are stand in the message.
pub fn find<'a>(
    benchmarks: &'a [Box<dyn Benchmark>],
    name: &str,
) -> Result<&'a dyn Benchmark, UnknownBenchmark> {
    let found = benchmarks.iter().find(|benchmark| benchmark.name() == name);
    found.map(AsRef::as_ref).ok_or_else(|| {
        let names: Vec<&str> = benchmarks.iter().map(|known| known.name()).collect();
        UnknownBenchmark {
            name: name.to_owned(),
            known: names.join(", "),
        }
    })
}

/// No benchmark is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no benchmark is called `{name}`; there are {known}")]
pub struct UnknownBenchmark {
    /// The name.
    pub name: String,
    /// The names there are.
    pub known: String,
}

#[cfg(test)]
mod names {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::protocol::Protocol;

    fn shared(name: &str) -> Option<PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data")
            .join(name);
        path.exists().then_some(path)
    }

    #[test]
    fn names_are_distinct_and_found() {
        let benchmarks = all();
        let names: BTreeSet<&str> = benchmarks.iter().map(|known| known.name()).collect();
        assert_eq!(names.len(), benchmarks.len());
        for name in names {
            assert_eq!(find(&benchmarks, name).unwrap().name(), name);
        }
        let error = find(&benchmarks, "aime").err().unwrap().to_string();
        assert!(error.contains("aime-2024, math-500"), "{error}");
    }

    #[test]
    fn the_samples_are_those_of_the_paper() {
        let benchmarks = all();
        let samples = |name| find(&benchmarks, name).unwrap().protocol().samples;
        assert_eq!((samples("aime-2024"), samples("math-500")), (64, 16));
        for benchmark in &benchmarks {
            let protocol = benchmark.protocol();
            assert_eq!((protocol.temperature, protocol.top_p), (0.6, 0.95));
        }
    }

    #[test]
    fn the_files_found_in_the_world_are_read_where_they_are_present() {
        let benchmarks = all();
        for (name, file, count) in [
            ("aime-2024", "math/aime24.jsonl", 30),
            ("math-500", "math/math500.jsonl", 500),
            ("gsm8k", "math/gsm8k_test.jsonl", 1319),
            ("amc-2023", "math/amc23.jsonl", 40),
            ("humaneval", "code/HumanEval.jsonl.gz", 164),
            ("mbpp", "code/mbpp.jsonl", 500),
            ("problems", "code/codeforces_test.json", 408),
        ] {
            let Some(path) = shared(file) else { continue };
            let benchmark = find(&benchmarks, name).unwrap();
            let loaded = benchmark.load(&path, &Protocol::default()).unwrap();
            assert_eq!(loaded.tasks.len(), count, "{name}: {file}");
        }
        for (name, file, count) in [
            ("aime-2024", "math/amc23.jsonl", "40 tasks"),
            ("amc-2023", "math/aime24.jsonl", "30 tasks"),
        ] {
            let Some(path) = shared(file) else { continue };
            let benchmark = find(&benchmarks, name).unwrap();
            let error = benchmark.load(&path, &Protocol::default()).unwrap_err();
            assert!(error.to_string().contains(count), "{error}");
        }
    }

    #[test]
    fn a_file_of_another_number_of_tasks_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.jsonl");
        std::fs::write(&path, "{\"question\": \"1 + 1?\", \"answer\": \"2\"}\n").unwrap();
        for (name, count) in [("aime-2024", 30), ("amc-2023", 40), ("math-500", 500)] {
            let benchmarks = all();
            let benchmark = find(&benchmarks, name).unwrap();
            let error = benchmark.load(&path, &Protocol::default()).unwrap_err();
            let wanted = format!("it has 1 tasks and {name} has {count}");
            assert!(error.to_string().contains(&wanted), "{error}");
        }
    }
}
