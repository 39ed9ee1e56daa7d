//! Contests, from a file of one JSON object a line.
//!
//! ```json
//! {"id": "1900", "rules": {"kind": "icpc", "wrong_minutes": 10},
//!  "field": [[1400, 310], [1500, 280], [1600, 190]],
//!  "problems": [{"id": "1900A", "rating": 800}, {"id": "1900B", "solved": 412, "points": 2}]}
//! ```
//!
//! `problems` names problems by the ids of a problem file ([`data::import::programs`]), with `points`
//! (1 where absent). Who took part is either `standings`, a list of `{"rating", "points", "penalty"}`,
//! or `field`, a list of `[rating, count]`; then every problem has a `rating`, or `solved`, how many
//! of the field solved it, from which a rating is estimated. `rules` may be left out. Left out:
//! teams, and participants without a rating.

use std::collections::BTreeSet;
use std::path::Path;

use data::dataset::{Dataset, FromRow, Gathered, ReadError, Row};
use serde::Deserialize;

use super::formula::problem_rating;
use super::rules::{Rules, Score};

/// Participants of one rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Their rating.
    pub rating: f64,
    /// How many they are.
    pub count: u32,
}

/// A participant's result.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Standing {
    /// The rating before the contest.
    pub rating: f64,
    /// What was reached.
    #[serde(flatten)]
    pub score: Score,
}

/// Who took part.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Everybody's result.
    Standings(Vec<Standing>),
    /// Ratings alone; results follow from how hard the problems are.
    Simulated {
        /// The participants.
        groups: Vec<Group>,
        /// The rating of each problem, in the contest's order.
        problems: Vec<f64>,
    },
}

/// A problem of a contest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ContestProblem {
    /// The id it has in the file of problems.
    pub id: String,
    /// What it is worth before time and attempts are counted.
    #[serde(default = "one")]
    pub points: f64,
    /// How hard it is said to be.
    pub rating: Option<f64>,
    /// How many of the field solved it.
    pub solved: Option<u32>,
}

/// A contest as it took place.
#[derive(Debug, Clone, PartialEq)]
pub struct Contest {
    /// Unique within a file.
    pub id: String,
    /// How it counts.
    pub rules: Rules,
    /// Its problems.
    pub problems: Vec<ContestProblem>,
    /// Who took part.
    pub field: Field,
}

impl Contest {
    /// Reads the contests of a file; those that cannot be used are among the skipped, as are those whose id
    /// one before has, which would count twice.
    ///
    /// # Errors
    /// When the file cannot be read or has no usable contest.
    pub fn read(path: impl AsRef<Path>) -> Result<Gathered<Self>, ReadError> {
        let mut ids = BTreeSet::new();
        let is_new = |contest: &Self| match ids.insert(contest.id.clone()) {
            true => Ok(()),
            false => Err(format!("the contest `{}` comes twice", contest.id)),
        };
        Dataset::open(path)?.records().gather_if(is_new)
    }

    /// The ratings of those who took part.
    pub fn groups(&self) -> Vec<Group> {
        match &self.field {
            Field::Simulated { groups, .. } => groups.clone(),
            Field::Standings(standings) => {
                let group = |standing: &Standing| Group {
                    rating: standing.rating,
                    count: 1,
                };
                standings.iter().map(group).collect()
            }
        }
    }
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(default)]
    rules: Rules,
    problems: Vec<ContestProblem>,
    standings: Option<Vec<Standing>>,
    field: Option<Vec<(f64, u32)>>,
}

impl FromRow for Contest {
    const NEEDS: &'static str = "`id`, `problems`, and `standings` or `field`";

    fn from_row(row: &Row) -> Result<Self, String> {
        let value = serde_json::Value::Object(row.columns().clone());
        let line: Line = serde_json::from_value(value).map_err(|error| error.to_string())?;
        if line.problems.is_empty() {
            return Err("`problems` is empty".to_owned());
        }
        let field = match (line.standings, line.field) {
            (Some(standings), None) if !standings.is_empty() => Field::Standings(standings),
            (None, Some(field)) if !field.is_empty() => {
                let group = |(rating, count)| Group { rating, count };
                let groups: Vec<Group> = field.into_iter().map(group).collect();
                let rating = |problem: &ContestProblem| difficulty(problem, &groups);
                let problems = line.problems.iter().map(rating).collect::<Result<_, _>>()?;
                Field::Simulated { groups, problems }
            }
            _ => return Err("it needs either `standings` or `field`, and not an empty one".into()),
        };
        Ok(Self {
            id: line.id,
            rules: line.rules,
            problems: line.problems,
            field,
        })
    }

    fn show(&self) -> String {
        let people: u32 = self.groups().iter().map(|group| group.count).sum();
        format!(
            "{}: {} problems, {people} people",
            self.id,
            self.problems.len()
        )
    }
}

fn one() -> f64 {
    1.0
}

/// How hard a problem of a simulated contest is.
fn difficulty(problem: &ContestProblem, field: &[Group]) -> Result<f64, String> {
    let ContestProblem { id, .. } = problem;
    match (problem.rating, problem.solved) {
        (Some(rating), _) if rating.is_finite() => Ok(rating),
        (None, Some(solved)) => problem_rating(solved, field).ok_or_else(|| {
            format!("`{id}`: {solved} solvers say nothing of its rating; give its `rating`")
        }),
        _ => Err(format!("`{id}` needs a `rating` or how many `solved` it")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(lines: &[&str]) -> Gathered<Contest> {
        let mut file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
        file.write_all(lines.join("\n").as_bytes()).unwrap();
        Contest::read(file.path()).unwrap()
    }

    #[test]
    fn contests_are_read_and_problems_rated_by_their_solvers() {
        let standings = r#"{"id": "a", "rules": {"kind": "codeforces", "duration": 120},
            "problems": [{"id": "p", "points": 500}],
            "standings": [{"rating": 1500, "points": 480}, {"rating": 1600, "points": 0, "penalty": 3}]}"#
            .replace('\n', " ");
        let field = r#"{"id": "b", "field": [[1600, 110]], "problems": [{"id": "q", "rating": 900}, {"id": "r", "solved": 10}]}"#;
        let found = read(&[&standings, field]);
        assert_eq!(found.skipped, []);
        let [a, b] = &found.records[..] else {
            panic!("{found:?}")
        };
        assert_eq!(a.rules, Rules::Codeforces { duration: 120 });
        let Field::Standings(people) = &a.field else {
            panic!("{a:?}")
        };
        assert_eq!(
            (people[0].score.points, people[1].score.penalty),
            (480.0, 3.0)
        );
        let Field::Simulated { problems, .. } = &b.field else {
            panic!("{b:?}")
        };
        assert_eq!((problems[0], problems[1].round()), (900.0, 2000.0));
        assert_eq!((b.problems[1].points, b.rules), (1.0, Rules::default()));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let good = r#"{"id": "g", "field": [[1, 1]], "problems": [{"id": "q", "rating": 900}]}"#;
        let found = read(&[
            good,
            r#"{"id": "a", "field": [[1600, 110]], "problems": [{"id": "q"}]}"#,
            r#"{"id": "b", "field": [[1600, 110]], "problems": [{"id": "q", "solved": 110}]}"#,
            r#"{"id": "c", "problems": [{"id": "q", "rating": 1}]}"#,
            r#"{"id": "d", "field": [[1, 1]], "problems": []}"#,
            r#"{"id": "e", "fields": [[1, 1]], "problems": [{"id": "q", "rating": 1}]}"#,
            good,
        ]);
        let reasons: Vec<&str> = found.skipped.iter().map(|s| s.reason.as_str()).collect();
        for (reason, part) in reasons.iter().zip([
            "`q` needs a `rating`",
            "110 solvers say nothing",
            "either `standings` or `field`",
            "`problems` is empty",
            "unknown field `fields`",
            "`g` comes twice",
        ]) {
            assert!(reason.contains(part), "{reason}");
        }
        assert_eq!((found.records.len(), reasons.len()), (1, 6));
    }
}
