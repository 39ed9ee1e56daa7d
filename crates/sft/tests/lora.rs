//! Training adapters: the base stays as it is, bit by bit, and the model learns.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use lm::{ParameterPath, Sequence};
use moe_model::{Decoder, DecoderConfig, LoraConfig, Preset};
use sft::{Batches, step};
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

fn base() -> Decoder {
    let config = DecoderConfig {
        vocabulary: 16,
        init_std: 0.1,
        ..Preset::Smoke.config()
    };
    Decoder::init(&config, 3, &Device::flex()).unwrap()
}

/// Counting up from anywhere.
fn data() -> Vec<Sequence> {
    (0..40u32)
        .map(|i| Sequence {
            tokens: (i % 9..i % 9 + 4 + i % 4).collect(),
            context: 1,
        })
        .collect()
}

#[derive(Default)]
struct Bits {
    path: ParameterPath,
    by_name: BTreeMap<String, Vec<u32>>,
}

impl ModuleVisitor for Bits {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().into_data();
        let bits = data.iter::<f32>().map(f32::to_bits).collect();
        self.by_name.insert(self.path.name(), bits);
    }
}

fn bits(model: &Decoder) -> BTreeMap<String, Vec<u32>> {
    let mut found = Bits::default();
    model.visit(&mut found);
    found.by_name
}

#[test]
fn a_model_learns_by_its_adapter_alone() {
    let lora = LoraConfig {
        rank: 8,
        alpha: 16.0,
        targets: ["q_proj", "q_a_proj", "kv_b_proj", "o_proj"]
            .map(Into::into)
            .into(),
        rslora: false,
    };
    let base = base();
    let names: Vec<String> = bits(&base).into_keys().collect();
    let has = |name: &&String| names.iter().any(|known| known.contains(name.as_str()));
    let targets = lora.targets.iter().filter(has).cloned().collect();
    let before = bits(&base);
    let adapted = base
        .with_adapter(&LoraConfig { targets, ..lora }, 1)
        .unwrap();
    let config = TrainerConfig {
        adamw: AdamWConfig {
            weight_decay: 0.1,
            ..AdamWConfig::default()
        },
        schedule: Schedule::constant(0.02, 0),
        clip: 1.0,
        checkpointing: false,
    };
    let mut trainer = Trainer::new(adapted, config);
    let data = data();
    let losses: Vec<f64> = Batches::new(&data, 8, 1)
        .take(120)
        .map(|batch| step(&mut trainer, &batch, 4096).unwrap().loss)
        .collect();
    assert!(losses[119] < 0.6 * losses[0], "{losses:?}");
    let bytes = trainer.optimizer_bytes();
    let trained = trainer.into_model();
    let after = bits(&trained);
    for (name, before) in &before {
        assert_eq!(before, &after[name], "{name} moved");
    }
    let adapters = after.iter().filter(|(name, _)| !before.contains_key(*name));
    let adapted: usize = adapters.map(|(_, values)| values.len()).sum();
    assert!(adapted > 0);
    assert_eq!(
        bytes,
        8 * adapted,
        "two moments of the adapters, none of the base"
    );
    assert_eq!(before, bits(&trained.without_adapter()));
}
