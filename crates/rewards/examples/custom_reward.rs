//! A reward of one's own: an implementation of [`Reward`], added to the rubric with its weight.
//!
//! ```sh
//! cargo run --release -p rewards --example custom_reward
//! ```
#![allow(clippy::print_stdout)]

use data::{Check, Domain, Problem};
use rewards::{Reward, Rubric, RubricConfig, Verdict};

/// 1 where the reasoning checks its result, 0 where it does not.
struct Checks;

impl Reward for Checks {
    fn name(&self) -> &str {
        "checks"
    }

    fn score(&self, _problem: &Problem, response: &str) -> Verdict {
        let Some((reasoning, _)) = response.split_once("</think>") else {
            return Verdict::unjudged("there is no reasoning to look at");
        };
        match reasoning.to_lowercase().contains("check") {
            true => Verdict::right("it checks its result"),
            false => Verdict::wrong("it takes its result as it comes"),
        }
    }
}

fn main() {
    let problem = Problem {
        id: "sum".into(),
        question: "What is 7 + 5?".into(),
        answer: "12".into(),
        solution: None,
        family: "arithmetic".into(),
        domain: Domain::Mathematics,
        level: 1,
        language: "en".into(),
        check: Check::Answer,
    };
    let rubric = Rubric::new(&RubricConfig::default()).with(0.1, Box::new(Checks));
    let responses = [
        "<think>Seven and five make twelve. Check: twelve less five is seven.</think><answer>12</answer>",
        "<think>Seven and five make twelve.</think><answer>12</answer>",
        "<think>I check nothing.</think><answer>12 or 13</answer>",
        "It is 12.",
    ];
    println!(
        "{:>8} {:>8} {:>8} {:>8} {:>8}  response",
        "accuracy", "format", "language", "checks", "total"
    );
    for response in responses {
        let score = rubric.score(&problem, response);
        let parts = rubric.parts(&score);
        let values: Vec<String> = parts
            .iter()
            .map(|part| part.value.map_or("–".into(), |value| format!("{value:.2}")))
            .collect();
        let [accuracy, format, language, checks] = &values[..] else {
            continue;
        };
        let start: String = response.chars().take(48).collect();
        let total = format!("{:.2}", score.total);
        println!("{accuracy:>8} {format:>8} {language:>8} {checks:>8} {total:>8}  {start}");
    }
}
