//! How odd a step is: a logistic sum of its oddities.
//!
//! The weights were fitted to the first 3,000 problems of GSM8K's training split with the
//! corruptions of [`crate::corrupt`], spoiled steps against those of the reference solutions:
//! `cargo run --release -p distill --example filter_report -- --fit gsm8k_train.jsonl`, which also
//! gave the threshold, on the last 2,000. [`crate::corrupt::fit`] makes others, as another [`Embed`]
//! or [`Surprise`] calls for. A wrong equation needs no score; it is reported on its own.

use data::Problem;
use serde::{Deserialize, Serialize};

use super::embed::{BagOfWords, Embed, Surprise};
use super::features::{FEATURE_COUNT, FEATURES, oddities};
use super::steps;
use crate::follows::number;

/// What a logistic regression gave each oddity: with distances by [`BagOfWords`], and by the sentence
/// vectors of all-MiniLM-L6-v2.
const FITTED: [(f32, f32); FEATURE_COUNT] = [
    (0.929, 0.810),   // operand from nowhere
    (1.101, 1.055),   // second operand from nowhere
    (2.477, 2.463),   // number from nowhere
    (1.254, 1.206),   // second number from nowhere
    (7.461, 7.424),   // operand found only later
    (2.417, 2.281),   // result not used
    (7.376, 7.373),   // last result is not the answer
    (1.002, 0.969),   // all results of nothing known
    (2.474, 2.216),   // share of words used nowhere else
    (0.607, 0.614),   // name used nowhere else
    (1.461, 1.469),   // no word of the question
    (1.472, 1.401),   // language
    (2.323, 1.874),   // no number
    (1.146, 2.760),   // far from question and other steps
    (1.0, 1.0),       // surprising: not fitted, there was no language model
    (2.332, 2.174),   // nothing in common with anything
    (0.684, 0.644),   // operand of no step before
    (1.567, 1.587),   // number beside its equation
    (0.576, 0.512),   // small number of nowhere
    (1.134, 1.136),   // number from nowhere beside its equation
    (-0.155, -0.078), // number from nowhere among letters
    (-1.373, -1.266), // nothing in common among letters
];

/// Weights of the oddities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepModel {
    /// One per feature, in the order of [`FEATURES`].
    pub weights: [f32; FEATURE_COUNT],
    /// Added to the sum.
    pub bias: f32,
}

impl Default for StepModel {
    fn default() -> Self {
        Self {
            weights: FITTED.map(|(words, _)| words),
            bias: -4.651,
        }
    }
}

/// The oddest step of a reasoning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepScore {
    /// Which, from 0.
    pub step: usize,
    /// How odd, from 0 to 1.
    pub score: f32,
    /// The features that weighed most, the heaviest first, and numbers from nowhere.
    pub why: String,
}

impl StepModel {
    /// Weights for distances by the sentence vectors of all-MiniLM-L6-v2; the default is for
    /// [`BagOfWords`]. The oddity by a language model weighs as much as by default.
    pub fn of_sentence_vectors() -> Self {
        Self {
            weights: FITTED.map(|(_, vectors)| vectors),
            bias: -4.943,
        }
    }

    /// The odds of a step with these oddities, from 0 to 1.
    pub fn score(&self, values: &[f32; FEATURE_COUNT]) -> f32 {
        let sum: f32 = self.weights.iter().zip(values).map(|(w, v)| w * v).sum();
        1.0 / (1.0 + (-(sum + self.bias)).exp())
    }

    /// The oddest step of `reasoning` as an explanation of `answer`, by words alone.
    pub fn oddest(&self, problem: &Problem, reasoning: &str, answer: &str) -> StepScore {
        self.oddest_with(problem, reasoning, answer, &BagOfWords::default(), None)
    }

    /// [`StepModel::oddest`] with vectors and a language model of yours. Score 0 where there is no
    /// step.
    pub fn oddest_with(
        &self,
        problem: &Problem,
        reasoning: &str,
        answer: &str,
        embed: &dyn Embed,
        surprise: Option<&dyn Surprise>,
    ) -> StepScore {
        let found = steps(reasoning);
        let answer = number(answer);
        let odd = oddities(
            &problem.question,
            &found,
            answer,
            &problem.language,
            embed,
            surprise,
        );
        let scores = odd.iter().map(|odd| self.score(&odd.values));
        let Some((step, score)) = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return StepScore::default();
        };
        let mut heavy: Vec<(f32, &str)> = self
            .weights
            .iter()
            .zip(&odd[step].values)
            .zip(FEATURES)
            .map(|((w, v), name)| (w * v, name))
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        heavy.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut why: Vec<String> = heavy
            .iter()
            .take(3)
            .map(|(_, name)| (*name).to_owned())
            .collect();
        why.extend(odd[step].strangers.iter().take(3).cloned());
        StepScore {
            step,
            score,
            why: why.join(", "),
        }
    }
}
