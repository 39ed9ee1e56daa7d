//! What became of the responses: how many each gate stopped, with examples.

use std::collections::BTreeMap;

use data::Problem;
use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Dropped, Gate};

/// Examples kept per gate.
const EXAMPLES: usize = 3;

/// What a curation did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurationReport {
    /// Problems asked.
    pub problems: usize,
    /// Responses sampled.
    pub sampled: usize,
    /// Every gate, in order.
    pub gates: Vec<GateCount>,
    /// Responses kept.
    pub kept: usize,
    /// Problems with a response kept.
    pub problems_kept: usize,
    /// Kept by family.
    pub by_family: BTreeMap<String, usize>,
    /// Kept by language.
    pub by_language: BTreeMap<String, usize>,
    /// How often the teacher was right.
    pub pass_rates: PassRates,
}

/// What a gate did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateCount {
    /// Which.
    pub gate: Gate,
    /// Stopped here.
    pub dropped: usize,
    /// Left after it.
    pub left: usize,
    /// The first few that were stopped.
    pub examples: Vec<Example>,
}

/// A response that was stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// The problem's id.
    pub problem: String,
    /// Which of its samples.
    pub sample: u32,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub response: String,
    /// Why it was stopped.
    pub detail: String,
}

/// Problems by the share of their responses that are right, among those that could be judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassRates {
    /// None right.
    pub never: usize,
    /// Between: the first is up to 0.1, the second above 0.1 up to 0.2, the last below 1.
    pub tenths: [usize; 10],
    /// All right.
    pub always: usize,
    /// No response could be judged, or there was none.
    pub unjudged: usize,
}

impl PassRates {
    pub(crate) fn add(&mut self, right: usize, judged: usize) {
        match (right, judged) {
            (_, 0) => self.unjudged += 1,
            (0, _) => self.never += 1,
            _ if right == judged => self.always += 1,
            _ => self.tenths[(10 * right).div_ceil(judged) - 1] += 1,
        }
    }
}

impl CurationReport {
    pub(crate) fn new() -> Self {
        let gate = |gate| GateCount {
            gate,
            dropped: 0,
            left: 0,
            examples: Vec::new(),
        };
        Self {
            problems: 0,
            sampled: 0,
            gates: Gate::ALL.map(gate).to_vec(),
            kept: 0,
            problems_kept: 0,
            by_family: BTreeMap::new(),
            by_language: BTreeMap::new(),
            pass_rates: PassRates::default(),
        }
    }

    pub(crate) fn drop_one(&mut self, candidate: Candidate<'_>, dropped: Dropped) {
        let count = &mut self.gates[dropped.gate as usize];
        count.dropped += 1;
        if count.examples.len() < EXAMPLES {
            count.examples.push(Example {
                problem: candidate.problem.id.clone(),
                sample: candidate.completion.sample,
                question: candidate.problem.question.clone(),
                response: candidate.completion.text.clone(),
                detail: dropped.detail,
            });
        }
    }

    pub(crate) fn keep(&mut self, problem: &Problem, count: usize) {
        self.kept += count;
        self.problems_kept += usize::from(count > 0);
        if count > 0 {
            *self.by_family.entry(problem.family.clone()).or_default() += count;
            *self
                .by_language
                .entry(problem.language.clone())
                .or_default() += count;
        }
    }

    /// Counts what is left after each gate.
    pub(crate) fn finish(&mut self) {
        let mut left = self.sampled;
        for gate in &mut self.gates {
            left -= gate.dropped;
            gate.left = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_stand_at_their_own_place() {
        for (at, gate) in CurationReport::new().gates.iter().enumerate() {
            assert_eq!(gate.gate as usize, at);
        }
    }

    #[test]
    fn pass_rates_are_binned_by_hand() {
        let mut rates = PassRates::default();
        for (right, judged) in [(0, 4), (4, 4), (1, 10), (1, 9), (9, 10), (99, 100), (0, 0)] {
            rates.add(right, judged);
        }
        // 0.1 is in the first tenth, 1/9 in the second, 0.9 in the ninth, 0.99 in the last.
        let expected = PassRates {
            never: 1,
            tenths: [1, 1, 0, 0, 0, 0, 0, 0, 1, 1],
            always: 1,
            unjudged: 1,
        };
        assert_eq!(rates, expected);
    }
}
