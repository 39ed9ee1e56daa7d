//! Blocks computed again give the gradients that blocks kept would have.

mod small;
#[path = "small/families.rs"]
mod small_families;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};
use lm::{CausalLm, ParameterPath, Scores, Sequence, Tape, score};
use moe_model::{Decoder, DecoderConfig, LoraConfig, MtpConfig};
use small_families::{mixture, models, softmax};

struct Collect<'a> {
    path: ParameterPath,
    gradients: Gradients,
    sums: &'a mut BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad_remove(&mut self.gradients) else {
            return;
        };
        let gradient: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        match self.sums.get_mut(&self.path.name()) {
            Some(sum) => sum.iter_mut().zip(gradient).for_each(|(s, g)| *s += g),
            None => drop(self.sums.insert(self.path.name(), gradient)),
        }
    }
}

type Named = BTreeMap<String, Vec<f32>>;

/// The loss of a batch, and the gradient of every parameter.
fn gradients(model: &Decoder, checkpointed: bool) -> (f32, Named) {
    let tape = Tape::default();
    let model = model.valid().train();
    let model = if checkpointed {
        model.checkpointed(&tape)
    } else {
        model
    };
    let rows: [&[u32]; 3] = [&[1, 2, 3, 4, 5, 6, 7], &[9, 8, 7, 6], &[3, 3, 3]];
    let sequences = rows.map(|tokens| Sequence {
        tokens: tokens.to_vec(),
        context: 2,
    });
    let Scores {
        log_probs_n,
        aux_loss,
        ..
    } = score(&model, &sequences, 1.0);
    let loss = aux_loss.map_or(-log_probs_n.clone().mean(), |aux| aux - log_probs_n.mean());
    let value = loss.clone().into_scalar();
    let mut sums = Named::new();
    let mut found = loss.backward();
    let mut collect = |gradients| {
        model.visit(&mut Collect {
            path: ParameterPath::default(),
            gradients,
            sums: &mut sums,
        });
    };
    tape.replay(&mut found, &mut collect);
    collect(found);
    (value, sums)
}

/// One of every architecture, with strong balance losses, with modules for further tokens, and with
/// an adapter on the first.
fn all() -> Vec<Decoder> {
    let init = |config: &DecoderConfig| Decoder::init(config, 5, &Device::flex()).unwrap();
    let mut all = models(5);
    for mut config in [mixture(None), softmax()] {
        if let Some(mixture) = &mut config.mixture {
            mixture.balance_weight = 1.0;
        }
        all.push(init(&config));
    }
    for depth in [1, 2] {
        let mtp = Some(MtpConfig { depth, weight: 0.3 });
        let config = DecoderConfig {
            mtp,
            ..mixture(None)
        };
        all.push(init(&config));
    }
    let lora = LoraConfig {
        rank: 2,
        alpha: 4.0,
        targets: vec!["o_proj".into(), "kv_b_proj".into()],
        rslora: false,
    };
    all.push(models(5).remove(0).with_adapter(&lora, 1).unwrap());
    all
}

#[test]
fn gradients_are_those_of_blocks_that_were_kept() {
    let mut furthest = 0.0f64;
    for model in all() {
        let (loss, kept) = gradients(&model, false);
        let (again, found) = gradients(&model, true);
        assert_eq!(loss.to_bits(), again.to_bits());
        let names = |named: &Named| named.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&kept), names(&found));
        assert_eq!(
            model.adapter().is_some(),
            kept.keys().all(|name| name.contains("adapter")),
        );
        for (name, kept) in &kept {
            let length = |values: &mut dyn Iterator<Item = f32>| {
                values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
            };
            let apart = length(&mut kept.iter().zip(&found[name]).map(|(a, b)| a - b));
            let apart = apart / length(&mut kept.iter().copied()).max(1e-9);
            assert!(apart <= 1e-6, "{name}: {apart} of {:?}", model.config());
            // A router's scores have several uses, whose gradients are added in another order.
            if model.config().mixture.is_none() {
                assert_eq!(apart, 0.0, "{name} of {:?}", model.config());
            }
            furthest = furthest.max(apart);
        }
    }
    assert!(
        furthest <= 1e-6,
        "{furthest:.1e} of the length of a gradient"
    );
}
