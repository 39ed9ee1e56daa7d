//! Sampling a teacher that is right in a known share of the cases.

use std::cell::Cell;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::atomic::{AtomicUsize, Ordering};

use data::{Scripted, Silence};
use rewards::RubricConfig;

use super::teacher::scripted;
use super::*;
use crate::{CurateConfig, curate};

fn problems(count: usize) -> impl Iterator<Item = Problem> + Send {
    (0..count).map(|at| Problem {
        id: format!("p{at}"),
        ..crate::chains::problem(&format!("What is {at} + 5?"), &format!("{}", at + 5))
    })
}

/// Right in the even samples, silent in the third.
fn say(ask: &Ask) -> Result<String, String> {
    let at: usize = ask.id[1..].parse().unwrap();
    let sum = at + 5;
    match ask.sample {
        3 => Err("busy".into()),
        even if even % 2 == 0 => Ok(format!(
            "<think>{} {at} + 5 = {sum}.</think> <answer>{sum}</answer>",
            if even == 0 {
                "First we add the numbers, so"
            } else {
                "We add both and get"
            }
        )),
        _ => Ok(template::strict("I guess.", "0.5")),
    }
}

fn rubric() -> Rubric {
    Rubric::new(&RubricConfig::default())
}

fn config(samples: u32) -> SampleConfig {
    SampleConfig {
        samples,
        system: INSTRUCTION.into(),
    }
}

fn all(at_once: usize, count: usize) -> (Vec<Sampled>, SampleReport) {
    let mut given = Vec::new();
    let teacher = scripted(at_once, say);
    let report = sample(
        problems(count),
        &teacher,
        &rubric(),
        &config(4),
        &mut |sampled| {
            given.push(sampled);
            Continue(())
        },
    );
    given.sort_by_key(|sampled| sampled.at);
    (given, report.unwrap())
}

#[test]
fn every_problem_comes_once_with_its_samples_in_order() {
    let (given, report) = all(7, 9);
    assert_eq!(given.len(), 9);
    for (at, sampled) in given.iter().enumerate() {
        assert_eq!((sampled.at, &*sampled.problem.id), (at, &*format!("p{at}")));
        let numbers: Vec<u32> = sampled.responses.iter().map(|(c, _)| c.sample).collect();
        assert_eq!(numbers, [0, 1, 2]);
        let right: Vec<_> = sampled.responses.iter().map(|(_, s)| s.accuracy).collect();
        assert_eq!(right, [Some(1.0), Some(0.0), Some(1.0)]);
        assert_eq!(sampled.unanswered[0].sample, 3);
        assert!(sampled.is_solved());
    }
    // The white space of the template is put in.
    let text = "<think>\nWe add both and get 4 + 5 = 9.\n</think>\n<answer>9</answer>";
    assert_eq!(given[4].responses[2].0.text, text);
    assert_eq!(report.unanswered, [("busy".to_owned(), 9)].into());
    assert_eq!((report.problems, report.answered), (9, 27));
    assert_eq!((report.prompt_tokens, report.tokens), (135, 81));
    let passes = Passes {
        problems: 9,
        solved: 9,
        judged: 27,
        right: 18,
    };
    assert_eq!(report.passes, passes);
}

#[test]
fn the_order_of_replies_changes_nothing() {
    let one = all(1, 20);
    assert_eq!(all(4, 20), one);
    assert_eq!(all(1000, 20), one);
}

#[test]
fn what_is_sampled_can_be_curated() {
    let (given, _) = all(3, 5);
    let groups: Vec<_> = given
        .into_iter()
        .map(|s| (s.problem, s.responses))
        .collect();
    let curated = curate(&groups, &CurateConfig::default());
    assert_eq!(curated.samples.len(), 10, "{:?}", curated.report);
    assert_eq!(curated.samples[0].question, "What is 0 + 5?");
}

#[test]
fn problems_are_drawn_as_there_is_room() {
    let drawn = AtomicUsize::new(0);
    let problems = problems(1000).inspect(|_| _ = drawn.fetch_add(1, Ordering::Relaxed));
    let (teacher, seen) = (scripted(8, say), Cell::new(0));
    let outcome = sample(problems, &teacher, &rubric(), &config(4), &mut |_| {
        seen.set(seen.get() + 1);
        // Two problems are eight asks, so no more than two are drawn and not given.
        assert!(drawn.load(Ordering::Relaxed) <= seen.get() + 2);
        if seen.get() < 50 {
            Continue(())
        } else {
            Break(())
        }
    });
    outcome.unwrap();
    assert_eq!(seen.get(), 50);
}

#[test]
fn the_system_turn_is_said_where_there_is_one() {
    let turns = |config: &SampleConfig| config.asks("a", "2 + 2?", 0..1)[0].messages.clone();
    assert_eq!(turns(&SampleConfig::default()), [Message::user("2 + 2?")]);
    assert_eq!(turns(&config(1))[0], Message::system(INSTRUCTION));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let outcome = |problems: Vec<Problem>, rubric: &Rubric, samples: u32, teacher: &dyn Answers| {
        let mut each = |_| Continue(());
        sample(
            problems.into_iter(),
            teacher,
            rubric,
            &config(samples),
            &mut each,
        )
        .unwrap_err()
    };
    let few = || problems(2).collect::<Vec<_>>();
    let teacher = scripted(3, say);
    let none = outcome(few(), &rubric(), 0, &teacher);
    assert!(matches!(none, SampleError::NoSamples));
    let prefilled = Rubric::new(&RubricConfig {
        prefill: "<think>".into(),
        ..RubricConfig::default()
    });
    let prefill = outcome(few(), &prefilled, 1, &teacher);
    assert!(matches!(prefill, SampleError::Prefill));
    let twice = outcome([few(), few()].concat(), &rubric(), 1, &teacher);
    assert!(
        matches!(&twice, SampleError::SameId { id } if id == "p0"),
        "{twice}"
    );
    let gone = Scripted::new(|_: &Ask| Err(Silence::Ever("no such model".into())));
    let gone = outcome(few(), &rubric(), 1, &gone);
    assert!(gone.to_string().contains("no such model"), "{gone}");
}
