//! What the parts add up to, in every mode and with every term.

use super::*;
use crate::accuracy::tests::problem;

const RIGHT: &str = "<think>Seven and five make twelve.</think><answer>12</answer>";
const WRONG: &str = "<think>Seven and five make twelve.</think><answer>13</answer>";

fn rubric(mode: Mode) -> Rubric {
    Rubric::new(&RubricConfig {
        mode,
        ..RubricConfig::default()
    })
}

fn total(mode: Mode, response: &str) -> f32 {
    rubric(mode).score(&problem("12", "en"), response).total
}

#[test]
fn the_modes_differ_on_wrong_answers_only() {
    assert_eq!(total(Mode::Sum, RIGHT), 1.5);
    assert_eq!(total(Mode::Gated, RIGHT), 1.5);
    assert_eq!(total(Mode::PerPart, RIGHT), 1.5);
    assert_eq!(total(Mode::Sum, WRONG), 0.5);
    assert_eq!(total(Mode::Gated, WRONG), 0.0);
    assert_eq!(total(Mode::PerPart, WRONG), 0.5);
}

#[test]
fn a_weight_of_zero_measures_without_paying() {
    let config = RubricConfig {
        format: 0.0,
        language: 0.0,
        ..RubricConfig::default()
    };
    let score = Rubric::new(&config).score(&problem("12", "en"), RIGHT);
    assert_eq!((score.total, score.format, score.language), (1.0, 1.0, 1.0));
}

#[test]
fn what_cannot_be_judged_is_named() {
    let score = rubric(Mode::Sum).score(&problem("", "qq"), RIGHT);
    assert_eq!(score.accuracy, None);
    assert_eq!(score.unjudged, ["accuracy", "language"]);
    assert_eq!(score.total, 0.3);
    let gated = rubric(Mode::Gated).score(&problem("", "en"), RIGHT);
    assert_eq!((gated.accuracy, gated.total), (None, 0.0));
}

#[test]
fn programs_are_unjudged_where_nothing_runs_them() {
    let mut program = problem("", "en");
    program.check = Check::Code {
        tests: data::CodeTests::StdinStdout {
            shown: vec![],
            hidden: vec![],
        },
    };
    let score = rubric(Mode::Sum).score(&program, RIGHT);
    assert_eq!((score.accuracy, score.answer), (None, None));
    assert_eq!(score.unjudged, ["accuracy"]);
    assert!(score.reason.contains("no code reward"), "{}", score.reason);
}

#[test]
fn a_prefilled_tag_is_put_back() {
    let config = RubricConfig {
        prefill: "<think>".into(),
        ..RubricConfig::default()
    };
    let response = RIGHT.strip_prefix("<think>").unwrap();
    let score = Rubric::new(&config).score(&problem("12", "en"), response);
    assert_eq!((score.format, score.total), (1.0, 1.5));
    assert!(
        rubric(Mode::Sum)
            .score(&problem("12", "en"), response)
            .format
            < 1.0
    );
}

struct Short;

impl Reward for Short {
    fn name(&self) -> &'static str {
        "short"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        match response.len() {
            0 => Verdict::unjudged("no text"),
            length => Verdict::Judged {
                score: -(length as f32),
                reason: "bytes".into(),
            },
        }
    }
}

#[test]
fn a_reward_can_be_added() {
    let rubric = rubric(Mode::Gated).with(0.5, Box::new(Short));
    let score = rubric.score(&problem("12", "en"), "13");
    assert_eq!(score.extra, [("short".to_owned(), -2.0)]);
    assert_eq!(score.total, -1.0);
    let parts = rubric.parts(&score);
    let expected = Part {
        name: "short".into(),
        weight: 0.5,
        value: Some(-2.0),
    };
    assert_eq!(parts[3], expected);
    let none = rubric.score(&problem("12", "en"), "");
    assert_eq!(none.unjudged, ["short"]);
    assert_eq!(rubric.parts(&none)[3].value, None);
}
