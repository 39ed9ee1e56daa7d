//! What the semantic filter catches of spoiled reasonings, and what it costs.
//!
//! `cargo run --release -p distill --example filter_report -- GSM8K_test.jsonl [--fit GSM8K_train.jsonl] [--show N]`
//! prints a table; with `--fit` also weights fitted to another file, and the table they give.
#![allow(clippy::print_stdout)]

use distill::corrupt::{FitConfig, Reference, evaluate, fit, semantic_filter};
use distill::{BagOfWords, FEATURES, SemanticConfig};

fn references(path: &str) -> Vec<Reference> {
    let imported = data::import::problems(path).expect("a file of problems with solutions");
    imported.problems.iter().filter_map(Reference::of).collect()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let mut test = None;
    let (mut train, mut show, mut missed) = (None, 0_usize, 0_usize);
    while let Some(arg) = args.next() {
        match &*arg {
            "--fit" => train = args.next(),
            "--show" => show = args.next().and_then(|n| n.parse().ok()).expect("a number"),
            "--missed" => missed = args.next().and_then(|n| n.parse().ok()).expect("a number"),
            _ => test = Some(arg),
        }
    }
    let mut test = references(&test.expect("a file of problems with solutions"));
    let mut config = SemanticConfig::default();
    if let Some(train) = train {
        let train = references(&train);
        config.steps = fit(
            &train[..train.len().min(3000)],
            &BagOfWords::default(),
            None,
            &FitConfig::default(),
        );
        for (name, weight) in FEATURES.iter().zip(config.steps.weights) {
            println!("{weight:8.3},  // {name}");
        }
        println!("{:8.3},  // bias", config.steps.bias);
        test = train[train.len().saturating_sub(2000)..].to_vec();
        for at in [0.6, 0.7, 0.75, 0.8, 0.85, 0.9] {
            config.max_step_oddity = at;
            let table = evaluate(&test, 1, &semantic_filter(&config));
            let recalls: Vec<String> = table
                .rows
                .iter()
                .map(|r| format!("{:.3}", r.recall()))
                .collect();
            println!(
                "{at}: lost {:.3}, {}",
                table.lost_share(),
                recalls.join(" ")
            );
        }
        return;
    }
    let drops = semantic_filter(&config);
    if missed > 0 {
        let left = std::cell::Cell::new(missed);
        evaluate(
            &test[..missed.min(test.len())],
            1,
            &|problem, reasoning, answer| {
                let dropped = drops(problem, reasoning, answer);
                let good = test
                    .iter()
                    .any(|r| r.problem.id == problem.id && r.text() == reasoning);
                if !dropped && !good && left.get() > 0 {
                    left.set(left.get() - 1);
                    println!(
                        "\nQ {}\n  {}\n  -> {answer}",
                        problem.question,
                        reasoning.replace('\n', "\n  ")
                    );
                }
                dropped
            },
        );
        return;
    }
    println!("{}", evaluate(&test, 1, &drops));
    for reference in &test {
        let found = distill::judge_reasoning(
            &reference.problem,
            &reference.text(),
            &reference.problem.answer,
            &config,
        );
        if let (Err(dropped), true) = (found, show > 0) {
            show -= 1;
            println!(
                "\n{dropped}\n  {}\n  {}",
                reference.problem.question,
                reference.text().replace('\n', "\n  ")
            );
        }
    }
}
