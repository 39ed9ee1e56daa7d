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
fn the_form_may_gate_the_answer() {
    let total = |response: &str| total(Mode::FormGated, response);
    assert_eq!(total(RIGHT), 1.5);
    assert_eq!(total(WRONG), 0.5);
    // Right, but not strictly in the template: what the form is worth and no more.
    let loose = format!("{RIGHT} So there.");
    let score = rubric(Mode::FormGated).score(&problem("12", "en"), &loose);
    assert_eq!(score.accuracy, Some(1.0));
    assert_eq!(score.total, 0.3 * score.format + 0.2);
    assert_eq!(total("12"), 0.0);
}

#[test]
fn every_part_is_recorded_without_its_weight_in_every_mode() {
    for mode in [Mode::Sum, Mode::Gated, Mode::FormGated, Mode::PerPart] {
        let rubric = rubric(mode);
        let score = rubric.score(&problem("12", "en"), WRONG);
        assert_eq!(
            (score.accuracy, score.format, score.language),
            (Some(0.0), 1.0, 1.0)
        );
        let values: Vec<_> = rubric
            .parts(&score)
            .into_iter()
            .map(|part| part.value)
            .collect();
        assert_eq!(values, [Some(0.0), Some(1.0), Some(1.0)]);
    }
}

#[test]
fn the_terms_of_a_configuration_count() {
    let config: RubricConfig = serde_json::from_str(
        r#"{"language": 0.0, "length": {"weight": 0.5, "target": 5, "alpha": 0.25},
            "repetition": {"weight": 1.0, "ngram": 1},
            "overlong": {"weight": 2.0, "longest": 4, "cache": 2}}"#,
    )
    .unwrap();
    let words = |text: &str| text.split_whitespace().count();
    let response = "<think>no no no</think> <answer>12</answer>";
    let score = Rubric::counting(&config, Arc::new(words)).score(&problem("12", "en"), response);
    // Four words of five wanted; two of four came before; as long as can be.
    let expected = [("length", -0.25), ("repetition", -0.5), ("overlong", -1.0)];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(score.extra, expected);
    assert!((score.total - (1.3 - 0.125 - 0.5 - 2.0)).abs() < 1e-6);

    let blind = Rubric::new(&config).score(&problem("12", "en"), response);
    assert_eq!(blind.unjudged, ["length", "overlong"]);
    assert_eq!(blind.extra, [("repetition".to_owned(), -0.5)]);
}

#[test]
fn a_term_without_a_verdict_leaves_the_total_out_of_comparisons() {
    let score = |weight| {
        let rubric = rubric(Mode::Sum).with(weight, Box::new(Short));
        let reading = (Reading::default(), Options::default());
        rubric.explained(&problem("12", "en"), "", &reading.0, &reading.1)
    };
    let (weighed, why) = score(0.5);
    assert_eq!(
        (weighed.unjudged.as_slice(), weighed.is_judged()),
        (&["short".to_owned()][..], false)
    );
    assert_eq!((&*why[0].name, &*why[0].reason), ("short", "no text"));
    // What is only measured costs nothing.
    let (measured, why) = score(0.0);
    assert_eq!((measured.unjudged.len(), measured.is_judged()), (0, true));
    assert_eq!(why.len(), 1);
    // An unknown language is worth 0, as it always was.
    assert!(
        rubric(Mode::Sum)
            .score(&problem("12", "qq"), RIGHT)
            .is_judged()
    );
    assert!(
        !rubric(Mode::Sum)
            .score(&problem("", "en"), RIGHT)
            .is_judged()
    );
}

#[test]
fn names_that_are_taken_are_numbered() {
    let rubric = rubric(Mode::Sum)
        .with(1.0, Box::new(Short))
        .with(2.0, Box::new(Short))
        .with(0.0, Box::new(Format));
    let parts = rubric.parts(&rubric.score(&problem("12", "en"), "13"));
    let found: Vec<_> = parts[3..].iter().map(|p| (&*p.name, p.value)).collect();
    let expected = [
        ("short", Some(-2.0)),
        ("short-2", Some(-2.0)),
        ("format-2", Some(0.0)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_answer_may_be_looked_for_elsewhere() {
    let letters = Reading {
        letters: true,
        ..Reading::default()
    };
    let score = |gold: &str, response: &str| {
        let asked = problem(gold, "en");
        let options = Options::default();
        rubric(Mode::Sum)
            .score_as(&asked, response, &letters, &options)
            .accuracy
    };
    assert_eq!(
        score("(B) 12", "<think>a</think>It is not A, so B"),
        Some(1.0)
    );
    assert_eq!(score("(B) 12", "<think>a</think>C"), Some(0.0));
    assert_eq!(score("12", "<think>a</think>C"), None);
    let coarse = Options {
        precision: 2,
        ..Options::default()
    };
    let third = problem("1/3", "en");
    let found = rubric(Mode::Sum).score_as(&third, "0.33", &Reading::default(), &coarse);
    assert_eq!(found.accuracy, Some(1.0));
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

struct Broken;

impl Reward for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        Verdict::right(format!("begins with {}", &response[..9]))
    }
}

#[test]
fn a_reward_that_panics_has_not_judged() {
    let rubric = rubric(Mode::Sum).with(0.5, Box::new(Broken));
    let (reading, options) = (Reading::default(), Options::default());
    let asked = problem("12", "en");
    let (score, why) = rubric.explained(&asked, "12", &reading, &options);
    assert!(!score.is_judged());
    assert_eq!(score.unjudged, ["broken"]);
    assert!(why[0].reason.starts_with("it panicked: "), "{why:?}");
    let (score, why) = rubric.explained(&asked, "The answer is 12", &reading, &options);
    assert_eq!(
        (score.extra, why.len()),
        (vec![("broken".to_owned(), 1.0)], 0)
    );
}
