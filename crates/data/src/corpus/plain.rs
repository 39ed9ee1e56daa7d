//! Short plain texts without a question, in four domains and two languages.

use rand_chacha::ChaCha8Rng;

use super::Document;
use super::facts::{CAPITALS, CAUSES, KINDS, OPPOSITES, THINGS};
use crate::tasks::{NAMES, between, choose};
use crate::{Domain, Language};

/// A document of two or three sentences about one domain.
pub(super) fn document(language: Language, rng: &mut ChaCha8Rng) -> Document {
    let domain = choose(rng, &Domain::ALL);
    let sentence: fn(Language, &mut ChaCha8Rng) -> String = match domain {
        Domain::Mathematics => mathematics,
        Domain::Code => code,
        Domain::Logic => logic,
        Domain::General => general,
    };
    let (count, separator) = match domain {
        Domain::Code => (1, "\n"),
        Domain::Logic => (1, " "),
        Domain::Mathematics | Domain::General => (between(rng, 2, 3), language.pick(" ", "")),
    };
    let sentences: Vec<String> = (0..count).map(|_| sentence(language, rng)).collect();
    Document {
        question: None,
        text: sentences.join(separator),
        domain,
        language: language.code().to_owned(),
        style: "plain".to_owned(),
    }
}

fn mathematics(language: Language, rng: &mut ChaCha8Rng) -> String {
    let (a, b) = (between(rng, 1, 20), between(rng, 1, 20));
    let (low, high) = (a.min(b), a.max(b) + i64::from(a == b));
    let even = a % 2 == 0;
    match (language, between(rng, 0, 5)) {
        (Language::En, 0) => format!("{a} plus {b} is {}.", a + b),
        (Language::Zh, 0) => format!("{a} 加 {b} 等于 {}。", a + b),
        (Language::En, 1) => format!("{high} minus {low} is {}.", high - low),
        (Language::Zh, 1) => format!("{high} 减 {low} 等于 {}。", high - low),
        (Language::En, 2) => format!("Two times {a} is {}.", 2 * a),
        (Language::Zh, 2) => format!("{a} 的两倍是 {}。", 2 * a),
        (Language::En, 3) => format!("{a} is {}.", if even { "even" } else { "odd" }),
        (Language::Zh, 3) => format!("{a} 是{}。", if even { "偶数" } else { "奇数" }),
        (Language::En, 4) => format!("{high} is larger than {low}."),
        (Language::Zh, 4) => format!("{high} 比 {low} 大。"),
        (Language::En, _) => format!("After {a} comes {}.", a + 1),
        (Language::Zh, _) => format!("{a} 后面是 {}。", a + 1),
    }
}

fn code(language: Language, rng: &mut ChaCha8Rng) -> String {
    let (a, b) = (between(rng, 1, 9), between(rng, 1, 9));
    let now = language.pick("now", "现在");
    let is = language.pick(" is ", " 是 ");
    match between(rng, 0, 2) {
        0 => format!("x = {a}\nx = x + {b}  # {now} x{is}{}", a + b),
        1 => format!("y = {a}\ny = y * {b}  # {now} y{is}{}", a * b),
        _ => {
            let comment = language.pick("adds", "加上");
            format!(
                "def f(x):  # {comment} {b}\n    return x + {b}\nf({a})  # {}",
                a + b
            )
        }
    }
}

fn logic(language: Language, rng: &mut ChaCha8Rng) -> String {
    let names = NAMES[language as usize];
    let at = between(rng, 0, 5) as usize;
    let (a, b) = (names[at], names[(at + 1 + between(rng, 0, 4) as usize) % 6]);
    let kind = choose(rng, &KINDS);
    let cause = choose(rng, &CAUSES);
    match (language, between(rng, 0, 2)) {
        (Language::En, 0) => {
            let [one, all, ..] = kind;
            format!("Every {one} is {all}. {a} has a {one}. So {a} has {all}.")
        }
        (Language::Zh, 0) => {
            let [_, _, one, all] = kind;
            format!("{one}都是{all}。{a}有{one}。所以{a}有{all}。")
        }
        (Language::En, 1) => {
            let [cause, effect, ..] = cause;
            format!("If {cause}, {effect}. Now {cause}. So {effect}.")
        }
        (Language::Zh, 1) => {
            let [_, _, cause, effect] = cause;
            format!("如果{cause}，{effect}。现在{cause}。所以{effect}。")
        }
        (Language::En, _) => format!("{a} is taller than {b}. So {b} is shorter than {a}."),
        (Language::Zh, _) => format!("{a}比{b}高。所以{b}比{a}矮。"),
    }
}

fn general(language: Language, rng: &mut ChaCha8Rng) -> String {
    let name = NAMES[language as usize][between(rng, 0, 5) as usize];
    let [thing, zh_thing] = choose(rng, &THINGS);
    let [country, capital, zh_country, zh_capital] = choose(rng, &CAPITALS);
    let [one, other, zh_one, zh_other] = choose(rng, &OPPOSITES);
    match (language, between(rng, 0, 3)) {
        (Language::En, 0) => format!("The capital of {country} is {capital}."),
        (Language::Zh, 0) => format!("{zh_country}的首都是{zh_capital}。"),
        (Language::En, 1) => format!("The opposite of {one} is {other}."),
        (Language::Zh, 1) => format!("{zh_one}的反义词是{zh_other}。"),
        (Language::En, 2) => format!("{name} likes the {thing}."),
        (Language::Zh, 2) => format!("{name}喜欢{zh_thing}。"),
        (Language::En, _) => format!("The Chinese word for {thing} is {zh_thing}."),
        (Language::Zh, _) => format!("{zh_thing}的英文是 {thing}。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn every_domain_is_written_in_both_languages() {
        let mut rng = seed::stream(0, &["plain"]);
        for language in Language::ALL {
            let documents: Vec<Document> = (0..200).map(|_| document(language, &mut rng)).collect();
            for domain in Domain::ALL {
                assert!(
                    documents
                        .iter()
                        .filter(|document| document.domain == domain)
                        .count()
                        > 20
                );
            }
            assert!(documents.iter().all(|document| document.text.len() < 160));
        }
    }
}
