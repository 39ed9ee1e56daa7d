//! How a benchmark is measured: samples, sampling, and which of its tasks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::benchmark::Task;

/// How a benchmark is measured. Whoever makes the model gives it the sampling parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Samples per task, from 1; pass@1 is the mean over them.
    pub samples: u32,
    /// Sampling temperature; 0 is greedy.
    pub temperature: f64,
    /// Nucleus of the sampling, in (0, 1].
    pub top_p: f64,
    /// The longest reply, reasoning included, in tokens.
    pub max_tokens: usize,
    /// Only tasks released within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Only so many tasks, from the front of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<usize>,
}

impl Default for Protocol {
    /// One sample at temperature 0.6 and top-p 0.95, 32,768 tokens at most (DeepSeek-R1, arXiv
    /// 2501.12948v1, section 3).
    fn default() -> Self {
        Self {
            samples: 1,
            temperature: 0.6,
            top_p: 0.95,
            max_tokens: 32_768,
            window: None,
            first: None,
        }
    }
}

impl Protocol {
    /// The default with `samples` samples per task.
    pub fn of_samples(samples: u32) -> Self {
        Self {
            samples,
            ..Self::default()
        }
    }

    /// Whether a task lies within the window. One without a date lies in no window.
    pub fn covers(&self, task: &Task) -> bool {
        match &self.window {
            Some(window) => task.released.is_some_and(|date| window.contains(date)),
            None => true,
        }
    }

    /// The tasks it is about, in their order: the first of those it [covers](Self::covers).
    pub fn select(&self, tasks: Vec<Task>) -> Vec<Task> {
        let covered = tasks.into_iter().filter(|task| self.covers(task));
        covered.take(self.first.unwrap_or(usize::MAX)).collect()
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            samples,
            temperature,
            top_p,
            max_tokens,
            window,
            first,
        } = self;
        let plural = if *samples == 1 { "" } else { "s" };
        write!(
            f,
            "{samples} sample{plural}, T {temperature}, top-p {top_p}, {max_tokens} tokens"
        )?;
        if let Some(window) = window {
            write!(f, ", {window}")?;
        }
        if let Some(first) = first {
            write!(f, ", the first {first} tasks")?;
        }
        Ok(())
    }
}

/// A span of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Window {
    /// Whether a day lies in it.
    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && date <= self.to
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

impl FromStr for Window {
    type Err = DateError;

    /// Reads `2024-08-01..2025-01-31`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let (from, to) = text
            .split_once("..")
            .ok_or_else(|| DateError(text.to_owned()))?;
        let window = Self {
            from: from.parse()?,
            to: to.parse()?,
        };
        match window.from <= window.to {
            true => Ok(window),
            false => Err(DateError(text.to_owned())),
        }
    }
}

/// A day, written `2024-08-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// What is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no date; dates are written 2024-08-31, windows 2024-08-01..2025-01-31 (the earlier day \
     first)"
)]
pub struct DateError(String);

impl FromStr for Date {
    type Err = DateError;

    /// Reads `2024-08-31`, and of `2024-08-31T12:00:00` the day.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned());
        let day = text.split(['T', ' ']).next().unwrap_or_default();
        let parts: Vec<&str> = day.split('-').collect();
        let [year, month, day] = parts[..] else {
            return Err(wrong());
        };
        let digits = |part: &str, count| {
            part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return Err(wrong());
        }
        let date = Self {
            year: year.parse().map_err(|_| wrong())?,
            month: month.parse().map_err(|_| wrong())?,
            day: day.parse().map_err(|_| wrong())?,
        };
        let possible = (1..=12).contains(&date.month) && (1..=31).contains(&date.day);
        possible.then_some(date).ok_or_else(wrong)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::tests::task;

    #[test]
    fn dates_are_read_and_written() {
        let date: Date = "2024-08-31T12:00:00".parse().unwrap();
        assert_eq!(date.to_string(), "2024-08-31");
        let json = serde_json::to_string(&date).unwrap();
        assert_eq!(serde_json::from_str::<Date>(&json).unwrap(), date);
        for wrong in [
            "",
            "2024-8-31",
            "2024-13-01",
            "2024-00-01",
            "31.8.2024",
            "2024-08-+1",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        assert!("2025-01-31..2024-08-01".parse::<Window>().is_err());
    }

    #[test]
    fn a_window_holds_both_its_ends_and_no_task_without_a_date() {
        let dated = |day: &str| Task {
            released: Some(day.parse().unwrap()),
            ..task(day, "1")
        };
        let days = [
            "2024-07-31",
            "2024-08-01",
            "2024-12-24",
            "2025-01-31",
            "2025-02-01",
        ];
        let mut tasks: Vec<Task> = days.iter().map(|day| dated(day)).collect();
        tasks.push(task("undated", "1"));
        let window = Some("2024-08-01..2025-01-31".parse().unwrap());
        let protocol = Protocol {
            window,
            ..Protocol::default()
        };
        let ids = |protocol: &Protocol| -> Vec<String> {
            let kept = protocol.select(tasks.clone());
            kept.into_iter().map(|task| task.problem.id).collect()
        };
        assert_eq!(ids(&protocol), days[1..4]);
        assert_eq!(
            ids(&Protocol {
                first: Some(2),
                ..protocol
            }),
            days[1..3]
        );
        assert_eq!(ids(&Protocol::default()).len(), 6);
    }

    #[test]
    fn a_protocol_names_itself() {
        let window = Some("2024-08-01..2025-01-31".parse().unwrap());
        let protocol = Protocol {
            window,
            ..Protocol::of_samples(8)
        };
        assert_eq!(
            protocol.to_string(),
            "8 samples, T 0.6, top-p 0.95, 32768 tokens, 2024-08-01..2025-01-31"
        );
    }
}
