//! The samples of each problem together, and the majority vote among them.

use std::collections::BTreeMap;

use rewards::verify;

use crate::graded::{Graded, Outcome};

/// A problem with its judged samples, in the order of their numbers; never empty.
pub(crate) struct Attempts<'a> {
    pub(crate) samples: Vec<&'a Graded>,
}

/// The problems that have judged samples, by id; of a sample of several turns the last.
pub(crate) fn judged(graded: &[Graded]) -> BTreeMap<&str, Attempts<'_>> {
    let mut problems: BTreeMap<&str, Attempts<'_>> = BTreeMap::new();
    let counts = |record: &&Graded| !record.followed_up && record.verdict != Outcome::Unjudged;
    for record in graded.iter().filter(counts) {
        let attempts = problems.entry(&record.problem);
        attempts
            .or_insert_with(|| Attempts {
                samples: Vec::new(),
            })
            .samples
            .push(record);
    }
    for attempts in problems.values_mut() {
        attempts.samples.sort_by_key(|record| record.sample);
    }
    problems
}

/// The share of each problem's samples, judged or not, of which `holds` is true; of a sample of several turns
/// the last counts.
pub(crate) fn shares(graded: &[Graded], holds: impl Fn(&Graded) -> bool) -> Vec<f64> {
    let mut problems: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for grade in graded.iter().filter(|grade| !grade.followed_up) {
        let (held, all) = problems.entry(&grade.problem).or_default();
        *held += usize::from(holds(grade));
        *all += 1;
    }
    let share = |(held, all): (usize, usize)| held as f64 / all as f64;
    problems.into_values().map(share).collect()
}

impl Attempts<'_> {
    pub(crate) fn right(&self) -> usize {
        self.samples
            .iter()
            .filter(|record| record.verdict == Outcome::Right)
            .count()
    }

    /// The share of samples that are right.
    pub(crate) fn rate(&self) -> f64 {
        self.right() as f64 / self.samples.len() as f64
    }

    /// Whether the answer most of the first k samples give is right, for every k of `ks`, which rise. Samples vote together when
    /// their answers verify against one another; a sample without an answer does not vote, and of
    /// two answers with as many votes the one given first wins. The vote sees no verdict; the winner's
    /// is that of the first sample that gave it.
    pub(crate) fn consensus(&self, ks: &[usize]) -> Vec<bool> {
        let mut camps: Vec<Camp<'_>> = Vec::new();
        let mut samples = self.samples.iter();
        let mut seen = 0;
        let mut right = |&k: &usize| {
            let more = samples.by_ref().take(k.saturating_sub(seen));
            more.for_each(|record| vote(&mut camps, record));
            seen = k;
            let most = camps.iter().map(|(_, votes, _)| *votes).max();
            let winner = camps.iter().find(|(_, votes, _)| Some(*votes) == most);
            winner.is_some_and(|(.., verdict)| *verdict == Outcome::Right)
        };
        ks.iter().map(&mut right).collect()
    }
}

/// An answer, its votes, and the verdict of the first sample that gave it.
type Camp<'a> = (&'a str, usize, Outcome);

fn vote<'a>(camps: &mut Vec<Camp<'a>>, record: &'a Graded) {
    let Some(answer) = record.answer.as_deref() else {
        return;
    };
    let same = |held: &str| match is_text(&record.rule) {
        true => held == answer,
        false => agree(held, answer),
    };
    match camps.iter_mut().find(|(held, ..)| same(held)) {
        Some((_, votes, _)) => *votes += 1,
        None => camps.push((answer, 1, record.verdict)),
    }
}

/// Whether what a rule found is a program, a patch or a formal statement: no mathematics to be verified,
/// and no two are the same letter for letter.
pub(crate) fn is_text(rule: &str) -> bool {
    matches!(rule, "program" | "patch" | "statement")
}

/// Whether two answers say the same; answers are not gold, so either may stand for it.
fn agree(left: &str, right: &str) -> bool {
    left == right
        || verify(left, right).score() == Some(1.0)
        || verify(right, left).score() == Some(1.0)
}

#[cfg(test)]
pub(crate) mod tests {
    use data::{Check, Domain, Problem};

    use super::*;
    use crate::benchmark::Task;

    /// Task `id`, whose gold answer is `answer`.
    pub(crate) fn task(id: &str, answer: &str) -> Task {
        Task::from(Problem {
            id: id.into(),
            question: format!("What is the answer of {id}?"),
            answer: answer.into(),
            solution: None,
            family: "sum".into(),
            domain: Domain::Mathematics,
            level: 1,
            language: "en".into(),
            check: Check::Answer,
        })
    }

    /// Sample number `sample` of problem `problem`, answering `answer`; right when that is 12.
    pub(crate) fn record(problem: &str, sample: u32, answer: &str) -> Graded {
        let verdict = match answer {
            "unjudged" => Outcome::Unjudged,
            _ if verify("12", answer).score() == Some(1.0) => Outcome::Right,
            _ => Outcome::Wrong,
        };
        Graded {
            problem: problem.into(),
            family: "sum".into(),
            level: 1,
            language_code: "en".into(),
            sample,
            turn: 0,
            followed_up: false,
            gold: "12".into(),
            answer: (!answer.is_empty()).then(|| answer.to_owned()),
            verdict,
            reason: String::new(),
            rule: "answer_tag".into(),
            format: true,
            language: Some(1.0),
            reward: 0.0,
            tokens: 10,
            truncated: false,
            completion: String::new(),
        }
    }

    fn consensus(answers: &[&str], k: usize) -> bool {
        let records: Vec<Graded> = (0..).zip(answers).map(|(i, a)| record("p", i, a)).collect();
        judged(&records)["p"].consensus(&[k])[0]
    }

    #[test]
    fn equal_answers_vote_together() {
        assert!(consensus(&["13", "12", "12.0", "14"], 4));
        assert!(!consensus(&["13", "13", "12"], 3));
        assert!(consensus(&["12", "13", "13"], 1));
    }

    #[test]
    fn a_tie_goes_to_the_first_and_silence_does_not_vote() {
        assert!(consensus(&["12", "13"], 2));
        assert!(!consensus(&["13", "12"], 2));
        assert!(consensus(&["", "", "12"], 3));
        assert!(!consensus(&["", ""], 2));
    }

    #[test]
    fn samples_are_put_in_order_and_unjudged_ones_left_out() {
        let records = [
            record("p", 1, "12"),
            record("p", 0, "13"),
            record("q", 0, "unjudged"),
        ];
        let problems = judged(&records);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems["p"].samples[0].sample, 0);
        assert_eq!(problems["p"].rate(), 0.5);
    }
}
