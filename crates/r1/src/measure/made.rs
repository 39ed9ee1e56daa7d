//! A benchmark that is measured: one of those known, or one that was made with what it needs.

use eval::Benchmark;

/// A benchmark.
pub(super) enum Made<'a> {
    /// As it is listed.
    Known(&'a dyn Benchmark),
    /// With clones, contests, a judge.
    WithNeeds(Box<dyn Benchmark>),
}

impl Made<'_> {
    /// The benchmark.
    pub(super) fn get(&self) -> &dyn Benchmark {
        match self {
            Self::Known(known) => *known,
            Self::WithNeeds(made) => &**made,
        }
    }
}
