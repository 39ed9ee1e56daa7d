//! Labelled outputs of models, graded as any others, and what intervals over them are worth.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use data::{Ask, Reply, Scripted};
use rand::RngExt;
use serde_json::{Value, json};

use crate::trials::coins;
use crate::*;

/// The grades of the labelled outputs of models, with the labels; `None`, said aloud, where they are not present.
fn graded() -> Option<(Vec<Graded>, BTreeMap<String, bool>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/graders/grader_public.jsonl");
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "skipped: no {}", path.display());
        return None;
    }
    let (mut lines, mut said, mut labels) = (String::new(), BTreeMap::new(), BTreeMap::new());
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let disputed = case["disputed"].as_bool().unwrap_or(false) || case["disputed"].is_string();
        if case["kind"] != "model_output" || disputed {
            continue;
        }
        let (id, gold) = (case["id"].as_str().unwrap(), case["gold"].as_str().unwrap());
        // A gold text is a line around an answer; a task file has the answer.
        let gold = rewards::extract(gold).map_or(gold.to_owned(), |found| found.text);
        let task = json!({"id": id, "question": "Solve it.", "answer": gold});
        lines += &format!("{task}\n");
        said.insert(id.to_owned(), case["pred"].as_str().unwrap().to_owned());
        labels.insert(id.to_owned(), case["expected"] == 1);
    }
    let bench = coins(&[], 1);
    fs::write(bench.file(), lines).unwrap();
    let model = Scripted::new(|ask: &Ask| Ok(Reply::of(said[&ask.id].clone())));
    let graded = bench.run(&model, "a").unwrap().graded;
    Some((graded, labels))
}

#[test]
fn labelled_completions_are_graded_as_labelled_where_they_are_present() {
    let Some((graded, labels)) = graded() else {
        return;
    };
    let otherwise: Vec<&str> = graded
        .iter()
        .filter(|grade| (grade.verdict == Outcome::Right) != labels[&grade.problem])
        .map(|grade| grade.problem.as_str())
        .collect();
    assert!(graded.len() > 300, "{}", graded.len());
    assert!(
        otherwise.is_empty(),
        "{} of {}: {otherwise:?}",
        otherwise.len(),
        graded.len()
    );
}

/// Sixty problems are drawn from the pool again and again, and the interval of each draw is held against the pass
/// rate of the whole pool.
#[test]
fn the_interval_of_sixty_covers_the_pools_rate_about_95_times_in_100() {
    let Some((graded, _)) = graded() else {
        return;
    };
    let rate = Summary::new(&graded, 1).unwrap().pass_at_1;
    assert!((0.2..0.8).contains(&rate), "{rate}");
    let draws = 500;
    let covered = (0..draws)
        .filter(|&draw| {
            let mut rng = data::seed::stream(draw, &["pool"]);
            let drawn = |at: usize| Graded {
                problem: format!("{at}"),
                ..graded[rng.random_range(0..graded.len())].clone()
            };
            let drawn: Vec<Graded> = (0..60).map(drawn).collect();
            let [low, high] = Summary::new(&drawn, draw).unwrap().ci95;
            low <= rate && rate <= high
        })
        .count();
    // Two standard deviations of the count about 95 % of 500 are 10.
    assert!((460..=490).contains(&covered), "{covered} of {draws}");
}
