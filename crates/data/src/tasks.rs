//! Generated problems whose answers can be checked, endless, in two languages and rising levels.
//!
//! Training and held-out problems never share content: a hash of what a problem is about, without
//! its language and wording, decides the side it belongs to. Left out: the texts of solutions,
//! which are the corpus's.

mod arithmetic;
mod countdown;
mod expr;
mod linear;
mod ordering;
mod program;
pub(crate) mod step;
mod stream;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Check, Domain, Language, Problem, seed};

pub(crate) use ordering::NAMES;
pub use step::{Label, Op, Step, Term};
pub use stream::{Split, Stream, TaskError, TaskSettings, held_out};

/// A family of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// The value of an expression.
    Arithmetic,
    /// An expression of given numbers that is worth a target.
    Countdown,
    /// The solution of an equation in `x`.
    Linear,
    /// Who stands where in an order given by comparisons.
    Ordering,
    /// What a tiny program leaves in a variable, or the operation it lacks.
    Program,
}

impl Family {
    /// All families, in a fixed order.
    pub const ALL: [Self; 5] = [
        Self::Arithmetic,
        Self::Countdown,
        Self::Linear,
        Self::Ordering,
        Self::Program,
    ];

    /// The name used in settings and ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::Countdown => "countdown",
            Self::Linear => "linear",
            Self::Ordering => "ordering",
            Self::Program => "program",
        }
    }

    /// The family with this name, where there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// What its problems are about.
    pub fn domain(self) -> Domain {
        match self {
            Self::Arithmetic | Self::Countdown | Self::Linear => Domain::Mathematics,
            Self::Ordering => Domain::Logic,
            Self::Program => Domain::Code,
        }
    }
}

/// A problem with the steps that lead to its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    /// The problem.
    pub problem: Problem,
    /// The derivation, free of wording; the last step gives the answer.
    pub steps: Vec<Step>,
    /// Hash of the content, without language and wording.
    content: u64,
}

impl Worked {
    /// The side this problem belongs to, whatever its language.
    pub fn split(&self) -> Split {
        if self.content.is_multiple_of(8) {
            Split::HeldOut
        } else {
            Split::Train
        }
    }
}

/// What a family draws: a problem before it has an id.
struct Draft {
    /// The content, without language and wording.
    key: String,
    question: String,
    answer: String,
    check: Check,
    steps: Vec<Step>,
}

/// Draws a problem. Level 1 is the easiest and 0 counts as 1; there is no highest level. The
/// same state of `rng` gives the same content in either language, and the same content in a
/// language has always the same wording.
///
/// ```
/// use data::{Judgement, Language, seed, tasks::{Family, problem}};
/// let worked = problem(Family::Linear, 1, Language::En, &mut seed::stream(1, &["doc"]));
/// assert_eq!(worked.problem.check.judge(&worked.problem.answer), Judgement::Right);
/// ```
pub fn problem(family: Family, level: u32, language: Language, rng: &mut ChaCha8Rng) -> Worked {
    let level = level.max(1);
    let draft = match family {
        Family::Arithmetic => arithmetic::draw(level, language, rng),
        Family::Countdown => countdown::draw(level, language, rng),
        Family::Linear => linear::draw(level, language, rng),
        Family::Ordering => ordering::draw(level, language, rng),
        Family::Program => program::draw(level, language, rng),
    };
    let content = seed::hash(&format!("{} {}", family.name(), draft.key));
    let code = language.code();
    let problem = Problem {
        id: format!(
            "{}-{code}-{level}-{:08x}",
            family.name(),
            (content >> 32) as u32
        ),
        question: draft.question,
        answer: draft.answer,
        solution: None,
        family: family.name().to_owned(),
        domain: family.domain(),
        level,
        language: code.to_owned(),
        check: draft.check,
    };
    Worked {
        problem,
        steps: draft.steps,
        content,
    }
}

/// The stream that decides the wording of a content.
fn wording(key: &str) -> ChaCha8Rng {
    seed::stream(0, &["wording", key])
}

/// A number from `low` to `high`, both included.
pub(crate) fn between(rng: &mut ChaCha8Rng, low: i64, high: i64) -> i64 {
    rng.random_range(low..=high)
}

/// One of a few choices.
pub(crate) fn choose<T: Clone>(rng: &mut ChaCha8Rng, choices: &[T]) -> T {
    choices[rng.random_range(0..choices.len())].clone()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Judgement;

    fn each(mut visit: impl FnMut(Family, u32, Language, Worked)) {
        for family in Family::ALL {
            for level in 1..=8 {
                for draw in 0..200 {
                    let stream =
                        || seed::stream(draw, &["each", family.name(), &level.to_string()]);
                    for language in Language::ALL {
                        visit(
                            family,
                            level,
                            language,
                            problem(family, level, language, &mut stream()),
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_check_accepts_the_answer_and_no_near_miss() {
        each(|_, _, _, worked| {
            let Problem {
                check,
                answer,
                question,
                ..
            } = &worked.problem;
            assert_eq!(
                check.judge(answer),
                Judgement::Right,
                "{question} {answer} {check:?}"
            );
            let mut rng = seed::stream(3, &[&worked.problem.id]);
            for _ in 0..4 {
                let miss = step::near_miss(&worked, &mut rng);
                assert!(
                    matches!(check.judge(&miss), Judgement::Wrong(_)),
                    "{question} {miss}"
                );
            }
        });
    }

    #[test]
    fn the_steps_lead_to_the_answer() {
        each(|_, _, _, worked| {
            let results = step::results(&worked.steps, &[]);
            assert_eq!(
                step::conclusion(&worked.steps, &results),
                worked.problem.answer
            );
        });
    }

    #[test]
    fn content_and_split_do_not_depend_on_the_language() {
        let mut english = BTreeMap::new();
        each(|family, level, language, worked| {
            let id = worked.problem.id.rsplit_once('-').unwrap().1.to_owned();
            let side = worked.split();
            match language {
                Language::En => drop(english.insert((family, level, id), side)),
                Language::Zh => assert_eq!(english[&(family, level, id)], side),
            }
            let han = crate::Language::detect(&worked.problem.question);
            assert_eq!(han, language, "{}", worked.problem.question);
        });
    }

    #[test]
    fn an_id_has_one_question() {
        let mut questions = BTreeMap::new();
        each(|_, _, _, worked| {
            let Problem { id, question, .. } = worked.problem;
            assert_eq!(
                questions.entry(id).or_insert_with(|| question.clone()),
                &question
            );
        });
    }

    #[test]
    fn any_level_can_be_drawn() {
        for family in Family::ALL {
            for level in [0, 9, 100, u32::MAX] {
                for draw in 0..20 {
                    let mut rng = seed::stream(draw, &["any", family.name()]);
                    let Problem { check, answer, .. } =
                        problem(family, level, Language::En, &mut rng).problem;
                    assert_eq!(check.judge(&answer), Judgement::Right, "{answer} {check:?}");
                }
            }
        }
    }

    #[test]
    fn levels_rise_in_steps_and_length() {
        let mut sizes: BTreeMap<(Family, u32), (usize, usize)> = BTreeMap::new();
        each(|family, level, language, worked| {
            if language == Language::En {
                let size = sizes.entry((family, level)).or_default();
                size.0 += worked.problem.question.len();
                size.1 += worked.steps.len() - step::failures(&worked.steps).count();
            }
        });
        for family in Family::ALL {
            let size = |level| sizes[&(family, level)];
            for level in 2..=3 {
                assert!(
                    size(level).0 > size(level - 1).0,
                    "{family:?} {level} {sizes:?}"
                );
            }
            assert!(size(3).1 >= size(1).1, "{family:?} {sizes:?}");
            assert!(
                size(8).0 > size(4).0 || family == Family::Ordering,
                "{family:?} {sizes:?}"
            );
        }
    }
}
