//! What the filter of reasonings catches with sentence vectors for its distances, beside what it
//! catches by words alone.
//!
//! `cargo run --release -p encoder --features kernels/flex --example step_filter -- ENCODER TRAIN TEST`
//! fits the weights of the steps to the first 3,000 problems of TRAIN (GSM8K's training split, say),
//! takes the lowest threshold that loses at most 5 % of its last 2,000, and prints a table for TEST.
#![allow(clippy::print_stdout)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;

use burn::tensor::Device;
use distill::corrupt::{FitConfig, Reference, Table, evaluate, fit};
use distill::{BagOfWords, Embed, FEATURES, SemanticConfig, judge_reasoning_with};
use encoder::SentenceEncoder;

/// Remembers the vectors of texts: spoiled reasonings share most of their sentences.
struct Remembering {
    encoder: SentenceEncoder,
    known: RefCell<HashMap<String, Vec<f32>>>,
}

impl Embed for Remembering {
    fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        let mut known = self.known.borrow_mut();
        let new: Vec<&str> = texts
            .iter()
            .copied()
            .filter(|text| !known.contains_key(*text))
            .collect();
        for (text, vector) in new.iter().zip(self.encoder.embed(&new)) {
            known.insert((*text).to_owned(), vector);
        }
        texts.iter().map(|text| known[*text].clone()).collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, train, test] = args.as_slice() else {
        return Err("give the encoder's directory, problems to fit to, problems to test on".into());
    };
    let encoder = Remembering {
        encoder: SentenceEncoder::load(dir.as_ref(), &Device::flex())?,
        known: RefCell::default(),
    };
    let (train, test) = (references(train)?, references(test)?);
    for (name, embed) in [
        ("words alone", &BagOfWords::default() as &dyn Embed),
        ("sentence vectors", &encoder),
    ] {
        println!("## {name}\n\n{}\n", report(embed, &train, &test));
    }
    Ok(())
}

fn report(embed: &dyn Embed, train: &[Reference], test: &[Reference]) -> String {
    let part = &train[..train.len().min(3000)];
    let mut config = SemanticConfig {
        steps: fit(part, embed, None, &FitConfig::default()),
        ..SemanticConfig::default()
    };
    let held = &train[train.len().saturating_sub(2000).max(part.len())..];
    for at in [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85] {
        config.max_step_oddity = at;
        if lost(embed, held, &config) <= 0.05 {
            break;
        }
    }
    let weights = FEATURES.iter().zip(config.steps.weights);
    let weights: Vec<String> = weights
        .map(|(name, weight)| format!("{name} {weight:.3}"))
        .collect();
    let (bias, at) = (config.steps.bias, config.max_step_oddity);
    let table = measure(embed, test, &config);
    format!(
        "{table}\n\nthreshold {at}, bias {bias:.3}: {}",
        weights.join(", ")
    )
}

fn lost(embed: &dyn Embed, good: &[Reference], config: &SemanticConfig) -> f64 {
    let drops = |good: &&Reference| {
        let (problem, text) = (&good.problem, good.text());
        judge_reasoning_with(problem, &text, &problem.answer, config, embed, None).is_err()
    };
    good.iter().filter(drops).count() as f64 / good.len().max(1) as f64
}

fn measure(embed: &dyn Embed, good: &[Reference], config: &SemanticConfig) -> Table {
    evaluate(good, 1, &|problem, reasoning, answer| {
        judge_reasoning_with(problem, reasoning, answer, config, embed, None).is_err()
    })
}

fn references(path: &str) -> Result<Vec<Reference>, Box<dyn Error>> {
    let problems = data::import::problems(path)?.problems;
    Ok(problems.iter().filter_map(Reference::of).collect())
}
