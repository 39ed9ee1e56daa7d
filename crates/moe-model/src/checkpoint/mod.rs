//! Checkpoints as Hugging Face directories: `config.json` and `model.safetensors`.
//!
//! How a parameter becomes tensors on disk is in `layout`.

mod error;
mod layout;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use lm::ParameterPath;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::config::DecoderConfig;
use crate::decoder::Decoder;
use crate::hf;
pub use error::CheckpointError;
pub use layout::StoredTensor;
use layout::{Layout, layout, stored, transpose};

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

impl Decoder {
    /// Writes the model to a directory that exists. `end_token` goes into `config.json`.
    pub fn save(&self, dir: &Path, end_token: Option<u32>) -> Result<(), CheckpointError> {
        let json = hf::to_json(self.config(), end_token).ok_or(CheckpointError::NoArchitecture)?;
        let path = dir.join(CONFIG);
        let text = format!("{json:#}\n");
        fs::write(&path, text).map_err(|source| CheckpointError::Io { path, source })?;

        let family = hf::Family::of(self.config()).ok_or(CheckpointError::NoArchitecture)?;
        let mut collect = Collect {
            path: ParameterPath::default(),
            family,
            tensors: BTreeMap::new(),
        };
        self.visit(&mut collect);
        let path = dir.join(WEIGHTS);
        let views: Vec<(String, TensorView<'_>)> = collect
            .tensors
            .iter()
            .map(|(name, stored)| (name.clone(), stored.view()))
            .collect();
        let metadata = [("format".to_string(), "pt".to_string())].into();
        safetensors::serialize_to_file(views, Some(metadata), &path).map_err(|error| {
            CheckpointError::Format {
                path,
                problem: error.to_string(),
            }
        })
    }

    /// Reads a model from a directory.
    ///
    /// Every tensor of the model must be there with its shape and finite values, and no other.
    pub fn load(dir: &Path, device: &Device) -> Result<Self, CheckpointError> {
        let path = dir.join(CONFIG);
        let config = read_config(&path)?;
        let Some(family) = hf::Family::of(&config) else {
            return Err(CheckpointError::NoArchitecture);
        };
        let model = Self::zeros(&config, device)?;
        let shards = shards(dir)?;
        let mut files = Vec::new();
        for (path, bytes) in &shards {
            let file =
                SafeTensors::deserialize(bytes).map_err(|error| CheckpointError::Format {
                    path: path.clone(),
                    problem: error.to_string(),
                })?;
            files.push(file);
        }
        let named = |(at, file): (usize, &SafeTensors<'_>)| {
            let names = file.names().into_iter();
            names.map(|name| (name.to_string(), at)).collect::<Vec<_>>()
        };
        let mut fill = Fill {
            path: ParameterPath::default(),
            family,
            left: files.iter().enumerate().flat_map(named).collect(),
            files: &files,
            problems: Vec::new(),
        };
        let model = model.map(&mut fill);
        let tied = config.tied;
        let extra = fill
            .left
            .keys()
            // Tied models are often stored with the projection all the same.
            .filter(|name| !(tied && *name == "lm_head.weight"))
            .map(|name| format!("tensor `{name}` is not of this model"));
        fill.problems.extend(extra);
        if fill.problems.is_empty() {
            Ok(model)
        } else {
            Err(CheckpointError::Tensors {
                path: dir.join(WEIGHTS),
                problems: fill.problems,
            })
        }
    }
}

/// The weight files of a directory, one or as many as its index names.
fn shards(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, CheckpointError> {
    let read = |path: PathBuf| match fs::read(&path) {
        Ok(bytes) => Ok((path, bytes)),
        Err(source) => Err(CheckpointError::Io { path, source }),
    };
    let index = dir.join(INDEX);
    if !index.exists() {
        return Ok(vec![read(dir.join(WEIGHTS))?]);
    }
    let (path, text) = read(index)?;
    let index: Index = serde_json::from_slice(&text).map_err(|error| CheckpointError::Format {
        path,
        problem: error.to_string(),
    })?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    names.into_iter().map(|name| read(dir.join(name))).collect()
}

/// `model.safetensors.index.json`.
#[derive(serde::Deserialize)]
struct Index {
    /// The file each tensor is in.
    weight_map: BTreeMap<String, String>,
}

fn read_config(path: &Path) -> Result<DecoderConfig, CheckpointError> {
    let config = |problem| CheckpointError::Config {
        path: path.into(),
        problem,
    };
    let text = fs::read_to_string(path).map_err(|source| CheckpointError::Io {
        path: path.into(),
        source,
    })?;
    let json = serde_json::from_str(&text).map_err(|error| config(error.to_string()))?;
    hf::from_json(&json).map_err(config)
}

/// A tensor as it lies on disk.
struct Stored {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn new(values: &[f32], shape: &[usize]) -> Self {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Self {
            shape: shape.into(),
            bytes,
        }
    }

    fn view(&self) -> TensorView<'_> {
        TensorView::new(Dtype::F32, self.shape.clone(), &self.bytes)
            .expect("bytes were made for this shape")
    }
}

struct Collect {
    path: ParameterPath,
    family: hf::Family,
    tensors: BTreeMap<String, Stored>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        let tensor = param.val();
        let shape = tensor.dims();
        let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
        for tensor in stored(self.family, &name, &shape, &values) {
            let stored = Stored::new(&tensor.values, &tensor.shape);
            self.tensors.insert(tensor.name, stored);
        }
    }
}

struct Fill<'a> {
    path: ParameterPath,
    family: hf::Family,
    files: &'a [SafeTensors<'a>],
    /// Tensors not yet read, with the file each is in.
    left: BTreeMap<String, usize>,
    problems: Vec<String>,
}

impl Fill<'_> {
    /// The values of one tensor on disk, or a line in `problems`.
    fn read(&mut self, name: &str, shape: &[usize]) -> Option<Vec<f32>> {
        let file = self.left.remove(name).map(|at| &self.files[at]);
        let values = file.map_or_else(
            || Err("is missing".to_string()),
            |file| read(file, name, shape),
        );
        values
            .map_err(|problem| self.problems.push(format!("tensor `{name}` {problem}")))
            .ok()
    }

    fn parameter(&mut self, name: &str, shape: &[usize]) -> Option<Vec<f32>> {
        let layout = layout(self.family, name, shape);
        let name = &self.family.on_disk(name);
        match layout {
            Layout::Same => self.read(name, shape),
            Layout::Transposed => {
                let values = self.read(name, &[shape[1], shape[0]])?;
                Some(transpose(&values, shape[1], shape[0]))
            }
            Layout::Experts(names) => {
                let (rows, cols) = (shape[1], shape[2]);
                let matrices: Vec<Option<Vec<f32>>> = names
                    .iter()
                    .map(|name| Some(transpose(&self.read(name, &[cols, rows])?, cols, rows)))
                    .collect();
                Some(matrices.into_iter().collect::<Option<Vec<_>>>()?.concat())
            }
        }
    }
}

impl ModuleMapper for Fill<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let shape = param.val().dims();
        let Some(values) = self.parameter(&name, &shape) else {
            return param;
        };
        param.map(|old| {
            let tensor = Tensor::from_data(TensorData::new(values, shape), &old.device());
            tensor.set_require_grad(old.is_require_grad())
        })
    }
}

fn read(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let view = file.tensor(name).map_err(|_| "is missing".to_string())?;
    if view.shape() != shape {
        return Err(format!(
            "has shape {:?}, the configuration asks for {shape:?}",
            view.shape()
        ));
    }
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => {
            let words = view.data().as_chunks::<4>().0;
            words.iter().map(|word| f32::from_le_bytes(*word)).collect()
        }
        Dtype::BF16 => {
            let words = view.data().as_chunks::<2>().0;
            words
                .iter()
                .map(|word| f32::from_bits(u32::from(u16::from_le_bytes(*word)) << 16))
                .collect()
        }
        Dtype::F16 => {
            let words = view.data().as_chunks::<2>().0;
            words
                .iter()
                .map(|word| half::f16::from_le_bytes(*word).to_f32())
                .collect()
        }
        other => {
            return Err(format!(
                "is stored as {other:?}; f32, bf16 and f16 can be read"
            ));
        }
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("holds {} at element {at}", values[at])),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use lm::{CausalLm, TokenBatch};

    use super::*;
    use crate::config::tests::{small_dense, small_families, small_mixture};

    fn hidden(model: &Decoder) -> Vec<f32> {
        let batch = TokenBatch::new(&[vec![1u32, 2, 3, 4]]);
        model
            .forward(&batch)
            .hidden_btd
            .into_data()
            .iter::<f32>()
            .collect()
    }

    #[test]
    fn a_saved_model_computes_the_same() {
        for config in small_families() {
            let dir = tempfile::tempdir().unwrap();
            let model = Decoder::init(&config, 1, &Device::flex()).unwrap();
            model.save(dir.path(), Some(3)).unwrap();
            let loaded = Decoder::load(dir.path(), &Device::flex()).unwrap();
            assert_eq!(hidden(&model), hidden(&loaded));
        }
    }

    #[test]
    fn weights_lie_on_disk_as_transformers_names_them() {
        let dir = tempfile::tempdir().unwrap();
        let model = Decoder::init(&small_mixture(), 1, &Device::flex()).unwrap();
        model.save(dir.path(), None).unwrap();
        let bytes = fs::read(dir.path().join(WEIGHTS)).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let shape = |name| file.tensor(name).unwrap().shape().to_vec();
        assert_eq!(
            shape("model.layers.1.mlp.experts.7.gate_proj.weight"),
            [12, 16]
        );
        assert_eq!(
            shape("model.layers.1.mlp.experts.7.down_proj.weight"),
            [16, 12]
        );
        assert_eq!(shape("model.layers.1.mlp.gate.weight"), [8, 16]);
        assert_eq!(
            shape("model.layers.1.mlp.gate.e_score_correction_bias"),
            [8]
        );
        assert_eq!(
            shape("model.layers.0.self_attn.kv_a_proj_with_mqa.weight"),
            [12, 16]
        );
        assert_eq!(shape("lm_head.weight"), [23, 16]);
    }

    #[test]
    fn damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let model = Decoder::init(&small_dense(), 1, &Device::flex()).unwrap();
        model.save(dir.path(), None).unwrap();
        let config = dir.path().join(CONFIG);
        let text = fs::read_to_string(&config).unwrap();
        fs::write(
            &config,
            text.replace("\"intermediate_size\": 24", "\"intermediate_size\": 25"),
        )
        .unwrap();
        let error = Decoder::load(dir.path(), &Device::flex())
            .unwrap_err()
            .to_string();
        let expected = "tensor `model.layers.0.mlp.gate_proj.weight` has shape [24, 16], \
                        the configuration asks for [25, 16]";
        assert!(error.contains(expected), "{error}");

        let weights = dir.path().join(WEIGHTS);
        let bytes = fs::read(&weights).unwrap();
        fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
        let error = Decoder::load(dir.path(), &Device::flex())
            .unwrap_err()
            .to_string();
        assert!(error.contains("not a readable safetensors file"), "{error}");
    }
}
