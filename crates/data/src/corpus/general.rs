//! Questions that need no reasoning, with short answers in the strict template.

use rand_chacha::ChaCha8Rng;

use super::facts::{CAPITALS, CAUSES, KINDS, OPPOSITES, THINGS};
use crate::tasks::{between, choose};
use crate::{Domain, Language, Sample, seed, template};

/// A question with one line of thought and its answer.
struct Exchange {
    domain: Domain,
    question: String,
    think: String,
    answer: String,
}

/// `n` samples in turn of both languages, over the four domains: greetings, capitals, opposites,
/// translations, short sentences, and simple facts about numbers, programs and deductions. The
/// same exchange may come up more than once; ids are distinct.
pub fn general(n: usize, seed: u64) -> Vec<Sample> {
    (0..n)
        .map(|at| {
            let mut rng = seed::stream(seed, &["general", &at.to_string()]);
            let language = Language::ALL[at % 2];
            let exchange = draw(language, &mut rng);
            Sample {
                id: format!("general-{}-{at:05}", language.code()),
                question: exchange.question,
                response: template::strict(&exchange.think, &exchange.answer),
                domain: exchange.domain,
                language: language.code().to_owned(),
                source: "general".to_owned(),
            }
        })
        .collect()
}

fn draw(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    match between(rng, 0, 9) {
        0 => greeting(language, rng),
        1 => capital(language, rng),
        2 => opposite(language, rng),
        3 => translation(language, rng),
        4 => sentence(language, rng),
        5 => parity(language, rng),
        6 => larger(language, rng),
        7 => assignment(language, rng),
        8 => kind(language, rng),
        _ => cause(language, rng),
    }
}

fn exchange(domain: Domain, question: String, think: String, answer: String) -> Exchange {
    Exchange {
        domain,
        question,
        think,
        answer,
    }
}

fn greeting(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [question, think, answer] = match (language, between(rng, 0, 2)) {
        (Language::En, 0) => [
            "Hello!",
            "This is a greeting.",
            "Hello! How can I help you?",
        ],
        (Language::En, 1) => ["Good morning.", "This is a greeting.", "Good morning!"],
        (Language::En, _) => ["Thank you.", "I am thanked.", "You are welcome."],
        (Language::Zh, 0) => ["你好！", "这是问候。", "你好！我能帮你什么？"],
        (Language::Zh, 1) => ["早上好。", "这是问候。", "早上好！"],
        (Language::Zh, _) => ["谢谢。", "这是感谢。", "不客气。"],
    };
    exchange(
        Domain::General,
        question.into(),
        think.into(),
        answer.into(),
    )
}

fn capital(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [country, city, zh_country, zh_city] = choose(rng, &CAPITALS);
    match language {
        Language::En => exchange(
            Domain::General,
            format!("What is the capital of {country}?"),
            format!("The capital of {country} is {city}."),
            city.into(),
        ),
        Language::Zh => exchange(
            Domain::General,
            format!("{zh_country}的首都是哪里？"),
            format!("{zh_country}的首都是{zh_city}。"),
            zh_city.into(),
        ),
    }
}

fn opposite(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [one, other, zh_one, zh_other] = choose(rng, &OPPOSITES);
    match language {
        Language::En => exchange(
            Domain::General,
            format!("What is the opposite of {one}?"),
            format!("The opposite of {one} is {other}."),
            other.into(),
        ),
        Language::Zh => exchange(
            Domain::General,
            format!("{zh_one}的反义词是什么？"),
            format!("{zh_one}的反义词是{zh_other}。"),
            zh_other.into(),
        ),
    }
}

fn translation(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [thing, zh_thing] = choose(rng, &THINGS);
    match language {
        Language::En => exchange(
            Domain::General,
            format!("What is the Chinese word for {thing}?"),
            format!("I know the Chinese word for {thing}."),
            zh_thing.into(),
        ),
        Language::Zh => exchange(
            Domain::General,
            format!("{zh_thing}的英文是什么？"),
            format!("我知道{zh_thing}的英文。"),
            thing.into(),
        ),
    }
}

fn sentence(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [thing, zh_thing] = choose(rng, &THINGS);
    match language {
        Language::En => exchange(
            Domain::General,
            format!("Write a sentence about the {thing}."),
            "A short sentence is enough.".into(),
            format!("I like the {thing}."),
        ),
        Language::Zh => exchange(
            Domain::General,
            format!("写一句关于{zh_thing}的话。"),
            "一句短话就够了。".into(),
            format!("我喜欢{zh_thing}。"),
        ),
    }
}

fn parity(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let number = between(rng, 1, 40);
    let even = number % 2 == 0;
    match language {
        Language::En => exchange(
            Domain::Mathematics,
            format!("Is {number} even or odd?"),
            format!("The last digit of {number} is {}.", number % 10),
            if even { "even" } else { "odd" }.into(),
        ),
        Language::Zh => exchange(
            Domain::Mathematics,
            format!("{number} 是偶数还是奇数？"),
            format!("{number} 的个位是 {}。", number % 10),
            if even { "偶数" } else { "奇数" }.into(),
        ),
    }
}

fn larger(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let low = between(rng, 1, 40);
    let high = low + between(rng, 1, 20);
    let (a, b) = choose(rng, &[(low, high), (high, low)]);
    match language {
        Language::En => exchange(
            Domain::Mathematics,
            format!("Which is larger, {a} or {b}?"),
            format!("{high} is larger than {low}."),
            high.to_string(),
        ),
        Language::Zh => exchange(
            Domain::Mathematics,
            format!("{a} 和 {b} 哪个大？"),
            format!("{high} 比 {low} 大。"),
            high.to_string(),
        ),
    }
}

fn assignment(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let number = between(rng, 1, 9);
    let add = between(rng, 0, 1) == 1;
    let (zh_verb, verb) = if add {
        ("加", "add")
    } else {
        ("设为", "set")
    };
    let code = if add {
        format!("x = x + {number}")
    } else {
        format!("x = {number}")
    };
    match language {
        Language::En => exchange(
            Domain::Code,
            match add {
                true => format!("How do you add {number} to x?"),
                false => format!("How do you set x to {number}?"),
            },
            format!("To {verb}, use one assignment."),
            code,
        ),
        Language::Zh => exchange(
            Domain::Code,
            format!("怎样把 x {zh_verb} {number}？"),
            "用一个赋值。".into(),
            code,
        ),
    }
}

fn kind(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [one, all, zh_one, zh_all] = choose(rng, &KINDS);
    match language {
        Language::En => exchange(
            Domain::Logic,
            format!("What is a {one}?"),
            format!("Every {one} is {all}."),
            all.into(),
        ),
        Language::Zh => exchange(
            Domain::Logic,
            format!("{zh_one}是什么？"),
            format!("{zh_one}都是{zh_all}。"),
            zh_all.into(),
        ),
    }
}

fn cause(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let [cause, effect, zh_cause, zh_effect] = choose(rng, &CAUSES);
    match language {
        Language::En => exchange(
            Domain::Logic,
            format!("If {cause}, {effect}. Now {cause}. What follows?"),
            "The rule fits.".into(),
            effect.into(),
        ),
        Language::Zh => exchange(
            Domain::Logic,
            format!("如果{zh_cause}，{zh_effect}。现在{zh_cause}。能推出什么？"),
            "规则适用。".into(),
            zh_effect.into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn samples_are_strict_cover_the_domains_and_repeat() {
        let samples = general(400, 6);
        assert_eq!(samples, general(400, 6));
        let ids: BTreeSet<&String> = samples.iter().map(|sample| &sample.id).collect();
        assert_eq!(ids.len(), 400);
        for sample in &samples {
            let (think, answer) = template::parse(&sample.response).expect("strict");
            assert!(!think.is_empty() && !answer.is_empty() && !think.contains('\n'));
            let line = Language::detect(think).code();
            assert_eq!(line, sample.language, "{think}");
        }
        for domain in Domain::ALL {
            assert!(
                samples
                    .iter()
                    .filter(|sample| sample.domain == domain)
                    .count()
                    > 30
            );
        }
    }
}
