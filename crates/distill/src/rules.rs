//! The rule check: what can be seen of a response without understanding it.
//!
//! DeepSeek-R1 (arXiv 2501.12948v1, section 2.3.3) keeps right answers alone and filters out mixed
//! languages, long paragraphs and code blocks; the strict template, truncation and repetition are
//! added here. Left out: what the reasoning says, which is [`crate::semantic_check`]'s.

use std::collections::BTreeMap;

use data::{Domain, Finish, template};
use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Dropped, Gate};
use crate::words::words;

/// What the rule check asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleConfig {
    /// Least language reward, from 0 to 1: the share of the reasoning in the language asked for, less
    /// where it has one word or two. Default 0.95.
    pub min_language: f32,
    /// How often a line of the reasoning may stand in it. Default 2.
    pub max_line_repeats: usize,
    /// How often four words in a row may come up, unless they make up too small a share of the
    /// reasoning to be a loop. Default 6.
    pub max_phrase_repeats: usize,
    /// The share of the reasoning's words, from 0 to 1, from which on a repeated phrase is a loop.
    /// Default 0.2.
    pub phrase_share: f64,
    /// Most characters of the reasoning without a line break. Default 600.
    pub max_paragraph: usize,
}

impl Default for RuleConfig {
    fn default() -> Self {
        Self {
            min_language: 0.95,
            max_line_repeats: 2,
            max_phrase_repeats: 6,
            phrase_share: 0.2,
            max_paragraph: 600,
        }
    }
}

/// Whether a response passes every rule. A language that could not be judged is no reason to drop
/// it; an answer that could not be judged is.
///
/// # Errors
/// The first gate that stops it, in the order of [`Gate`], and what was found there.
pub fn rule_check(candidate: Candidate<'_>, config: &RuleConfig) -> Result<(), Dropped> {
    let Candidate {
        problem,
        completion,
        score,
    } = candidate;
    let text = &completion.text;
    let reasoning = template::parse(text).map_or(text.as_str(), |(think, _)| think);
    if score.accuracy != Some(1.0) {
        return Err(Dropped::at(Gate::Answer, &score.reason));
    }
    if !rewards::strict(text) {
        return Err(Dropped::at(
            Gate::Template,
            "not one think block and one answer block",
        ));
    }
    if completion.finish == Finish::Length {
        // Not every teacher says its tokens.
        let detail = match completion.tokens.len() {
            0 => format!("cut off after {} characters", text.chars().count()),
            tokens => format!("cut off after {tokens} tokens"),
        };
        return Err(Dropped::at(Gate::Truncation, detail));
    }
    let judged = !score.unjudged.iter().any(|part| part == "language");
    if judged && score.language < config.min_language {
        let detail = format!(
            "language reward {:.2} for {}",
            score.language, problem.language
        );
        return Err(Dropped::at(Gate::Language, detail));
    }
    if let Some(detail) = repetition(reasoning, config) {
        return Err(Dropped::at(Gate::Repetition, detail));
    }
    let longest = reasoning
        .lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    if longest > config.max_paragraph {
        let detail = format!("{longest} characters without a line break");
        return Err(Dropped::at(Gate::Paragraph, detail));
    }
    if problem.domain != Domain::Code && text.contains("```") {
        return Err(Dropped::at(
            Gate::CodeBlock,
            "a code block in a problem not about code",
        ));
    }
    Ok(())
}

/// The line or phrase that comes up too often.
fn repetition(reasoning: &str, config: &RuleConfig) -> Option<String> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for line in reasoning
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        *lines.entry(line).or_default() += 1;
    }
    if let Some((line, count)) = lines
        .into_iter()
        .find(|(_, n)| *n > config.max_line_repeats)
    {
        return Some(format!("`{}` {count} times", start(line)));
    }
    let words = words(reasoning);
    let mut phrases: BTreeMap<&[String], usize> = BTreeMap::new();
    for phrase in words.windows(4) {
        *phrases.entry(phrase).or_default() += 1;
    }
    let (phrase, count) = phrases.into_iter().find(|(_, count)| {
        // Overlapping phrases cover less than four words each, so this share is an upper bound.
        *count > config.max_phrase_repeats
            && (4 * count) as f64 >= config.phrase_share * words.len() as f64
    })?;
    Some(format!("`{}` {count} times", start(&phrase.join(" "))))
}

/// The start of a text, short enough for a report.
fn start(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::{completion, problem, score};

    const GOOD: &str = "<think>\nSo 7 + 5 = 12.\n</think>\n<answer>12</answer>";

    fn gate(
        text: &str,
        change: impl Fn(&mut data::Completion, &mut rewards::Score),
    ) -> Option<Gate> {
        let problem = problem("What is 7 + 5?", "12");
        let (mut completion, mut score) = (completion(text), score(true));
        change(&mut completion, &mut score);
        let candidate = Candidate {
            problem: &problem,
            completion: &completion,
            score: &score,
        };
        rule_check(candidate, &RuleConfig::default())
            .err()
            .map(|dropped| dropped.gate)
    }

    fn of(think: &str) -> Option<Gate> {
        gate(&template::strict(think, "12"), |_, _| ())
    }

    #[test]
    fn each_gate_stops_what_it_is_for() {
        assert_eq!(gate(GOOD, |_, _| ()), None);
        assert_eq!(
            gate(GOOD, |_, score| score.accuracy = Some(0.0)),
            Some(Gate::Answer)
        );
        assert_eq!(
            gate(GOOD, |_, score| score.accuracy = None),
            Some(Gate::Answer)
        );
        assert_eq!(gate("12", |_, _| ()), Some(Gate::Template));
        assert_eq!(
            gate(GOOD, |c, _| c.finish = Finish::Length),
            Some(Gate::Truncation)
        );
        assert_eq!(
            gate(GOOD, |_, score| score.language = 0.94),
            Some(Gate::Language)
        );
        assert_eq!(gate(GOOD, |_, score| score.language = 0.95), None);
        let unjudged = |_: &mut data::Completion, score: &mut rewards::Score| {
            score.language = 0.0;
            score.unjudged = vec!["language".into()];
        };
        assert_eq!(gate(GOOD, unjudged), None);
        assert_eq!(of("So.\nSo.\nThen."), None);
        assert_eq!(of("So.\nSo.\nSo."), Some(Gate::Repetition));
        assert_eq!(of(&"a".repeat(600)), None);
        assert_eq!(of(&"a".repeat(601)), Some(Gate::Paragraph));
        assert_eq!(of("```\n12\n```"), Some(Gate::CodeBlock));
    }

    #[test]
    fn a_phrase_is_a_loop_when_it_fills_the_reasoning() {
        // "let me think again" seven times, then six: 28 words, 24 words.
        let phrase = |times: usize, words: usize| {
            let other: Vec<String> = (0..words).map(|at| format!("w{at}")).collect();
            let lines: Vec<String> = (0..times)
                .map(|at| format!("{at} let me think again"))
                .collect();
            format!("{}\n{}", lines.join("\n"), other.join(" "))
        };
        assert_eq!(of(&phrase(7, 0)), Some(Gate::Repetition));
        assert_eq!(of(&phrase(6, 0)), None);
        // 28 of 140 words are a fifth, 28 of 141 are less.
        assert_eq!(of(&phrase(7, 105)), Some(Gate::Repetition));
        assert_eq!(of(&phrase(7, 106)), None);
        assert_eq!(of(&"再想想一".repeat(7)), Some(Gate::Repetition));
    }

    #[test]
    fn the_first_gate_names_the_reason() {
        let (problem, completion, mut score) = (
            problem("What is 7 + 5?", "12"),
            completion("13"),
            score(false),
        );
        score.reason = "13 is not 12".into();
        let candidate = Candidate {
            problem: &problem,
            completion: &completion,
            score: &score,
        };
        let dropped = rule_check(candidate, &RuleConfig::default()).unwrap_err();
        assert_eq!(dropped, Dropped::at(Gate::Answer, "13 is not 12"));
    }
}
