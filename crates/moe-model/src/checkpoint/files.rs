//! The weight files of a directory, one or as many as its index names, and the tensors in them.
//!
//! The files are the truth and the index is checked against them: a tensor that lies elsewhere than
//! the index says is an error, not a tensor to look for. Files are read in blocks and not mapped: a
//! page that is mapped and touched counts as held until it is given back, and a mapped file that is
//! cut short kills the process, where reading gives an error.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use safetensors::tensor::TensorInfo;
use serde::Deserialize;

use super::error::{CheckpointError, io};
use super::header::{self, Pairs};
use super::layout::Piece;
use super::{INDEX, WEIGHTS, storage};

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// Open weight files.
#[derive(Debug)]
pub(super) struct Files {
    /// The one file, or the index.
    pub(super) path: PathBuf,
    shards: Vec<Shard>,
    /// Every tensor.
    pub(super) tensors: BTreeMap<String, Place>,
}

/// A tensor in a file.
#[derive(Debug)]
pub(super) struct Place {
    shard: usize,
    /// Its type, its shape and its bytes.
    pub(super) info: TensorInfo,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    file: File,
    /// Where its first tensor begins.
    data: u64,
}

/// `model.safetensors.index.json`.
#[derive(Deserialize)]
struct Index {
    /// The file each tensor is in.
    weight_map: Pairs<String>,
}

impl Files {
    /// Opens the weights of a directory: `model.safetensors` where it is there, as `transformers`
    /// does, otherwise the shards of the index. Reads the headers alone.
    pub(super) fn open(dir: &Path) -> Result<Self, CheckpointError> {
        let (single, index) = (dir.join(WEIGHTS), dir.join(INDEX));
        let mut files = Self {
            path: single.clone(),
            shards: Vec::new(),
            tensors: BTreeMap::new(),
        };
        if single.exists() {
            files.add(single)?;
        } else if index.exists() {
            files.path = index;
            files.add_shards(dir)?;
        } else {
            return Err(CheckpointError::NoWeights(dir.into()));
        }
        Ok(files)
    }

    /// Opens a file; gives the tensors in it that were in an earlier one too.
    fn add(&mut self, path: PathBuf) -> Result<Vec<(String, usize)>, CheckpointError> {
        let mut file = File::open(&path).map_err(io(&path))?;
        let header = header::read(&mut file, &path)?;
        let shard = self.shards.len();
        let mut twice = Vec::new();
        for (name, info) in header.tensors {
            match self.tensors.get(&name) {
                Some(place) => twice.push((name, place.shard)),
                None => drop(self.tensors.insert(name, Place { shard, info })),
            }
        }
        self.shards.push(Shard {
            path,
            file,
            data: header.data,
        });
        Ok(twice)
    }

    fn add_shards(&mut self, dir: &Path) -> Result<(), CheckpointError> {
        let Pairs(weight_map) = read_index(&self.path)?;
        let refuse = |problems| CheckpointError::Index {
            path: self.path.clone(),
            problems,
        };
        let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tensor, shard) in &weight_map {
            if !is_file_name(shard) {
                return Err(refuse(vec![format!(
                    "puts tensor `{tensor}` in `{shard}`, outside the directory; a shard is named \
                     by its file name alone"
                )]));
            }
            named.entry(shard).or_default().push(tensor);
        }
        let absent = |(shard, tensors): (&&str, &Vec<&str>)| {
            (!dir.join(shard).exists()).then(|| {
                format!(
                    "names the shard `{shard}` (for `{}` and {} more), which is not there; copy or \
                     download it",
                    tensors[0],
                    tensors.len() - 1
                )
            })
        };
        let absent: Vec<String> = named.iter().filter_map(absent).collect();
        if !absent.is_empty() {
            return Err(refuse(absent));
        }
        let mut problems = Vec::new();
        for shard in named.keys() {
            for (name, other) in self.add(dir.join(shard))? {
                problems.push(format!(
                    "tensor `{name}` lies in `{}` and in `{shard}`",
                    self.shards[other].name()
                ));
            }
        }
        problems.extend(self.misplaced(&weight_map));
        if problems.is_empty() {
            return Ok(());
        }
        let last = problems.len() - 1;
        problems[last] += "; the index and its shards have to be of one save";
        Err(CheckpointError::Index {
            path: self.path.clone(),
            problems,
        })
    }

    /// Where the index and the files differ.
    fn misplaced(&self, weight_map: &[(String, String)]) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, shard) in weight_map {
            match self
                .tensors
                .get(name)
                .map(|place| self.shards[place.shard].name())
            {
                None => problems.push(format!(
                    "puts tensor `{name}` in `{shard}`, which does not have it"
                )),
                Some(found) if found != *shard => problems.push(format!(
                    "puts tensor `{name}` in `{shard}`, but it lies in `{found}`"
                )),
                Some(_) => {}
            }
        }
        let listed: std::collections::HashSet<&str> =
            weight_map.iter().map(|(name, _)| name.as_str()).collect();
        for (name, place) in &self.tensors {
            if !listed.contains(name.as_str()) {
                let shard = self.shards[place.shard].name();
                problems.push(format!(
                    "does not list tensor `{name}`, which lies in `{shard}`"
                ));
            }
        }
        problems
    }

    /// What messages call a tensor: its file goes along where there are several.
    pub(super) fn describe(&self, name: &str) -> String {
        match self.tensors.get(name) {
            Some(place) if self.shards.len() > 1 => {
                format!("tensor `{name}` in `{}`", self.shards[place.shard].name())
            }
            _ => format!("tensor `{name}`"),
        }
    }

    /// Reads a tensor that is there with the shape and a type asked for into its place among the
    /// parameter's values, a block at a time. Gives the row, column and value of the first element
    /// that is not finite.
    pub(super) fn read(
        &mut self,
        piece: &Piece,
        parameter: &mut [f32],
    ) -> Result<Option<(usize, usize, f32)>, CheckpointError> {
        let Place { shard, info } = &self.tensors[&piece.name];
        let Shard { path, file, data } = &mut self.shards[*shard];
        let to = &mut parameter[piece.values.clone()];
        let [rows, cols] = piece.matrix();
        let width = storage::width(info.dtype).expect("types were checked");
        file.seek(SeekFrom::Start(*data + info.data_offsets.0 as u64))
            .map_err(io(path))?;
        let at_once = (BLOCK / (cols * width).max(1)).max(1);
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        let mut odd = None;
        for first in (0..rows).step_by(at_once) {
            let count = at_once.min(rows - first);
            bytes.resize(count * cols * width, 0);
            file.read_exact(&mut bytes).map_err(io(path))?;
            storage::decode(info.dtype, &bytes, &mut values);
            let at = values.iter().position(|value| !value.is_finite());
            odd = odd.or(at.map(|at| (first + at / cols, at % cols, values[at])));
            if piece.transposed {
                for (col, to) in to.chunks_exact_mut(rows).enumerate() {
                    let from = values[col..].iter().step_by(cols);
                    to[first..first + count]
                        .iter_mut()
                        .zip(from)
                        .for_each(|(to, from)| *to = *from);
                }
            } else {
                to[first * cols..][..values.len()].copy_from_slice(&values);
            }
        }
        Ok(odd)
    }
}

impl Shard {
    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

fn read_index(path: &Path) -> Result<Pairs<String>, CheckpointError> {
    let text = fs::read(path).map_err(io(path))?;
    let index: Result<Index, _> = serde_json::from_slice(&text);
    index
        .map(|index| index.weight_map)
        .map_err(|error| CheckpointError::Index {
            path: path.into(),
            problems: vec![format!(
                "is not an index of shards ({error}); download it again"
            )],
        })
}

/// Whether a name is that of a file in the directory itself.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(_)))
        && parts.next().is_none()
        && !name.contains(['/', '\\'])
}
