//! The steps from the choice on: files, and the card.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::card::{Card, InputTally, Lengths, OVER_CAP, SURPLUS, VERSION};
use super::choose::Choice;
use super::entry::Side;
use super::error::AssemblyError;
use super::output::{self, WrittenFile};
use super::spill::{Names, Row, read_json, write_json};
use super::work::Work;
use super::{BATCH, Progress};

/// An input's name, licence and side.
pub(super) type Described = (String, String, Side);

impl Work<'_> {
    /// Counts what was not chosen.
    pub(super) fn count(&mut self, choice: &Choice) -> Result<(), AssemblyError> {
        let over_cap = format!("more than {} of one question", self.settings.per_problem);
        let surplus = "more than is asked for".to_owned();
        for (gate, rows, detail) in [
            (OVER_CAP, &choice.over_cap, over_cap),
            (SURPLUS, &choice.surplus, surplus),
        ] {
            let shown = rows.iter().take(3);
            let examples = shown.map(|row| self.spill.example(*row, detail.clone()));
            let examples = examples.collect::<Result<_, _>>()?;
            let tally = &mut self.spill.tally;
            tally.drop_some(gate, rows.len() as u64, examples);
        }
        if choice.train.is_empty() {
            return Err(AssemblyError::Empty {
                read: self.spill.tally.all_read(),
                gates: self.spill.tally.reasons(),
            });
        }
        Ok(())
    }

    /// Writes the files that are not there yet.
    pub(super) fn write(
        &mut self,
        progress: &Path,
        choice: &Choice,
    ) -> Result<Vec<WrittenFile>, AssemblyError> {
        let all = choice.train.len() + choice.validation.len();
        let (mut files, mut written) = (Vec::new(), 0);
        for (split, rows) in [("train", &choice.train), ("validation", &choice.validation)] {
            let parts = rows.chunks(self.settings.per_file);
            let count = parts.len();
            for (at, rows) in parts.enumerate() {
                let extension = self.settings.format.extension();
                let name = format!("{split}-{at:05}-of-{count:05}.{extension}");
                let record = progress.join(format!("{name}.json"));
                let file = match read_json(&record)? {
                    Some(file) => file,
                    None => {
                        let file = self.write_one(name, rows)?;
                        write_json(&record, &file)?;
                        file
                    }
                };
                written += rows.len();
                files.push(file);
                self.tell(Progress::Written(written, all))?;
            }
        }
        Ok(files)
    }

    fn write_one(&self, name: String, rows: &[u32]) -> Result<WrittenFile, AssemblyError> {
        let batches = batches(rows, |row| self.spill.rows[row as usize].bytes as usize);
        let lines = batches.map(|rows| self.spill.lines(rows));
        let path = self.dir.join(&name);
        let (bytes, sha256) = output::write(&path, self.settings.format, lines)?;
        Ok(WrittenFile {
            name,
            entries: rows.len(),
            bytes,
            sha256,
        })
    }

    pub(super) fn card(
        &self,
        identity: String,
        described: Vec<Described>,
        choice: &Choice,
        files: Vec<WrittenFile>,
    ) -> Card {
        let rows = |split: &[u32]| -> Vec<&Row> {
            let rows = split.iter();
            rows.map(|at| &self.spill.rows[*at as usize]).collect()
        };
        let validation = rows(&choice.validation);
        let mut all = rows(&choice.train);
        all.extend(&validation);
        let side = |row: &Row| described[usize::from(row.input)].2;
        let problems = |rows: &[&Row]| {
            let problems: BTreeSet<u64> = rows.iter().map(|row| row.problem).collect();
            problems.len()
        };
        let mut lengths: BTreeMap<Side, Vec<u32>> = BTreeMap::new();
        for row in &all {
            lengths.entry(side(row)).or_default().push(row.characters);
        }
        let kept = counted(&all, |row| row.input);
        let tally = &self.spill.tally;
        let input = |(place, (name, licence, side)): (usize, Described)| InputTally {
            name,
            licence,
            side,
            read: tally.read.get(&place).copied().unwrap_or(0),
            kept: kept.get(&(place as u16)).copied().unwrap_or(0),
        };
        let level = |row: &Row| {
            row.level
                .map_or("unknown".into(), |level| level.to_string())
        };
        Card {
            version: VERSION,
            identity,
            settings: self.settings.clone(),
            read: tally.all_read(),
            gates: tally.gates(),
            train: choice.train.len(),
            validation: choice.validation.len(),
            problems: [problems(&all), problems(&validation)],
            held_out: tally.held_out.clone(),
            sides: counted(&all, side),
            domains: counted(&all, |row| row.domain.name().to_owned()),
            levels: counted(&all, level),
            languages: self.named(&all, &self.spill.languages, |row| row.language),
            sources: self.named(&all, &self.spill.sources, |row| row.source),
            lengths: lengths
                .into_iter()
                .map(|(side, lengths)| (side, Lengths::of(lengths)))
                .collect(),
            files,
            inputs: described.into_iter().enumerate().map(input).collect(),
        }
    }

    fn named(
        &self,
        rows: &[&Row],
        names: &Names,
        place: impl Fn(&Row) -> u16,
    ) -> BTreeMap<String, u64> {
        let counts = counted(rows, place).into_iter();
        let named = counts.map(|(place, count)| (names.all[usize::from(place)].clone(), count));
        named.collect()
    }
}

fn counted<K: Ord>(rows: &[&Row], key: impl Fn(&Row) -> K) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(key(row)).or_default() += 1;
    }
    counts
}

/// Runs of rows of about [`BATCH`] bytes.
fn batches(mut rows: &[u32], bytes: impl Fn(u32) -> usize) -> impl Iterator<Item = &[u32]> {
    std::iter::from_fn(move || {
        let mut left = BATCH;
        let fits = |row: &&u32| {
            let before = left;
            left = left.saturating_sub(bytes(**row));
            before > 0
        };
        let count = rows.iter().take_while(fits).count();
        let (batch, rest) = rows.split_at(count);
        rows = rest;
        (!batch.is_empty()).then_some(batch)
    })
}
