//! Who stands where in an order given by comparisons.
//!
//! Level 1 has three of six people, two facts and asks for an end of the order; level 2 has four
//! people; level 3 turns facts round and asks for inner places; each level above adds a person, up
//! to eight.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::step::Step;
use super::{Draft, between, wording};
use crate::{Check, Language};

/// The people, by language; the same index is the same person.
pub(crate) const NAMES: [[&str; 8]; 2] = [
    ["Tom", "Ann", "Bob", "Amy", "Sam", "Kim", "Leo", "Eva"],
    [
        "小明", "小红", "小刚", "小丽", "小华", "小云", "小李", "小王",
    ],
];

/// The words of a comparison: more, less, most, least.
struct Relation([&'static str; 4]);

fn relation(language: Language, heavier: bool) -> Relation {
    Relation(match (language, heavier) {
        (Language::En, false) => ["taller", "shorter", "tallest", "shortest"],
        (Language::En, true) => ["heavier", "lighter", "heaviest", "lightest"],
        (Language::Zh, false) => ["高", "矮", "最高", "最矮"],
        (Language::Zh, true) => ["重", "轻", "最重", "最轻"],
    })
}

pub(super) fn draw(level: u32, language: Language, rng: &mut ChaCha8Rng) -> Draft {
    let count = match level {
        1 => 3,
        _ => (level as usize).saturating_add(1).clamp(4, 8),
    };
    let mut people: Vec<usize> = (0..count.max(6)).collect();
    people.shuffle(rng);
    people.truncate(count);
    let heavier = between(rng, 0, 1) == 1;
    let place = match level {
        1 | 2 => (count - 1) * between(rng, 0, 1) as usize,
        _ => between(rng, 0, count as i64 - 1) as usize,
    };
    let key = format!("{people:?} {heavier} {place}");
    let relation = relation(language, heavier);
    let names: Vec<String> = people
        .iter()
        .map(|&who| NAMES[language as usize][who].to_owned())
        .collect();
    let facts: Vec<(String, String)> = names
        .windows(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let fact = |(before, after): &(String, String)| Step::Fact {
        before: before.clone(),
        after: after.clone(),
    };
    let mut steps: Vec<Step> = facts.iter().map(fact).collect();
    steps.push(Step::Order {
        names: names.clone(),
        place,
        called: Language::ALL.map(|language| called(language, heavier, place, facts.len())),
    });
    Draft {
        question: question(
            level,
            language,
            &relation,
            &facts,
            place,
            &mut wording(&key),
        ),
        key,
        answer: names[place].clone(),
        check: Check::Ordering { facts, place },
        steps,
    }
}

/// What stands at a place of an order of `last + 1`.
fn called(language: Language, heavier: bool, place: usize, last: usize) -> String {
    let Relation([_, _, most, least]) = relation(language, heavier);
    match (language, place) {
        (Language::En, 0) => format!("The {most}"),
        (Language::Zh, 0) => format!("{most}的"),
        (Language::En, place) if place == last => format!("The {least}"),
        (Language::Zh, place) if place == last => format!("{least}的"),
        (Language::En, place) => format!("Number {}", place + 1),
        (Language::Zh, place) => format!("第 {} 个", place + 1),
    }
}

fn question(
    level: u32,
    language: Language,
    Relation([more, less, most, least]): &Relation,
    facts: &[(String, String)],
    place: usize,
    wording: &mut ChaCha8Rng,
) -> String {
    let mut sentences: Vec<String> = facts
        .iter()
        .map(|(before, after)| {
            let turned = level > 2 && between(wording, 0, 2) == 0;
            let (a, word, b) = if turned {
                (after, less, before)
            } else {
                (before, more, after)
            };
            match language {
                Language::En => format!("{a} is {word} than {b}."),
                Language::Zh => format!("{a}比{b}{word}。"),
            }
        })
        .collect();
    sentences.shuffle(wording);
    let last = facts.len();
    let asked = match (language, place) {
        (Language::En, 0) => format!("Who is {most}?"),
        (Language::Zh, 0) => format!("谁{most}？"),
        (Language::En, place) if place == last => format!("Who is {least}?"),
        (Language::Zh, place) if place == last => format!("谁{least}？"),
        (Language::En, place) => format!("Who is number {} from the {most}?", place + 1),
        (Language::Zh, place) => format!("从{most}数第 {} 个是谁？", place + 1),
    };
    match language {
        Language::En => format!("{} {asked}", sentences.join(" ")),
        Language::Zh => format!("{}{asked}", sentences.concat()),
    }
}
