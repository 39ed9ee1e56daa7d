//! The steps up to the choice: entries judged and written down, and duplicates told apart.

use std::ops::ControlFlow;
use std::path::Path;

use corpus::dedup::{Seen, find_all};

use super::Progress;
use super::card::{EXACT, NEAR, Tally};
use super::entry::{Entries, Entry, Input};
use super::error::AssemblyError;
use super::judge::{Judge, content, sketches};
use super::settings::AssemblySettings;
use super::spill::{Done, Record, Row, Spill, read_json, write_json};

/// A set being made.
pub(super) struct Work<'a> {
    pub(super) dir: &'a Path,
    pub(super) settings: &'a AssemblySettings,
    pub(super) spill: Spill,
    pub(super) told: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl Work<'_> {
    pub(super) fn tell(&mut self, progress: Progress) -> Result<(), AssemblyError> {
        match (self.told)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AssemblyError::Stopped),
        }
    }

    /// Reads an input on from where it was.
    pub(super) fn judge(
        &mut self,
        place: usize,
        input: Input,
        judge: &Judge,
        batch: usize,
    ) -> Result<(), AssemblyError> {
        let Input {
            name,
            side,
            mut entries,
            ..
        } = input;
        let mut done = self.spill.done(place);
        if done.last {
            return Ok(());
        }
        skip(&name, &mut entries, &done)?;
        while !done.last {
            let read = take(&name, &mut entries, done.consumed, batch)?;
            done.last = read.is_empty();
            let judged = judge.judge(&read, side);
            let (languages, sources) =
                (self.spill.languages.all.len(), self.spill.sources.all.len());
            let mut record = Record {
                input: place,
                done,
                rows: Vec::new(),
                tally: Tally::default(),
                languages: Vec::new(),
                sources: Vec::new(),
            };
            let (mut lines, mut sketches) = (Vec::new(), Vec::new());
            record.tally.read.insert(place, read.len() as u64);
            for (entry, judged) in read.iter().zip(judged) {
                done.consumed += 1;
                done.chain = content(done.chain, entry);
                match judged {
                    Err(stopped) => record.tally.drop_one(stopped.gate, stopped.detail, entry),
                    Ok(fit) => {
                        lines.extend_from_slice(&fit.line);
                        sketches.extend_from_slice(&fit.sketch);
                        record.rows.push(Row {
                            characters: u32::try_from(fit.characters).unwrap_or(u32::MAX),
                            language: self.spill.languages.place(&entry.language),
                            source: self.spill.sources.place(&entry.source),
                            input: place as u16,
                            domain: entry.domain,
                            level: entry.level,
                            ..Row::new(fit.problem, content(0, entry), fit.line.len())
                        });
                    }
                }
            }
            record.done = done;
            record.languages = self.spill.languages.since(languages);
            record.sources = self.spill.sources.since(sources);
            self.spill.save(record, &lines, &sketches)?;
            self.tell(Progress::Judged(self.spill.tally.all_read()))?;
        }
        Ok(())
    }

    /// The rows that are no duplicates; the others are counted.
    pub(super) fn compare(&mut self, progress: &Path) -> Result<Vec<u32>, AssemblyError> {
        let all = 0..self.spill.rows.len() as u32;
        if self.settings.dedup.is_none() {
            return Ok(all.collect());
        }
        let path = progress.join("duplicates.json");
        let duplicates: Vec<(u32, Option<(u32, f64)>)> = match read_json(&path)? {
            Some(duplicates) => duplicates,
            None => {
                let settings = sketches(self.settings);
                let told = &mut *self.told;
                let mut bands = |done| told(Progress::Compared(done));
                let seen = find_all(&settings, &self.spill.sketches(), &mut bands);
                let seen = seen.map_err(AssemblyError::io)?;
                let seen = seen.ok_or(AssemblyError::Stopped)?;
                let duplicate = |(row, seen): (u32, Seen)| match seen {
                    Seen::New => None,
                    Seen::Exact => Some((row, None)),
                    Seen::Near {
                        document,
                        similarity,
                    } => Some((row, Some((document, similarity)))),
                };
                let duplicates = all.clone().zip(seen).filter_map(duplicate).collect();
                write_json(&path, &duplicates)?;
                duplicates
            }
        };
        for near in [false, true] {
            let these = duplicates.iter().filter(|it| it.1.is_some() == near);
            let mut examples = Vec::new();
            for (row, like) in these.clone().take(3) {
                let detail = match like {
                    None => "the same text came before".to_owned(),
                    Some((other, similarity)) => {
                        let other = self.spill.example(*other, String::new())?;
                        format!("{:.0} % like `{}`", similarity * 100.0, other.id)
                    }
                };
                examples.push(self.spill.example(*row, detail)?);
            }
            let (gate, count) = ([EXACT, NEAR][usize::from(near)], these.count() as u64);
            self.spill.tally.drop_some(gate, count, examples);
        }
        let mut gone = duplicates.iter().map(|it| it.0).peekable();
        let live = all.filter(|row| gone.next_if_eq(row).is_none());
        Ok(live.collect())
    }
}

/// The next entries, until they have `batch` bytes.
fn take(
    name: &str,
    entries: &mut Entries,
    before: u64,
    batch: usize,
) -> Result<Vec<Entry>, AssemblyError> {
    let (mut taken, mut bytes): (Vec<Entry>, usize) = (Vec::new(), 0);
    while bytes < batch {
        let Some(entry) = entries.next() else {
            break;
        };
        let entry = entry.map_err(|reason| AssemblyError::Input {
            name: name.to_owned(),
            entry: before + taken.len() as u64,
            reason,
        })?;
        let texts = entry.messages.iter().map(|turn| turn.content.len());
        bytes += texts.sum::<usize>() + 256;
        taken.push(entry);
    }
    Ok(taken)
}

/// Leaves out the entries an earlier run has dealt with, and sees that they are the same.
fn skip(name: &str, entries: &mut Entries, done: &Done) -> Result<(), AssemblyError> {
    let changed = || AssemblyError::Changed {
        name: name.to_owned(),
        consumed: done.consumed,
    };
    let mut chain = 0;
    for at in 0..done.consumed {
        let entry = entries.next().ok_or_else(changed)?;
        let entry = entry.map_err(|reason| AssemblyError::Input {
            name: name.to_owned(),
            entry: at,
            reason,
        })?;
        chain = content(chain, &entry);
    }
    match chain == done.chain {
        true => Ok(()),
        false => Err(changed()),
    }
}
