//! A curation problem by problem, so that memory holds the responses to one.

use data::{Completion, Problem, Sample, template};
use rewards::Score;

use crate::candidate::{Candidate, Dropped, Gate};
use crate::curate::{Checks, CurateConfig};
use crate::gates::perplexity_check;
use crate::report::CurationReport;
use crate::rules::{answer_check, rule_check};
use crate::select::select;
use crate::semantic::judge_reasoning_with;
use crate::sift::sift;
use crate::steps::{BagOfWords, Embed, Surprise};

/// What a curation reads with.
#[derive(Clone, Copy, Default)]
pub struct Means<'a> {
    /// Vectors of sentences; by default [`BagOfWords`]. [`crate::SemanticConfig::steps`] should have
    /// been fitted with them.
    pub embed: Option<&'a dyn Embed>,
    /// A language model; by default there is none.
    pub surprise: Option<&'a dyn Surprise>,
}

impl std::fmt::Debug for Means<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means")
            .field("embed", &self.embed.is_some())
            .field("surprise", &self.surprise.is_some())
            .finish()
    }
}

/// A curation under way; [`crate::curate`] is one over what memory holds.
#[derive(Debug)]
pub struct Curator<'a> {
    config: &'a CurateConfig,
    means: Means<'a>,
    report: CurationReport,
}

impl<'a> Curator<'a> {
    /// Begins one. The settings are taken as they are, see [`CurateConfig::validate`].
    pub fn new(config: &'a CurateConfig, means: Means<'a>) -> Self {
        Self {
            config,
            means,
            report: CurationReport::new(),
        }
    }

    /// Filters the responses to a problem and gives those to learn from, in the order of the samples.
    pub fn add(&mut self, problem: &Problem, responses: &[(Completion, Score)]) -> Vec<Sample> {
        self.report.problems += 1;
        self.report.sampled += responses.len();
        let candidates = responses.iter().map(|(completion, score)| Candidate {
            problem,
            completion,
            score,
        });
        let kept = self.choose(candidates.collect());
        self.report.keep(problem, kept.len());
        let source = &self.config.source;
        kept.into_iter().map(|it| sample(it, source)).collect()
    }

    /// What was dropped, and why.
    pub fn finish(mut self) -> CurationReport {
        self.report.finish();
        self.report
    }

    fn choose<'c>(&mut self, candidates: Vec<Candidate<'c>>) -> Vec<Candidate<'c>> {
        let (config, means) = (self.config, self.means);
        let of = |wanted: fn(f32) -> bool| {
            let accuracies = candidates.iter().filter_map(|it| it.score.accuracy);
            accuracies.filter(|accuracy| wanted(*accuracy)).count()
        };
        let (judged, right) = (of(|_| true), of(|accuracy| accuracy == 1.0));
        let report = &mut self.report;
        report.pass_rates.add(right, judged);
        let check = |candidate: &Candidate<'_>| {
            passes(*candidate, config, means)?;
            config.in_band(right, judged)
        };
        let stopped = |candidate, dropped| report.drop_one(candidate, dropped);
        let good: Vec<Candidate<'c>> = sift(candidates, check, stopped).collect();
        let texts: Vec<&str> = good.iter().map(|it| &*it.completion.text).collect();
        let selection = select(&texts, config.per_prompt_cap, config.preference);
        for at in selection.duplicates {
            let dropped = Dropped::at(Gate::Duplicate, "the same words as one before");
            report.drop_one(good[at], dropped);
        }
        for at in selection.over_cap {
            let detail = format!("more than {} for one problem", config.per_prompt_cap);
            report.drop_one(good[at], Dropped::at(Gate::Cap, detail));
        }
        selection.kept.into_iter().map(|at| good[at]).collect()
    }
}

/// The gates that look at one response alone.
fn passes(
    candidate: Candidate<'_>,
    config: &CurateConfig,
    means: Means<'_>,
) -> Result<(), Dropped> {
    match config.checks {
        Checks::Answer => answer_check(candidate)?,
        _ => rule_check(candidate, &config.rules)?,
    }
    let Candidate {
        problem,
        completion,
        score,
    } = candidate;
    let text = &completion.text;
    if config.checks == Checks::Semantic {
        let given = score.answer.as_deref().unwrap_or_default();
        let (reasoning, answer) = template::parse(text).unwrap_or((text, given));
        let words = BagOfWords::default();
        let embed = means.embed.unwrap_or(&words);
        let semantic = &config.semantic;
        judge_reasoning_with(problem, reasoning, answer, semantic, embed, means.surprise)?;
    }
    if let (Some(most), Some(model)) = (config.max_perplexity, means.surprise) {
        perplexity_check(&problem.question, text, model, most)?;
    }
    Ok(())
}

fn sample(candidate: Candidate<'_>, source: &str) -> Sample {
    let Candidate {
        problem,
        completion,
        ..
    } = candidate;
    Sample {
        id: problem.id.clone(),
        question: problem.question.clone(),
        response: completion.text.trim().to_owned(),
        domain: problem.domain,
        language: problem.language.clone(),
        source: source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Likelihood;
    use crate::chains::{completion, problem, score};

    /// Reads a token a byte, and is surprised by `z` alone: by 3 nats.
    struct Letters;

    impl Surprise for Letters {
        fn surprise(&self, question: &str, parts: &[&str]) -> Vec<Likelihood> {
            assert_eq!(question, "What is 7 + 5?");
            let nats = |part: &&str| Likelihood {
                nats: 3.0 * part.matches('z').count() as f64,
                tokens: part.len(),
            };
            parts.iter().map(nats).collect()
        }
    }

    fn kept(config: &CurateConfig, means: Means<'_>, texts: &[&str]) -> (usize, CurationReport) {
        let responses: Vec<(Completion, Score)> = texts
            .iter()
            .map(|text| (completion(text), score(true)))
            .collect();
        let mut curator = Curator::new(config, means);
        let kept = curator.add(&problem("What is 7 + 5?", "12"), &responses);
        (kept.len(), curator.finish())
    }

    #[test]
    fn perplexity_is_a_gate_of_its_own() {
        let plain = data::template::strict("So 7 + 5 = 12.", "12");
        let odd = data::template::strict("So 7 + 5 = 12. zzzzzzzzzzzzzzzz", "12");
        let means = Means {
            embed: None,
            surprise: Some(&Letters),
        };
        // 16 · 3 nats over the letters there are.
        let perplexity = (48.0 / odd.len() as f64).exp();
        let config = |max_perplexity| CurateConfig {
            checks: Checks::Rules,
            max_perplexity,
            ..CurateConfig::default()
        };
        let texts = [&*plain, &*odd];
        assert_eq!(kept(&config(None), means, &texts).0, 2);
        assert_eq!(kept(&config(Some(perplexity + 0.01)), means, &texts).0, 2);
        let (left, report) = kept(&config(Some(perplexity - 0.01)), means, &texts);
        let gate = &report.gates[Gate::Perplexity as usize];
        assert_eq!((left, gate.dropped, gate.left), (1, 1, 1));
        assert!(gate.examples[0].detail.contains("above"), "{gate:?}");
        // Without a model nothing is known.
        assert_eq!(kept(&config(Some(1.1)), Means::default(), &texts).0, 2);
    }

    #[test]
    fn a_step_that_surprises_is_odd() {
        let odd = data::template::strict(
            "We get 7 + 5 = 12. So the answer zzzzzzzzzzzzzzzzzzzzzzzzzzzzz is 12. It is 12.",
            "12",
        );
        let steps = crate::StepModel {
            weights: crate::FEATURES.map(|name| if name == "surprising" { 10.0 } else { 0.0 }),
            bias: -2.0,
        };
        let config = CurateConfig {
            semantic: crate::SemanticConfig {
                steps,
                ..crate::SemanticConfig::default()
            },
            ..CurateConfig::default()
        };
        let means = Means {
            embed: None,
            surprise: Some(&Letters),
        };
        assert_eq!(kept(&config, Means::default(), &[&odd]).0, 1);
        let (left, report) = kept(&config, means, &[&odd]);
        let gate = &report.gates[Gate::Coherence as usize];
        assert_eq!((left, gate.dropped), (0, 1), "{report:?}");
        assert!(gate.examples[0].detail.starts_with("step 2: surprising"));
    }

    #[test]
    fn checks_go_as_far_as_is_asked() {
        let wrong = data::template::strict("So 7 + 5 = 13. It is 12.", "12");
        let texts = ["12", &*wrong];
        for (checks, left) in [
            (Checks::Answer, 2),
            (Checks::Rules, 1),
            (Checks::Semantic, 0),
        ] {
            let config = CurateConfig {
                checks,
                ..CurateConfig::default()
            };
            let (kept, report) = kept(&config, Means::default(), &texts);
            assert_eq!(kept, left, "{checks:?}");
            assert_eq!((report.problems, report.sampled), (1, 2));
        }
    }
}
