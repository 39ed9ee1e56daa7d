//! Writing a model.
//!
//! Sizes and places are known before any value is read, so tensors pass by in blocks. Every file is
//! written beside the one it replaces and put in its place when all are complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use lm::ParameterPath;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::beside::{Beside, sync_directory};
use super::error::{CheckpointError, io};
use super::layout::{Names, Piece, Repeat, copies};
use super::load::pieces;
use super::plan::{Plan, PlannedFile};
use super::storage::{Storage, encode};
use super::{CONFIG, INDEX, WEIGHTS, header};
use crate::decoder::Decoder;
use crate::hf;

/// Numbers written at a time.
const BLOCK: usize = 1 << 18;

/// How a model is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveOptions {
    /// The token that ends a text, for `config.json`.
    pub end_token: Option<u32>,
    /// The type weights are stored in.
    pub storage: Storage,
    /// Bytes of tensors above which the weights are split into shards of at most that many. A
    /// tensor is never split. Default 5 GB, as in `transformers`.
    pub max_shard_bytes: u64,
}

impl Default for SaveOptions {
    fn default() -> Self {
        Self {
            end_token: None,
            storage: Storage::F32,
            max_shard_bytes: 5_000_000_000,
        }
    }
}

impl Decoder {
    /// Writes the model to a directory that exists, as one file or as shards with an index.
    ///
    /// Weights an earlier save left there are replaced and, where they have other names, removed,
    /// but not before the new ones are complete and on the disk: a save that fails leaves them as
    /// they were. It takes a few megabytes of memory on top of the model.
    ///
    /// # Errors
    /// A file that cannot be written; a weight that is not finite or would not be in
    /// `options.storage`; settings for which `transformers` has no architecture; a model with
    /// adapters.
    pub fn save(&self, dir: &Path, options: &SaveOptions) -> Result<(), CheckpointError> {
        if self.adapter().is_some() {
            return Err(CheckpointError::Adapted);
        }
        if self.is_packed() {
            return Err(CheckpointError::Packed);
        }
        let names = Names::new(self.config())?;
        let mut json =
            hf::to_json(self.config(), options.end_token).ok_or(CheckpointError::NoArchitecture)?;
        json["torch_dtype"] = options.storage.name().into();
        let mut pieces = pieces(self, names);
        let copies = copies(self.config(), &pieces);
        pieces.extend(copies.iter().map(|copy| copy.copy.clone()));
        let tensors = pieces.into_iter().map(|piece| {
            let dtype = options.storage.dtype(&piece.name);
            (piece.name, piece.shape, dtype)
        });
        let plan = Plan::new(tensors, options.max_shard_bytes);

        let mut text = Vec::new();
        for (name, json) in [(CONFIG, Some(json)), (INDEX, plan.index())] {
            if let Some(json) = json {
                let mut file = Beside::create(dir.join(name))?;
                file.write(format!("{json:#}\n").as_bytes())?;
                file.sync()?;
                text.push(file);
            }
        }
        let mut write = Write {
            path: ParameterPath::default(),
            names,
            copies,
            repeated: Vec::new(),
            dir,
            planned: plan.files.into_iter(),
            current: None,
            complete: Vec::new(),
            unstorable: Vec::new(),
            failed: None,
        };
        self.visit(&mut write);
        let weights = write.finish()?;
        replace(dir, weights.into_iter().chain(text).collect())
    }
}

/// Puts complete files in their places and removes the weights that are not among them.
fn replace(dir: &Path, files: Vec<Beside>) -> Result<(), CheckpointError> {
    let new: BTreeSet<_> = files.iter().map(|file| file.path().to_owned()).collect();
    for file in files {
        file.place()?;
    }
    for entry in fs::read_dir(dir).map_err(io(dir))? {
        let path = entry.map_err(io(dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_weights(&name) && !new.contains(&path) {
            fs::remove_file(&path).map_err(io(&path))?;
        }
    }
    sync_directory(dir)
}

/// Whether a file of this name is one that [`Decoder::load`] might take for weights.
fn is_weights(name: &str) -> bool {
    let shard = || {
        let (at, count) = name
            .strip_prefix("model-")?
            .strip_suffix(".safetensors")?
            .split_once("-of-")?;
        let number = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        Some(number(at) && number(count))
    };
    name == WEIGHTS || name == INDEX || shard() == Some(true)
}

struct Write<'a> {
    path: ParameterPath,
    names: Names,
    copies: Vec<Repeat>,
    /// Parameters that are written again, by the name of their one piece.
    repeated: Vec<(String, Tensor<2>)>,
    dir: &'a Path,
    planned: std::vec::IntoIter<PlannedFile>,
    current: Option<Current>,
    complete: Vec<Beside>,
    /// What the files would not hold, the first element of each tensor.
    unstorable: Vec<String>,
    /// What made writing stop.
    failed: Option<CheckpointError>,
}

/// The file being written, and the tensors it still lacks.
struct Current {
    file: Beside,
    left: std::vec::IntoIter<(String, TensorInfo)>,
}

impl Write<'_> {
    fn finish(mut self) -> Result<Vec<Beside>, CheckpointError> {
        // Where writing has failed, there may be no original to write again.
        if let Some(error) = self.failed {
            return Err(error);
        }
        for Repeat { copy, original } in std::mem::take(&mut self.copies) {
            let repeated = self
                .repeated
                .iter()
                .find(|(name, _)| *name == original.name);
            let parameter = repeated.expect("every original was written").1.clone();
            self.write(&parameter, &copy);
        }
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.unstorable.is_empty() {
            return Err(CheckpointError::Unstorable {
                dir: self.dir.into(),
                problems: self.unstorable,
            });
        }
        if let Some(current) = self.current {
            self.complete.push(current.complete()?);
        }
        Ok(self.complete)
    }

    /// Writes a tensor, unless writing has failed before.
    fn write<const D: usize>(&mut self, parameter: &Tensor<D>, piece: &Piece) {
        if self.failed.is_none() {
            self.failed = self.tensor(parameter, piece).err();
        }
    }

    fn tensor<const D: usize>(
        &mut self,
        parameter: &Tensor<D>,
        piece: &Piece,
    ) -> Result<(), CheckpointError> {
        self.open_next()?;
        let current = self.current.as_mut().expect("a file was opened");
        let (name, info) = current.left.next().expect("a file with a tensor to come");
        assert_eq!(name, piece.name, "the plan has the order of the parameters");
        let matrix_rc = on_disk(parameter, piece);
        let [rows, cols] = piece.matrix();
        let at_once = (BLOCK / cols).max(1);
        let mut bytes = Vec::new();
        for first in (0..rows).step_by(at_once) {
            let count = at_once.min(rows - first);
            let block = matrix_rc.clone().narrow(0, first, count);
            let values: Vec<f32> = block.into_data().iter::<f32>().collect();
            if let Err(at) = encode(info.dtype, &values, &mut bytes) {
                let (row, col) = (first + at / cols, at % cols);
                self.unstorable
                    .push(unstorable(piece, row, col, values[at], info.dtype));
                // Nothing will be put in place any more; the other tensors are still looked at.
                return Ok(());
            }
            current.file.write(&bytes)?;
        }
        Ok(())
    }

    /// Makes the file that the next tensor goes into the current one.
    fn open_next(&mut self) -> Result<(), CheckpointError> {
        if self
            .current
            .as_ref()
            .is_some_and(|file| file.left.len() > 0)
        {
            return Ok(());
        }
        if let Some(current) = self.current.take() {
            self.complete.push(current.complete()?);
        }
        let planned = self.planned.next().expect("a file for every tensor");
        let mut file = Beside::create(self.dir.join(&planned.name))?;
        file.write(&header::write(&planned.tensors))?;
        self.current = Some(Current {
            file,
            left: planned.tensors.into_iter(),
        });
        Ok(())
    }
}

impl Current {
    fn complete(mut self) -> Result<Beside, CheckpointError> {
        assert_eq!(self.left.len(), 0, "every tensor of the file is written");
        self.file.sync()?;
        Ok(self.file)
    }
}

/// A piece of a parameter as the matrix on disk, `[rows, columns]`.
fn on_disk<const D: usize>(parameter: &Tensor<D>, piece: &Piece) -> Tensor<2> {
    let [rows, cols] = piece.matrix();
    let parameter = parameter.clone().without_autodiff();
    let part = match D {
        3 => {
            let expert = piece.values.start / (rows * cols);
            parameter.narrow(0, expert, 1)
        }
        _ => parameter,
    };
    match piece.transposed {
        true => part.reshape([cols, rows]).transpose(),
        false => part.reshape([rows, cols]),
    }
}

fn unstorable(piece: &Piece, row: usize, col: usize, value: f32, dtype: Dtype) -> String {
    let element = piece.element(row, col);
    let why = match value.is_finite() {
        true => format!("which {dtype:?} cannot hold; save in a wider type"),
        false => "training diverged; go on from an earlier checkpoint".into(),
    };
    format!(
        "tensor `{}` holds {value} at element {element}, {why}",
        piece.name
    )
}

impl ModuleVisitor for Write<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.failed.is_some() {
            return;
        }
        let parameter = param.val();
        for piece in self.names.layout(&self.path.name(), &parameter.dims()) {
            let mut copies = self.copies.iter();
            if copies.any(|copy| copy.original.name == piece.name) {
                let shape = parameter.dims();
                let matrix = parameter.clone().reshape([shape[0], shape[1]]);
                self.repeated.push((piece.name.clone(), matrix));
            }
            self.write(&parameter, &piece);
        }
    }
}
