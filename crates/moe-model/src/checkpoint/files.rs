//! The weight files of a directory, one or as many as its index names, and the tensors in them.
//!
//! The files are the truth and the index is checked against them: a tensor that lies elsewhere than
//! the index says is an error, not a tensor to look for. Files are read in blocks and not mapped: a
//! page that is mapped and touched counts as held until it is given back, and a mapped file that is
//! cut short kills the process, where reading gives an error.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use safetensors::tensor::TensorInfo;
use serde::Deserialize;

use super::error::{CheckpointError, io};
use super::header::{self, Pairs};
use super::{INDEX, WEIGHTS, storage};

/// Open weight files.
#[derive(Debug)]
pub(super) struct Files {
    /// The one file, or the index.
    pub(super) path: PathBuf,
    shards: Vec<Shard>,
    /// Every tensor.
    pub(super) tensors: BTreeMap<String, Place>,
    /// Those read last.
    bytes: Vec<u8>,
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
            bytes: Vec::new(),
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

    /// Replaces `values` by `count` rows of `cols` numbers of a tensor of a type that is read, from row
    /// `first` on.
    pub(super) fn rows(
        &mut self,
        name: &str,
        cols: usize,
        rows: Range<usize>,
        values: &mut Vec<f32>,
    ) -> Result<(), CheckpointError> {
        let Place { shard, info } = &self.tensors[name];
        let Shard { path, file, data } = &mut self.shards[*shard];
        let width = storage::width(info.dtype).expect("types were checked");
        let from = *data + (info.data_offsets.0 + rows.start * cols * width) as u64;
        self.bytes.resize(rows.len() * cols * width, 0);
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.read_exact(&mut self.bytes))
            .map_err(io(path))?;
        storage::decode(info.dtype, &self.bytes, values);
        Ok(())
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
