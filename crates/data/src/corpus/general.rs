//! Questions that need no reasoning, with short answers in the strict template.

use std::collections::BTreeSet;

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

/// Draws after which a question that is new is no longer looked for.
const PATIENCE: usize = 1000;

/// Up to `n` samples in turn of both languages, over the four domains: greetings, capitals,
/// opposites, translations, short sentences, and simple facts about numbers, programs and
/// deductions. No question comes up twice; there are fewer samples where the questions run out
/// (a few thousand in each language).
pub fn general(n: usize, seed: u64) -> Vec<Sample> {
    let mut asked = BTreeSet::new();
    let mut sample = |at: usize| {
        let mut rng = seed::stream(seed, &["general", &at.to_string()]);
        let language = Language::ALL[at % 2];
        let mut exchanges = std::iter::repeat_with(|| draw(language, &mut rng)).take(PATIENCE);
        let new = exchanges.find(|exchange| asked.insert(exchange.question.clone()))?;
        Some(Sample {
            id: format!("general-{}-{at:05}", language.code()),
            question: new.question,
            response: template::strict(&new.think, &new.answer),
            domain: new.domain,
            language: language.code().to_owned(),
            source: "general".to_owned(),
        })
    };
    (0..n).map_while(&mut sample).collect()
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
    let [other, zh_other] = choose(rng, &THINGS);
    let alone = thing == other;
    match language {
        Language::En => exchange(
            Domain::General,
            match alone {
                true => format!("Write a sentence about the {thing}."),
                false => format!("Write a sentence about the {thing} and the {other}."),
            },
            "A short sentence is enough.".into(),
            match alone {
                true => format!("I like the {thing}."),
                false => format!("I like the {thing} and the {other}."),
            },
        ),
        Language::Zh => exchange(
            Domain::General,
            match alone {
                true => format!("写一句关于{zh_thing}的话。"),
                false => format!("写一句关于{zh_thing}和{zh_other}的话。"),
            },
            "一句短话就够了。".into(),
            match alone {
                true => format!("我喜欢{zh_thing}。"),
                false => format!("我喜欢{zh_thing}和{zh_other}。"),
            },
        ),
    }
}

fn parity(language: Language, rng: &mut ChaCha8Rng) -> Exchange {
    let number = between(rng, 1, 99);
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
    let number = between(rng, 1, 20);
    let name = choose(rng, &["x", "y", "a", "b"]);
    let add = between(rng, 0, 1) == 1;
    let (zh_verb, verb) = if add {
        ("加", "add")
    } else {
        ("设为", "set")
    };
    let code = if add {
        format!("{name} = {name} + {number}")
    } else {
        format!("{name} = {number}")
    };
    match language {
        Language::En => exchange(
            Domain::Code,
            match add {
                true => format!("How do you add {number} to {name}?"),
                false => format!("How do you set {name} to {number}?"),
            },
            format!("To {verb}, use one assignment."),
            code,
        ),
        Language::Zh => exchange(
            Domain::Code,
            format!("怎样把 {name} {zh_verb} {number}？"),
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
    let rule = choose(rng, &CAUSES);
    let other = choose(rng, &CAUSES);
    let rules = if between(rng, 0, 1) == 0 {
        [rule, other]
    } else {
        [other, rule]
    };
    let rules = &rules[..if rule == other { 1 } else { 2 }];
    let [cause, effect, zh_cause, zh_effect] = rule;
    match language {
        Language::En => {
            let rules = rules
                .iter()
                .map(|[if_so, so, ..]| format!("If {if_so}, {so}. "));
            exchange(
                Domain::Logic,
                format!("{}Now {cause}. What follows?", rules.collect::<String>()),
                format!("The rule about \"{cause}\" fits."),
                effect.into(),
            )
        }
        Language::Zh => {
            let rules = rules
                .iter()
                .map(|[.., if_so, so]| format!("如果{if_so}，{so}。"));
            exchange(
                Domain::Logic,
                format!("{}现在{zh_cause}。能推出什么？", rules.collect::<String>()),
                format!("关于“{zh_cause}”的规则适用。"),
                zh_effect.into(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_strict_distinct_and_cover_the_domains() {
        let samples = general(400, 6);
        assert_eq!(samples, general(400, 6));
        let asked: BTreeSet<&String> = samples.iter().map(|sample| &sample.question).collect();
        assert_eq!(asked.len(), 400);
        let most = general(100_000, 6).len();
        assert!((3000..100_000).contains(&most), "{most}");
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
