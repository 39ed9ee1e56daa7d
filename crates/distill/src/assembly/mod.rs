//! Sets of any size to fine-tune on, out of inputs that memory does not hold.
//!
//! ```text
//! inputs ─judge→ segments on the disk ─compare→ no duplicates ─choose→ train, validation ─write→ files, card
//! ```
//!
//! - **Judge**: an entry has a question and an answer, keeps the rules ([`crate::text_check`], where asked for), and
//!   has no text of an evaluation in it ([`data::ngrams`]). What passes is written down with its sketch.
//! - **Compare**: the same texts and near duplicates are told from the sketches ([`corpus::dedup::find_all`]).
//! - **Choose**: a cap for each question, reasoning and general entries in proportion, domains and levels balanced,
//!   and questions split by their words into training and validation.
//! - **Write**: files in the columns that trainers such as TRL read, and a data card.
//!
//! In memory are the entries in work (32 MB at a time), and of every other one some hundred bytes; texts and
//! sketches lie on the disk, once more than the set itself. Every step is whole or not there: the same call after
//! a kill goes on at the last whole segment or file, and ends with the bytes it would have had. The bytes are the
//! same for any number of threads.
//!
//! Left out: paraphrases and translations, of evaluations as of questions in both splits, and tokens, which
//! depend on the student.
//!
//! ```
//! use std::ops::ControlFlow;
//! use data::{Domain, Sample};
//! use distill::assembly::{AssemblySettings, Entry, HeldOut, Input, Side, assemble_to};
//!
//! let entry = |at: u32, source: &str| {
//!     Ok(Entry::from(Sample {
//!         id: format!("{source}-{at}"),
//!         question: format!("What is {at} + 1, asks {source}?"),
//!         response: format!("<think>{at} and 1 make {}.</think><answer>{}</answer>", at + 1, at + 1),
//!         domain: Domain::Mathematics,
//!         language: "en".into(),
//!         source: source.into(),
//!     }))
//! };
//! let inputs = vec![
//!     Input::new("sums", "MIT", Side::Reasoning, (0..60).map(|at| entry(at, "teacher"))),
//!     Input::new("talk", "CC-BY-4.0", Side::General, (0..40).map(|at| entry(at, "people"))),
//! ];
//! let held_out = [HeldOut { name: "test".into(), texts: vec!["what is 3+1, asks teacher".into()] }];
//! let dir = std::env::temp_dir().join(format!("assembly-doc-{}", std::process::id()));
//! let settings = AssemblySettings { dedup: None, ..AssemblySettings::default() };
//! let card = assemble_to(&dir, &settings, &held_out, inputs, &mut |_| ControlFlow::Continue(()))?;
//! assert_eq!(card.held_out["test"], 1);
//! // 59 of the 60, and 20 of the 40.
//! assert_eq!(card.train + card.validation, 79);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod card;
mod choose;
mod entry;
mod error;
mod judge;
mod output;
mod settings;
mod spill;
#[cfg(feature = "parquet")]
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use corpus::dedup::{Seen, find_all};
use corpus::files::{Claim, Unclaimed, sha256, write_whole};

pub use card::{CARD, Card, Example, GateTally, InputTally, Lengths};
pub use entry::{Entries, Entry, HeldOut, Input, Side};
pub use error::AssemblyError;
pub use output::WrittenFile;
pub use settings::{AssemblySettings, Balance, Format};

use card::{EXACT, NEAR, OVER_CAP, SURPLUS, VERSION};
use choose::{Choice, choose};
use judge::{Judge, content, sketches};
use spill::{Done, Record, Row, Spill, read_json, write_json};

/// Entries that are in work together: so many bytes of text.
const BATCH: usize = 32 << 20;

/// Where the work is: told after every step that is whole, and between bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many entries were read in all.
    Judged(u64),
    /// So many bands of sketches were compared.
    Compared(usize),
    /// So many entries were written, of so many.
    Written(usize, usize),
}

/// Makes a set in `dir`, which is made when missing, and returns its card. `told` hears how far it is and may
/// stop it. Called again with the same inputs it goes on where it was, and on a set that is whole it does
/// nothing.
///
/// # Errors
/// [`AssemblyError`]: settings, an input that fails or has changed since, a directory of another set, a disk. All
/// but a change can be mended and the same call repeated.
pub fn assemble_to(
    dir: &Path,
    settings: &AssemblySettings,
    held_out: &[HeldOut],
    inputs: Vec<Input>,
    told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Card, AssemblyError> {
    assemble_by(BATCH, dir, settings, held_out, inputs, told)
}

/// [`assemble_to`] with segments of so many bytes of text.
fn assemble_by(
    batch: usize,
    dir: &Path,
    settings: &AssemblySettings,
    held_out: &[HeldOut],
    inputs: Vec<Input>,
    told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Card, AssemblyError> {
    settings.validate()?;
    settings::validate_inputs(&inputs)?;
    let identity = identity(batch, settings, held_out, &inputs);
    let whole = Card::read(dir)?;
    if whole.as_ref().is_some_and(|card| card.identity != identity) {
        return Err(AssemblyError::Other { dir: dir.into() });
    }
    let progress = dir.join("progress");
    if let (Some(card), false) = (&whole, progress.exists()) {
        return Ok(card.clone());
    }
    let claim = Claim::new(&progress, &identity).map_err(|error| match error {
        Unclaimed::Held => AssemblyError::Locked { dir: dir.into() },
        Unclaimed::Other => AssemblyError::Other { dir: dir.into() },
        Unclaimed::Io(path, source) => AssemblyError::Io { path, source },
    })?;
    if let Some(card) = whole {
        // Killed between the card and the end.
        claim.finish().map_err(AssemblyError::io)?;
        return Ok(card);
    }
    let mut work = Work {
        dir,
        settings,
        spill: Spill::open(&progress)?,
        told,
    };
    let judge = Judge::new(settings, held_out);
    let mut described = Vec::new();
    for (place, input) in inputs.into_iter().enumerate() {
        described.push((input.name.clone(), input.licence.clone(), input.side));
        work.judge(place, input, &judge, batch)?;
    }
    drop(judge);
    let live = work.compare(&progress)?;
    let side = |row: &Row| described[usize::from(row.input)].2;
    let choice = choose(&work.spill.rows, live, side, settings);
    work.count(&choice)?;
    let files = work.write(&progress, &choice)?;
    let card = work.card(identity, described, &choice, files);
    let markdown = card.markdown();
    write_whole(&dir.join("README.md"), markdown.as_bytes()).map_err(AssemblyError::io)?;
    let mut json = serde_json::to_vec_pretty(&card).expect("a card is JSON");
    json.push(b'\n');
    write_whole(&dir.join(CARD), &json).map_err(AssemblyError::io)?;
    claim.finish().map_err(AssemblyError::io)?;
    Ok(card)
}

/// What a set is made of, hashed; the inputs by their names.
fn identity(
    batch: usize,
    settings: &AssemblySettings,
    held_out: &[HeldOut],
    inputs: &[Input],
) -> String {
    let inputs = inputs.iter().map(|it| (&it.name, &it.licence, it.side));
    let inputs: Vec<_> = inputs.collect();
    let held_out = sha256(&serde_json::to_vec(held_out).expect("texts are JSON"));
    let parts = (VERSION, batch, settings, inputs, held_out);
    sha256(&serde_json::to_vec(&parts).expect("settings are JSON"))
}

/// An input's name, licence and side.
type Described = (String, String, Side);

struct Work<'a> {
    dir: &'a Path,
    settings: &'a AssemblySettings,
    spill: Spill,
    told: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl Work<'_> {
    fn tell(&mut self, progress: Progress) -> Result<(), AssemblyError> {
        match (self.told)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AssemblyError::Stopped),
        }
    }

    /// Reads an input on from where it was.
    fn judge(
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
                tally: card::Tally::default(),
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
    fn compare(&mut self, progress: &Path) -> Result<Vec<u32>, AssemblyError> {
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

    /// Counts what was not chosen.
    fn count(&mut self, choice: &Choice) -> Result<(), AssemblyError> {
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
    fn write(
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

    fn card(
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
            domains: counted(&all, |row| format!("{:?}", row.domain).to_lowercase()),
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
        names: &spill::Names,
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
