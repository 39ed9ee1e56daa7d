//! The means of a file.

use std::fmt;

use super::row::Scored;

/// The sum of a part over the lines where it was judged, and how many these are.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1;
        }
    }
}

/// The means of all lines.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Summary {
    lines: usize,
    accuracy: Mean,
    format: Mean,
    language: Mean,
    total: Mean,
    /// The further terms, in the order they came up.
    extra: Vec<(String, Mean)>,
    /// The first reason why a part was not judged.
    reason: Option<String>,
}

impl Summary {
    /// How many there are.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    pub(super) fn count(&mut self, scored: &Scored) {
        self.lines += 1;
        self.accuracy.add(scored.accuracy.map(f64::from));
        self.format.add(scored.format.map(f64::from));
        self.language.add(scored.language.map(f64::from));
        self.total.add(scored.total.map(f64::from));
        for (name, value) in &scored.extra {
            let at = self.extra.iter().position(|(known, _)| known == name);
            let at = at.unwrap_or_else(|| {
                self.extra.push((name.clone(), Mean::default()));
                self.extra.len() - 1
            });
            self.extra[at].1.add(value.as_f64());
        }
        for (name, reason) in &scored.unjudged {
            let first = || format!("{name} of {}: {}", scored.id, reason.as_str().unwrap_or(""));
            self.reason.get_or_insert_with(first);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} responses", self.lines)?;
        let parts = [
            ("accuracy", &self.accuracy),
            ("format", &self.format),
            ("language", &self.language),
            ("total", &self.total),
        ];
        let further = self.extra.iter().map(|(name, mean)| (&**name, mean));
        for (name, mean) in parts.into_iter().chain(further) {
            match mean.count {
                0 => write!(f, ", {name} –")?,
                count => write!(f, ", {name} {:.4}", mean.sum / count as f64)?,
            }
            if mean.count < self.lines {
                write!(f, " (of {} judged)", mean.count)?;
            }
        }
        match &self.reason {
            Some(reason) => write!(f, "\nthe first that was not judged: {reason}"),
            None => Ok(()),
        }
    }
}
