//! Which entries a set has, and in which order: caps, balance, proportion, split.
//!
//! Everything is decided by hashes of what an entry says and the seed, so that the order of inputs
//! changes nothing where nothing else does.

use std::collections::BTreeMap;

use data::ngrams::mix;
use data::{Domain, seed};
use rand::Rng;

use super::entry::Side;
use super::settings::AssemblySettings;
use super::spill::Row;
use crate::assemble::proportion;

/// What became of the rows that are no duplicates.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Choice {
    /// In the order in which they are written.
    pub(super) train: Vec<u32>,
    /// In the order in which they are written.
    pub(super) validation: Vec<u32>,
    /// More of one question than the cap.
    pub(super) over_cap: Vec<u32>,
    /// More than size, ratio and balance leave room for.
    pub(super) surplus: Vec<u32>,
}

/// Chooses among the rows that `live` lists; `side` tells each row's.
pub(super) fn choose(
    rows: &[Row],
    mut live: Vec<u32>,
    side: impl Fn(&Row) -> Side,
    settings: &AssemblySettings,
) -> Choice {
    let mut stream = seed::stream(settings.seed, &["assembly"]);
    let (draw, order) = (stream.next_u64(), stream.next_u64());
    let row = |at: u32| &rows[at as usize];
    // Equal entries of equal rank fall back on their place.
    let rank = |at: u32, key: u64| (mix(row(at).content ^ key), at);
    let mut choice = Choice::default();
    live.sort_unstable_by_key(|at| (row(*at).problem, rank(*at, draw)));
    let mut sides: [Vec<u32>; 2] = Default::default();
    for of_one in live.chunk_by(|a, b| row(*a).problem == row(*b).problem) {
        let (kept, over) = of_one.split_at(of_one.len().min(settings.per_problem));
        for at in kept {
            sides[side(row(*at)) as usize].push(*at);
        }
        choice.over_cap.extend(over);
    }
    let groups = sides.map(|mut side| {
        side.sort_unstable_by_key(|at| rank(*at, draw));
        grouped(side, rows, settings)
    });
    let available = groups.each_ref().map(|groups| {
        let weighty = groups.iter().filter(|group| group.weight > 0.0);
        weighty.map(|group| group.rows.len()).sum::<usize>()
    });
    let wanted = wanted(available, settings);
    let mut chosen = Vec::new();
    for (groups, wanted) in groups.into_iter().zip(wanted) {
        let sizes: Vec<(usize, f64)> = groups.iter().map(|it| (it.rows.len(), it.weight)).collect();
        for (group, count) in groups.into_iter().zip(parts(&sizes, wanted)) {
            let (taken, left) = group.rows.split_at(count);
            chosen.extend_from_slice(taken);
            choice.surplus.extend_from_slice(left);
        }
    }
    chosen.sort_unstable_by_key(|at| rank(*at, order));
    (choice.validation, choice.train) = chosen
        .into_iter()
        .partition(|at| is_validation(row(*at).problem, settings.validation));
    choice.over_cap.sort_unstable();
    choice.surplus.sort_unstable();
    choice
}

/// Rows of one side that are drawn from together, in the order they are drawn in.
struct Group {
    rows: Vec<u32>,
    weight: f64,
}

fn grouped(side: Vec<u32>, rows: &[Row], settings: &AssemblySettings) -> Vec<Group> {
    let Some(balance) = &settings.balance else {
        return vec![Group {
            rows: side,
            weight: 1.0,
        }];
    };
    let mut groups: BTreeMap<(Domain, Option<u32>), Vec<u32>> = BTreeMap::new();
    for at in side {
        let row = &rows[at as usize];
        groups.entry((row.domain, row.level)).or_default().push(at);
    }
    let group = |((domain, level), rows)| Group {
        rows,
        weight: balance.weight(domain, level),
    };
    groups.into_iter().map(group).collect()
}

/// How many reasoning and general entries are taken of those there are.
fn wanted([reasoning, general]: [usize; 2], settings: &AssemblySettings) -> [usize; 2] {
    let (mut most, all) = ([reasoning, general], reasoning + general);
    if let Some(size) = settings.size {
        let share = match settings.ratio {
            // Without the other side there is no ratio to keep.
            Some(ratio) if general > 0 => ratio / (1.0 + ratio),
            _ => reasoning as f64 / all.max(1) as f64,
        };
        let first = ((size as f64 * share).round() as usize).min(size);
        most = [reasoning.min(first), general.min(size - first)];
    }
    match settings.ratio {
        Some(ratio) => proportion(most[0], most[1], ratio).into(),
        None => most,
    }
}

/// Parts `wanted` among groups of a size and a weight, in proportion to the weights; what a group lacks is
/// shared by the others, and what rounding leaves goes to the largest remainders, the first of equals.
fn parts(groups: &[(usize, f64)], wanted: usize) -> Vec<usize> {
    let mut parts = vec![0; groups.len()];
    let mut open: Vec<usize> = (0..groups.len())
        .filter(|at| groups[*at].1 > 0.0 && groups[*at].0 > 0)
        .collect();
    let mut left = wanted;
    let part = |at: usize, left: usize, open: &[usize]| {
        let weights: f64 = open.iter().map(|at| groups[*at].1).sum();
        left as f64 * groups[at].1 / weights
    };
    loop {
        let (full, rest): (Vec<usize>, Vec<usize>) = open
            .iter()
            .copied()
            .partition(|at| groups[*at].0 as f64 <= part(*at, left, &open));
        if full.is_empty() {
            break;
        }
        for at in full {
            parts[at] = groups[at].0;
            left = left.saturating_sub(groups[at].0);
        }
        open = rest;
    }
    let mut given = 0;
    for &at in &open {
        parts[at] = part(at, left, &open) as usize;
        given += parts[at];
    }
    let remainder = |at: &usize| part(*at, left, &open).fract();
    let mut by_remainder = open.clone();
    by_remainder.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(b)));
    for at in by_remainder.into_iter().take(left.saturating_sub(given)) {
        parts[at] += 1;
    }
    parts
}

/// Whether a problem goes to validation: its hash, as a number from 0 to 1, lies below the share.
fn is_validation(problem: u64, share: f64) -> bool {
    (problem as f64 / 2f64.powi(64)) < share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::settings::Balance;

    /// `reasoning` and `general` rows, each of a problem of its own, reasoning of levels 1 to 4 in turn.
    fn rows(reasoning: usize, general: usize) -> Vec<Row> {
        let row = |at: usize| Row {
            input: u16::from(at >= reasoning),
            level: (at < reasoning).then_some(1 + at as u32 % 4),
            domain: match at < reasoning {
                true => Domain::Mathematics,
                false => Domain::General,
            },
            ..Row::new(mix(at as u64 + 1), mix(at as u64 + 7_000), 1)
        };
        (0..reasoning + general).map(row).collect()
    }

    fn chosen(rows: &[Row], settings: &AssemblySettings) -> Choice {
        let side = |row: &Row| [Side::Reasoning, Side::General][usize::from(row.input)];
        choose(rows, (0..rows.len() as u32).collect(), side, settings)
    }

    fn counts(rows: &[Row], choice: &Choice) -> [usize; 2] {
        let all = choice.train.iter().chain(&choice.validation);
        let general = all.clone().filter(|at| rows[**at as usize].input == 1);
        let general = general.count();
        [all.count() - general, general]
    }

    #[test]
    fn three_to_one_by_hand() {
        for (available, size, ratio, expected) in [
            ([90, 90], None, Some(3.0), [90, 30]),
            ([90, 20], None, Some(3.0), [60, 20]),
            ([90, 90], Some(40), Some(3.0), [30, 10]),
            ([90, 5], Some(40), Some(3.0), [15, 5]),
            ([90, 0], Some(40), Some(3.0), [40, 0]),
            ([90, 90], None, None, [90, 90]),
            ([90, 30], Some(40), None, [30, 10]),
        ] {
            let settings = AssemblySettings {
                size,
                ratio,
                ..AssemblySettings::default()
            };
            let rows = rows(available[0], available[1]);
            let choice = chosen(&rows, &settings);
            assert_eq!(counts(&rows, &choice), expected, "{available:?} {size:?}");
            let kept = choice.train.len() + choice.validation.len();
            assert_eq!(choice.surplus.len(), rows.len() - kept);
        }
    }

    #[test]
    fn weights_share_out_what_others_lack() {
        // 5 each of 10; then 3 and what is left; then by 3:1, by remainder, and nothing for no weight.
        assert_eq!(parts(&[(9, 1.0), (9, 1.0)], 10), [5, 5]);
        assert_eq!(parts(&[(3, 1.0), (9, 1.0)], 10), [3, 7]);
        assert_eq!(parts(&[(9, 3.0), (9, 1.0)], 8), [6, 2]);
        assert_eq!(parts(&[(9, 1.0), (9, 1.0), (9, 1.0)], 10), [4, 3, 3]);
        assert_eq!(parts(&[(9, 0.0), (9, 1.0)], 20), [0, 9]);
        assert_eq!(parts(&[(2, 1.0), (3, 1.0)], 20), [2, 3]);
        assert_eq!(parts(&[], 20), [0usize; 0]);
    }

    #[test]
    fn levels_are_balanced() {
        let settings = AssemblySettings {
            size: Some(40),
            balance: Some(Balance {
                levels: [(1, 2.0), (3, 0.0)].into(),
                ..Balance::default()
            }),
            ..AssemblySettings::default()
        };
        let rows = rows(400, 100);
        let choice = chosen(&rows, &settings);
        let mut levels = BTreeMap::new();
        for at in choice.train.iter().chain(&choice.validation) {
            *levels.entry(rows[*at as usize].level).or_insert(0) += 1;
        }
        // 30 reasoning entries by 2:1:0:1, of 15, 7.5 and 7.5; and 10 general ones.
        let expected = [(None, 10), (Some(1), 15), (Some(2), 8), (Some(4), 7)];
        assert_eq!(levels, expected.into());
    }

    #[test]
    fn a_question_has_its_cap_and_one_side() {
        let mut rows = rows(400, 0);
        for (at, row) in rows.iter_mut().enumerate() {
            row.problem = mix(at as u64 / 10);
        }
        let settings = AssemblySettings {
            validation: 0.3,
            ..AssemblySettings::default()
        };
        let choice = chosen(&rows, &settings);
        let problems = |split: &[u32]| -> std::collections::BTreeSet<u64> {
            split.iter().map(|at| rows[*at as usize].problem).collect()
        };
        let (train, validation) = (problems(&choice.train), problems(&choice.validation));
        assert!(train.is_disjoint(&validation));
        assert_eq!(train.len() + validation.len(), 40);
        assert!((4..=20).contains(&validation.len()), "{}", validation.len());
        assert_eq!(choice.train.len() + choice.validation.len(), 160);
        assert_eq!(choice.over_cap.len(), 240);
    }

    #[test]
    fn the_seed_draws_and_the_problem_splits() {
        let rows = rows(400, 400);
        let with = |seed, size| {
            let settings = AssemblySettings {
                seed,
                size,
                validation: 0.2,
                ..AssemblySettings::default()
            };
            chosen(&rows, &settings)
        };
        let drawn = [1, 1, 2].map(|seed| with(seed, Some(100)));
        assert_eq!(drawn[0], drawn[1]);
        let sorted = drawn.each_ref().map(|choice| {
            let mut all = choice.train.clone();
            all.sort_unstable();
            all
        });
        assert_ne!(sorted[0], sorted[2], "another draw");
        // Who is in validation stays there with any seed and size.
        let all = with(3, None);
        for choice in &drawn {
            assert!(choice.validation.iter().all(|at| !all.train.contains(at)));
            assert!(choice.train.iter().all(|at| !all.validation.contains(at)));
        }
        assert_ne!(with(1, None).train, with(2, None).train, "another order");
    }
}
