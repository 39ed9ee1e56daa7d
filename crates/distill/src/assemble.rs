//! The training set of a run: reasoning and general samples in proportion, in a seeded order.
//!
//! Left out: sets that memory does not hold, which are [`crate::assembly`]'s.

use std::collections::BTreeMap;

use data::{Sample, seed};
use rand::seq::SliceRandom;

use crate::words::normal;

/// Joins `ratio` reasoning samples with every general one (DeepSeek-R1: 600k and 200k, so 3), in
/// an order that `seed` decides.
///
/// Questions that differ in nothing but case, spacing and the marks between words are asked under
/// one id only: that of the first sample, reasoning before general. Several responses under one id
/// stay, unless they are the same. Then the side of which there is too much is cut down, by a draw
/// that `seed` decides; nothing is ever repeated. Without general samples the reasoning stays
/// whole; without reasoning the set is empty. A ratio that is not positive or not finite asks for
/// no general samples.
pub fn assemble(
    reasoning: Vec<Sample>,
    general: Vec<Sample>,
    ratio: f64,
    seed: u64,
) -> Vec<Sample> {
    let mut asked = BTreeMap::new();
    let mut reasoning = distinct(reasoning, &mut asked);
    let mut general = distinct(general, &mut asked);
    let (wanted, cut) = proportion(reasoning.len(), general.len(), ratio);
    draw(&mut reasoning, wanted, seed, "reasoning");
    draw(&mut general, cut, seed, "general");
    reasoning.append(&mut general);
    reasoning.shuffle(&mut seed::stream(seed, &["assemble", "order"]));
    reasoning
}

/// The first sample of every question and response; a question belongs to the id that asks first.
fn distinct(
    samples: Vec<Sample>,
    asked: &mut BTreeMap<String, (String, Vec<String>)>,
) -> Vec<Sample> {
    let mut kept = Vec::new();
    for sample in samples {
        let (id, responses) = asked
            .entry(normal(&sample.question))
            .or_insert_with(|| (sample.id.clone(), Vec::new()));
        let response = normal(&sample.response);
        if *id == sample.id && !responses.contains(&response) {
            responses.push(response);
            kept.push(sample);
        }
    }
    kept
}

/// How many of each side are taken.
pub(crate) fn proportion(reasoning: usize, general: usize, ratio: f64) -> (usize, usize) {
    if general == 0 || !ratio.is_finite() || ratio <= 0.0 {
        return (reasoning, 0);
    }
    let wanted = (reasoning as f64 / ratio).round() as usize;
    if wanted <= general {
        (reasoning, wanted)
    } else {
        (
            reasoning.min((general as f64 * ratio).round() as usize),
            general,
        )
    }
}

/// Takes `count` samples at random, in their old order.
fn draw(samples: &mut Vec<Sample>, count: usize, seed: u64, side: &str) {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.shuffle(&mut seed::stream(seed, &["assemble", side]));
    order.truncate(count);
    let mut taken = vec![false; samples.len()];
    for at in order {
        taken[at] = true;
    }
    let mut taken = taken.into_iter();
    samples.retain(|_| taken.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::sample;

    fn samples(name: &str, count: usize) -> Vec<Sample> {
        (0..count)
            .map(|at| sample(&format!("{name}{at}"), &format!("{name} question {at}")))
            .collect()
    }

    fn counts(reasoning: usize, general: usize, ratio: f64) -> (usize, usize) {
        let set = assemble(samples("r", reasoning), samples("g", general), ratio, 1);
        let reasoning = set
            .iter()
            .filter(|sample| sample.id.starts_with('r'))
            .count();
        (reasoning, set.len() - reasoning)
    }

    #[test]
    fn three_to_one_by_hand() {
        assert_eq!(counts(9, 9, 3.0), (9, 3));
        assert_eq!(counts(9, 2, 3.0), (6, 2));
        assert_eq!(counts(7, 9, 3.0), (7, 2));
        assert_eq!(counts(4, 9, 0.5), (4, 8));
        assert_eq!(counts(5, 0, 3.0), (5, 0));
        assert_eq!(counts(0, 5, 3.0), (0, 0));
        assert_eq!(counts(5, 5, 0.0), (5, 0));
        assert_eq!(counts(5, 5, f64::NAN), (5, 0));
    }

    #[test]
    fn the_seed_decides_draw_and_order() {
        let ids = |seed| -> Vec<String> {
            let set = assemble(samples("r", 30), samples("g", 30), 3.0, seed);
            set.into_iter().map(|sample| sample.id).collect()
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        let mut sorted = [ids(1), ids(2)];
        sorted.iter_mut().for_each(|ids| ids.sort());
        assert_ne!(sorted[0], sorted[1], "another draw of general samples");
    }

    #[test]
    fn near_duplicates_are_asked_once() {
        let response = |id: &str, question: &str, response: &str| Sample {
            response: response.into(),
            ..sample(id, question)
        };
        let reasoning = vec![
            response("a", "What is 8 - 4?", "four"),
            response("a", "What is 8 - 4?", "4"),
            response("a", "What is 8 - 4?", "Four."),
            response("b", "what is 8-4", "it is 4"),
            response("c", "What is 8 + 4?", "12"),
        ];
        let general = vec![
            response("g", "What is 8-4?", "hm"),
            response("h", "Hello!", "Hello!"),
        ];
        let mut ids: Vec<String> = assemble(reasoning, general, 3.0, 1)
            .into_iter()
            .map(|sample| sample.id)
            .collect();
        ids.sort();
        assert_eq!(ids, ["a", "a", "c", "h"]);
    }
}
