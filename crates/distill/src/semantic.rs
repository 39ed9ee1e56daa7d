//! The semantic filter: incoherent or wrongly reasoned responses are not learned from.
//!
//! A right answer may come from wrong reasons, and who learns from them learns the reasons. So
//! every claim that can be computed is computed, the reasoning must not contradict itself, it must
//! be about the numbers of the question, and the answer must come out of it. A claim that is taken
//! back ("wait", "不对", a check that fails) may be false: noticing a slip is worth learning.
//!
//! Left out: claims in words alone, algebra with unknowns, and a model as a judge. What cannot be
//! decided passes.

use std::collections::BTreeMap;

use data::{Check, Domain, Problem, template};
use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Dropped, Gate};
use crate::claims::read;
use crate::follows::{follows, number};
use crate::ground::{grounded, relevance};
use crate::judge::{Letters, judge, trace};
use crate::order::orders;
use crate::setting::{SettingError, share};
use crate::steps::{BagOfWords, Embed, StepModel, Surprise, latex, steps};

/// What the semantic filter asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SemanticConfig {
    /// Least share of the question's numbers that the reasoning must mention, from 0 to 1; asked
    /// of questions with two numbers or more where the answer is compared with a gold one: such
    /// questions tell more than is needed. Default 0.2.
    pub min_relevance: f64,
    /// The same where the problem's check computes the answer. Default 0.5.
    pub min_relevance_closed: f64,
    /// Least share of the numbers computed with or denied (`…, not 7`) that must come from the
    /// question or from an earlier step, from 0 to 1, where the answer is compared with a gold one:
    /// the world may add its own, such as the 60 minutes of an hour. Default 0, since the
    /// oddity of steps says more.
    pub min_grounded: f64,
    /// The same where the problem's check computes the answer, so that the question holds every
    /// number there is. Default 1.
    pub min_grounded_closed: f64,
    /// Whether the answer must come out of the reasoning. Default true.
    pub answer_follows: bool,
    /// Largest oddity of a step ([`crate::StepScore::score`]), from 0 to 1, where the answer is compared
    /// with a gold one, of English problems in words; 1 lets every step pass. Default 0.7.
    pub max_step_oddity: f32,
    /// What makes a step odd.
    pub steps: StepModel,
}

impl Default for SemanticConfig {
    fn default() -> Self {
        Self {
            min_relevance: 0.2,
            min_relevance_closed: 0.5,
            min_grounded: 0.0,
            min_grounded_closed: 1.0,
            answer_follows: true,
            max_step_oddity: 0.7,
            steps: StepModel::default(),
        }
    }
}

impl SemanticConfig {
    /// Whether every setting can mean something.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn validate(&self) -> Result<(), SettingError> {
        share("semantic.min_relevance", self.min_relevance)?;
        share("semantic.min_relevance_closed", self.min_relevance_closed)?;
        share("semantic.min_grounded", self.min_grounded)?;
        share("semantic.min_grounded_closed", self.min_grounded_closed)?;
        share("semantic.max_step_oddity", f64::from(self.max_step_oddity))
    }
}

/// What was found in a reasoning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coherence {
    /// Comparisons that were decided, the false ones included.
    pub checked: usize,
    /// False claims that the reasoning takes back.
    pub excused: usize,
    /// False claims that it does not take back, as written, with what is wrong.
    pub false_claims: Vec<String>,
    /// Claims that contradict each other, as written, with what they contradict.
    pub contradictions: Vec<String>,
    /// Share of the question's numbers that are mentioned; 1 where it has fewer than two.
    pub relevance: f64,
    /// Share of the numbers computed with or denied that come from the question or an earlier step;
    /// 1 where nothing is computed. In a chain of equals only the first computation counts.
    pub grounded: f64,
    /// Whether the answer comes out of the reasoning; true where that cannot be decided.
    pub answer_follows: bool,
}

/// Examines `reasoning` as an explanation of `answer`.
///
/// ```
/// use data::{Language, seed, tasks::{Family, problem}};
/// let problem = problem(Family::Arithmetic, 1, Language::En, &mut seed::stream(1, &[])).problem;
/// let found = distill::coherence(&problem, "Well, 7 + 5 = 13.", "13");
/// assert_eq!(found.false_claims, ["7 + 5 = 13: 12 and 13"]);
/// let found = distill::coherence(&problem, "Well, 7 + 5 = 13. Wait, 7 + 5 = 12.", "12");
/// assert!(found.false_claims.is_empty() && found.excused == 1 && found.answer_follows);
/// ```
pub fn coherence(problem: &Problem, reasoning: &str, answer: &str) -> Coherence {
    let sentences = read(reasoning);
    let question = read(&problem.question);
    let found = judge(&sentences, &letters(problem, answer));
    let order = orders(problem, &sentences);
    let mut answer_follows = follows(problem, answer, reasoning, &sentences, &found);
    let (mut checked, mut excused, mut wrong) = (0, 0, Vec::new());
    if prose(problem) {
        let wanted = number(answer);
        for step in steps(reasoning) {
            answer_follows |= wanted.is_some_and(|wanted| step.says(wanted));
            checked += step.checked;
            excused += step.excused;
            wrong.extend(step.wrong);
        }
        let formulas = latex::equations(reasoning);
        checked += formulas.checked;
        wrong.extend(formulas.wrong);
    }
    Coherence {
        // Both readings decide much the same equations.
        checked: (found.checked + order.checked).max(checked),
        excused: (found.excused + order.excused).max(excused),
        false_claims: [found.wrong, order.wrong, wrong].concat(),
        contradictions: [found.contradictions, order.contradictions].concat(),
        relevance: relevance(&question, &sentences),
        grounded: grounded(&problem.question, &question, &sentences),
        answer_follows,
    }
}

/// Whether the reasoning of a response is sound.
///
/// # Errors
/// The gate that stops it, tried in the order of [`Gate`], and what was found there.
pub fn semantic_check(candidate: Candidate<'_>, config: &SemanticConfig) -> Result<(), Dropped> {
    let text = &candidate.completion.text;
    let given = candidate.score.answer.as_deref().unwrap_or_default();
    let (reasoning, answer) = template::parse(text).unwrap_or((text, given));
    judge_reasoning(candidate.problem, reasoning, answer, config)
}

/// Whether `reasoning` is sound as an explanation of `answer`.
///
/// # Errors
/// As [`semantic_check`].
pub fn judge_reasoning(
    problem: &Problem,
    reasoning: &str,
    answer: &str,
    config: &SemanticConfig,
) -> Result<(), Dropped> {
    judge_reasoning_with(
        problem,
        reasoning,
        answer,
        config,
        &BagOfWords::default(),
        None,
    )
}

/// [`judge_reasoning`] with vectors of sentences and a language model of yours; `config.steps` should
/// be fitted with them ([`crate::corrupt::fit`]).
///
/// # Errors
/// As [`semantic_check`].
pub fn judge_reasoning_with(
    problem: &Problem,
    reasoning: &str,
    answer: &str,
    config: &SemanticConfig,
    embed: &dyn Embed,
    surprise: Option<&dyn Surprise>,
) -> Result<(), Dropped> {
    let found = coherence(problem, reasoning, answer);
    if let Some(claim) = found.false_claims.into_iter().next() {
        return Err(Dropped::at(Gate::Claims, claim));
    }
    if let Some(claim) = found.contradictions.into_iter().next() {
        return Err(Dropped::at(Gate::Contradiction, claim));
    }
    let share = |share: f64| format!("{:.0} %", 100.0 * share);
    let (relevant, least) = match problem.check {
        Check::Answer => (config.min_relevance, config.min_grounded),
        _ => (config.min_relevance_closed, config.min_grounded_closed),
    };
    if found.relevance < relevant {
        let detail = format!(
            "{} of the question's numbers are mentioned",
            share(found.relevance)
        );
        return Err(Dropped::at(Gate::Relevance, detail));
    }
    if found.grounded < least {
        let detail = format!(
            "{} of the numbers come from somewhere",
            share(found.grounded)
        );
        return Err(Dropped::at(Gate::Relevance, detail));
    }
    if config.answer_follows && !found.answer_follows {
        let detail = format!("nothing in the reasoning says `{answer}`");
        return Err(Dropped::at(Gate::Conclusion, detail));
    }
    if prose(problem) && in_words(problem, reasoning) {
        let steps = &config.steps;
        let odd = steps.oddest_with(problem, reasoning, answer, embed, surprise);
        if odd.score > config.max_step_oddity {
            let detail = format!("step {}: {}", odd.step + 1, odd.why);
            return Err(Dropped::at(Gate::Coherence, detail));
        }
    }
    Ok(())
}

/// Whether a reasoning is read as prose too: its answer is compared, and it is not about programs.
fn prose(problem: &Problem) -> bool {
    problem.check == Check::Answer && problem.domain != Domain::Code
}

/// Whether the oddity of steps says anything: it is known of English word problems, and nothing is
/// known of formulas, whose numbers and words are others.
fn in_words(problem: &Problem, reasoning: &str) -> bool {
    let formula = |text: &str| text.contains(['\\', '^']) || text.contains("$$");
    problem.language == "en" && !formula(&problem.question) && !formula(reasoning)
}

/// What letters mean in a problem. The unknown of an equation is the answer.
fn letters(problem: &Problem, answer: &str) -> Letters {
    match (&problem.check, problem.domain) {
        (Check::Program { source, .. }, _) => Letters::Changing(trace(&read(source))),
        (_, Domain::Code) => Letters::Changing(BTreeMap::new()),
        (Check::Linear { .. }, _) => {
            let unknown = number(answer).map(|value| ("x".to_owned(), value));
            Letters::Steady(unknown.into_iter().collect())
        }
        _ => Letters::Steady(BTreeMap::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::{completion, problem, score};

    fn check(question: &str, think: &str, answer: &str, config: &SemanticConfig) -> Option<Gate> {
        let (problem, score) = (problem(question, answer), score(true));
        let completion = completion(&template::strict(think, answer));
        let candidate = Candidate {
            problem: &problem,
            completion: &completion,
            score: &score,
        };
        semantic_check(candidate, config)
            .err()
            .map(|dropped| dropped.gate)
    }

    fn gate(question: &str, think: &str, answer: &str) -> Option<Gate> {
        check(question, think, answer, &SemanticConfig::default())
    }

    #[test]
    fn each_gate_stops_what_it_is_for() {
        let question = "What is 7 + 5?";
        assert_eq!(gate(question, "So 7 + 5 = 12.", "12"), None);
        assert_eq!(gate(question, "So 7 + 5 = 13.", "13"), Some(Gate::Claims));
        assert_eq!(
            gate(question, "a > b. b > a. 7 + 5 = 12", "12"),
            Some(Gate::Contradiction)
        );
        assert_eq!(
            gate(question, "So 8 + 4 = 12.", "12"),
            Some(Gate::Relevance)
        );
        assert_eq!(
            gate(question, "So 7 + 5 = 12.", "11"),
            Some(Gate::Conclusion)
        );
        // 7 and 5 are mentioned, but of 7, 5, 9, 8, 13 and 17 only the first two are known.
        let strange = "Now 7 + 5 = 12. Here 9 * 8 = 72. There 13 + 17 = 30.";
        assert_eq!(gate(question, strange, "12"), Some(Gate::Coherence));
        // 12 = 10 + 2 needs no ground: it is justified by what it equals.
        assert_eq!(gate(question, "7 + 5 = 12 = 10 + 2 = 3 * 4.", "12"), None);
    }

    #[test]
    fn every_setting_does_something() {
        let strict = SemanticConfig::default();
        let question = "What is 7 + 5?";
        let free = SemanticConfig {
            answer_follows: false,
            max_step_oddity: 1.0,
            ..strict.clone()
        };
        assert_eq!(check(question, "So 7 + 5 = 12.", "11", &free), None);
        let anything = SemanticConfig {
            min_relevance: 0.0,
            max_step_oddity: 1.0,
            ..strict.clone()
        };
        assert_eq!(check(question, "So 8 + 4 = 12.", "12", &anything), None);
        let grounded = SemanticConfig {
            min_grounded: 0.75,
            ..anything.clone()
        };
        assert_eq!(
            check(question, "So 8 + 4 = 12.", "12", &grounded),
            Some(Gate::Relevance)
        );
        let all = SemanticConfig {
            min_relevance: 1.0,
            ..strict
        };
        assert_eq!(
            check(question, "So 7 + 7 = 14, 14 - 2 = 12.", "12", &all),
            Some(Gate::Relevance)
        );
    }

    #[test]
    fn steps_are_odd_only_among_words() {
        let odd = "So 7 + 5 = 12. Boats sail 31 miles.";
        assert_eq!(gate("What is 7 + 5?", odd, "12"), Some(Gate::Coherence));
        assert_eq!(gate("What is $7 \\cdot 1 + 5$?", odd, "12"), None);
        let formula = format!("{odd} Or $2^3 + 4 = 12$.");
        assert_eq!(gate("What is 7 + 5?", &formula, "12"), None);
        let mut german = problem("Was ist 7 + 5?", "12");
        german.language = "de".into();
        let judged = judge_reasoning(&german, odd, "12", &SemanticConfig::default());
        assert_eq!(judged, Ok(()));
    }

    #[test]
    fn shares_are_counted_by_hand() {
        let problem = problem("Half of 8 and 6?", "7");
        let found = coherence(&problem, "8 / 2 = 4, 4 + 3 = 7.", "7");
        // Of 8 and 6 one is mentioned; of 8, 2 (half), 4 and 3 only the 3 comes from nowhere.
        assert_eq!(
            (found.relevance, found.grounded, found.checked),
            (0.5, 0.75, 2)
        );
    }

    #[test]
    fn hostile_texts_are_survived() {
        let problem = problem("What is 7 + 5?", "12");
        let sides = [
            "(",
            "-",
            "1/0",
            "=",
            "x",
            "9999999999999999999999999999999999999",
            "不是",
            "\\",
        ];
        for side in sides {
            let text = format!("{side} = ").repeat(2000) + &side.repeat(2000);
            coherence(&problem, &text, side);
        }
    }
}
