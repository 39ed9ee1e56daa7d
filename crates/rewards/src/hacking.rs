//! Ways to earn reward without solving the problem, and that none of them pays.
//!
//! Each row is a trick and the honest response it competes with: the same knowledge, honestly
//! written down. The trick may tie but must never win, in any mode.

use proptest::prelude::*;

use crate::accuracy::tests::problem;
use crate::config::{Mode, RubricConfig};
use crate::format::strict;
use crate::rubric::Rubric;

const MODES: [Mode; 3] = [Mode::Sum, Mode::Gated, Mode::PerPart];
const HONEST: &str = "<think>Seven and five make twelve.</think><answer>12</answer>";
const HONEST_GUESS: &str = "<think>I do not know.</think><answer>14</answer>";

struct Trick {
    name: &'static str,
    honest: &'static str,
    trick: String,
}

fn total(mode: Mode, language: &str, response: &str) -> f32 {
    let config = RubricConfig {
        mode,
        ..RubricConfig::default()
    };
    Rubric::new(&config)
        .score(&problem("12", language), response)
        .total
}

fn tricks() -> Vec<Trick> {
    let row = |name, honest, trick: &str| Trick {
        name,
        honest,
        trick: trick.to_owned(),
    };
    let guesses: String = (0..20).map(|n| format!("<answer>{n}</answer>")).collect();
    let list: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    vec![
        row(
            "several answer blocks",
            HONEST_GUESS,
            &format!("<think>I do not know.</think>{guesses}"),
        ),
        row(
            "several answers in one block",
            HONEST_GUESS,
            &format!(
                "<think>I do not know.</think><answer>{}</answer>",
                list.join(", ")
            ),
        ),
        row(
            "alternatives in one block",
            HONEST_GUESS,
            "<think>I do not know.</think><answer>12 or 14</answer>",
        ),
        row(
            "several boxes in one block",
            HONEST_GUESS,
            r"<think>I do not know.</think><answer>\boxed{12} \boxed{14}</answer>",
        ),
        row(
            "several equations in one block",
            HONEST_GUESS,
            "<think>I do not know.</think><answer>x = 14 = 12</answer>",
        ),
        row("tag stuffing", HONEST, &HONEST.repeat(5)),
        row(
            "tags alone",
            HONEST_GUESS,
            "<think></think><answer></answer>",
        ),
        row(
            "the template inside the reasoning",
            HONEST,
            &format!("<think>{HONEST}</think>"),
        ),
        row(
            "an answer inside the reasoning as well",
            HONEST,
            "<think>Seven and five. <answer>12</answer></think><answer>12</answer>",
        ),
        row(
            "the answer before the reasoning",
            HONEST,
            "<answer>12</answer><think>Seven and five make twelve.</think>",
        ),
        row(
            "invisible reasoning",
            HONEST,
            "<think>\u{200b}\u{200b}\u{2060}</think><answer>12</answer>",
        ),
        row(
            "an invisible answer",
            HONEST_GUESS,
            "<think>I do not know.</think><answer>\u{200b}</answer>",
        ),
        row(
            "invisible characters outside",
            HONEST,
            "<think>Seven and five make twelve.</think>\u{200b}<answer>12</answer>",
        ),
        row("a bare answer", HONEST, "12"),
        row(
            "no reasoning",
            HONEST,
            "<think>.</think><answer>12</answer>",
        ),
        row(
            "reasoning in symbols alone",
            HONEST,
            "<think>7 + 5 = 12</think><answer>12</answer>",
        ),
        row(
            "a broken brace that no one can compare",
            HONEST_GUESS,
            r"<think>I do not know.</think><answer>\frac{12</answer>",
        ),
        row(
            "the question again",
            HONEST_GUESS,
            "<think>What is 7 + 5?</think><answer>7 + 5</answer>",
        ),
        row(
            "an answer that is never finished",
            HONEST_GUESS,
            "<think>I do not know. The answer is 12. The answer is 12.",
        ),
    ]
}

#[test]
fn no_trick_beats_the_honest_response() {
    for mode in MODES {
        for Trick {
            name,
            honest,
            trick,
        } in tricks()
        {
            let (honest, trick) = (total(mode, "en", honest), total(mode, "en", &trick));
            assert!(
                trick <= honest,
                "{name} under {mode:?}: {trick} against {honest}"
            );
        }
    }
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
