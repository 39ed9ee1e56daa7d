//! What passed the first gates, on the disk: `progress/`, in segments that are whole or not there.
//!
//! A segment is three files: lines of JSON, sketches, and a record, which is written last and makes the
//! others count. In memory an entry is a [`Row`] of 48 bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use data::Domain;
use data::files::write_whole;
use serde::{Deserialize, Serialize};

use super::card::{Example, Tally};
use super::error::AssemblyError;

/// What is known of an entry without its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", from = "Written")]
pub(super) struct Row {
    /// Of the question.
    pub(super) problem: u64,
    /// Of everything.
    pub(super) content: u64,
    /// Where its line begins in its segment; set when it is added.
    pub(super) offset: u64,
    pub(super) segment: u32,
    /// Of its line.
    pub(super) bytes: u32,
    pub(super) characters: u32,
    /// Places in the lists of names.
    pub(super) language: u16,
    pub(super) source: u16,
    pub(super) input: u16,
    pub(super) domain: Domain,
    pub(super) level: Option<u32>,
}

/// A row as it is written, without what its place tells.
type Written = (u64, u64, u32, u32, u16, u16, u16, Domain, Option<u32>);

impl From<Row> for Written {
    fn from(row: Row) -> Self {
        (
            row.problem,
            row.content,
            row.bytes,
            row.characters,
            row.language,
            row.source,
            row.input,
            row.domain,
            row.level,
        )
    }
}

impl From<Written> for Row {
    fn from(written: Written) -> Self {
        let (problem, content, bytes, characters, language, source, input, domain, level) = written;
        Self {
            problem,
            content,
            offset: 0,
            segment: 0,
            bytes,
            characters,
            language,
            source,
            input,
            domain,
            level,
        }
    }
}

impl Row {
    /// A row that is not placed yet.
    pub(super) fn new(problem: u64, content: u64, bytes: usize) -> Self {
        Self::from((
            problem,
            content,
            bytes as u32,
            0,
            0,
            0,
            0,
            Domain::General,
            None,
        ))
    }
}

/// How far an input is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    /// Its entries that were dealt with, the dropped ones too.
    pub(super) consumed: u64,
    /// Their hash.
    pub(super) chain: u64,
    /// Whether there are no more.
    pub(super) last: bool,
}

/// What makes a segment count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The place of the input.
    pub(super) input: usize,
    pub(super) done: Done,
    pub(super) rows: Vec<Row>,
    /// What was dropped since the record before.
    pub(super) tally: Tally,
    /// Names first met in this segment.
    pub(super) languages: Vec<String>,
    pub(super) sources: Vec<String>,
}

/// Names, each with a number in the order in which they are met.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) all: Vec<String>,
    places: BTreeMap<String, u16>,
}

impl Names {
    pub(super) fn place(&mut self, name: &str) -> u16 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        // The names beyond are one: a card with more would not be read.
        let place = self.all.len().min(usize::from(u16::MAX)) as u16;
        if place == u16::MAX {
            return u16::MAX - 1;
        }
        self.all.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }

    pub(super) fn since(&self, before: usize) -> Vec<String> {
        self.all[before..].to_vec()
    }
}

/// All segments.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
    segments: usize,
    pub(super) rows: Vec<Row>,
    pub(super) languages: Names,
    pub(super) sources: Names,
    pub(super) tally: Tally,
    done: BTreeMap<usize, Done>,
}

impl Spill {
    /// What earlier runs left in `dir`.
    pub(super) fn open(dir: &Path) -> Result<Self, AssemblyError> {
        let mut spill = Self {
            dir: dir.to_owned(),
            segments: 0,
            rows: Vec::new(),
            languages: Names::default(),
            sources: Names::default(),
            tally: Tally::default(),
            done: BTreeMap::new(),
        };
        while let Some(record) = read_json(&spill.path(spill.segments, "json"))? {
            spill.add(record);
        }
        Ok(spill)
    }

    /// How far an input is.
    pub(super) fn done(&self, input: usize) -> Done {
        self.done.get(&input).copied().unwrap_or_default()
    }

    /// Writes a segment, and then what makes it count.
    pub(super) fn save(
        &mut self,
        record: Record,
        lines: &[u8],
        sketches: &[u8],
    ) -> Result<(), AssemblyError> {
        let path = |kind| self.path(self.segments, kind);
        write_whole(&path("jsonl"), lines).map_err(AssemblyError::io)?;
        write_whole(&path("sketches"), sketches).map_err(AssemblyError::io)?;
        write_json(&path("json"), &record)?;
        self.add(record);
        Ok(())
    }

    fn add(&mut self, record: Record) {
        for name in &record.languages {
            self.languages.place(name);
        }
        for name in &record.sources {
            self.sources.place(name);
        }
        let (segment, mut offset) = (self.segments as u32, 0);
        self.rows.extend(record.rows.into_iter().map(|row| {
            let placed = Row {
                segment,
                offset,
                ..row
            };
            offset += u64::from(placed.bytes);
            placed
        }));
        self.tally.add(record.tally);
        self.done.insert(record.input, record.done);
        self.segments += 1;
    }

    /// The files of sketches, in the order of the rows.
    pub(super) fn sketches(&self) -> Vec<PathBuf> {
        let segments = 0..self.segments;
        segments.map(|at| self.path(at, "sketches")).collect()
    }

    /// The lines of some rows, in their order. Read in the order they lie in, one file open at a time.
    pub(super) fn lines(&self, wanted: &[u32]) -> Result<Vec<Vec<u8>>, AssemblyError> {
        let row = |at: usize| &self.rows[wanted[at] as usize];
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_unstable_by_key(|at| (row(*at).segment, row(*at).offset));
        let mut lines = vec![Vec::new(); wanted.len()];
        for of_one in order.chunk_by(|a, b| row(*a).segment == row(*b).segment) {
            let path = self.path(row(of_one[0]).segment as usize, "jsonl");
            let failed = |source| AssemblyError::Io {
                path: path.clone(),
                source,
            };
            let mut file = File::open(&path).map_err(failed)?;
            for &at in of_one {
                let Row { offset, bytes, .. } = *row(at);
                let mut line = vec![0; bytes as usize];
                file.seek(SeekFrom::Start(offset))
                    .and_then(|_| file.read_exact(&mut line))
                    .map_err(failed)?;
                lines[at] = line;
            }
        }
        Ok(lines)
    }

    /// An entry to show.
    pub(super) fn example(&self, row: u32, detail: String) -> Result<Example, AssemblyError> {
        let line = self.lines(&[row])?.remove(0);
        let path = || self.path(self.rows[row as usize].segment as usize, "jsonl");
        let entry = serde_json::from_slice(&line).map_err(|error| AssemblyError::Damaged {
            path: path(),
            reason: error.to_string(),
        })?;
        Ok(Example::new(&entry, detail))
    }

    fn path(&self, segment: usize, kind: &str) -> PathBuf {
        self.dir.join(format!("{segment:06}.{kind}"))
    }
}

/// What is written at `path`, if anything is.
pub(super) fn read_json<T: for<'a> Deserialize<'a>>(
    path: &Path,
) -> Result<Option<T>, AssemblyError> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| AssemblyError::io((path.to_owned(), error)))?,
    };
    let read = serde_json::from_slice(&bytes);
    read.map(Some).map_err(|error| AssemblyError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Writes what [`read_json`] reads.
pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), AssemblyError> {
    let json = serde_json::to_vec(value).expect("what is kept is JSON");
    write_whole(path, &json).map_err(AssemblyError::io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again_in_any_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::open(dir.path()).unwrap();
        for (segment, lines) in [["one\n", "two\n"], ["three\n", "4\n"]].iter().enumerate() {
            let rows = lines.iter().map(|line| Row::new(1, 2, line.len()));
            let record = Record {
                input: 0,
                done: Done {
                    consumed: 2 * (segment as u64 + 1),
                    chain: 5,
                    last: segment == 1,
                },
                rows: rows.collect(),
                tally: Tally::default(),
                languages: vec![format!("l{segment}")],
                sources: Vec::new(),
            };
            spill.save(record, lines.concat().as_bytes(), b"").unwrap();
        }
        let again = Spill::open(dir.path()).unwrap();
        assert_eq!(again.rows, spill.rows);
        assert_eq!(again.languages.all, ["l0", "l1"]);
        assert!(again.done(0).last && again.done(0).consumed == 4);
        assert_eq!(again.done(1), Done::default());
        let lines = again.lines(&[3, 0, 2, 1]).unwrap();
        assert_eq!(lines.concat(), b"4\none\nthree\ntwo\n");
    }

    #[test]
    fn names_are_numbered_as_they_are_met() {
        let mut names = Names::default();
        let places = ["en", "zh", "en"].map(|name| names.place(name));
        assert_eq!((places, names.since(1)), ([0, 1, 0], vec!["zh".to_owned()]));
    }

    #[test]
    fn a_row_takes_so_much() {
        assert!(size_of::<Row>() <= 56, "{}", size_of::<Row>());
    }
}
