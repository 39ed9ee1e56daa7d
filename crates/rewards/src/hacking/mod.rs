//! Ways to earn reward without solving the problem, and that none of them pays.
//!
//! | file | attacks on |
//! | --- | --- |
//! | `form` | the template: tags, blocks, empty or hidden thoughts |
//! | `hedges` | the accuracy: several answers, ranges, denials, what is not seen |
//! | `echoes` | the accuracy: the question again, in place of an answer |
//! | `terms` | the further terms, and the tests of a program |
//!
//! Each attack stands beside the honest response it competes with: the same knowledge, honestly
//! written down. It may tie but never win, in any mode. `docs/rewards.md` says of each why it fails.

mod echoes;
mod form;
mod hedges;
mod terms;

use data::Problem;
use proptest::prelude::*;

use crate::accuracy::tests::problem;
use crate::config::{Mode, RubricConfig};
use crate::format::strict;
use crate::rubric::Rubric;

const MODES: [Mode; 4] = [Mode::Sum, Mode::Gated, Mode::FormGated, Mode::PerPart];
/// From someone who knows the answer.
const HONEST: &str = "<think>Seven and five make twelve.</think><answer>12</answer>";
/// From someone who does not.
const HONEST_GUESS: &str = "<think>I do not know what it is.</think><answer>14</answer>";

fn total_of(mode: Mode, problem: &Problem, response: &str) -> f32 {
    let config = RubricConfig {
        mode,
        ..RubricConfig::default()
    };
    Rubric::new(&config).score(problem, response).total
}

fn total(mode: Mode, language: &str, response: &str) -> f32 {
    total_of(mode, &problem("12", language), response)
}

/// Checks that `attack` earns no more than `honest`, in any mode.
fn does_not_pay(name: &str, problem: &Problem, honest: &str, attack: &str) {
    for mode in MODES {
        let (honest, earned) = (
            total_of(mode, problem, honest),
            total_of(mode, problem, attack),
        );
        assert!(
            earned <= honest,
            "{name} under {mode:?}: {earned} against {honest}\n{attack}"
        );
    }
}

/// Checks that `answer`, in perfect form, earns no more than a wrong answer to a problem whose answer
/// is `gold`.
fn is_no_answer(question: &str, gold: &str, answer: &str) {
    let asked = Problem {
        question: question.into(),
        ..problem(gold, "en")
    };
    let response =
        |answer: &str| format!("<think>I do not know what it is.</think><answer>{answer}</answer>");
    let wrong = response("neither this nor that");
    does_not_pay(answer, &asked, &wrong, &response(answer));
}

/// Checks that a way of writing an answer down that could be taken for an attack is right.
fn is_an_answer(question: &str, gold: &str, answer: &str) {
    let asked = Problem {
        question: question.into(),
        ..problem(gold, "en")
    };
    let response = format!("<think>I know what it is.</think><answer>{answer}</answer>");
    assert_eq!(
        total_of(Mode::Sum, &asked, &response),
        1.5,
        "{answer} for {gold}"
    );
}

#[test]
fn stop_words_do_not_pad_the_language() {
    // Four Chinese characters and four English words, then one character over and over.
    let mixed = "<think>七加五等 seven and five make</think><answer>12</answer>";
    let padded = format!(
        "<think>七加五等 seven and five make {}</think><answer>12</answer>",
        "的".repeat(200)
    );
    let share = |response: &str| crate::consistency(response, "zh").unwrap();
    assert_eq!(share(mixed), 0.5);
    assert!((share(&padded) - 5.0 / 9.0).abs() < 1e-6);
    let honest = "<think>七加五等于十二。</think><answer>12</answer>";
    does_not_pay("stop words", &problem("12", "zh"), honest, &padded);
    assert!(total(Mode::Sum, "zh", &padded) < total(Mode::Sum, "zh", honest));
}

#[test]
fn words_hidden_in_code_or_formulas_earn_nothing() {
    for reasoning in [
        "```\nseven and five\n```",
        r"\text{seven and five}",
        "$seven and five$",
    ] {
        let response = format!("<think>{reasoning}</think><answer>12</answer>");
        assert_eq!(crate::consistency(&response, "en"), None, "{reasoning}");
        assert!(total(Mode::Sum, "en", &response) < total(Mode::Sum, "en", HONEST));
    }
}

/// Pieces from which anything that means something to the rewards can be put together.
const PIECES: [&str; 30] = [
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "\\boxed{",
    "\\frac",
    "{",
    "}",
    "(",
    ")",
    "$",
    "$$",
    "`",
    "```",
    "\\",
    "*",
    "Answer:",
    "答案是",
    "12",
    "-",
    ".",
    ",",
    "/",
    "=",
    "%",
    " ",
    "\n",
    "word",
    "字",
    "\u{200b}",
];

proptest! {
    #[test]
    fn any_text_is_judged_within_bounds(
        picks in prop::collection::vec(0..PIECES.len(), 0..40),
        gold in ".{0,12}",
        tail in ".{0,20}",
    ) {
        let mut response: String = picks.into_iter().map(|pick| PIECES[pick]).collect();
        response.push_str(&tail);
        let _ = crate::verify(&response, &gold);
        for mode in MODES {
            let config = RubricConfig { mode, ..RubricConfig::default() };
            let score = Rubric::new(&config).score(&problem(&gold, "zh"), &response);
            prop_assert!((0.0..=1.5).contains(&score.total));
            prop_assert!((0.0..=1.0).contains(&score.format));
            prop_assert!((0.0..=1.0).contains(&score.language));
            prop_assert_eq!(score.format == 1.0, strict(&response));
            prop_assert_eq!(score.accuracy.is_none(), crate::verify(&gold, "1").score().is_none());
        }
    }

    #[test]
    fn an_answer_equals_itself(gold in ".{1,40}") {
        if let Some(score) = crate::verify(&gold, &gold).score() {
            prop_assert_eq!(score, 1.0);
        }
    }
}
