//! The rule check: what can be seen of a response without understanding it.
//!
//! DeepSeek-R1 (arXiv 2501.12948v1, section 2.3.3) keeps right answers alone and filters out mixed
//! languages, long paragraphs and code blocks; the strict template, truncation and repetition are
//! added here. [`rule_check`] judges what a teacher just said, with its score; [`text_check`] a text of
//! which only the text is left. Left out: what the reasoning says, which is
//! [`crate::semantic_check`]'s.

use data::{Domain, Finish, template};
use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Dropped, Gate};
use crate::repetition::repetition;
use crate::setting::{SettingError, share, within};

/// What the rule check asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleConfig {
    /// Least language reward, from 0 to 1: the share of the reasoning in the language asked for, less
    /// where it has one word or two. Default 0.95. [`text_check`] takes most of its time for it, and none at 0.
    pub min_language: f32,
    /// How often a line of the reasoning may stand in it. Default 2.
    pub max_line_repeats: usize,
    /// How often four words in a row may come up, unless they make up too small a share of the
    /// reasoning to be a loop. Default 6.
    pub max_phrase_repeats: usize,
    /// The share of the reasoning's words, from 0 to 1, from which on a repeated phrase is a loop.
    /// Default 0.2.
    pub phrase_share: f64,
    /// Largest share of the reasoning's phrases of four words, from 0 to 1, that may have come before
    /// ([`rewards::Repetition`]). Default 0.7: what is longer than it is new is a loop of any length.
    pub max_repeated: f32,
    /// Most characters of the reasoning that may be one piece of up to 32 said over and over without a
    /// break, three times at least; a piece without a letter or digit is a ruler, and passes. Default 64.
    pub max_character_loop: usize,
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
            max_repeated: 0.7,
            max_character_loop: 64,
            max_paragraph: 600,
        }
    }
}

impl RuleConfig {
    /// Whether every setting can mean something.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn validate(&self) -> Result<(), SettingError> {
        share("rules.min_language", f64::from(self.min_language))?;
        within("rules.max_line_repeats", self.max_line_repeats, 1)?;
        within("rules.max_phrase_repeats", self.max_phrase_repeats, 1)?;
        share("rules.phrase_share", self.phrase_share)?;
        share("rules.max_repeated", f64::from(self.max_repeated))?;
        within("rules.max_character_loop", self.max_character_loop, 3)?;
        within("rules.max_paragraph", self.max_paragraph, 1)
    }
}

/// Whether a response passes every rule. A language that could not be judged is no reason to drop
/// it; an answer that could not be judged is.
///
/// # Errors
/// The first gate that stops it, in the order of [`Gate`], and what was found there.
pub fn rule_check(candidate: Candidate<'_>, config: &RuleConfig) -> Result<(), Dropped> {
    answer_check(candidate)?;
    let Candidate {
        problem,
        completion,
        score,
    } = candidate;
    in_template(&completion.text)?;
    if completion.finish == Finish::Length {
        // Not every teacher says its tokens.
        let detail = match completion.tokens.len() {
            0 => format!(
                "cut off after {} characters",
                completion.text.chars().count()
            ),
            tokens => format!("cut off after {tokens} tokens"),
        };
        return Err(Dropped::at(Gate::Truncation, detail));
    }
    let judged = !score.unjudged.iter().any(|part| part == "language");
    in_language(judged.then_some(score.language), &problem.language, config)?;
    in_form(
        &problem.question,
        &completion.text,
        problem.domain == Domain::Code,
        config,
    )
}

/// Whether the answer is right, and could be judged.
pub(crate) fn answer_check(candidate: Candidate<'_>) -> Result<(), Dropped> {
    match candidate.score.accuracy {
        Some(1.0) => Ok(()),
        _ => Err(Dropped::at(Gate::Answer, &candidate.score.reason)),
    }
}

/// The rules that a text alone can be held to: template, truncation (a block of code that does not end),
/// language, repetition, paragraphs and code blocks. The language is the share of the reasoning's words
/// ([`rewards::consistency`]); a reasoning without words, or in a language that is not known, passes.
///
/// ```
/// use data::Domain;
/// use distill::{Gate, RuleConfig, text_check};
/// let check = |text: &str| {
///     text_check("What is 7 + 5?", text, Domain::Mathematics, "en", &RuleConfig::default())
/// };
/// assert!(check("<think>Seven and five make 12.</think><answer>12</answer>").is_ok());
/// assert_eq!(check("It is 12.").unwrap_err().gate, Gate::Template);
/// ```
///
/// # Errors
/// As [`rule_check`].
pub fn text_check(
    question: &str,
    text: &str,
    domain: Domain,
    language: &str,
    config: &RuleConfig,
) -> Result<(), Dropped> {
    in_template(text)?;
    if text.matches("```").count() % 2 == 1 {
        return Err(Dropped::at(Gate::Truncation, "a code block does not end"));
    }
    if config.min_language > 0.0 {
        in_language(rewards::consistency(text, language), language, config)?;
    }
    in_form(question, text, domain == Domain::Code, config)
}

fn in_template(text: &str) -> Result<(), Dropped> {
    match rewards::strict(text) {
        true => Ok(()),
        false => Err(Dropped::at(
            Gate::Template,
            "not one think block and one answer block",
        )),
    }
}

fn in_language(share: Option<f32>, language: &str, config: &RuleConfig) -> Result<(), Dropped> {
    match share {
        Some(share) if share < config.min_language => Err(Dropped::at(
            Gate::Language,
            format!("language reward {share:.2} for {language}"),
        )),
        _ => Ok(()),
    }
}

/// Repetition, paragraphs and code blocks.
fn in_form(question: &str, text: &str, is_code: bool, config: &RuleConfig) -> Result<(), Dropped> {
    let reasoning = template::parse(text).map_or(text, |(think, _)| think);
    if let Some(detail) = repetition(reasoning, config) {
        return Err(Dropped::at(Gate::Repetition, detail));
    }
    let lengths = reasoning.lines().map(|line| line.chars().count());
    let longest = lengths.max().unwrap_or(0);
    if longest > config.max_paragraph {
        let detail = format!("{longest} characters without a line break");
        return Err(Dropped::at(Gate::Paragraph, detail));
    }
    if text.contains("```") && !is_code && !asks_for_code(question) {
        return Err(Dropped::at(
            Gate::CodeBlock,
            "a code block where none was asked for",
        ));
    }
    Ok(())
}

/// Whether a question shows code or names what code is written in.
fn asks_for_code(question: &str) -> bool {
    const NAMES: [&str; 9] = [
        "```",
        "python",
        "javascript",
        "c++",
        "in rust",
        "source code",
        "write a program",
        "代码",
        "程序",
    ];
    let question = question.to_lowercase();
    NAMES.iter().any(|name| question.contains(name))
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
        let line = |characters: usize| -> String {
            let words = (0..).flat_map(|at| format!("w{at}").into_bytes());
            words.take(characters).map(char::from).collect()
        };
        assert_eq!(of(&line(600)), None);
        assert_eq!(of(&line(601)), Some(Gate::Paragraph));
        assert_eq!(of("```\n12\n```"), Some(Gate::CodeBlock));
    }

    #[test]
    fn a_text_alone_is_held_to_the_same() {
        let check = |question: &str, text: &str, domain| {
            let config = RuleConfig::default();
            let checked = text_check(question, text, domain, "en", &config);
            checked.err().map(|dropped| dropped.gate)
        };
        let (math, question) = (Domain::Mathematics, "What is 7 + 5?");
        let of = |think: &str| template::strict(think, "12");
        assert_eq!(
            check(question, &of("So the sum of both is 12."), math),
            None
        );
        assert_eq!(check(question, "12", math), Some(Gate::Template));
        let open = of("The program:\n```\nprint(12)");
        assert_eq!(check(question, &open, Domain::Code), Some(Gate::Truncation));
        let mixed = of("我们先把七和五加起来。 So it is twelve.");
        assert_eq!(check(question, &mixed, math), Some(Gate::Language));
        let any = RuleConfig {
            min_language: 0.0,
            ..RuleConfig::default()
        };
        assert_eq!(text_check(question, &mixed, math, "en", &any), Ok(()));
        let code = of("The program is this one:\n```\nprint(12)\n```");
        assert_eq!(check(question, &code, math), Some(Gate::CodeBlock));
        assert_eq!(check(question, &code, Domain::Code), None);
        assert_eq!(check("Add them in Python.", &code, math), None);
        let silent = of("7 + 5 = 12");
        assert_eq!(check(question, &silent, math), None);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let ok = RuleConfig::default;
        assert_eq!(ok().validate(), Ok(()));
        let faults = [
            RuleConfig {
                min_language: 1.1,
                ..ok()
            },
            RuleConfig {
                min_language: f32::NAN,
                ..ok()
            },
            RuleConfig {
                max_line_repeats: 0,
                ..ok()
            },
            RuleConfig {
                max_phrase_repeats: 0,
                ..ok()
            },
            RuleConfig {
                phrase_share: -0.1,
                ..ok()
            },
            RuleConfig {
                max_repeated: 2.0,
                ..ok()
            },
            RuleConfig {
                max_character_loop: 2,
                ..ok()
            },
            RuleConfig {
                max_paragraph: 0,
                ..ok()
            },
        ];
        let named = faults.map(|config| config.validate().unwrap_err().field);
        let expected = [
            "min_language",
            "min_language",
            "max_line_repeats",
            "max_phrase_repeats",
            "phrase_share",
            "max_repeated",
            "max_character_loop",
            "max_paragraph",
        ];
        assert_eq!(named.map(|name| name.replace("rules.", "")), expected);
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
