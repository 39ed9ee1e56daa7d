//! What pretraining read of a packed corpus: tokens by language, domain and source.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::read::{Corpus, RunFiles};
use super::svg::{count, percent};

/// Rows of a table; what is smaller is put together in one more.
const ROWS: usize = 24;

/// A table each for language, domain and source, of every stage that read shards.
pub(super) fn tables(files: &RunFiles) -> Vec<Value> {
    let stages = files.stages.iter();
    stages
        .filter_map(|stage| Some((stage.name, stage.corpus.as_ref()?)))
        .map(|(stage, Corpus { read, held })| {
            let total: u64 = read.by_source.values().sum();
            let tables = [
                ("language", &read.by_language, &held.by_language),
                ("domain", &read.by_domain, &held.by_domain),
                ("source", &read.by_source, &held.by_source),
            ];
            let tables = tables.map(|(of, read, held)| {
                let rows: Vec<Value> = rows(read, held)
                    .into_iter()
                    .map(|(name, read, held)| {
                        let share = percent(read as f64 / total.max(1) as f64);
                        context! { name, read => count(read), share, held => count(held) }
                    })
                    .collect();
                context! { of, rows }
            });
            context! { stage, total => count(total), tables => tables.to_vec() }
        })
        .collect()
}

/// Names with the tokens read and held, the most read first.
fn rows(read: &BTreeMap<String, u64>, held: &BTreeMap<String, u64>) -> Vec<(String, u64, u64)> {
    let mut rows: Vec<(String, u64, u64)> = held
        .iter()
        .map(|(name, held)| (name.clone(), read.get(name).copied().unwrap_or(0), *held))
        .collect();
    rows.sort_by_key(|row| Reverse((row.1, row.2)));
    let rest = rows.split_off(rows.len().min(ROWS));
    if !rest.is_empty() {
        let sum = |of: fn(&(String, u64, u64)) -> u64| rest.iter().map(of).sum();
        let name = format!("{} others", rest.len());
        rows.push((name, sum(|row| row.1), sum(|row| row.2)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_read_come_first_and_the_rest_are_summed() {
        let held: BTreeMap<String, u64> = (0..30).map(|i| (format!("l{i:02}"), 10)).collect();
        let read = BTreeMap::from([("l07".to_owned(), 5), ("l21".to_owned(), 9)]);
        let rows = rows(&read, &held);
        assert_eq!(rows.len(), ROWS + 1);
        assert_eq!(rows[0], ("l21".into(), 9, 10));
        assert_eq!(rows[1], ("l07".into(), 5, 10));
        assert_eq!(rows[ROWS], ("6 others".into(), 0, 60));
    }
}
