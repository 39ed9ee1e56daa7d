//! Verified steps, and finding those of similar problems.
//!
//! A step is verified when its response is right and passes the rule check and the semantic filter,
//! and the step computes something that is true. Left out: steps in words alone, which nothing here can
//! verify.

use std::collections::BTreeSet;

use data::{Completion, Problem, template};
use rewards::Score;

use super::TfIdf;
use crate::candidate::Candidate;
use crate::rules::{RuleConfig, rule_check};
use crate::semantic::{SemanticConfig, semantic_check};
use crate::steps::{Embed, steps};
use crate::words::normal;

/// A solved problem.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: String,
    question: String,
    /// In the order of the reasoning.
    steps: Vec<String>,
}

/// Verified steps of solved problems, by problem.
#[derive(Debug, Clone, Default)]
pub struct StepBook {
    entries: Vec<Entry>,
    rules: RuleConfig,
    semantic: SemanticConfig,
}

impl StepBook {
    /// An empty one that verifies by these settings instead of the defaults.
    pub fn new(rules: RuleConfig, semantic: SemanticConfig) -> Self {
        Self {
            entries: Vec::new(),
            rules,
            semantic,
        }
    }

    /// Takes the verified steps of the shortest response that has any; whether there is one.
    pub fn add(&mut self, problem: &Problem, responses: &[(Completion, Score)]) -> bool {
        let good = |(completion, score): &&(Completion, Score)| {
            let candidate = Candidate {
                problem,
                completion,
                score,
            };
            rule_check(candidate, &self.rules).is_ok()
                && semantic_check(candidate, &self.semantic).is_ok()
        };
        let text = |response: &(Completion, Score)| response.0.text.clone();
        let mut texts: Vec<String> = responses.iter().filter(good).map(text).collect();
        texts.sort_by_cached_key(|text| (text.chars().count(), text.clone()));
        let found = texts.iter().map(|text| verified(text));
        let Some(steps) = found.into_iter().find(|steps| !steps.is_empty()) else {
            return false;
        };
        self.entries.push(Entry {
            id: problem.id.clone(),
            question: problem.question.clone(),
            steps,
        });
        true
    }

    /// Problems in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// An index by the words of the questions ([`TfIdf`]).
    pub fn index(self) -> StepIndex<TfIdf> {
        let embed = TfIdf::fit(self.entries.iter().map(|entry| &*entry.question));
        self.index_by(embed)
    }

    /// An index by `embed`. It holds a vector for each problem.
    pub fn index_by<E: Embed>(mut self, embed: E) -> StepIndex<E> {
        // In whatever order problems were solved, the index is the same.
        self.entries.sort_by(|a, b| a.id.cmp(&b.id));
        let questions: Vec<&str> = self.entries.iter().map(|e| &*e.question).collect();
        let vectors = embed.embed(&questions).into_iter().map(unit).collect();
        StepIndex {
            embed,
            vectors,
            entries: self.entries,
        }
    }
}

/// The sentences of a response's reasoning that compute something, all of it true and none taken back.
fn verified(response: &str) -> Vec<String> {
    let Some((think, _)) = template::parse(response) else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    steps(think)
        .into_iter()
        .filter(|step| step.checked > 0 && step.excused == 0 && step.wrong.is_empty())
        .filter(|step| seen.insert(normal(step.text)))
        .map(|step| step.text.to_owned())
        .collect()
}

/// Verified steps by the embedding of their problem's question.
#[derive(Debug, Clone)]
pub struct StepIndex<E> {
    embed: E,
    entries: Vec<Entry>,
    /// Of length 1, or 0 where the embedding is.
    vectors: Vec<Vec<f32>>,
}

/// A similar problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near<'a> {
    /// Its id.
    pub id: &'a str,
    /// The cosine between the questions.
    pub similarity: f32,
    /// Its verified steps, in order.
    pub steps: &'a [String],
}

impl<E: Embed> StepIndex<E> {
    /// The `count` problems whose questions are nearest to `problem`'s, at least `min_similarity`
    /// near, the nearest first; the problem itself, under its id or in its words, is none of them.
    pub fn nearest(&self, problem: &Problem, count: usize, min_similarity: f32) -> Vec<Near<'_>> {
        let embedded = self.embed.embed(&[&problem.question]).pop();
        let Some(own) = embedded.map(unit) else {
            return Vec::new();
        };
        let words = normal(&problem.question);
        let similar = |vector: &Vec<f32>| own.iter().zip(vector).map(|(a, b)| a * b).sum();
        let near = self.entries.iter().zip(&self.vectors);
        let mut near: Vec<(&Entry, f32)> = near
            .map(|(entry, vector)| (entry, similar(vector)))
            .filter(|(_, similarity)| *similarity >= min_similarity)
            .collect();
        // Equals stay in the order of their ids.
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        near.into_iter()
            .filter(|(entry, _)| entry.id != problem.id && normal(&entry.question) != words)
            .take(count)
            .map(|(entry, similarity)| Near {
                id: &entry.id,
                similarity,
                steps: &entry.steps,
            })
            .collect()
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}
