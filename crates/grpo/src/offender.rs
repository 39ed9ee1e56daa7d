//! Which response to look at when a step is refused.

use crate::error::Offender;
use crate::group::Group;
use crate::rows::Row;

/// The response of a row.
pub(crate) fn of(groups: &[Group], row: &Row) -> Offender {
    at(groups, row.of)
}

/// The row with the highest value; one that is not a number is higher than any.
pub(crate) fn highest(
    groups: &[Group],
    rows: &[Row],
    value: impl Fn(&Row) -> f64,
) -> Option<Offender> {
    let live = rows.iter().filter(|row| !row.masked && !row.old.is_empty());
    let values = live.map(|row| (row.of, value(row)));
    values
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .map(|(found, _)| at(groups, found))
}

/// The response whose sum is the highest for its length.
pub(crate) fn by_sums(groups: &[Group], sums: &[Vec<f64>]) -> Option<Offender> {
    let mean =
        |g: usize, i: usize| sums[g][i] / groups[g].completions[i].tokens.len().max(1) as f64;
    let all = (0..groups.len()).flat_map(|g| (0..sums[g].len()).map(move |i| (g, i)));
    all.max_by(|&(g, i), &(h, j)| mean(g, i).abs().total_cmp(&mean(h, j).abs()))
        .map(|found| at(groups, found))
}

fn at(groups: &[Group], (g, i): (usize, usize)) -> Offender {
    let completion = &groups[g].completions[i];
    Offender {
        problem: groups[g].problem.id.clone(),
        sample: completion.sample,
        tokens: completion.tokens.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::tests::group;

    #[test]
    fn what_is_not_a_number_comes_first() {
        let groups = [
            group(&[Some(0.0), Some(1.0)]),
            group(&[Some(0.0), Some(1.0)]),
        ];
        let sums = [vec![4.0, 1.0], vec![2.0, f64::NAN]];
        assert_eq!(by_sums(&groups, &sums).unwrap().sample, 1);
        let sums = [vec![4.0, 1.0], vec![2.0, -5.0]];
        assert_eq!(
            by_sums(&groups, &sums).unwrap().sample,
            1,
            "far below is as odd"
        );
        let sums = [vec![4.0, 1.0], vec![2.0, 3.0]];
        assert_eq!(by_sums(&groups, &sums).unwrap().sample, 0);
    }
}
