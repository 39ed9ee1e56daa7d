//! What the semantic filter catches of spoiled reasonings, and what it costs.
//!
//! `cargo run --release -p distill --example filter_report -- FILE [--as lines|paragraph|talk]`
//! prints a table for the problems with solutions of a file, say GSM8K's test split. `--as` writes
//! the reasonings in another way: all on one line, or with a sentence before and after. `--lost N`
//! shows good ones that are dropped, and why.
//!
//! `… --fit FILE` fits the weights of the steps to the first 3,000 problems of the file, and prints
//! them with what they catch and lose on its last 2,000 at several thresholds.
#![allow(clippy::print_stdout)]

use std::error::Error;

use distill::corrupt::{FitConfig, Reference, evaluate, fit, semantic_filter};
use distill::{BagOfWords, FEATURES, SemanticConfig, judge_reasoning};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (mut file, mut train, mut style, mut lost) = (None, None, String::from("lines"), 0);
    while let Some(arg) = args.next() {
        match &*arg {
            "--fit" => train = args.next(),
            "--as" => style = args.next().ok_or("--as wants lines, paragraph or talk")?,
            "--lost" => lost = args.next().ok_or("--lost wants a number")?.parse()?,
            _ => file = Some(arg),
        }
    }
    if let Some(train) = train {
        fit_to(&references(&train)?);
    }
    let Some(file) = file else { return Ok(()) };
    let found = references(&file)?;
    let write: fn(&str, &str) -> String = match &*style {
        "lines" => |reasoning, _| reasoning.to_owned(),
        "paragraph" => |reasoning, _| {
            let ended = |line: &str| match line.ends_with(['.', '!', '?']) {
                true => line.to_owned(),
                false => format!("{line}."),
            };
            reasoning.lines().map(ended).collect::<Vec<_>>().join(" ")
        },
        "talk" => |reasoning, answer| {
            format!(
                "Okay, let me think about this step by step.\n{reasoning}\nSo the final answer is {answer}."
            )
        },
        other => return Err(format!("`{other}` is not lines, paragraph or talk").into()),
    };
    let config = SemanticConfig::default();
    let drops = semantic_filter(&config);
    let table = evaluate(&found, 1, &|problem, reasoning, answer| {
        drops(problem, &write(reasoning, answer), answer)
    });
    println!("{table}");
    for good in found {
        let (problem, text) = (&good.problem, write(&good.text(), &good.problem.answer));
        let judged = judge_reasoning(problem, &text, &problem.answer, &config);
        if let (Err(why), true) = (judged, lost > 0) {
            lost -= 1;
            println!("\n{why}\n[{}]\n{text}", problem.question);
        }
    }
    Ok(())
}

fn references(path: &str) -> Result<Vec<Reference>, Box<dyn Error>> {
    let problems = data::import::problems(path)?.problems;
    Ok(problems.iter().filter_map(Reference::of).collect())
}

fn fit_to(train: &[Reference]) {
    let part = &train[..train.len().min(3000)];
    let mut config = SemanticConfig {
        steps: fit(part, &BagOfWords::default(), None, &FitConfig::default()),
        ..SemanticConfig::default()
    };
    for (name, weight) in FEATURES.iter().zip(config.steps.weights) {
        println!("{weight:8.3},  // {name}");
    }
    println!("{:8.3},  // bias", config.steps.bias);
    let held = &train[train.len().saturating_sub(2000).max(part.len())..];
    for at in [0.6, 0.65, 0.7, 0.75, 0.8, 0.9] {
        config.max_step_oddity = at;
        let table = evaluate(held, 1, &semantic_filter(&config));
        let caught = table.rows.iter().map(|row| format!("{:.3}", row.recall()));
        let caught: Vec<String> = caught.collect();
        println!(
            "{at}: lost {:.3}, caught {}",
            table.lost_share(),
            caught.join(" ")
        );
    }
}
