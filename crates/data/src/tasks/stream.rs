//! Endless seeded streams of problems, and held-out sets that share nothing with them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Family, Worked, choose, problem};
use crate::{Language, Problem, seed};

/// Which side a problem belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To learn from: about seven problems in eight.
    Train,
    /// To be measured on: about one in eight.
    HeldOut,
}

/// Which problems to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSettings {
    /// Names of families.
    pub families: Vec<String>,
    /// Levels, from 1; one named twice is drawn twice as often.
    pub levels: Vec<u32>,
    /// ISO 639-1 codes of languages.
    pub languages: Vec<String>,
}

impl Default for TaskSettings {
    /// Every family in both languages at level 1.
    fn default() -> Self {
        Self {
            families: Family::ALL.map(|family| family.name().to_owned()).to_vec(),
            levels: vec![1],
            languages: Language::ALL
                .map(|language| language.code().to_owned())
                .to_vec(),
        }
    }
}

/// Why settings cannot be drawn from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// A family nobody knows.
    #[error("families: `{0}` is unknown; use arithmetic, countdown, linear, ordering or program")]
    Family(String),
    /// A language nothing is generated in.
    #[error("languages: `{0}` is unknown; use en or zh")]
    Language(String),
    /// A level below the first.
    #[error("levels: 0 is no level; the easiest is 1")]
    Level,
    /// Nothing to draw from.
    #[error("{0}: the list is empty; name at least one")]
    Empty(&'static str),
}

/// Settings that have been checked.
#[derive(Debug, Clone)]
struct Choices {
    families: Vec<Family>,
    levels: Vec<u32>,
    languages: Vec<Language>,
}

impl Choices {
    fn new(settings: &TaskSettings) -> Result<Self, TaskError> {
        let families = settings
            .families
            .iter()
            .map(|name| Family::from_name(name).ok_or_else(|| TaskError::Family(name.clone())));
        let languages = settings
            .languages
            .iter()
            .map(|code| Language::from_code(code).ok_or_else(|| TaskError::Language(code.clone())));
        let choices = Self {
            families: families.collect::<Result<_, _>>()?,
            levels: settings.levels.clone(),
            languages: languages.collect::<Result<_, _>>()?,
        };
        let lengths = [
            choices.families.len(),
            choices.levels.len(),
            choices.languages.len(),
        ];
        match lengths.iter().position(|length| *length == 0) {
            Some(at) => Err(TaskError::Empty(["families", "levels", "languages"][at])),
            None if choices.levels.contains(&0) => Err(TaskError::Level),
            None => Ok(choices),
        }
    }
}

/// An endless iterator of problems of one side of the split. Problem `i` depends on the seed, on
/// `i` and on the settings alone, so a stream can be taken up again anywhere.
#[derive(Debug, Clone)]
pub struct Stream {
    choices: Choices,
    split: Split,
    seed: u64,
    position: u64,
}

impl Stream {
    /// Starts at problem 0.
    ///
    /// # Errors
    /// When a list is empty or names something unknown.
    pub fn new(settings: &TaskSettings, split: Split, seed: u64) -> Result<Self, TaskError> {
        Ok(Self {
            choices: Choices::new(settings)?,
            split,
            seed,
            position: 0,
        })
    }

    /// Draws from these levels from now on.
    ///
    /// # Errors
    /// When the list is empty or has a 0; the levels stay as they were.
    pub fn set_levels(&mut self, levels: &[u32]) -> Result<(), TaskError> {
        if levels.is_empty() {
            return Err(TaskError::Empty("levels"));
        }
        if levels.contains(&0) {
            return Err(TaskError::Level);
        }
        self.choices.levels = levels.to_vec();
        Ok(())
    }

    /// How many problems have been drawn: what a checkpoint keeps.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes on from this problem.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }
}

impl Iterator for Stream {
    type Item = Worked;

    fn next(&mut self) -> Option<Worked> {
        let mut rng = seed::stream(self.seed, &["tasks", &self.position.to_string()]);
        self.position += 1;
        loop {
            let family = choose(&mut rng, &self.choices.families);
            let level = choose(&mut rng, &self.choices.levels);
            let language = choose(&mut rng, &self.choices.languages);
            let worked = problem(family, level, language, &mut rng);
            if worked.split() == self.split {
                return Some(worked);
            }
        }
    }
}

/// Draws without success before a family, level and language counts as exhausted.
const PATIENCE: usize = 2000;

/// `n` held-out problems with distinct ids, taking turns over every family, language and level.
/// Fewer when there are not so many.
///
/// # Errors
/// When a list is empty or names something unknown.
pub fn held_out(settings: &TaskSettings, n: usize, seed: u64) -> Result<Vec<Problem>, TaskError> {
    let choices = Choices::new(settings)?;
    let mut cells = Vec::new();
    for &level in &choices.levels {
        for &language in &choices.languages {
            for &family in &choices.families {
                let parts = [
                    "held-out",
                    family.name(),
                    language.code(),
                    &level.to_string(),
                ];
                cells.push((family, level, language, seed::stream(seed, &parts)));
            }
        }
    }
    let (mut seen, mut problems) = (BTreeSet::new(), Vec::new());
    while problems.len() < n && !cells.is_empty() {
        cells.retain_mut(|(family, level, language, rng)| {
            if problems.len() == n {
                return true;
            }
            let fresh = (0..PATIENCE)
                .map(|_| problem(*family, *level, *language, rng))
                .find(|worked| {
                    worked.split() == Split::HeldOut && !seen.contains(&worked.problem.id)
                });
            fresh.is_some_and(|worked| {
                seen.insert(worked.problem.id.clone());
                problems.push(worked.problem);
                true
            })
        });
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn settings(levels: &[u32]) -> TaskSettings {
        TaskSettings {
            levels: levels.to_vec(),
            ..TaskSettings::default()
        }
    }

    /// The id without its language: what the two sides must not share.
    fn content(problem: &Problem) -> String {
        problem.id.replace("-zh-", "-").replace("-en-", "-")
    }

    #[test]
    fn the_sides_share_no_problem_in_20_000_draws() {
        let draw = |split, count| -> BTreeSet<String> {
            let stream = Stream::new(&settings(&[1, 2, 3]), split, 5).unwrap();
            stream
                .take(count)
                .map(|worked| content(&worked.problem))
                .collect()
        };
        let (train, held_out) = (draw(Split::Train, 16_000), draw(Split::HeldOut, 4_000));
        assert!(train.is_disjoint(&held_out));
        assert!(
            train.len() > 4_000 && held_out.len() > 800,
            "{} {}",
            train.len(),
            held_out.len()
        );
    }

    #[test]
    fn streams_repeat_and_resume() {
        let mut first = Stream::new(&settings(&[1, 2]), Split::Train, 9).unwrap();
        let all: Vec<Worked> = first.by_ref().take(20).collect();
        assert_eq!(first.position(), 20);
        let mut second = Stream::new(&settings(&[1, 2]), Split::Train, 9).unwrap();
        second.seek(12);
        assert_eq!(second.take(8).collect::<Vec<_>>(), all[12..]);
    }

    #[test]
    fn levels_can_be_raised() {
        let mut stream = Stream::new(&settings(&[1]), Split::Train, 9).unwrap();
        assert!(
            stream
                .by_ref()
                .take(50)
                .all(|worked| worked.problem.level == 1)
        );
        stream.set_levels(&[4]).unwrap();
        assert!(
            stream
                .by_ref()
                .take(50)
                .all(|worked| worked.problem.level == 4)
        );
        assert_eq!(stream.set_levels(&[]), Err(TaskError::Empty("levels")));
    }

    #[test]
    fn held_out_sets_are_distinct_and_balanced() {
        let problems = held_out(&settings(&[1, 2]), 200, 3).unwrap();
        assert_eq!(problems, held_out(&settings(&[1, 2]), 200, 3).unwrap());
        let ids: BTreeSet<&String> = problems.iter().map(|problem| &problem.id).collect();
        assert_eq!((problems.len(), ids.len()), (200, 200));
        let mut cells: BTreeMap<(&str, &str, u32), usize> = BTreeMap::new();
        for p in &problems {
            *cells.entry((&p.family, &p.language, p.level)).or_default() += 1;
        }
        assert_eq!(cells.len(), 20);
        assert!(cells.values().all(|count| *count == 10), "{cells:?}");
    }

    #[test]
    fn exhausted_families_end_a_held_out_set() {
        let one = TaskSettings {
            families: vec!["ordering".into()],
            ..settings(&[1])
        };
        let problems = held_out(&one, 5_000, 3).unwrap();
        assert!(
            problems.len() > 40 && problems.len() < 1_000,
            "{}",
            problems.len()
        );
    }

    #[test]
    fn unknown_names_are_refused() {
        let with = |change: fn(&mut TaskSettings)| {
            let mut settings = TaskSettings::default();
            change(&mut settings);
            Stream::new(&settings, Split::Train, 0).unwrap_err()
        };
        assert_eq!(
            with(|s| s.families.push("sudoku".into())),
            TaskError::Family("sudoku".into())
        );
        assert_eq!(
            with(|s| s.languages.push("fr".into())),
            TaskError::Language("fr".into())
        );
        assert_eq!(with(|s| s.levels.push(0)), TaskError::Level);
        assert_eq!(with(|s| s.families.clear()), TaskError::Empty("families"));
    }
}
