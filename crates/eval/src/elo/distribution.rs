//! How many people a rating is above.

use std::path::Path;

use data::dataset::{Dataset, FromRow, ReadError, Row};

use super::contest::Group;

/// The ratings of people, from a file of records `{"rating": 1500, "count": 1200}`; without `count` a
/// record is one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    groups: Vec<Group>,
    people: u64,
}

/// Why there is no distribution.
#[derive(Debug, thiserror::Error)]
pub enum NoDistribution {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record of the file cannot be used; a percentile without it would be another one.
    #[error(transparent)]
    Record(#[from] data::dataset::Skipped),
}

impl Distribution {
    /// The distribution of these groups; `None` where nobody is in them.
    pub fn of(groups: Vec<Group>) -> Option<Self> {
        let all = Self::counted(groups);
        (all.people > 0).then_some(all)
    }

    fn counted(groups: Vec<Group>) -> Self {
        let people = groups.iter().map(|group| u64::from(group.count)).sum();
        Self { groups, people }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or one of its records not be used.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, NoDistribution> {
        let found = Dataset::open(path)?.records::<Group>().gather()?;
        if let Some(skipped) = found.skipped.into_iter().next() {
            return Err(skipped.into());
        }
        Ok(Self::counted(found.records))
    }

    /// The share of people, in percent, whose rating is below this one; equal ratings count half.
    pub fn percentile(&self, rating: f64) -> f64 {
        let below = |group: &Group| match group.rating.total_cmp(&rating) {
            std::cmp::Ordering::Less => f64::from(group.count),
            std::cmp::Ordering::Equal => f64::from(group.count) / 2.0,
            std::cmp::Ordering::Greater => 0.0,
        };
        100.0 * self.groups.iter().map(below).sum::<f64>() / self.people as f64
    }
}

impl FromRow for Group {
    const NEEDS: &'static str = "`rating`, and `count` where it is not 1";

    fn from_row(row: &Row) -> Result<Self, String> {
        let rating = row.get("rating").and_then(serde_json::Value::as_f64);
        let count = match row.get("count") {
            None => Some(1),
            Some(count) => count.as_u64().and_then(|count| u32::try_from(count).ok()),
        };
        Ok(Self {
            rating: rating.ok_or("`rating` is no number")?,
            count: count
                .filter(|&count| count > 0)
                .ok_or("`count` is no whole number above 0")?,
        })
    }

    fn show(&self) -> String {
        format!("{} with rating {}", self.count, self.rating)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(text: &str) -> Result<Distribution, NoDistribution> {
        let mut file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Distribution::read(file.path())
    }

    #[test]
    fn a_percentile_counts_who_is_below() {
        let people = read("{\"rating\": 1000, \"count\": 6}\n{\"rating\": 1500, \"count\": 3}\n{\"rating\": 2000}").unwrap();
        assert_eq!(people.percentile(900.0), 0.0);
        assert_eq!(people.percentile(1200.0), 60.0);
        assert_eq!(people.percentile(1500.0), 75.0);
        assert_eq!(people.percentile(3000.0), 100.0);
    }

    #[test]
    fn a_broken_record_is_no_smaller_distribution() {
        let error = read("{\"rating\": 1000}\n{\"rating\": 5, \"count\": -1}").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(read("").is_err());
        assert_eq!(Distribution::of(vec![]), None);
    }
}
