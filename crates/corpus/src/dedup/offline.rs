//! Duplicates among documents whose sketches lie on the disk.
//!
//! A band at a time: the hash of every document's values in it is sorted, and those that share one are
//! compared. So 16 bytes a document are held, and one of every pair found, whatever the size of a sketch. What is
//! told is what [`Dedup`](super::Dedup) would tell of the documents in their order, but for bands that more than
//! 64 share, where it looks at the first 64 that were kept and this at the first 64, and that the same text as one
//! dropped for being near is exact here and near there. Left out: threads.

use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::bands::{MOST, hash};
use super::sketch::{agreeing, text, values};
use super::{DedupSettings, Seen, Sketch};

/// Files of sketches, one after the other.
struct Shelf<'a> {
    settings: &'a DedupSettings,
    files: Vec<(PathBuf, File)>,
    /// The first document of each file, and the number of all.
    starts: Vec<usize>,
}

/// Which documents came before, for all sketches of `files` ([`Sketch::write`], one after the other) in their
/// order. `told` hears how many bands are done and may stop it; then there is nothing to tell.
///
/// # Errors
/// A file that cannot be read, or that is no whole number of sketches.
pub fn find_all(
    settings: &DedupSettings,
    files: &[PathBuf],
    told: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Seen>>, (PathBuf, Error)> {
    let shelf = Shelf::open(settings, files)?;
    let mut seen = vec![Seen::New; shelf.len()];
    let mut keys = Vec::with_capacity(seen.len());
    shelf.scan(|document, sketch| keys.push((text(sketch), document)))?;
    for same in groups(&mut keys) {
        same[1..]
            .iter()
            .for_each(|(_, later)| seen[*later as usize] = Seen::Exact);
    }
    // Pairs that agree in enough values: the later document, the earlier, and in how many.
    let mut pairs: Vec<(u32, u32, u16)> = Vec::new();
    let bands = if settings.near { settings.bands } else { 0 };
    for band in 0..bands {
        if told(band).is_break() {
            return Ok(None);
        }
        let width = settings.width();
        keys.clear();
        shelf.scan(|document, sketch| {
            if seen[document as usize] == Seen::New {
                let values = values(sketch).skip(band * width).take(width);
                keys.push((hash(values), document));
            }
        })?;
        for alike in groups(&mut keys) {
            shelf.compare(alike, &mut pairs)?;
        }
        pairs.sort_unstable();
        pairs.dedup();
    }
    for of_one in pairs.chunk_by(|a, b| a.0 == b.0) {
        // Held against those that stay, the first of the most alike.
        let kept = of_one
            .iter()
            .filter(|(_, earlier, _)| seen[*earlier as usize] == Seen::New);
        if let Some(&(later, document, agreeing)) =
            kept.min_by_key(|(_, earlier, agreeing)| (u16::MAX - agreeing, *earlier))
        {
            let similarity = settings.similarity(agreeing.into());
            seen[later as usize] = Seen::Near {
                document,
                similarity,
            };
        }
    }
    Ok(Some(seen))
}

/// Runs of equal keys with more than one document, each in order.
fn groups(keys: &mut [(u64, u32)]) -> impl Iterator<Item = &[(u64, u32)]> {
    keys.sort_unstable();
    keys.chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
}

impl<'a> Shelf<'a> {
    fn open(settings: &'a DedupSettings, paths: &[PathBuf]) -> Result<Self, (PathBuf, Error)> {
        let size = Sketch::bytes(settings) as u64;
        let mut shelf = Self {
            settings,
            files: Vec::new(),
            starts: vec![0],
        };
        for path in paths {
            let at = |error| (path.clone(), error);
            let file = File::open(path).map_err(at)?;
            let bytes = file.metadata().map_err(at)?.len();
            if bytes % size != 0 {
                let reason = format!("{bytes} bytes are no whole number of sketches of {size}");
                return Err(at(Error::new(ErrorKind::InvalidData, reason)));
            }
            shelf.starts.push(shelf.len() + (bytes / size) as usize);
            shelf.files.push((path.clone(), file));
        }
        Ok(shelf)
    }

    fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Every document's sketch, in order.
    fn scan(&self, mut each: impl FnMut(u32, &[u8])) -> Result<(), (PathBuf, Error)> {
        let mut sketch = vec![0; Sketch::bytes(self.settings)];
        for (at, (path, file)) in self.files.iter().enumerate() {
            let failed = |error| (path.clone(), error);
            let mut reader = BufReader::with_capacity(1 << 18, file);
            reader.seek(SeekFrom::Start(0)).map_err(failed)?;
            for document in self.starts[at]..self.starts[at + 1] {
                reader.read_exact(&mut sketch).map_err(failed)?;
                each(document as u32, &sketch);
            }
        }
        Ok(())
    }

    fn read(&self, document: u32, sketch: &mut [u8]) -> Result<(), (PathBuf, Error)> {
        let at = self.starts.partition_point(|it| *it <= document as usize) - 1;
        let (path, mut file) = (&self.files[at].0, &self.files[at].1);
        let offset = (document as usize - self.starts[at]) * sketch.len();
        file.seek(SeekFrom::Start(offset as u64))
            .and_then(|_| file.read_exact(sketch))
            .map_err(|error| (path.clone(), error))
    }

    /// The pairs of a group that agree in enough values.
    fn compare(
        &self,
        alike: &[(u64, u32)],
        pairs: &mut Vec<(u32, u32, u16)>,
    ) -> Result<(), (PathBuf, Error)> {
        let settings = self.settings;
        let mut first: Vec<(u32, Vec<u16>)> = Vec::new();
        let mut sketch = vec![0; Sketch::bytes(self.settings)];
        for &(_, later) in alike {
            self.read(later, &mut sketch)?;
            let own: Vec<u16> = values(&sketch).collect();
            for (earlier, other) in &first {
                let agreeing = agreeing(&own, other);
                if settings.similarity(agreeing) >= settings.threshold {
                    pairs.push((later, *earlier, agreeing as u16));
                }
            }
            if first.len() < MOST {
                first.push((later, own));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use data::ngrams::units;

    use super::*;
    use crate::dedup::{Dedup, Sketcher};

    /// Texts of 60 words of which every third is like the one before it, every eleventh the first.
    fn texts() -> Vec<String> {
        let text = |at: usize| {
            let start = match at {
                _ if at.is_multiple_of(11) => 0,
                _ if at.is_multiple_of(3) => (at - 1) * 100,
                _ => at * 100,
            };
            let end = start + 60 - usize::from(at.is_multiple_of(3)) * (at % 5);
            (start..end).map(|i| format!("w{i} ")).collect()
        };
        (0..400).map(text).collect()
    }

    fn sketches(settings: &DedupSettings) -> Vec<Sketch> {
        let sketcher = Sketcher::new(settings);
        let texts = texts();
        let sketch = |text: &String| sketcher.sketch(text, &units(text));
        texts.iter().map(sketch).collect()
    }

    fn files(dir: &std::path::Path, sketches: &[Sketch]) -> Vec<PathBuf> {
        let write = |(at, part): (usize, &[Sketch])| {
            let mut bytes = Vec::new();
            part.iter().for_each(|sketch| sketch.write(&mut bytes));
            let path = dir.join(format!("{at}.sketches"));
            std::fs::write(&path, bytes).unwrap();
            path
        };
        sketches.chunks(150).enumerate().map(write).collect()
    }

    #[test]
    fn the_disk_tells_what_memory_tells() {
        for near in [true, false] {
            let settings = DedupSettings {
                near,
                ..DedupSettings::default()
            };
            let sketches = sketches(&settings);
            let dir = tempfile::tempdir().unwrap();
            let files = files(dir.path(), &sketches);
            let mut bands = 0;
            let mut told = |_| {
                bands += 1;
                ControlFlow::Continue(())
            };
            let found = find_all(&settings, &files, &mut told).unwrap().unwrap();
            assert_eq!(bands, if near { 16 } else { 0 });

            let mut dedup = Dedup::new(&settings);
            // Of the documents kept, in memory; of all, on the disk.
            let mut kept = Vec::new();
            let (mut exact, mut alike) = (0, 0);
            for (at, sketch) in sketches.iter().enumerate() {
                match dedup.see(sketch) {
                    Seen::New => {
                        assert_eq!(found[at], Seen::New, "{at}");
                        kept.push(at as u32);
                    }
                    Seen::Exact => {
                        assert_eq!(found[at], Seen::Exact, "{at}");
                        exact += 1;
                    }
                    Seen::Near {
                        document,
                        similarity,
                    } => {
                        let same = Seen::Near {
                            document: kept[document as usize],
                            similarity,
                        };
                        // The same text as one that was dropped for being near.
                        let again = sketches[..at].contains(sketch) && found[at] == Seen::Exact;
                        assert!(found[at] == same || again, "{at}: {:?}", found[at]);
                        alike += 1;
                    }
                }
            }
            assert!(exact > 30 && (alike > 80) == near, "{exact} {alike}");
        }
    }

    #[test]
    fn it_stops_and_names_a_cut_file() {
        let settings = DedupSettings::default();
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path(), &sketches(&settings));
        let mut stop = |band| match band {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        assert_eq!(find_all(&settings, &files, &mut stop).unwrap(), None);
        let bytes = std::fs::read(&files[1]).unwrap();
        std::fs::write(&files[1], &bytes[..1000]).unwrap();
        let (path, error) = find_all(&settings, &files, &mut stop).unwrap_err();
        assert_eq!(path, files[1]);
        assert!(error.to_string().contains("1000 bytes"), "{error}");
    }
}
