//! Tests of the semantic filter on whole chains: generated ones pass, and spoiled ones do not.
//! Also the records other tests are made of.

use data::corpus::{Style, cold_start, solution};
use data::tasks::{Family, Worked, problem as draw};
use data::{Check, Completion, Domain, Finish, Language, Problem, Sample, seed, template};
use rand::RngExt;
use rewards::{Rubric, RubricConfig, Score};

use crate::candidate::{Candidate, Dropped, Gate};
use crate::rules::{RuleConfig, rule_check};
use crate::semantic::{SemanticConfig, semantic_check};

/// An English problem of mathematics whose answer is compared.
pub(crate) fn problem(question: &str, answer: &str) -> Problem {
    Problem {
        id: "test".into(),
        question: question.into(),
        answer: answer.into(),
        solution: None,
        family: "test".into(),
        domain: Domain::Mathematics,
        level: 1,
        language: "en".into(),
        check: Check::Answer,
    }
}

/// A response that ended by itself.
pub(crate) fn completion(text: &str) -> Completion {
    Completion {
        problem: "test".into(),
        sample: 0,
        tokens: Vec::new(),
        log_probs: Vec::new(),
        text: text.into(),
        finish: Finish::Stop,
    }
}

/// The score of a response in the right form and language.
pub(crate) fn score(right: bool) -> Score {
    Score {
        total: 0.5 + f32::from(u8::from(right)),
        accuracy: Some(f32::from(u8::from(right))),
        format: 1.0,
        language: 1.0,
        extra: Vec::new(),
        rule: "answer_tag".into(),
        answer: None,
        reason: String::new(),
        unjudged: Vec::new(),
    }
}

/// A sample in English.
pub(crate) fn sample(id: &str, question: &str) -> Sample {
    Sample {
        id: id.into(),
        question: question.into(),
        response: "so".into(),
        domain: Domain::Mathematics,
        language: "en".into(),
        source: "test".into(),
    }
}

/// A problem with its curated reasoning.
struct Chain {
    worked: Worked,
    think: String,
}

/// Generated problems of every family and language, on levels 1 to 4.
fn generated(count: u64) -> Vec<Chain> {
    (0..count)
        .map(|at| {
            let mut rng = seed::stream(at, &["chains"]);
            let family = Family::ALL[(at % 5) as usize];
            let language = Language::ALL[(at / 5 % 2) as usize];
            let worked = draw(family, 1 + (at / 10 % 4) as u32, language, &mut rng);
            let sample = cold_start(&worked, &mut rng).expect("a derivation");
            let (think, _) = template::parse(&sample.response).expect("strict");
            Chain {
                think: think.to_owned(),
                worked,
            }
        })
        .collect()
}

/// Passes a response through the rubric, the rule check and the semantic filter.
fn judge(problem: &Problem, think: &str, answer: &str) -> Result<(), Dropped> {
    let completion = completion(&template::strict(think, answer));
    let score = Rubric::new(&RubricConfig::default()).score(problem, &completion.text);
    let candidate = Candidate {
        problem,
        completion: &completion,
        score: &score,
    };
    rule_check(candidate, &RuleConfig::default())?;
    semantic_check(candidate, &SemanticConfig::default())
}

/// The share of `chains` caught when `spoil` has changed them, by family, and the total.
/// `spoil` gives reasoning and answer, or nothing where the chain cannot be spoiled that way.
fn caught(
    chains: &[Chain],
    spoil: impl Fn(usize, &Chain) -> Option<(String, String)>,
) -> (f64, String) {
    let (mut all, mut stopped) = (0, 0);
    let mut report = String::new();
    for family in Family::ALL {
        let (mut seen, mut held) = (0, 0);
        for (at, chain) in chains.iter().enumerate() {
            let problem = &chain.worked.problem;
            if problem.family != family.name() {
                continue;
            }
            let Some((think, answer)) = spoil(at, chain) else {
                continue;
            };
            seen += 1;
            match judge(problem, &think, &answer) {
                Err(_) => held += 1,
                Ok(()) if seen - held < 4 => {
                    report += &format!("\n[{}] {think} -> {answer}", problem.question);
                }
                Ok(()) => {}
            }
        }
        report += &format!("\n{}: {held} of {seen}", family.name());
        all += seen;
        stopped += held;
    }
    (f64::from(stopped) / f64::from(all), report)
}

#[test]
fn curated_chains_pass() {
    let chains = generated(2000);
    let answer = |chain: &Chain| chain.worked.problem.answer.clone();
    let (stopped, _) = caught(&chains, |_, chain| {
        Some((chain.think.clone(), answer(chain)))
    });
    let failures: Vec<String> = chains
        .iter()
        .filter_map(|chain| {
            let error = judge(&chain.worked.problem, &chain.think, &answer(chain)).err()?;
            Some(format!(
                "[{}] {}: {error}",
                chain.worked.problem.question, chain.think
            ))
        })
        .take(5)
        .collect();
    assert!(stopped <= 0.01, "{stopped} {failures:#?}");
}

#[test]
fn chains_that_notice_their_slips_pass() {
    let (mut all, mut failures) = (0, Vec::new());
    for chain in generated(1000) {
        let problem = &chain.worked.problem;
        let mut rng = seed::stream(9, &[&problem.id]);
        let text = solution(&chain.worked, Style::Checked, false, &mut rng);
        let (think, _) = text.rsplit_once('\n').expect("an answer line");
        all += 1;
        if let Err(error) = judge(problem, think, &problem.answer) {
            failures.push(format!("[{}] {think}: {error}", problem.question));
        }
    }
    assert!(
        failures.len() * 100 <= all,
        "{} {:#?}",
        failures.len(),
        &failures[..5]
    );
}

/// The numbers of a text, as places in it.
fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end = at + c.len_utf8(),
            _ => found.push(at..at + c.len_utf8()),
        }
    }
    found
}

#[test]
fn changed_numbers_are_caught() {
    let chains = generated(2000);
    let (share, report) = caught(&chains, |at, chain| {
        let mut rng = seed::stream(at as u64, &["change"]);
        let places = numbers(&chain.think);
        let place = places
            .get(rng.random_range(0..places.len().max(1)))?
            .clone();
        let old: i64 = chain.think[place.clone()].parse().ok()?;
        let new = loop {
            let new = (old + rng.random_range(-9..=9)).max(0);
            if new != old {
                break new;
            }
        };
        let mut think = chain.think.clone();
        think.replace_range(place, &new.to_string());
        Some((think, chain.worked.problem.answer.clone()))
    });
    assert!(share >= 0.9, "{share}{report}");
}

/// Another chain of the same family, language and level.
fn stranger(chains: &[Chain], at: usize) -> Option<&Chain> {
    let own = &chains[at].worked.problem;
    let others = chains[at + 1..].iter().chain(&chains[..at]);
    others.into_iter().find(|other| {
        let other = &other.worked.problem;
        (&other.family, &other.language, other.level) == (&own.family, &own.language, own.level)
            && other.question != own.question
    })
}

#[test]
fn chains_of_other_problems_are_caught() {
    let chains = generated(2000);
    let (share, report) = caught(&chains, |at, chain| {
        Some((
            stranger(&chains, at)?.think.clone(),
            chain.worked.problem.answer.clone(),
        ))
    });
    assert!(share >= 0.9, "{share}{report}");
}

#[test]
fn steps_of_other_problems_are_caught() {
    let chains = generated(2000);
    // The first line is another problem's.
    let (share, report) = caught(&chains, |at, chain| {
        let other = stranger(&chains, at)?.think.lines().next()?.to_owned();
        let rest: Vec<&str> = chain.think.lines().skip(1).collect();
        let think = [&[other.as_str()], rest.as_slice()].concat().join("\n");
        Some((think, chain.worked.problem.answer.clone()))
    });
    assert!(share >= 0.9, "{share}{report}");
}

#[test]
fn changed_answers_are_caught() {
    let chains = generated(2000);
    let (share, report) = caught(&chains, |at, chain| {
        let answer = stranger(&chains, at)?.worked.problem.answer.clone();
        (answer != chain.worked.problem.answer).then(|| (chain.think.clone(), answer))
    });
    assert!(share >= 0.9, "{share}{report}");
}

#[test]
fn the_gate_says_what_is_wrong() {
    let problem = problem("What is 8 - 4 - 2?", "2");
    let gate = |think: &str, answer: &str| judge(&problem, think, answer).err().map(|d| d.gate);
    let think = "First, 8 - 4 = 4.\nThen 4 - 2 = 2.\nCheck: 2 + 2 = 4, 4 + 4 = 8. Right.";
    assert_eq!(gate(think, "2"), None);
    assert_eq!(
        gate(&think.replace("4 - 2 = 2", "4 - 2 = 3"), "2"),
        Some(Gate::Claims)
    );
    assert_eq!(
        gate("So 9 - 6 = 3.\nCheck: 3 + 6 = 9. Right.", "2"),
        Some(Gate::Relevance)
    );
    assert_eq!(gate(think, "7"), Some(Gate::Answer));
}

/// Reasoning as people and large models write it: nothing in it is wrong, so nothing may be found.
#[test]
fn prose_is_not_misread() {
    for (question, think, answer) in [
        (
            "Natalia sold 48 clips in April and half as many in May. How many in all?",
            "In May she sold 48/2 = 24 clips.\nAltogether that is 48 + 24 = 72 clips.",
            "72",
        ),
        (
            "Weng earns $12 an hour. She worked 50 minutes. How much did she earn?",
            "She earns $12/60 = $0.2 per minute.\nWorking 50 minutes, she earned 0.2 x 50 = $10.",
            "10",
        ),
        (
            "What is 15% of 200?",
            "1. 15% of 200 = 30.\n2. Indeed, $0.15 \\times 200 = 30$.\n\\[ \\frac{15}{100} = 0.15 \\]",
            "30",
        ),
        (
            "Solve x^2 = 16 for positive x.",
            "x^2 = 16, so x = 4 or x = -4.\nHmm, if x = 5 then x^2 = 25. Since x > 0, x = 4.",
            "4",
        ),
        (
            "What is the remainder of 17 divided by 5?",
            "17 / 5 = 3 remainder 2, since 3 * 5 = 15 and 17 - 15 = 2.",
            "2",
        ),
        (
            "A train goes 120 km in 2 hours. How far in 5 hours?",
            "Speed: 120 km / 2 h = 60 km/h.\n- Distance = speed * time = 60 * 5 = 300 km.",
            "300",
        ),
        (
            "Compute 99 * 7.",
            "Well, 99 * 7 = (100 - 1) * 7 = 700 - 7 = 693.\nWait, is 700 - 7 = 683? No, 693.",
            "693",
        ),
        (
            "Let f(x) = 2x + 3. What is f(4)?",
            "f(4) = 2(4) + 3 = 8 + 3 = 11. So f(4) = 11, **not 10**.",
            "11",
        ),
        (
            "How many of 10 and 3 make 1/3 + 1/6?",
            "1/3 + 1/6 = 2/6 + 1/6 = 3/6 = 1/2 ≈ 0.5; 10 / 3 ≈ 3.33, and 10/3 = 3.33...",
            "1/2",
        ),
    ] {
        let found = crate::coherence(&problem(question, answer), think, answer);
        let wrong = [found.false_claims.as_slice(), &found.contradictions].concat();
        assert!(
            wrong.is_empty() && found.answer_follows,
            "{think}: {found:?}"
        );
    }
}
