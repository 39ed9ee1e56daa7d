//! A Codeforces rating: contests a model takes part in without being there ([`crate::elo`]).
//!
//! A sample is an attempt. The samples of a problem are handed in one after another up to the first that
//! is right; eight of them as in CodeElo (Quan et al., arXiv 2501.01257, section 3).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use data::chat::Message;
use data::{Problem, Reply};
use rewards::code::Limits;
use serde_json::{Value, json};

use super::published;
use super::sandbox::Programs;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Metric, NotReady, Published, Task};
use crate::elo::{Attempt, Contest, Distribution, Placed, attempts, rate};
use crate::graded::{Graded, Outcome};
use crate::protocol::Protocol;
use crate::stats::RESAMPLES;

/// Contests, and the ratings of people.
#[derive(Debug)]
pub struct Codeforces {
    contests: Vec<Contest>,
    /// What the contests were read from, for the manifest.
    sha256: String,
    people: Option<Distribution>,
    programs: Programs,
}

impl Default for Codeforces {
    /// Without contests it can be named and not measured.
    fn default() -> Self {
        Self::new(Vec::new(), String::new(), None)
    }
}

impl Codeforces {
    /// The rating in `contests`, read from what has this `sha256` ([`crate::fingerprint`]), and the share of
    /// `people` it is above.
    pub fn new(contests: Vec<Contest>, sha256: String, people: Option<Distribution>) -> Self {
        Self {
            contests,
            sha256,
            people,
            programs: Programs::new(Limits::default()),
        }
    }

    /// The places in the contests whose problems are all judged.
    fn places(&self, graded: &[Graded]) -> Vec<Placed> {
        let mut tried: BTreeMap<&str, Vec<&Graded>> = BTreeMap::new();
        for grade in graded {
            tried.entry(&grade.problem).or_default().push(grade);
        }
        let attempts = |id: &str| -> Option<Vec<Attempt>> {
            let mut samples = tried.get(id)?.clone();
            samples.sort_by_key(|grade| grade.sample);
            let judged = samples.iter().all(|it| it.verdict != Outcome::Unjudged);
            judged.then(|| attempts(samples.iter().map(|it| it.verdict == Outcome::Right)))
        };
        let place = |contest: &Contest| {
            let problems = contest.problems.iter().map(|problem| attempts(&problem.id));
            contest.place(&problems.collect::<Option<Vec<_>>>()?).ok()
        };
        self.contests.iter().filter_map(place).collect()
    }
}

impl Benchmark for Codeforces {
    fn name(&self) -> &'static str {
        "codeforces"
    }

    fn description(&self) -> &'static str {
        "problems of contests; a rating by the places their samples earn"
    }

    fn published(&self) -> &[Published] {
        published::CODEFORCES
    }

    fn protocol(&self) -> Protocol {
        Protocol::of_samples(8)
    }

    fn settings(&self) -> Value {
        json!({ "programs": self.programs.settings(), "contests": self.sha256 })
    }

    /// The problems that contests name.
    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let named = self.contests.iter().flat_map(|contest| &contest.problems);
        let named: BTreeSet<&str> = named.map(|problem| problem.id.as_str()).collect();
        let imported = data::import::programs(file)?;
        let count = imported.problems.len();
        let known = |problem: &Problem| named.contains(problem.id.as_str());
        let tasks: Vec<Task> = imported
            .problems
            .into_iter()
            .filter(known)
            .map(Task::from)
            .collect();
        if tasks.is_empty() && !named.is_empty() {
            return Err(LoadError::Unfit {
                path: file.into(),
                reason: format!(
                    "no contest has one of its {count} problems; contests name problems by their ids"
                ),
            });
        }
        Ok(Loaded {
            tasks,
            skipped: imported.skipped,
        })
    }

    fn ready(&self, _: &[Task]) -> Result<(), NotReady> {
        self.programs.ready(self.name())
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(task.problem.question.clone())]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        self.programs.judge(&task.problem, &reply.whole())
    }

    /// How many `contests` have all their problems judged; where the places in them say one, the `rating`, beside
    /// it CodeElo's, the `mean rating` of the contests one by one, and the `percentile` of people below the
    /// first.
    fn metrics(&self, _: &[Task], graded: &[Graded], seed: u64) -> Vec<Metric> {
        let places = self.places(graded);
        let mut metrics = vec![Metric {
            name: "contests".to_owned(),
            value: places.len() as f64,
            ci95: None,
        }];
        // First or last everywhere is explained by no rating.
        let rating = rate(&places, RESAMPLES, seed).ok();
        let Some(rating) = rating.filter(|rating| !rating.is_bound) else {
            return metrics;
        };
        metrics.push(Metric {
            name: "rating".to_owned(),
            value: rating.rating,
            ci95: Some(rating.ci95),
        });
        metrics.push(Metric {
            name: "mean rating".to_owned(),
            value: rating.mean,
            ci95: None,
        });
        metrics.extend(self.people.as_ref().map(|people| Metric {
            name: "percentile".to_owned(),
            value: people.percentile(rating.rating),
            ci95: Some(rating.ci95.map(|end| people.percentile(end))),
        }));
        metrics
    }
}
