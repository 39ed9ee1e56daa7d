//! A file's tensors by their Hugging Face names.
//!
//! llama.cpp turns pairs of neighbours where `transformers` turns halves, so files of the architecture
//! `llama` have the rows of every head's queries and keys in another order; it is undone here.

use std::collections::BTreeMap;

use crate::error::GgufError;
use crate::file::File;
use crate::names::hugging_face;
use crate::quant::dequantise;

/// Tensors that say nothing `config.json` does not.
const SUPERFLUOUS: [&str; 1] = ["rope_freqs.weight"];

/// A file's tensors by their Hugging Face names, as `f32`.
#[derive(Debug)]
pub struct Weights {
    file: File,
    by_name: BTreeMap<String, Place>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Place {
    /// Its name in the file.
    name: String,
    /// Rows of a head, where its rows are in llama.cpp's order.
    head: Option<usize>,
}

impl Weights {
    /// The tensors of `file`.
    ///
    /// # Errors
    /// An architecture that is not read, or a tensor nobody knows.
    pub fn new(file: File) -> Result<Self, GgufError> {
        let architecture = file.architecture()?.to_owned();
        let heads = |key: &str| file.count(&format!("{architecture}.attention.{key}"));
        let queries = heads("head_count")?;
        let keys = heads("head_count_kv").unwrap_or(queries);
        let mut by_name = BTreeMap::new();
        for (name, tensor) in file.tensors() {
            if SUPERFLUOUS.contains(&name.as_str()) {
                continue;
            }
            let Some(theirs) = hugging_face(name) else {
                return Err(file.unsupported(format!(
                    "tensor `{name}` is none that {architecture} has; the file is of another kind of model"
                )));
            };
            let count = match architecture.as_str() {
                "llama" if name.contains(".attn_q.") => Some(queries),
                "llama" if name.contains(".attn_k.") => Some(keys),
                _ => None,
            };
            let rows = match tensor.shape[..] {
                [length] => length,
                _ => tensor.matrix()[0],
            };
            let head = match count {
                Some(count) if !in_pairs(rows, count) => {
                    let problem = format!("tensor `{name}` has {rows} rows for {count} heads");
                    return Err(file.unsupported(problem));
                }
                Some(count) => Some(rows / count as usize),
                None => None,
            };
            let place = Place {
                name: name.clone(),
                head,
            };
            by_name.insert(theirs, place);
        }
        Ok(Self {
            file,
            by_name,
            bytes: Vec::new(),
        })
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The tensors there are.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.by_name.keys()
    }

    /// A tensor's shape, the contiguous axis last; `None` where there is none of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        let place = self.by_name.get(name)?;
        Some(&self.file.tensors()[&place.name].shape)
    }

    /// Replaces `values` by `count` rows of a tensor, from row `first` on; a vector is one row.
    ///
    /// # Errors
    /// The file cannot be read.
    ///
    /// # Panics
    /// If there is no such tensor, or if it has not as many rows.
    pub fn rows(
        &mut self,
        name: &str,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), GgufError> {
        let Place { name, head } = &self.by_name[name];
        let tensor = &self.file.tensors()[name];
        let (kind, vector) = (tensor.kind, tensor.shape.len() == 1);
        let [_, width] = tensor.matrix();
        let Some(head) = *head else {
            self.file.read_rows(name, first, count, &mut self.bytes)?;
            dequantise(kind, &self.bytes, values);
            return Ok(());
        };
        if vector {
            self.file.read_rows(name, 0, 1, &mut self.bytes)?;
            let mut there = Vec::new();
            dequantise(kind, &self.bytes, &mut there);
            values.clear();
            values.extend((0..width).map(|row| there[place_in_file(row, head)]));
            return Ok(());
        }
        // Whole heads at a time: their rows lie together.
        values.clear();
        let mut there = Vec::new();
        let mut loaded = None;
        for row in first..first + count {
            let of = row / head;
            if loaded != Some(of) {
                self.file
                    .read_rows(name, of * head, head, &mut self.bytes)?;
                dequantise(kind, &self.bytes, &mut there);
                loaded = Some(of);
            }
            let at = place_in_file(row, head) - of * head;
            values.extend_from_slice(&there[at * width..][..width]);
        }
        Ok(())
    }
}

/// Whether `rows` make up `heads` heads of whole pairs.
fn in_pairs(rows: usize, heads: u64) -> bool {
    let pairs = heads.checked_mul(2).filter(|_| heads > 0);
    pairs.is_some_and(|pairs| rows > 0 && (rows as u64).is_multiple_of(pairs))
}

/// Where the row of a head's halves lies among its pairs.
pub(crate) fn place_in_file(row: usize, head: usize) -> usize {
    let (of, at) = (row / head, row % head);
    let (half, pair) = (at / (head / 2), at % (head / 2));
    of * head + 2 * pair + half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_whole_pairs_of_rows() {
        assert!(in_pairs(12, 2) && in_pairs(12, 6));
        for (rows, heads) in [(12, 0), (12, 4), (12, 1 << 63), (0, 1 << 63), (0, 1)] {
            assert!(!in_pairs(rows, heads), "{rows} rows for {heads} heads");
        }
    }

    #[test]
    fn halves_become_pairs_head_by_head() {
        let places: Vec<usize> = (0..12).map(|row| place_in_file(row, 6)).collect();
        assert_eq!(places, [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    }
}
