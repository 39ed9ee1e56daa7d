//! What every benchmark is told: a preset, its seeds, and where to write.

use std::path::PathBuf;
use std::str::FromStr;

use crate::preset::Preset;
use crate::usage::UsageError;

/// The arguments of a benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// smoke, tiny, small or paper; the benchmark changes what it needs to.
    #[arg(default_value = "tiny")]
    pub(super) preset: String,
    /// The seeds, one run each.
    #[arg(long, value_name = "N,N,...", default_value = "1,2,3")]
    pub(super) seeds: Seeds,
    /// Where everything is written [default: runs/bench-BENCHMARK].
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Change one field of the benchmark's preset; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    overrides: Vec<String>,
    /// No progress on the terminal, only the results.
    #[arg(long)]
    pub(super) quiet: bool,
}

impl Plan {
    /// The preset with the benchmark's `own` changes and then those asked for, and all changes that
    /// count, as `section.key=value`.
    pub(super) fn preset(&self, own: &[String]) -> Result<(Preset, Vec<String>), UsageError> {
        let key = |change: &String| change.split('=').next().map(|key| key.trim().to_owned());
        let asked: Vec<_> = self.overrides.iter().map(key).collect();
        let own = own.iter().filter(|change| !asked.contains(&key(change)));
        let changes: Vec<String> = own.chain(&self.overrides).cloned().collect();
        Ok((Preset::load(&self.preset, &changes)?, changes))
    }

    /// Where everything is written.
    pub(super) fn dir(&self, benchmark: &str) -> PathBuf {
        self.run_dir
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("runs/bench-{benchmark}")))
    }
}

/// Seeds in the order given, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seeds(pub(super) Vec<u64>);

impl FromStr for Seeds {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        let mut seeds = Vec::new();
        if text.trim().is_empty() {
            return Err(UsageError("name at least one seed, as in 1,2,3".into()));
        }
        for word in text.split(',').map(str::trim) {
            let seed: u64 = word.parse().map_err(|_| {
                UsageError(format!(
                    "`{word}` is no seed; give whole numbers with commas between, as in 1,2,3"
                ))
            })?;
            if seeds.contains(&seed) {
                return Err(UsageError(format!(
                    "seed {seed} is named twice; it would give the same run again"
                )));
            }
            seeds.push(seed);
        }
        Ok(Self(seeds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(overrides: &[&str]) -> Plan {
        Plan {
            preset: "tiny".into(),
            seeds: Seeds(vec![1]),
            run_dir: None,
            overrides: overrides.iter().map(ToString::to_string).collect(),
            quiet: true,
        }
    }

    #[test]
    fn seeds_keep_their_order() {
        assert_eq!("3, 1,2".parse(), Ok(Seeds(vec![3, 1, 2])));
        assert_eq!(u64::MAX.to_string().parse(), Ok(Seeds(vec![u64::MAX])));
    }

    #[test]
    fn what_is_no_seed_is_refused() {
        let refused = |text: &str| text.parse::<Seeds>().unwrap_err().0;
        assert!(refused("").contains("at least one seed"));
        assert!(refused(" ").contains("at least one seed"));
        assert!(refused("1,").contains("`` is no seed"));
        assert!(refused("1;2").contains("`1;2` is no seed"));
        assert!(refused("-1").contains("whole numbers"));
        assert!(refused("1,2,01").contains("seed 1 is named twice"));
    }

    #[test]
    fn what_is_asked_for_takes_the_place_of_the_benchmarks_own() {
        let (preset, changes) = plan(&["zero.steps = 3", "base.steps=7"])
            .preset(&["zero.steps=9".into(), "zero.prompts=5".into()])
            .unwrap();
        assert_eq!(
            changes,
            ["zero.prompts=5", "zero.steps = 3", "base.steps=7"]
        );
        assert_eq!(
            (preset.zero.steps, preset.zero.prompts, preset.base.steps),
            (3, 5, 7)
        );
        let error = plan(&["zero.stpes=3"]).preset(&[]).unwrap_err().to_string();
        assert!(error.contains("did you mean `zero.steps`"), "{error}");
    }

    #[test]
    fn each_benchmark_has_a_directory_of_its_own() {
        let mut plan = plan(&[]);
        assert_eq!(plan.dir("x"), PathBuf::from("runs/bench-x"));
        plan.run_dir = Some("here".into());
        assert_eq!(plan.dir("x"), PathBuf::from("here"));
    }
}
