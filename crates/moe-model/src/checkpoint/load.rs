//! Reading a model.
//!
//! Parameters take memory when their values are read, and values are read a block at a time right
//! into their places, so loading needs little more than the parameters themselves.

use std::collections::BTreeSet;
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use lm::ParameterPath;

use super::CONFIG;
use super::error::{CheckpointError, io};
use super::files::Files;
use super::layout::{Names, Piece, Repeat, copies, superfluous};
use super::source::Source;
use crate::config::{ConfigError, DecoderConfig};
use crate::decoder::Decoder;
use crate::{hf, mtp};

impl DecoderConfig {
    /// Reads the settings of a model from its `config.json`, or from a GGUF file.
    ///
    /// # Errors
    /// A file that cannot be read, is not JSON, is of an unknown architecture, or whose settings
    /// are missing, impossible or do not fit each other: the file and the key are named.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let config = |problem| CheckpointError::Config {
            path: path.into(),
            problem,
        };
        if gguf::File::is_gguf(path) {
            let json = gguf::File::open(path)?.config()?;
            return hf::from_json(&json).map_err(config);
        }
        let text = std::fs::read_to_string(path).map_err(io(path))?;
        let json = serde_json::from_str(&text)
            .map_err(|error| config(format!("not JSON ({error}); download it again")))?;
        hf::from_json(&json).map_err(config)
    }
}

impl Decoder {
    /// Reads a model from a directory: `config.json` with `model.safetensors`, or with
    /// `model.safetensors.index.json` and the shards it names; weights in f32, bf16 or f16. Or from a GGUF
    /// file of a Llama, Qwen2 or Qwen3, whose quantised weights are widened.
    ///
    /// Every tensor of the model must be there with its shape and finite values, and no other. A
    /// checkpoint without a tensor of the modules for further tokens that its `config.json` counts is
    /// a model without them; copies of embedding and projection beside them may be absent. Reading
    /// takes the memory of the parameters in f32 and a few megabytes, and that of one parameter
    /// where the device is not the host.
    ///
    /// # Errors
    /// A file or directory that is missing, damaged, of another model or of an unknown
    /// architecture: the file and every tensor concerned are named.
    pub fn load(dir: &Path, device: &Device) -> Result<Self, CheckpointError> {
        let is_gguf = gguf::File::is_gguf(dir);
        let path = if is_gguf {
            dir.into()
        } else {
            dir.join(CONFIG)
        };
        let mut config = DecoderConfig::read(&path)?;
        let names = Names::new(&config)?;
        let impossible = |error: ConfigError| CheckpointError::Config {
            path,
            problem: error.to_string(),
        };
        config.validate().map_err(impossible.clone())?;
        let mut source = match is_gguf {
            true => Source::Gguf(gguf::Weights::new(gguf::File::open(dir)?)?),
            false => Source::Files(Files::open(dir)?),
        };
        if !mtp::is_stored(&config, source.names()) {
            config.mtp = None;
        }
        let model = Self::zeros(&config, device).map_err(impossible)?;
        let pieces = pieces(&model, names);
        let copies = copies(&config, &pieces);
        check(&model, &source, &pieces, &copies)?;
        check_copies(&mut source, &copies)?;
        let mut fill = Fill {
            path: ParameterPath::default(),
            names,
            source: &mut source,
            odd: Vec::new(),
            failed: None,
        };
        let model = model.map(&mut fill);
        match (fill.failed, fill.odd) {
            (Some(error), _) => Err(error),
            (None, odd) if odd.is_empty() => Ok(model),
            (None, problems) => Err(CheckpointError::NotFinite {
                path: source.path().into(),
                problems,
            }),
        }
    }
}

/// Every tensor a model has on disk, in the order of its parameters.
pub(super) fn pieces(model: &Decoder, names: Names) -> Vec<Piece> {
    let mut list = List {
        path: ParameterPath::default(),
        names,
        pieces: Vec::new(),
    };
    model.visit(&mut list);
    list.pieces
}

struct List {
    path: ParameterPath,
    names: Names,
    pieces: Vec<Piece>,
}

impl ModuleVisitor for List {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.lazy_shape();
        self.pieces
            .extend(self.names.layout(&self.path.name(), &shape));
    }
}

/// Whether the files have the tensors of the model, all of them and no other.
fn check(
    model: &Decoder,
    source: &Source,
    pieces: &[Piece],
    copies: &[Repeat],
) -> Result<(), CheckpointError> {
    let mut problems = Vec::new();
    let required = pieces.iter().map(|piece| (piece, true));
    let optional = copies.iter().map(|copy| (&copy.copy, false));
    for (Piece { name, shape, .. }, required) in required.clone().chain(optional.clone()) {
        let Some(found) = source.shape(name) else {
            if required {
                problems.push(format!("tensor `{name}` is missing"));
            }
            continue;
        };
        if found != &shape[..] {
            problems.push(format!(
                "{} has shape {found:?}, the configuration asks for {shape:?}",
                source.describe(name)
            ));
        } else if let Some(dtype) = source.unread(name) {
            problems.push(format!(
                "{} is stored as {dtype}, only f32, bf16 and f16 are read: convert it",
                source.describe(name)
            ));
        }
    }
    let known = required.chain(optional);
    let wanted: BTreeSet<&str> = known.map(|(piece, _)| piece.name.as_str()).collect();
    for name in source.names() {
        if !wanted.contains(name.as_str()) && !superfluous(name, model.config().tied) {
            problems.push(format!("{} is not of this model", source.describe(name)));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(CheckpointError::Tensors {
        path: source.path().into(),
        problems,
    })
}

/// Whether the tensors that repeat others do.
fn check_copies(source: &mut Source, copies: &[Repeat]) -> Result<(), CheckpointError> {
    let mut problems = Vec::new();
    for Repeat { copy, original } in copies {
        if !source.has(&copy.name) {
            continue;
        }
        let mut read = |piece: &Piece| {
            let mut values = vec![0.0; piece.values.len()];
            source.read(piece, &mut values).map(|_| values)
        };
        // Bits, so that what is not a number equals itself; it is reported where values are read.
        let same = read(copy)?
            .iter()
            .zip(&read(original)?)
            .all(|(a, b)| a.to_bits() == b.to_bits());
        if !same {
            problems.push(format!(
                "{} differs from `{}`, which a module for further tokens shares",
                source.describe(&copy.name),
                original.name
            ));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(CheckpointError::Tensors {
        path: source.path().into(),
        problems,
    })
}

struct Fill<'a> {
    path: ParameterPath,
    names: Names,
    source: &'a mut Source,
    /// Elements that are not finite, the first of each tensor.
    odd: Vec<String>,
    /// What made reading stop.
    failed: Option<CheckpointError>,
}

impl Fill<'_> {
    fn values(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, CheckpointError> {
        let mut values = vec![0.0; shape.iter().product()];
        for piece in self.names.layout(name, shape) {
            if let Some((row, col, value)) = self.source.read(&piece, &mut values)? {
                let element = piece.element(row, col);
                let tensor = self.source.describe(&piece.name);
                self.odd
                    .push(format!("{tensor} holds {value} at element {element}"));
            }
        }
        Ok(values)
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
        if self.failed.is_some() {
            return param;
        }
        // Neither asks for the values, so a parameter that was never set is never allocated.
        let (shape, device) = (param.lazy_shape(), param.lazy_device());
        match self.values(&self.path.name(), &shape) {
            Ok(values) => {
                let id = param.id;
                let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
                param.transform_for_load(tensor, id)
            }
            Err(error) => {
                self.failed = Some(error);
                param
            }
        }
    }
}
