//! SWE-bench: issues of real repositories, resolved or not (Jimenez et al., arXiv 2310.06770v3).
//!
//! | file | |
//! | --- | --- |
//! | `instance` | the published schema |
//! | `reply` | the diff in a model's reply |
//! | [`diff`] | unified diffs, read and applied |
//! | `mirror`, `objects` | a repository at a commit, from a bare clone |
//! | `environment`, `settings` | how its tests are run, and by what means |
//! | `log` | what their log says of each test |
//! | `harness`, `report` | all together: replies in, verdicts out |
//! | `logs` | what is kept of them |
//! | `probe` | a repository to try things in |
//!
//! [`crate::benchmarks::SweBench`] asks. An instance is resolved where all tests of both lists pass. What differs from the published harness:
//! a listed test that is skipped has not passed (there, it is not counted); a hunk of which nothing but
//! dropped context would be left fits nowhere, whatever the fuzz. What is alike: the files of the tests' patch are put
//! back before it is applied, and what tests say is read from their output, which a patch could forge.
//!
//! Left out: agents (a reply is one patch), containers per instance, and networks.

pub mod diff;
mod environment;
mod harness;
mod instance;
mod log;
mod logs;
mod mirror;
mod objects;
mod probe;
mod reply;
mod report;
mod settings;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod shown;

pub use environment::{Environment, EnvironmentError};
pub use harness::{Harness, Stop};
pub use instance::Instance;
pub use log::{LogFormat, Results, Status};
pub use mirror::{Mirror, MirrorError};
pub use probe::Probe;
pub use reply::diff as diff_of;
pub(crate) use report::FUZZ;
pub use report::{Report, Summary, Tally, Verdict};
pub use settings::Settings;
