//! What judging needs of this machine.

use std::path::PathBuf;
use std::time::Duration;

use rewards::code::Limits;

use super::diff::MOST_FUZZ;
use super::environment::Environment;
use super::mirror::Mirror;

/// What judging needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bare clones of the repositories.
    pub mirror: Mirror,
    /// How their tests are run.
    pub environments: Vec<Environment>,
    /// What one run of tests may use up.
    pub limits: Limits,
    /// The most fuzz a model's patch may need; the patches of tests get none.
    pub most_fuzz: usize,
    /// Where logs are kept, a folder for each instance and in it one for each reply; `None` keeps none.
    pub logs: Option<PathBuf>,
}

impl Settings {
    /// Clones in `folder`, no environments and no logs; half an hour a run, as published, with 8 GiB of
    /// address space a process, 256 threads and processes, and 32 MiB of output.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let half_an_hour = Duration::from_secs(1800);
        Self {
            mirror: Mirror::new(folder),
            environments: vec![],
            limits: Limits {
                cpu: half_an_hour,
                wall: half_an_hour,
                memory: 8 << 30,
                threads: 256,
                file_size: 256 << 20,
                disk: 256 << 20,
                output: 32 << 20,
            },
            most_fuzz: MOST_FUZZ,
            logs: None,
        }
    }
}
