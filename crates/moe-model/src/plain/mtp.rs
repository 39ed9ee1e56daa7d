//! Modules for further tokens, slowly: what they predict, their loss, and its gradient by finite
//! differences in double precision.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};
use lm::{ParameterPath, Sequence, TokenBatch, score};

use super::*;
use crate::config::MtpConfig;
use crate::config::tests::small_mtp;

impl Plain {
    /// Logits by depth, from 1, for every position that has a token so far ahead.
    fn further(&self, ids: &[u32]) -> Vec<Vec<Vec<f64>>> {
        let mut hidden = self.hidden(ids);
        let depth = self.config.mtp.as_ref().map_or(0, |mtp| mtp.depth);
        let modules = (1..=depth).map(|k| {
            let layer = self.config.layers + k - 1;
            let name = |field: &str| format!("model.layers.{layer}.{field}");
            let ahead: Vec<Vec<f64>> = ids[k..]
                .iter()
                .map(|&id| self.embedding(id).into())
                .collect();
            let ahead = self.normed(&name("enorm"), &ahead);
            let before = self.normed(&name("hnorm"), &hidden[..ids.len() - k]);
            let pairs = ahead.into_iter().zip(before);
            let mut stream: Vec<Vec<f64>> = pairs
                .map(|(ahead, before)| self.linear(&name("eh_proj"), &[ahead, before].concat()))
                .collect();
            self.block(layer, &mut stream);
            hidden = self.normed(&name("shared_head.norm"), &stream);
            self.project(&hidden)
        });
        modules.collect()
    }

    /// The mean loss over all targets, and that of the modules as equations 24 and 25 weigh it.
    fn loss(&self, sequences: &[Sequence]) -> [f64; 2] {
        let targets: usize = sequences.iter().map(Sequence::targets).sum();
        let MtpConfig { depth, weight } = self.config.mtp.unwrap();
        let mut sums = [0.0; 2];
        for Sequence { tokens, context } in sequences {
            let nll = |logits: &[Vec<f64>], from: usize, target: usize| {
                -softmax(&logits[from])[tokens[target] as usize].ln()
            };
            let (main, further) = (self.logits(tokens), self.further(tokens));
            for target in (*context).max(1)..tokens.len() {
                sums[0] += nll(&main, target - 1, target);
                for (k, logits) in (1..).zip(&further) {
                    if target > k {
                        sums[1] += nll(logits, target - 1 - k, target) * weight / depth as f64;
                    }
                }
            }
        }
        sums.map(|sum| sum / targets as f64)
    }
}

fn model() -> Decoder {
    let mut config = DecoderConfig {
        init_std: 0.4,
        ..small_mtp()
    };
    // The balance loss has a test of its own.
    config.mixture.as_mut().unwrap().balance_weight = 0.0;
    let model = Decoder::init(&config, 4, &Device::flex()).unwrap();
    model.map(&mut Unsettle(0))
}

fn sequences() -> Vec<Sequence> {
    [
        (vec![3, 1, 4, 1, 5, 9, 2], 1),
        (vec![6, 5, 3, 5], 2),
        (vec![8, 9], 1),
    ]
    .map(|(tokens, context)| Sequence { tokens, context })
    .into()
}

#[test]
fn modules_predict_what_is_written_down() {
    let model = model();
    let ids: Vec<u32> = (0..12).map(|i| (i * 7 + 3) % 23).collect();
    let batch = TokenBatch::new(&[&ids]);
    let hidden = model.forward(&batch).hidden_btd;
    let modules = model.multi_token(&batch, hidden).unwrap().modules;
    let wanted = plain(&model).further(&ids);
    assert_eq!((modules.len(), wanted.len()), (2, 2));
    for (module, wanted) in modules.into_iter().zip(wanted) {
        let [_, t, d] = module.hidden_btd.dims();
        let logits = model.logits(module.hidden_btd.reshape([t, d])).into_data();
        // Beyond the last token that has one ahead nothing is meant.
        for (found, wanted) in logits.iter::<f32>().zip(wanted.concat()) {
            let off = (f64::from(found) - wanted).abs();
            assert!(off < 1e-4 * (1.0 + wanted.abs()), "{found} and {wanted}");
        }
    }
}

#[test]
fn the_loss_and_its_gradient_are_those_written_down() {
    let model = model().train();
    let plain = plain(&model);
    let scores = score(&model, &sequences(), 1.0);
    let [main, further] = plain.loss(&sequences());
    let aux = scores.aux_loss.unwrap();
    let close = |found: &Tensor<1>, wanted: f64| {
        let found = f64::from(found.clone().into_scalar::<f32>());
        assert!((found - wanted).abs() < 1e-4, "{found} and {wanted}");
    };
    let loss = -scores.log_probs_n.mean();
    close(&loss, main);
    close(&aux, further);
    // Of 6, 2 and 1 targets, 5, 2 and 0 are within reach of the first module, 4, 1 and 0 of the
    // second.
    let said = scores.further.unwrap();
    assert_eq!(said.targets, 12);
    close(&(said.nll * (0.3 / 2.0 / 9.0)), further);

    let mut check = Check {
        path: ParameterPath::default(),
        model: &model,
        plain,
        gradients: (loss + aux).backward(),
        checked: 0,
    };
    model.visit(&mut check);
    assert!(check.checked > 60, "{} tensors", check.checked);
}

/// Holds each tensor's gradient against the slope of the plain loss, along a direction of its own.
struct Check<'a> {
    path: ParameterPath,
    model: &'a Decoder,
    plain: Plain,
    gradients: Gradients,
    checked: usize,
}

impl Check<'_> {
    fn slope(&mut self, name: &str, direction: &[f64]) -> f64 {
        const STEP: f64 = 1e-5;
        let before = self.plain.weights[name].1.clone();
        let mut at = |step: f64| {
            let weights = &mut self.plain.weights.get_mut(name).unwrap().1;
            weights.clone_from(&before);
            add(weights, direction, step);
            self.plain.loss(&sequences()).iter().sum::<f64>()
        };
        let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        self.plain.weights.get_mut(name).unwrap().1 = before;
        slope
    }
}

impl ModuleVisitor for Check<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.val().dims();
        let Some(gradient) = param.val().grad(&self.gradients) else {
            return;
        };
        let gradient: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        let stored = self.model.as_stored(&self.path.name(), &shape, &gradient);
        for tensor in stored.unwrap() {
            let phase = |i: usize| (i as f64 * 1.3 + self.checked as f64).sin();
            let direction: Vec<f64> = (0..tensor.values.len()).map(phase).collect();
            let pairs = tensor.values.iter().zip(&direction);
            let found: f64 = pairs.map(|(g, d)| f64::from(*g) * d).sum();
            let wanted = self.slope(&tensor.name, &direction);
            let off = (found - wanted).abs();
            let name = &tensor.name;
            assert!(
                off < 1e-4 * (1.0 + wanted.abs()),
                "{name}: {found} and {wanted}"
            );
            self.checked += 1;
        }
    }
}
