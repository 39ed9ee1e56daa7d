//! Training that is stopped and gone on with ends in the same bits.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use lm::{ParameterPath, Sequence};
use moe_model::{Decoder, DecoderConfig, LoraConfig, Preset};
use sft::{Batches, step};
use trainer::{
    AdamWConfig, OptimizerState, Schedule, StateError, Trainer, TrainerConfig, load_weights,
    save_weights,
};

const STEPS: usize = 7;

fn model(seed: u64, lora: bool) -> Decoder {
    let config = DecoderConfig {
        vocabulary: 16,
        ..Preset::Smoke.config()
    };
    let model = Decoder::init(&config, seed, &Device::flex()).unwrap();
    let adapter = LoraConfig {
        rank: 2,
        alpha: 4.0,
        targets: vec!["o_proj".into()],
        rslora: false,
    };
    match lora {
        true => model.with_adapter(&adapter, seed).unwrap(),
        false => model,
    }
}

fn trainer(seed: u64, lora: bool, state: OptimizerState) -> Trainer<Decoder> {
    let config = TrainerConfig {
        adamw: AdamWConfig {
            state,
            weight_decay: 0.1,
            ..AdamWConfig::default()
        },
        schedule: Schedule {
            peak: 1e-2,
            floor: 1e-3,
            warmup: 2,
            total: STEPS,
        },
        clip: 1.0,
        checkpointing: false,
    };
    Trainer::new(model(seed, lora), config)
}

fn data() -> Vec<Sequence> {
    (0..40u32)
        .map(|i| Sequence {
            tokens: (i % 9..i % 9 + 4 + i % 4).collect(),
            context: 1,
        })
        .collect()
}

/// Every parameter of a model, router biases and frozen ones too.
#[derive(Default)]
struct Bits {
    path: ParameterPath,
    by_name: BTreeMap<String, (bool, Vec<u32>)>,
}

impl ModuleVisitor for Bits {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let learns = param.val().is_require_grad();
        let bits = param.val().into_data();
        let bits = bits.iter::<f32>().map(f32::to_bits).collect();
        self.by_name.insert(self.path.name(), (learns, bits));
    }
}

fn bits(model: &Decoder) -> BTreeMap<String, (bool, Vec<u32>)> {
    let mut found = Bits::default();
    model.visit(&mut found);
    found.by_name
}

/// Takes steps up to `to`; what each reported.
fn take(trainer: &mut Trainer<Decoder>, to: usize) -> Vec<String> {
    let data = data();
    let batches = Batches::new(&data, 8, 5).skip(trainer.steps());
    let steps = to - trainer.steps();
    let mut reports = Vec::new();
    for batch in batches.take(steps) {
        reports.push(format!("{:?}", step(trainer, &batch, 64).unwrap()));
    }
    reports
}

#[test]
fn a_state_is_all_there_is_to_go_on_from() {
    let dir = tempfile::tempdir().unwrap();
    for (stopped, lora, state) in [
        (1, false, OptimizerState::Float32),
        (4, false, OptimizerState::Float32),
        (3, false, OptimizerState::Int8),
        (5, true, OptimizerState::Float32),
    ] {
        let mut whole = trainer(1, lora, state);
        let reports = take(&mut whole, STEPS);

        let path = dir.path().join("trainer.safetensors");
        let mut first = trainer(1, lora, state);
        let mut parts = take(&mut first, stopped);
        first.save_state(&path).unwrap();
        // Begun from other weights: nothing of them is left.
        let mut second = trainer(2, lora, state);
        second.restore_state(&path).unwrap();
        assert_eq!(second.steps(), stopped);
        assert_eq!(second.optimizer_bytes(), first.optimizer_bytes());
        parts.extend(take(&mut second, STEPS));
        assert_eq!(parts, reports, "{state:?}, adapters: {lora}");
        assert!(
            bits(second.model()) == bits(whole.model()),
            "{state:?}, adapters: {lora}"
        );
    }
}

#[test]
fn weights_alone_are_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let saved = model(1, false);
    save_weights(&saved, &path).unwrap();
    let loaded = load_weights(model(2, false), &path).unwrap();
    assert!(bits(&loaded) == bits(&saved));
}

#[test]
fn what_is_not_a_state_of_this_model_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trainer.safetensors");
    let restore = |path: &Path| {
        let mut other = trainer(2, false, OptimizerState::Float32);
        other.restore_state(path).unwrap_err()
    };
    assert!(matches!(restore(&path), StateError::Io { .. }));
    let mut adapted = trainer(1, true, OptimizerState::Float32);
    take(&mut adapted, 1);
    trainer(1, false, OptimizerState::Float32)
        .save_state(&path)
        .unwrap();
    let error = adapted.restore_state(&path).unwrap_err();
    assert!(
        matches!(&error, StateError::Differs { found, .. } if found == "missing"),
        "{error}"
    );
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.pop();
    std::fs::write(&path, bytes).unwrap();
    let error = restore(&path).to_string();
    assert!(
        error.contains("trainer.safetensors") && error.contains("damaged"),
        "{error}"
    );
}
