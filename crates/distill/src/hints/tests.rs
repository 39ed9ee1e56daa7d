//! A teacher whose pass rate depends on the hint: it solves long journeys only after it has seen how a
//! journey is computed.

use std::ops::ControlFlow::Continue;

use data::{Ask, Completion, Problem, seed, template};
use rand::RngExt;
use rewards::{Rubric, RubricConfig, Score};

use super::*;
use crate::chains;
use crate::sample::sample;
use crate::sample::teacher::scripted;
use crate::{CurateConfig, curate};

/// Journeys; every third is long. At 30 km an hour and more.
fn journeys(count: u64) -> Vec<Problem> {
    let journey = |at: u64| {
        let (hours, speed) = (2 + at % 7, 30 + at);
        let distance = if at.is_multiple_of(3) {
            "long"
        } else {
            "short"
        };
        let question = format!(
            "A train travels {} km at {speed} km an hour on a {distance} line. How many hours does it take?",
            hours * speed
        );
        Problem {
            id: format!("j{at:03}"),
            ..chains::problem(&question, &hours.to_string())
        }
    };
    (0..count).map(journey).collect()
}

fn stranger() -> Problem {
    Problem {
        id: "s".into(),
        ..chains::problem(
            "Zoe owns sixteen violet umbrellas, gives half away. Remaining?",
            "8",
        )
    }
}

/// Right on short lines; on long ones once in eight without a hint, three times in four with one. Of
/// the answers with a hint every fourth speaks of it.
fn teach(ask: &Ask) -> Result<String, String> {
    let text = &ask.messages.last().unwrap().content;
    let numbers: Vec<u64> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .take(2)
        .collect();
    let [distance, speed] = numbers[..] else {
        return Ok(template::strict("I do not know.", "0"));
    };
    let hours = distance / speed;
    let sample = ask.sample.to_string();
    let chance: f64 = seed::stream(1, &["teach", &ask.id, &sample]).random();
    let hinted = text.contains("The train takes");
    let rate = match (text.contains("long"), hinted) {
        (false, _) => 1.0,
        (true, true) => 0.75,
        (true, false) => 0.125,
    };
    let talk = if hinted && ask.sample.is_multiple_of(4) {
        "By the hint I divide. "
    } else {
        ""
    };
    Ok(match chance < rate {
        true => template::strict(
            &format!("{talk}The train takes {distance} / {speed} = {hours} hours."),
            &hours.to_string(),
        ),
        false => template::strict(&format!("I guess {speed} hours."), &speed.to_string()),
    })
}

fn rubric() -> Rubric {
    Rubric::new(&RubricConfig::default())
}

/// Both passes: the report, the problems given in the second, and the size of the book.
fn reuse(at_once: usize, hints: &HintConfig) -> (HintReport, Vec<Sampled>, usize) {
    let (teacher, rubric) = (scripted(at_once, teach), rubric());
    let config = SampleConfig {
        samples: 4,
        ..SampleConfig::default()
    };
    let (mut book, mut failed) = (StepBook::default(), Vec::new());
    let problems = journeys(120).into_iter().chain([stranger()]);
    let first = sample(problems, &teacher, &rubric, &config, &mut |sampled| {
        match sampled.is_solved() {
            true => assert!(book.add(&sampled.problem, &sampled.responses)),
            false => failed.push(sampled.problem),
        }
        Continue(())
    });
    assert_eq!(first.unwrap().problems, 121);
    let (solved, index) = (book.len(), book.index());
    let mut given = Vec::new();
    let failed = failed.into_iter();
    let each = &mut |sampled| {
        given.push(sampled);
        Continue(())
    };
    let report = sample_with_hints(failed, &teacher, &rubric, &index, &config, hints, each);
    given.sort_by(|a, b| a.problem.id.cmp(&b.problem.id));
    (report.unwrap(), given, solved)
}

#[test]
fn hints_raise_the_pass_rate_and_leave_no_trace() {
    let (report, given, solved) = reuse(5, &HintConfig::default());
    // Forty are long, of which the first pass solves 1 − (7/8)⁴ = 41 %; 80 are short.
    assert!((88..108).contains(&solved), "{solved}");
    assert_eq!(given.len(), 120 - solved);
    assert_eq!(report.without_hint, 1);
    assert_eq!(
        (report.hinted.problems, report.plain.problems),
        (given.len(), given.len())
    );
    // One of four speaks of its hint: 0.75 × 3/4 = 0.56 with hints against 0.125, and in four samples
    // 1 − (1/4)³ = 98 % against 41 %.
    let pass_at_1 = |passes: &Passes| passes.pass_at_1().unwrap();
    assert!(
        (pass_at_1(&report.hinted) - 0.5625).abs() < 0.15,
        "{report:?}"
    );
    assert!(
        (pass_at_1(&report.plain) - 0.125).abs() < 0.15,
        "{report:?}"
    );
    assert!(report.gain().unwrap() > 0.3, "{report:?}");
    assert!(
        report.referred > 0 && report.examples[0].detail.contains("`hint`"),
        "{report:?}"
    );

    let groups: Vec<(Problem, Vec<(Completion, Score)>)> = given
        .into_iter()
        .map(|sampled| (sampled.problem, sampled.responses))
        .collect();
    let curated = curate(&groups, &CurateConfig::default());
    assert!(!curated.samples.is_empty());
    let plain: Vec<Problem> = journeys(120);
    for sample in &curated.samples {
        let own = plain
            .iter()
            .find(|problem| problem.id == sample.id)
            .unwrap();
        assert_eq!(sample.question, own.question);
        assert!(!sample.response.contains("hint"), "{sample:?}");
    }
}

#[test]
fn the_order_changes_nothing_and_without_a_control_there_is_no_gain() {
    let hints = HintConfig::default();
    let (one, many) = (reuse(1, &hints), reuse(1000, &hints));
    assert_eq!(
        (&one.0.hinted, &one.0.plain),
        (&many.0.hinted, &many.0.plain)
    );
    let texts = |given: &[Sampled]| -> Vec<String> {
        let all = given.iter().flat_map(|sampled| &sampled.responses);
        all.map(|(completion, _)| completion.text.clone()).collect()
    };
    assert_eq!(texts(&one.1), texts(&many.1));
    let alone = HintConfig {
        control: false,
        ..hints
    };
    let (report, ..) = reuse(3, &alone);
    assert_eq!((report.gain(), report.hinted), (None, one.0.hinted));
}

#[test]
fn only_verified_steps_are_taken() {
    let problem = chains::problem(
        "Kim has 7 red and 5 blue pens. How many pens has Kim?",
        "12",
    );
    let response = |think: &str, right: bool| {
        let answer = if right { "12" } else { "13" };
        (
            chains::completion(&template::strict(think, answer)),
            chains::score(right),
        )
    };
    let taken = |responses: &[(Completion, Score)]| {
        let mut book = StepBook::default();
        let any = book.add(&problem, responses);
        let index = book.index();
        let other = Problem {
            id: "other".into(),
            question: "Kim has 3 red and 9 blue pens. How many pens has Kim?".into(),
            ..problem.clone()
        };
        let near = index.nearest(&other, 1, 0.5);
        assert_eq!(any, !near.is_empty());
        near.first().map_or(Vec::new(), |near| near.steps.to_vec())
    };
    assert!(taken(&[response("Kim has 7 + 6 = 13 pens.", false)]).is_empty());
    assert!(taken(&[response("Kim has 5 + 7 = 13 pens. No, it is 12.", true)]).is_empty());
    assert!(taken(&[response("Kim surely has 12 pens.", true)]).is_empty());
    let think = "Kim has red and blue pens.\nKim has 7 + 5 = 12 pens.";
    // The shorter of two is taken; words alone are not.
    let long = response(
        "Kim has 7 red pens.\nKim has 5 + 7 = 12 pens in all, as said.",
        true,
    );
    assert_eq!(
        taken(&[long, response(think, true)]),
        ["Kim has 7 + 5 = 12 pens."]
    );
}

#[test]
fn a_problem_is_no_hint_for_itself() {
    let mut book = StepBook::default();
    let problem = chains::problem("What is 7 + 5?", "12");
    let good = (
        chains::completion(&template::strict("7 + 5 = 12.", "12")),
        chains::score(true),
    );
    for id in ["b", "a"] {
        let id = id.to_owned();
        book.add(
            &Problem {
                id,
                ..problem.clone()
            },
            std::slice::from_ref(&good),
        );
    }
    let index = book.index();
    let asked = |id: &str, question: &str| {
        let (id, question) = (id.to_owned(), question.to_owned());
        let problem = Problem {
            id,
            question,
            ..problem.clone()
        };
        let near = index.nearest(&problem, 9, 0.3);
        near.into_iter()
            .map(|near| near.id.to_owned())
            .collect::<Vec<_>>()
    };
    // Equally near ones come by their ids.
    assert_eq!(asked("c", "What is 7 + 6?"), ["a", "b"]);
    assert_eq!(asked("a", "What is 7 + 6?"), ["b"]);
    assert!(asked("c", "what is 7+5").is_empty());
    assert!(asked("c", "Who was Gauss and when?").is_empty());
}
