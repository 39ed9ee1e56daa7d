//! The records of a data set, one by one, and what became of those that could not be used.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::format::{Broken, Objects};
use super::row::Origin;
use super::source::Part;
use super::{ColumnMap, Fault, ReadError, Row, Skipped};

/// Names of columns that an error lists.
const LISTED: usize = 20;

/// All the records of a data set that fit into memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered<T> {
    /// The records, in the files' order.
    pub records: Vec<T>,
    /// Those that could not be used.
    pub skipped: Vec<Skipped>,
}

/// An iterator over records. A record that cannot be used comes as [`Fault::Skipped`], and the next
/// one may be fine; after [`Fault::Failed`] nothing follows. A file without a usable record fails
/// at its end.
pub struct Records<T> {
    parts: std::vec::IntoIter<Part>,
    columns: ColumnMap,
    parse: fn(&Row) -> Result<T, String>,
    needs: &'static str,
    file: Option<Open>,
    skipped: usize,
    /// The line of the last record.
    line: usize,
}

/// The file that is being read.
struct Open {
    objects: Objects,
    origin: Arc<Origin>,
    usable: bool,
    /// The first record that was not, and the columns there were, until one is usable.
    first: Option<Skipped>,
    found: BTreeSet<String>,
}

impl<T> Records<T> {
    pub(super) fn new(
        parts: Vec<Part>,
        columns: ColumnMap,
        parse: fn(&Row) -> Result<T, String>,
        needs: &'static str,
    ) -> Self {
        Self {
            parts: parts.into_iter(),
            columns,
            parse,
            needs,
            file: None,
            skipped: 0,
            line: 0,
        }
    }

    /// How many records were skipped so far.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The record that came last, as one that cannot be used after all.
    pub fn reject(&mut self, reason: String) -> Option<Skipped> {
        let origin = &self.file.as_ref()?.origin;
        self.skipped += 1;
        Some(origin.skipped(self.line, reason, false))
    }

    /// Reads on to the end, and keeps everything.
    ///
    /// # Errors
    /// The first [`Fault::Failed`].
    pub fn gather(self) -> Result<Gathered<T>, ReadError> {
        self.gather_if(|_| Ok(()))
    }

    /// The same, but that a record `check` has a reason against cannot be used either.
    ///
    /// # Errors
    /// The first [`Fault::Failed`].
    pub fn gather_if(
        mut self,
        mut check: impl FnMut(&T) -> Result<(), String>,
    ) -> Result<Gathered<T>, ReadError> {
        let (mut records, mut skipped) = (Vec::new(), Vec::new());
        while let Some(record) = self.next() {
            match record {
                Ok(record) => match check(&record) {
                    Ok(()) => records.push(record),
                    Err(reason) => skipped.extend(self.reject(reason)),
                },
                Err(Fault::Skipped(record)) => skipped.push(record),
                Err(Fault::Failed(error)) => return Err(error),
            }
        }
        Ok(Gathered { records, skipped })
    }

    fn open(&self, part: Part) -> Result<Open, ReadError> {
        let objects = Objects::open(&part.path)?;
        let origin = Arc::new(Origin {
            unit: objects.unit(),
            path: part.path,
            family: part.family,
            prefix: part.prefix,
            columns: self.columns.clone(),
        });
        Ok(Open {
            objects,
            origin,
            usable: false,
            first: None,
            found: BTreeSet::new(),
        })
    }

    /// The next record of the open file; `None` at its end.
    fn read(&mut self) -> Option<Result<T, Fault>> {
        let file = self.file.as_mut()?;
        let skipped = match file.objects.next()? {
            Ok((line, object)) => {
                let names = object.keys().take(if file.usable { 0 } else { LISTED });
                file.found.extend(names.cloned());
                self.line = line;
                let row = Row::new(object, line, &file.origin);
                match (self.parse)(&row) {
                    Ok(record) => {
                        file.usable = true;
                        return Some(Ok(record));
                    }
                    Err(reason) => file.origin.skipped(line, reason, false),
                }
            }
            Err(Broken::Record { at, reason }) => file.origin.skipped(at, reason, true),
            Err(Broken::File(error)) => return Some(Err(error.into())),
        };
        self.skipped += 1;
        if !file.usable {
            file.first.get_or_insert_with(|| skipped.clone());
        }
        Some(Err(skipped.into()))
    }
}

impl Open {
    /// What is wrong with the whole of the file, now that it has ended.
    fn verdict(self, needs: &'static str) -> Result<(), ReadError> {
        let path = self.origin.path.clone();
        match self.first {
            _ if self.usable => Ok(()),
            None => Err(ReadError::Empty { path }),
            Some(first) if first.malformed && self.found.is_empty() => Err(first.into()),
            Some(first) => {
                let found: Vec<String> = self.found.into_iter().take(LISTED).collect();
                Err(ReadError::Columns {
                    path,
                    found: match found.is_empty() {
                        true => "(none)".to_owned(),
                        false => found.join(", "),
                    },
                    reason: first.reason,
                    needs,
                })
            }
        }
    }
}

/// A record that is no object, as what is wrong with its file.
impl From<Skipped> for ReadError {
    fn from(skipped: Skipped) -> Self {
        Self::Json {
            path: skipped.file,
            unit: skipped.unit,
            line: skipped.line,
            reason: skipped.reason,
        }
    }
}

impl<T> Iterator for Records<T> {
    type Item = Result<T, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.file.is_none() {
                let part = self.parts.next()?;
                match self.open(part) {
                    Ok(file) => self.file = Some(file),
                    Err(error) => return self.fail(error),
                }
            }
            match self.read() {
                Some(Err(Fault::Failed(error))) => return self.fail(error),
                Some(record) => return Some(record),
                None => {
                    let file = self.file.take();
                    if let Some(Err(error)) = file.map(|file| file.verdict(self.needs)) {
                        return self.fail(error);
                    }
                }
            }
        }
    }
}

impl<T> Records<T> {
    fn fail(&mut self, error: ReadError) -> Option<Result<T, Fault>> {
        self.file = None;
        self.parts = Vec::new().into_iter();
        Some(Err(error.into()))
    }
}

impl<T> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("left", &self.parts.as_slice())
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}
