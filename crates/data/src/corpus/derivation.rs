//! Solutions: the lines of a derivation as each style tells them, slips and checks included.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::voice::{Line, Outcome, Place, TALKS};
use super::{Style, answer_line, language_of};
use crate::tasks::step::{conclusion, failures, missed, near_miss, results, slip, value};
use crate::tasks::{Label, Step, Term, Worked, between, choose};
use crate::{Judgement, Language};

/// How often a guess is right.
const LUCK: f64 = 0.35;
/// How often a step-by-step solution has a slip.
const SLIPS: f64 = 0.05;
/// How often a checked solution has a slip to notice.
const NOTICED: f64 = 0.35;

/// A solution without its answer line.
struct Told {
    lines: Vec<Line>,
    answer: String,
}

/// Tells a solution in a style, ending with an answer line: `Answer: 14`, in Chinese `答案：14`.
/// With `language_mixing`, some or all of the reasoning is in the other language, and the answer
/// line may be in either.
pub fn solution(
    worked: &Worked,
    style: Style,
    language_mixing: bool,
    rng: &mut ChaCha8Rng,
) -> String {
    let told = match style {
        Style::Guess => Told {
            lines: Vec::new(),
            answer: guess(worked, LUCK, rng),
        },
        Style::Steps => steps(worked, rng.random_bool(SLIPS), rng),
        Style::Checked => checked(worked, rng.random_bool(NOTICED), rng),
        Style::Rambling => ramble(worked, rng),
        Style::Wrong => steps(worked, true, rng),
    };
    let own = language_of(&worked.problem.language);
    let mut languages = vec![own; told.lines.len()];
    let mut last = own;
    if language_mixing && !languages.is_empty() {
        mix(&mut languages, own, rng);
        last = choose(rng, &Language::ALL);
    }
    let variant = rng.random_bool(0.5);
    let lines = told.lines.iter().zip(languages);
    let mut text: String = lines
        .map(|(line, language)| line.say(language, variant) + "\n")
        .collect();
    text += &answer_line(last, &told.answer);
    text
}

/// The lines of a checked solution without a slip, in the problem's own language.
pub(super) fn clean(worked: &Worked, rng: &mut ChaCha8Rng) -> String {
    let told = checked(worked, false, rng);
    let (language, variant) = (language_of(&worked.problem.language), rng.random_bool(0.5));
    let lines: Vec<String> = told
        .lines
        .iter()
        .map(|line| line.say(language, variant))
        .collect();
    lines.join("\n")
}

/// Puts all lines, or each with even odds but at least one, into the other language.
fn mix(languages: &mut [Language], own: Language, rng: &mut ChaCha8Rng) {
    let all = rng.random_bool(0.5);
    let certain = rng.random_range(0..languages.len());
    for (at, language) in languages.iter_mut().enumerate() {
        if all || at == certain || rng.random_bool(0.5) {
            *language = own.other();
        }
    }
}

fn guess(worked: &Worked, luck: f64, rng: &mut ChaCha8Rng) -> String {
    if rng.random_bool(luck) {
        worked.problem.answer.clone()
    } else {
        near_miss(worked, rng)
    }
}

fn ramble(worked: &Worked, rng: &mut ChaCha8Rng) -> Told {
    let answer = guess(worked, 0.5, rng);
    let first = rng.random_range(0..TALKS);
    let mut lines: Vec<Line> = (0..between(rng, 1, 2) as usize)
        .map(|more| Line::Talk((first + more) % TALKS))
        .collect();
    lines.push(Line::Maybe(answer.clone()));
    Told { lines, answer }
}

/// Step by step, with or without a slip that makes the answer wrong.
fn steps(worked: &Worked, slipping: bool, rng: &mut ChaCha8Rng) -> Told {
    match worked.steps.last() {
        Some(Step::Try { .. }) => attempts(worked, slipping, rng),
        Some(Step::Order {
            names,
            place,
            called,
        }) => {
            let (facts, names) = (facts(&worked.steps), names.clone());
            let names = if slipping {
                swapped(names, *place, rng).0
            } else {
                names
            };
            let answer = names[*place].clone();
            let standing = Line::Standing(called.clone(), answer.clone());
            Told {
                lines: vec![Line::Facts(facts), order(Place::Only, &names), standing],
                answer,
            }
        }
        _ => {
            let slips = if slipping {
                wrong_slips(worked, rng)
            } else {
                Vec::new()
            };
            let results = results(&worked.steps, &slips);
            let lines = (0..results.len())
                .map(|at| compute(&worked.steps, at, &results, place_of(at, results.len())));
            Told {
                lines: lines.collect(),
                answer: conclusion(&worked.steps, &results),
            }
        }
    }
}

/// Step by step, with a check at the end; a slip is noticed by a check of its own and mended.
fn checked(worked: &Worked, slipping: bool, rng: &mut ChaCha8Rng) -> Told {
    let mut lines = Vec::new();
    match worked.steps.last() {
        Some(Step::Try { .. }) => {
            let mut missed = missed(&worked.steps);
            let mut slipped = None;
            if slipping {
                if missed.is_empty() {
                    missed.extend(failures(&worked.steps).map(|(at, _)| at).take(1));
                }
                slipped = Some(choose(rng, &missed));
            }
            for at in missed {
                match &worked.steps[at] {
                    Step::Try {
                        shown, want, work, ..
                    } if slipped == Some(at) => {
                        lines.push(Line::Try {
                            shown: format!("{shown} = {want}"),
                            instead_of: None,
                        });
                        lines.push(Line::Check(parts(work), Outcome::Not(*want)));
                    }
                    step => lines.push(attempt(step)),
                }
            }
            for step in worked.steps.iter().filter(|step| hits(step)) {
                lines.push(attempt(step));
            }
            if let Some(Step::Try { work, .. }) = worked.steps.last() {
                lines.push(Line::Check(parts(work), Outcome::Right));
            }
        }
        Some(Step::Order {
            names,
            place,
            called,
        }) => {
            let facts = facts(&worked.steps);
            lines.push(Line::Facts(facts.clone()));
            if slipping {
                let (wrong, broken) = swapped(names.clone(), *place, rng);
                lines.push(order(Place::Only, &wrong));
                lines.push(Line::Check(vec![facts[broken].clone()], Outcome::Broken));
                lines.push(order(Place::Again, names));
            } else {
                lines.push(order(Place::Only, names));
            }
            lines.push(Line::Standing(called.clone(), names[*place].clone()));
            lines.push(Line::Check(facts, Outcome::Right));
        }
        _ => checked_computation(&worked.steps, slipping, &mut lines, rng),
    }
    Told {
        lines,
        answer: worked.problem.answer.clone(),
    }
}

fn checked_computation(
    steps: &[Step],
    slipping: bool,
    lines: &mut Vec<Line>,
    rng: &mut ChaCha8Rng,
) {
    let right = results(steps, &[]);
    let slipped = slipping.then(|| {
        let at = rng.random_range(0..steps.len());
        (at, slip(right[at], rng))
    });
    for at in 0..steps.len() {
        let mut place = place_of(at, steps.len());
        if let Some((_, off)) = slipped.filter(|(slipped, _)| *slipped == at) {
            let mut wrong = right.clone();
            wrong[at] += off;
            lines.push(compute(steps, at, &wrong, place));
            lines.push(undo(&steps[at], &wrong, wrong[at]));
            place = Place::Again;
        }
        lines.push(compute(steps, at, &right, place));
    }
    // The last two steps undone: all of them in short derivations.
    let undone: Vec<String> = (0..steps.len())
        .rev()
        .take(2)
        .filter_map(|at| match undo(&steps[at], &right, right[at]) {
            Line::Check(parts, _) => Some(parts.concat()),
            _ => None,
        })
        .collect();
    lines.push(Line::Check(undone, Outcome::Right));
}

/// Attempts up to the one that hits; with a slip, one that misses is taken for a hit.
fn attempts(worked: &Worked, slipping: bool, rng: &mut ChaCha8Rng) -> Told {
    let mut failed: Vec<usize> = failures(&worked.steps).map(|(at, _)| at).collect();
    let last = failed.swap_remove(rng.random_range(0..failed.len()));
    let mut lines = Vec::new();
    if let Some(&at) = failed.first()
        && rng.random_bool(0.3)
    {
        lines.push(attempt(&worked.steps[at]));
    }
    if slipping
        && let Step::Try {
            candidate,
            shown,
            want,
            ..
        } = &worked.steps[last]
    {
        lines.push(Line::Try {
            shown: format!("{shown} = {want}"),
            instead_of: None,
        });
        return Told {
            lines,
            answer: candidate.clone(),
        };
    }
    if rng.random_bool(0.5) {
        lines.push(attempt(&worked.steps[last]));
    }
    lines.extend(worked.steps.iter().filter(|step| hits(step)).map(attempt));
    Told {
        lines,
        answer: worked.problem.answer.clone(),
    }
}

fn hits(step: &Step) -> bool {
    matches!(step, Step::Try { value, want, .. } if value == want)
}

fn attempt(step: &Step) -> Line {
    match step {
        Step::Try {
            shown, value, want, ..
        } => Line::Try {
            shown: format!("{shown} = {value}"),
            instead_of: (value != want).then_some(*want),
        },
        _ => Line::Facts(facts(std::slice::from_ref(step))),
    }
}

/// The computations of an attempt, spelled out.
fn parts(work: &[Step]) -> Vec<String> {
    let results = results(work, &[]);
    (0..work.len())
        .map(|at| computed(work, at, &results))
        .collect()
}

fn facts(steps: &[Step]) -> Vec<String> {
    let fact = |step: &Step| match step {
        Step::Fact { before, after } => Some(format!("{before} > {after}")),
        _ => None,
    };
    steps.iter().filter_map(fact).collect()
}

fn order(place: Place, names: &[String]) -> Line {
    Line::Order(place, names.join(" > "))
}

/// The order with the name asked for and a neighbour swapped, and the fact this breaks.
fn swapped(mut names: Vec<String>, place: usize, rng: &mut ChaCha8Rng) -> (Vec<String>, usize) {
    let with_next = place == 0 || (place + 1 < names.len() && rng.random_bool(0.5));
    let first = if with_next { place } else { place - 1 };
    names.swap(first, first + 1);
    (names, first)
}

/// Slips that make the answer wrong: one or more, small.
fn wrong_slips(worked: &Worked, rng: &mut ChaCha8Rng) -> Vec<(usize, i64)> {
    let last = worked.steps.len() - 1;
    let at = rng.random_range(0..=last);
    let mut slips = vec![(at, slip(results(&worked.steps, &[])[at], rng))];
    let is_right = |slips: &[(usize, i64)]| {
        let answer = conclusion(&worked.steps, &results(&worked.steps, slips));
        worked.problem.check.judge(&answer) == Judgement::Right
    };
    if is_right(&slips) {
        slips.push((last, 1));
    }
    slips
}

fn place_of(at: usize, count: usize) -> Place {
    match at {
        _ if count == 1 => Place::Only,
        0 => Place::First,
        _ => Place::Next,
    }
}

fn compute(steps: &[Step], at: usize, results: &[i64], place: Place) -> Line {
    let label = match &steps[at] {
        Step::Compute {
            label: Label::Text(text),
            ..
        } => format!("{text} = "),
        Step::Compute {
            label: Label::Times(term, name),
            ..
        } => {
            format!("{} * {name} = ", value(*term, results))
        }
        _ => String::new(),
    };
    Line::Compute(place, label + &computed(steps, at, results))
}

/// `left op right = result`.
fn computed(steps: &[Step], at: usize, results: &[i64]) -> String {
    match &steps[at] {
        Step::Compute {
            left, op, right, ..
        } => operation(
            value(*left, results),
            op.symbol(),
            value(*right, results),
            results[at],
        ),
        _ => String::new(),
    }
}

fn operation(left: i64, symbol: char, right: i64, result: i64) -> String {
    if right < 0 {
        format!("{left} {symbol} ({right}) = {result}")
    } else {
        format!("{left} {symbol} {right} = {result}")
    }
}

/// A step undone from the result it is said to have; computed once more where it cannot be.
fn undo(step: &Step, results: &[i64], said: i64) -> Line {
    let Step::Compute {
        left, op, right, ..
    } = step
    else {
        return Line::Check(Vec::new(), Outcome::Right);
    };
    let term = |term: &Term| value(*term, results);
    let (left, right) = (term(left), term(right));
    let (text, found, wanted) = match op.inverse().apply(said, right) {
        Some(back) => (
            operation(said, op.inverse().symbol(), right, back),
            back,
            left,
        ),
        None => {
            let again = op.apply(left, right).unwrap_or(said);
            (operation(left, op.symbol(), right, again), again, said)
        }
    };
    let outcome = if found == wanted {
        Outcome::Right
    } else {
        Outcome::Not(wanted)
    };
    Line::Check(vec![text], outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;
    use crate::tasks::{Family, problem};

    fn all(style: Style, mixing: bool, mut visit: impl FnMut(&Worked, &str)) {
        for family in Family::ALL {
            for draw in 0..300 {
                let mut rng = seed::stream(draw, &["solutions", family.name()]);
                let level = 1 + (draw % 4) as u32;
                let language = Language::ALL[(draw % 2) as usize];
                let worked = problem(family, level, language, &mut rng);
                let text = solution(&worked, style, mixing, &mut rng);
                visit(&worked, &text);
            }
        }
    }

    /// Whether every `a op b = c` in a text holds, by the checker of arithmetic problems. In
    /// `x = a op b = c` the last two sides count; attempts that miss are true as well.
    fn sums_hold(text: &str) -> bool {
        text.split(['\n', ',', ':']).all(|piece| {
            let sides: Vec<&str> = piece.trim_end_matches(". Right.").split(" = ").collect();
            let [.., formula, value] = &sides[..] else {
                return true;
            };
            let start = formula.find(|c: char| c.is_ascii_digit() || c == '-' || c == '(');
            let expression = formula[start.unwrap_or(0)..].to_owned();
            crate::Check::Arithmetic { expression }.judge(value) == Judgement::Right
        })
    }

    #[test]
    fn a_checked_solution_ends_right_and_says_nothing_false_without_a_slip() {
        all(Style::Checked, false, |worked, text| {
            assert!(text.contains("Right.") || text.contains("对。"), "{text}");
            assert!(text.contains(&worked.problem.answer), "{text}");
        });
        for family in Family::ALL {
            for draw in 0..200 {
                let mut rng = seed::stream(draw, &["clean", family.name()]);
                let worked = problem(family, 1 + (draw % 5) as u32, Language::En, &mut rng);
                let text = clean(&worked, &mut rng);
                assert!(sums_hold(&text), "{text}");
            }
        }
    }

    #[test]
    fn a_wrong_solution_is_wrong() {
        all(Style::Wrong, false, |worked, text| {
            let answer = super::super::final_answer(text);
            assert!(
                matches!(worked.problem.check.judge(answer), Judgement::Wrong(_)),
                "{text}"
            );
        });
    }

    #[test]
    fn a_mixed_solution_has_a_line_in_the_other_language() {
        all(Style::Steps, true, |worked, text| {
            let own = language_of(&worked.problem.language);
            let ending = own.other().pick(".", "。");
            let reasoning = text
                .rsplit_once('\n')
                .map_or("", |(reasoning, _)| reasoning);
            assert!(
                reasoning.lines().any(|line| line.ends_with(ending)),
                "{text}"
            );
        });
    }

    #[test]
    fn slips_are_noticed_in_words() {
        let mut noticed = 0;
        all(Style::Checked, false, |_, text| {
            noticed += usize::from(
                ["not ", "不是", "no.", "不对"]
                    .iter()
                    .any(|word| text.contains(word)),
            );
        });
        assert!(noticed > 300, "{noticed}");
    }
}
