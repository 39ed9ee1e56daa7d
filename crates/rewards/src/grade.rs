//! A text against a gold text, each with its answer somewhere inside.

use crate::equal::verify_with;
use crate::extract::{Extracted, NoAnswer, Reading, Rule, extract_as};
use crate::options::Options;
use crate::plain::plain;
use crate::reward::Verdict;

/// A verdict, and which rule found the answer it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Grade {
    /// Right, wrong or unjudged.
    pub verdict: Verdict,
    /// What found the answer; `None` where there was none.
    pub rule: Option<Rule>,
}

/// Extracts the answers of `gold` and `response` and compares them.
///
/// A gold text that can be compared as it stands is not searched; one in which nothing is found
/// is unjudged.
pub fn grade(gold: &str, response: &str, reading: &Reading, options: &Options) -> Grade {
    let answer = extract_as(response, reading);
    let rule = answer.as_ref().ok().map(|answer| answer.rule);
    let verdict = match (gold_answer(gold, reading), answer) {
        (None, _) => Verdict::unjudged("no answer was found in the gold text"),
        (Some(gold), Ok(answer)) => judge(&gold, &answer, reading, options),
        (Some(gold), Err(none)) => return without_answer(&gold, response, none, reading, options),
    };
    Grade { verdict, rule }
}

/// A response in which nothing was found may still be the gold answer's words.
fn without_answer(
    gold: &str,
    response: &str,
    none: NoAnswer,
    reading: &Reading,
    options: &Options,
) -> Grade {
    let words = none == NoAnswer::Nothing && !reading.letters;
    match verify_with(gold, if words { response } else { "" }, options) {
        Verdict::Judged { score: 0.0, .. } => Grade {
            verdict: Verdict::wrong(none.to_string()),
            rule: None,
        },
        verdict @ Verdict::Judged { .. } => Grade {
            verdict,
            rule: Some(Rule::Whole),
        },
        verdict @ Verdict::Unjudged { .. } => Grade {
            verdict,
            rule: None,
        },
    }
}

fn gold_answer(gold: &str, reading: &Reading) -> Option<String> {
    let found = extract_as(gold, reading);
    match found {
        // A sentence is worth no more than the number found in it, but words are words.
        Ok(Extracted {
            rule: Rule::LastNumber,
            text,
        }) => Some(if crate::extract::is_answer(gold) {
            gold.to_owned()
        } else {
            text
        }),
        Ok(found) => Some(found.text),
        Err(_) => {
            let words = !reading.letters && plain(gold).is_some_and(|text| !text.is_empty());
            words.then(|| gold.to_owned())
        }
    }
}

fn judge(gold: &str, answer: &Extracted, reading: &Reading, options: &Options) -> Verdict {
    if reading.letters {
        return if gold == answer.text {
            Verdict::right("the same choice")
        } else {
            Verdict::wrong("another choice")
        };
    }
    verify_with(gold, &answer.text, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(gold: &str, response: &str) -> (Option<f32>, Option<Rule>) {
        let grade = grade(gold, response, &Reading::default(), &Options::default());
        (grade.verdict.score(), grade.rule)
    }

    #[test]
    fn both_texts_are_searched() {
        let right = |rule| (Some(1.0), Some(rule));
        assert_eq!(graded("$12$", "So it is 12."), right(Rule::LastNumber));
        assert_eq!(graded(r"$\boxed{5}$", r"\boxed{5} cm"), right(Rule::Boxed));
        assert_eq!(
            graded("so $x=1$ and the answer is $2$", "2.0"),
            right(Rule::Whole)
        );
        assert_eq!(graded("12", "A: 13"), (Some(0.0), Some(Rule::Phrase)));
        assert_eq!(graded("12", "who knows"), (Some(0.0), None));
        assert_eq!(graded("yes", "Yes."), right(Rule::Whole));
        assert_eq!(graded("12", "5 = 12"), (Some(0.0), Some(Rule::Whole)));
        assert_eq!(graded("", "12"), (None, Some(Rule::LastNumber)));
    }

    #[test]
    fn letters_are_compared_as_letters() {
        let reading = Reading {
            letters: true,
            ..Reading::default()
        };
        let score = |gold: &str, response: &str| {
            grade(gold, response, &reading, &Options::default())
                .verdict
                .score()
        };
        assert_eq!(score("(A) Cecile", "A"), Some(1.0));
        assert_eq!(score("(A) Cecile", "C"), Some(0.0));
    }
}
